"""What a page may ask of the application: its settings, its office, its OpenID Connect client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from idp_extension.relying_party.attempts import AttemptCookies
from idp_extension.relying_party.back_channel import LogoutTokens
from idp_extension.relying_party.client import OpenIDClient
from onboarding_api.acts.act import Office
from onboarding_api.settings import Settings

EXTENSION = "parts"


@dataclass(frozen=True, slots=True)
class Parts:
    """The real parts, chosen once when the application starts.

    `attempts` are the log-ins under way, in their browsers; `logout_tokens` reads what Keycloak tells of
    sessions that ended.
    """

    settings: Settings
    office: Office
    identity: OpenIDClient
    attempts: AttemptCookies
    logout_tokens: LogoutTokens


def parts() -> Parts:
    """The parts of the running application."""
    found: Parts = current_app.extensions[EXTENSION]
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """A transaction that changes nothing."""
    with parts().office.database.reading() as session:
        yield session


def now() -> datetime:
    """The moment, by the one clock of the house."""
    return parts().office.clock()
