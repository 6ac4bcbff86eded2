"""The notices by their keys: what a row of the ledger has to say now."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy.orm import Session

from onboarding_api.notices import account, first_administrator, request
from onboarding_api.notices.notice import Addressed, Args, Notice

NOTICES: Mapping[str, type[Notice]] = MappingProxyType(
    {
        notice.key(): notice
        for chapter in (account, request, first_administrator)
        for notice in chapter.NOTICES
    }
)


def notice_of(session: Session, args: Args) -> Addressed | None:
    """What a mail has to say now; None when there is nothing left to say.

    Args:
        session: the database.
        args: of the delivery: `notice`, and what that notice reads.

    Raises:
        KeyError: no such notice, or an id is missing.
    """
    return NOTICES[args["notice"]].addressed(session, args)
