"""The letter on screen: the same sentences as the PDF, without the code (RGAA 13.3, 13.4)."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from onboarding_api.letters.activation_letter import ActivationLetter, wording

HIDDEN_CODE = "Le code n'est imprimé que sur le courrier"

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def render_html(letter: ActivationLetter) -> str:
    """An HTML fragment, one `article` with headings from level 2 and no style of its own.

    Every text of the letter is escaped: the page may insert the fragment as it is.
    """
    return _templates.get_template("preview.html").render(
        words=wording(letter),
        sender=letter.sender,
        address_lines=letter.address_lines,
        hidden_code=HIDDEN_CODE,
    )
