"""A notice and its facts become a subject, a text and an HTML page that say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from onboarding_api.model.words.french_dates import in_words
from onboarding_api.model.words.french_text import quoted_list, tied
from onboarding_api.model.words.sender import Sender
from onboarding_api.notices.notice import Notice

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters.update(in_words=in_words, quoted_list=quoted_list)
_inliner = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class RenderedNotice:
    """The three parts of a notice; `html` stands alone: no image, no script, no address but the site's."""

    subject: str
    text: str
    html: str


def render(notice: Notice, sender: Sender) -> RenderedNotice:
    """The notice in French.

    Args:
        notice: with its facts.
        sender: who writes; the only link is to its site.
    """
    facts = {each.name: getattr(notice, each.name) for each in fields(notice)}
    everything = {**facts, "sender": sender, "subject": notice.subject, "door": notice.door}
    text = tied(_fill(notice.template("txt"), everything))
    html = tied(_fill(notice.template("html"), everything))
    return RenderedNotice(notice.subject, text, _inliner.inline(html))


def _fill(template: str, facts: Mapping[str, object]) -> str:
    return _templates.get_template(template).render(facts)
