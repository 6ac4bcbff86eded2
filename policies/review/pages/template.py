"""The pages for people who do not read Cedar: one shell, no outside resource, what is put in is escaped."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("policies.review.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def page_of(name: str, **parts: Any) -> str:
    """The HTML of a template with its parts."""
    return _environment().get_template(name).render(**parts)
