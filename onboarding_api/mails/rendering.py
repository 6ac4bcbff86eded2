"""A notice and its facts become a subject, a text and an HTML page that say the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from onboarding_api.mails.notices import NOTICES
from onboarding_api.model.french_dates import in_words
from onboarding_api.model.french_text import quoted_list, tied
from onboarding_api.model.sender import Sender

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("notices")),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters.update(in_words=in_words, quoted_list=quoted_list)
_inliner = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


class FactsMismatch(ValueError):
    """The facts given are not those that the notice declares: a fault of ours, never worth a second try."""

    is_permanent = True


@dataclass(frozen=True)
class RenderedNotice:
    """The three parts of a notice; `html` stands alone: no image, no script, no address but the site's."""

    subject: str
    text: str
    html: str


def render(notice: str, facts: Mapping[str, object], sender: Sender) -> RenderedNotice:
    """The notice in French.

    Args:
        notice: a key of NOTICES.
        facts: exactly those declared there.
        sender: who writes; the only link is to its site.

    Raises:
        FactsMismatch: unknown notice, missing or stray fact.
    """
    if notice not in NOTICES:
        raise FactsMismatch(f"no notice {notice!r}")
    if facts.keys() != NOTICES[notice]:
        missing, stray = NOTICES[notice] - facts.keys(), facts.keys() - NOTICES[notice]
        raise FactsMismatch(f"{notice}: missing {sorted(missing)}, stray {sorted(stray)}")
    subject = _fill(f"{notice}/subject.txt", facts).strip()
    everything = {**facts, "sender": sender, "subject": subject}
    text = tied(_fill(f"{notice}/body.txt", everything))
    html = tied(_fill(f"{notice}/body.html", everything))
    return RenderedNotice(subject, text, _inliner.inline(html))


def _fill(template: str, facts: Mapping[str, object]) -> str:
    return _templates.get_template(template).render(facts)
