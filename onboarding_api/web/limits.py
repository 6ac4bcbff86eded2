"""Under which bound each route stands, and who is counted for a request.

A route that anybody can reach, or that writes, says it beside its address:

    @blueprint.post("/identifiant-oublie")
    @bounded(RECALLS)
    def submit_forgotten_identifiant() -> ResponseReturnValue: ...

One that does not is refused when the application is put together. What is counted in memory is counted as
the request comes in; what is counted in the database, once the form was read and is about to be acted on, so
that a fault of typing costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request, session

from onboarding_api.limits.bounds import READING, VISITING, Bound, Per
from onboarding_api.limits.limiter import Limiter
from onboarding_api.web.gate import require_visit

EXTENSION = "limits"
IPV6_PREFIX = 64
"""What one house gets: every address of it is the same caller."""
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NO_NETWORK = "unknown"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who bears the token of a call of the API: the person, and the program that calls in her name."""

    sub: str
    client: str


View = TypeVar("View", bound=Callable[..., Any])


class UndeclaredRoute(Exception):
    """A route that strangers reach, or that writes, and no bound is declared for it."""


def bounded(bound: Bound) -> Callable[[View], View]:
    """Declare the bound of a view."""

    def declare(view: View) -> View:
        cast(Any, view).bound = bound
        return view

    return declare


def bound_of(view: Callable[..., Any]) -> Bound | None:
    """The bound that was declared; for an operation of the API, its own."""
    owner = getattr(view, "__self__", view)
    found: Bound | None = getattr(owner, "bound", None)
    return found


def install(app: Flask, limiter: Limiter) -> None:
    """Count every request, before anything else is done for it."""
    app.extensions[EXTENSION] = limiter
    bounded(READING)(app.view_functions["static"])
    app.before_request(_count_request)


def check_routes(app: Flask) -> None:
    """To be called when all routes are there.

    Raises:
        UndeclaredRoute: some route needs a bound and has none.
    """
    missing = undeclared(app)
    if missing:
        raise UndeclaredRoute(
            f"declare a bound, `@bounded(...)` of web/limits.py, beside {', '.join(missing)}"
        )


def undeclared(app: Flask) -> list[str]:
    """The endpoints that strangers reach, or that write, without a bound.

    Strangers do not reach a blueprint that leads them away first.
    """
    missing = set()
    for rule in app.url_map.iter_rules():
        is_private = require_visit in app.before_request_funcs.get(rule.endpoint.rpartition(".")[0], ())
        writes = bool(_CHANGING & (rule.methods or set()))
        if (writes or not is_private) and bound_of(app.view_functions[rule.endpoint]) is None:
            missing.add(rule.endpoint)
    return sorted(missing)


def limiter() -> Limiter:
    """The counters of the running application."""
    found: Limiter = current_app.extensions[EXTENSION]
    return found


def spend_here() -> None:
    """Count what is about to be done, under the bound of this request's route, if the database counts it.

    Raises:
        TooMuchAsked, LimitsDown, DatabaseBusy: see `Limiter.spend`.
    """
    bound = _declared()
    if bound and bound.is_shared:
        spend(bound)


def spend(bound: Bound) -> None:
    """Count one more for whoever sent this request.

    Raises:
        TooMuchAsked, LimitsDown, DatabaseBusy: see `Limiter.spend`.
    """
    limiter().spend(bound, {per: _WHO[per]() for per in bound.items})


def may_be_mailed(bound: Bound, email: str) -> bool:
    """Whether the owner of this address had not enough mails of one kind; whoever asks must not notice.

    Raises:
        LimitsDown, DatabaseBusy: see `Limiter.spend`.
    """
    return limiter().has_room(bound, {Per.RECEIVER: mailbox_of(email)})


def mailbox_of(email: str) -> str:
    """Who reads a mail to this address: `name+anything@…` is delivered to `name@…` by many servers."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def network_of(address: str | None) -> str:
    """The caller's network: an IPv4 address, or the /64 of an IPv6 address.

    Args:
        address: of the other end; what proxies tell is believed when `BDT_TRUSTED_PROXIES` counts them.
    """
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return _NO_NETWORK
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ip_network((parsed, IPV6_PREFIX), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def _count_request() -> None:
    declared = _declared()
    is_known = "sub" in session
    if declared is None or declared.is_shared or Per.NETWORK not in declared.items:
        spend(VISITING if is_known else READING)
    # The API knows the person a little later, and counts then.
    known = {Per.NETWORK, Per.PERSON} if is_known else {Per.NETWORK}
    if declared and not declared.is_shared and known >= declared.items.keys():
        spend(declared)


def _declared() -> Bound | None:
    return bound_of(current_app.view_functions[request.endpoint]) if request.endpoint else None


def caller() -> Caller:
    """Whoever `web/api/bearer.py` found."""
    found: Caller = g.caller
    return found


def _network() -> str:
    return network_of(request.remote_addr)


def _person() -> str:
    return str(session.get("sub") or caller().sub)


_WHO: Mapping[Per, Callable[[], str]] = {
    Per.NETWORK: _network,
    Per.BROWSER: lambda: str(session.get("csrf_token") or _network()),
    Per.PERSON: _person,
    Per.CLIENT: lambda: caller().client,
    Per.PLACE: lambda: f"{_person()} {_siren()}",
}


def _siren() -> str:
    """The structure that the request is about: in its path, its form, or its body (which the API notes)."""
    return str((request.view_args or {}).get("siren") or request.form.get("siren") or g.get("siren", ""))
