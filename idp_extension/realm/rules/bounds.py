"""How long and how often: every bound of the realm has two sides, and a sentinel is named or refused.

Keycloak reads 0 and -1 as « no limit », « never » or « as the realm says », field by field. A number that is
left out is Keycloak's default, which the closed world of the realm compares; one that is there stands within
its bounds.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from idp_extension.realm.finding import Finding

MAX_ACCESS_TOKEN_SECONDS = 300
_DAY: Final = 86_400


class Bound(NamedTuple):
    """Lowest and highest value; `sentinel` is another one that Keycloak gives a meaning which suits us."""

    low: int
    high: int
    sentinel: int | None = None
    rule: str = "out-of-bounds"

    def holds(self, number: int) -> bool:
        """Whether the number stands within."""
        return self.low <= number <= self.high or number == self.sentinel

    def __str__(self) -> str:
        also = "" if self.sentinel is None else f", or {self.sentinel}"
        return f"a whole number from {self.low} to {self.high}{also}"


_ACCESS_TOKEN: Final = Bound(1, MAX_ACCESS_TOKEN_SECONDS, rule="long-access-token")
REALM: Final[Mapping[str, Bound]] = {
    "accessTokenLifespan": _ACCESS_TOKEN,
    "accessTokenLifespanForImplicitFlow": Bound(1, 900),  # the grant itself is refused
    "ssoSessionIdleTimeout": Bound(300, 3600),
    "ssoSessionMaxLifespan": Bound(1800, 43_200),
    # 0: as the session without « remember me », which is off.
    "ssoSessionIdleTimeoutRememberMe": Bound(300, 3600, 0),
    "ssoSessionMaxLifespanRememberMe": Bound(1800, 43_200, 0),
    # 0: as long as the session of the person.
    "clientSessionIdleTimeout": Bound(60, 3600, 0),
    "clientSessionMaxLifespan": Bound(60, 43_200, 0),
    "clientOfflineSessionIdleTimeout": Bound(60, 30 * _DAY, 0),
    "clientOfflineSessionMaxLifespan": Bound(60, 60 * _DAY, 0),
    "offlineSessionIdleTimeout": Bound(60, 30 * _DAY),
    "offlineSessionMaxLifespan": Bound(60, 60 * _DAY),
    "accessCodeLifespan": Bound(1, 60),
    "accessCodeLifespanLogin": Bound(60, 1800),
    "accessCodeLifespanUserAction": Bound(60, 1800),
    "actionTokenGeneratedByUserLifespan": Bound(60, 900),
    "actionTokenGeneratedByAdminLifespan": Bound(60, 3 * _DAY),
    "oauth2DeviceCodeLifespan": Bound(60, 600),
    "oauth2DevicePollingInterval": Bound(5, 60),
    "failureFactor": Bound(3, 10),
    "waitIncrementSeconds": Bound(30, 900),
    "maxFailureWaitSeconds": Bound(60, 3600),
    "maxDeltaTimeSeconds": Bound(3600, _DAY),
    # 0: no wait after two quick failures; the number of failures above is what counts.
    "minimumQuickLoginWaitSeconds": Bound(1, 60, 0),
    "quickLoginCheckMilliSeconds": Bound(1, 1000, 0),
    "maxTemporaryLockouts": Bound(0, 0),
    "refreshTokenMaxReuse": Bound(0, 0),
    # 0 would keep them for ever (CNIL, 2021: six months to a year).
    "eventsExpiration": Bound(_DAY, 366 * _DAY),
    "otpPolicyDigits": Bound(6, 8),
    "otpPolicyPeriod": Bound(30, 60),
    "otpPolicyLookAheadWindow": Bound(0, 2),
}
REALM_ATTRIBUTES: Final[Mapping[str, Bound]] = {
    "adminEventsExpiration": Bound(_DAY, 366 * _DAY),
    "clientSessionIdleTimeout": Bound(60, 3600, 0),
    "clientSessionMaxLifespan": Bound(60, 43_200, 0),
    "actionTokenGeneratedByUserLifespan.verify-email": Bound(60, 3 * _DAY),
    "actionTokenGeneratedByUserLifespan.reset-credentials": Bound(60, 900),
    "actionTokenGeneratedByUserLifespan.execute-actions": Bound(60, 3 * _DAY),
    "actionTokenGeneratedByUserLifespan.idp-verify-account-via-email": Bound(60, 900),
}
CLIENT_ATTRIBUTES: Final[Mapping[str, Bound]] = {
    # -1 is « as long as the session »: 36,000 s.
    "access.token.lifespan": _ACCESS_TOKEN,
    "client.session.idle.timeout": Bound(60, 3600),
    "client.session.max.lifespan": Bound(60, 43_200),
    "client.offline.session.idle.timeout": Bound(60, 30 * _DAY),
    "client.offline.session.max.lifespan": Bound(60, 60 * _DAY),
    "oauth2.device.code.lifespan": Bound(60, 600),
    "oauth2.device.polling.interval": Bound(5, 60),
}


def realm_bounds(name: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    """The durations and counts of a realm that stand outside."""
    for field, bound in REALM.items():
        if field in settings and not (_is_whole(settings[field]) and bound.holds(settings[field])):
            yield _finding(name, field, settings[field], bound)
    yield from _attribute_bounds(name, settings.get("attributes"), REALM_ATTRIBUTES)


def client_bounds(client_id: str, client: Mapping[str, Any]) -> Iterator[Finding]:
    """The same of a client."""
    yield from _attribute_bounds(client_id, client.get("attributes"), CLIENT_ATTRIBUTES)


def _attribute_bounds(where: str, attributes: Any, bounds: Mapping[str, Bound]) -> Iterator[Finding]:
    for field, bound in bounds.items() if isinstance(attributes, Mapping) else ():
        # Keycloak's console writes an attribute that is taken away as an empty one.
        value = attributes.get(field) or None
        if value is not None and not (_is_plain(value) and bound.holds(int(value))):
            yield _finding(where, field, value, bound)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,9}", value) is not None


def _finding(where: str, field: str, value: Any, bound: Bound) -> Finding:
    what = "access tokens live at most 300 s: " if bound is _ACCESS_TOKEN else ""
    return Finding(bound.rule, where, f"{what}{field} is {value!r}, it must be {bound}")
