"""Whether the session of Keycloak behind ours still lives: who is disabled or removed there is out here too.

Keycloak tells of sessions that end (`pages/account/keycloak_log_out.py`), but not of accounts that it closes.
So it is asked before each act, and once a minute of reading; asking also keeps its session alive as long as
ours. When it does not answer, a session that runs goes on, and nobody waits for it for a while.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from flask import Flask, current_app, request, session

from idp_extension.relying_party.client import LoginRefused, OpenIDClient, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable
from idp_extension.relying_party.seal import Seal

log = structlog.get_logger()
EXTENSION = "keycloak_session"
ASKED_EVERY = timedelta(seconds=60)
SILENT_SECONDS = 30.0
ANSWER_WITHIN_SECONDS = 2.0
ENDED = "invalid_grant"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class KeycloakSessions:
    """Asks about the session of the request under way.

    Args:
        client: of the portal.
        seal: closes what Keycloak wants to see again: it names a person, and opens her session there.
        clock: of the house.
        monotonic: seconds that never go back.
    """

    def __init__(
        self,
        client: OpenIDClient,
        seal: Seal,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._seal = seal
        self._clock = clock
        self._monotonic = monotonic
        self._silent_until = 0.0

    def keep(self, tokens: Tokens) -> Mapping[str, str]:
        """What the session keeps of a log-in."""
        return self._kept(tokens.id_token, tokens.refresh_token)

    def id_token(self) -> str | None:
        """The hint for the log-out, for which Keycloak ends its session without asking."""
        kept = self._seal.open(session.get("keycloak", ""))
        return kept["id_token"] if kept else None

    def is_alive(self) -> bool:
        """Whether Keycloak still holds this session; asked when it is due."""
        kept = self._seal.open(session.get("keycloak", ""))
        if kept is None:
            return False
        is_due = abs(self._clock().timestamp() - kept["at"]) >= ASKED_EVERY.total_seconds()
        if (request.method in _READING and not is_due) or self._monotonic() < self._silent_until:
            return True
        try:
            fresh = self._client.prolong(kept["refresh_token"], timeout=ANSWER_WITHIN_SECONDS)
        except IssuerUnavailable:
            self._silent_until = self._monotonic() + SILENT_SECONDS
            return True
        except LoginRefused as refusal:
            if refusal.reason != ENDED:
                log.error("keycloak_refuses_the_portal", reason=refusal.reason)
            return refusal.reason != ENDED
        if is_due:
            session.update(self._kept(kept["id_token"], fresh))
        return True

    def _kept(self, id_token: str, refresh_token: str) -> Mapping[str, str]:
        values = {
            "id_token": id_token,
            "refresh_token": refresh_token,
            "at": self._clock().timestamp(),
        }
        return {"keycloak": self._seal.close(values)}


def install(app: Flask, sessions: KeycloakSessions) -> None:
    """Have the pages ask it."""
    app.extensions[EXTENSION] = sessions


def keycloak_sessions() -> KeycloakSessions:
    """That of the running application."""
    found: KeycloakSessions = current_app.extensions[EXTENSION]
    return found
