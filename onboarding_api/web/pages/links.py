"""Where the links of mails lead: the page that a mail speaks of, in its structure, through the log-in."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.model.refusals import NotFound
from onboarding_api.notices.notice import Place
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.session import current_session

blueprint = Blueprint("links", __name__, url_prefix="/vers")
blueprint.before_request(require_visit)

_PAGES: Mapping[str, str] = MappingProxyType(
    {
        Place.DASHBOARD: "dashboard.show",
        Place.SERVICES: "services.mine",
        Place.QUEUE: "decisions.queue",
        Place.LETTER: "letter.follow",
        Place.PROFILE: "membership.show",
    }
)


@blueprint.get("/<siren:siren>/<place>")
def lead(siren: str, place: str) -> ResponseReturnValue:
    """Work for the structure of the mail, and open its page.

    A link changes no more than which structure is shown: every form names its own.

    Raises:
        NotFound: not attached to it any more, or no such page.
    """
    page = _PAGES.get(place)
    if page is None:
        raise NotFound
    current_session()["siren"] = visit().structure(siren).siren
    return redirect(url_for(page, siren=siren) if place == Place.PROFILE else url_for(page))
