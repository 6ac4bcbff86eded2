"""The pages that are generated from the rules and committed, so that they show in the diff of a review."""

from policies.engine.revision import Policies
from policies.review.pages import controls, matrix, names


def render_pages(policies: Policies) -> dict[str, str]:
    """The text of each page, by name relative to the policies folder."""
    pages = {
        matrix.MATRIX: matrix.as_markdown(matrix.matrix(policies)),
        controls.CONTROLS: controls.as_markdown(controls.read_controls(policies)),
    }
    # A copy of the folder that is only read has no code beside it.
    has_code = (policies.root / names.NAMES).parent.is_dir()
    return {**pages, names.NAMES: names.as_python(policies)} if has_code else pages
