"""`bdt bench token`: what the structure of a token costs Keycloak, and how long the token is."""

import base64
import hashlib
import html
import re
import secrets
import tempfile
from collections.abc import Callable
from http.cookiejar import Cookie, DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request

import click
import requests

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import (
    CatalogueClient,
    RealmValues,
    Role,
    apply,
    ensure_bootstrap_account,
    load_desired,
)
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import RunningServer, ensure_server, free_port, start_server

CONFIG = Path(__file__).parents[1] / "realm-config"
PASSWORD, SECRET, REDIRECT = "Mairie-2026", "secret-of-the-bench", "http://127.0.0.1:8401/connexion/retour"
ESPACE, WITNESS, ROLES = "mes-prets", "temoin", ("demande", "suivi", "encours")
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')


class Cost(NamedTuple):
    """Of one log-in: CPU of the server in ms, and the length of the access token."""

    cpu: float
    length: int


class _LoopbackPolicy(DefaultCookiePolicy):
    """Browsers send Secure cookies to loopback without TLS; `requests` would keep them back."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        cookie.secure = False
        return super().set_ok(cookie, request)


class Bench:
    """A Keycloak with the realm of realm-config/, people in as many structures as asked, and a witness.

    The witness is a client with the same stock scopes, without ours: what differs is what ours costs.
    """

    def __init__(self, server: RunningServer, sizes: tuple[int, ...]) -> None:
        self._server = server
        self._url = f"{server.url}/realms/bdt/protocol/openid-connect"
        self._admin = _realm(server)
        client = {
            "clientId": WITNESS,
            "secret": SECRET,
            "redirectUris": [REDIRECT],
            "fullScopeAllowed": False,
        }
        self._admin.post(
            "clients", body=client | {"defaultClientScopes": ["basic", "profile", "email", "acr"]}
        )
        self.sirens = [f"2{number:08}" for number in range(max(sizes))]
        for siren in self.sirens:
            self._add_structure(siren)
        for size in sizes:
            self._add_person(size)

    def log_in(self, size: int, client_id: str, *, chosen: str = "", **parameters: str) -> int:
        """One log-in of a fresh browser; the length of the access token."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = parameters | {
            "client_id": client_id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        with requests.Session() as browser:
            browser.cookies.set_policy(_LoopbackPolicy())
            page = browser.get(f"{self._url}/auth", params=asked, timeout=30)
            page = _send(browser, page, username=_name(size), password=PASSWORD)
            if chosen:
                page = _send(browser, page, structure=chosen)
            code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
            form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": verifier}
            answer = browser.post(
                f"{self._url}/token", data=form | {"code": code}, auth=(client_id, SECRET), timeout=30
            )
        return len(answer.json()["access_token"])

    def cost(self, times: int, log_in: Callable[[], int], *, is_cold: bool = False) -> Cost:
        """The mean of so many log-ins, its caches emptied before each when cold."""
        spent, length = 0.0, 0
        for _ in range(times):
            if is_cold:
                for cache in ("clear-realm-cache", "clear-user-cache"):
                    self._admin.post(cache)
            before = _cpu_seconds(self._server.process.pid)
            length = log_in()
            spent += _cpu_seconds(self._server.process.pid) - before
        return Cost(1000 * spent / times, length)

    def _add_structure(self, siren: str) -> None:
        self._admin.post("groups", body={"name": siren, "attributes": {"label": [f"Commune {siren}"]}})
        (group,) = self._admin.get("groups", search=siren, exact="true")
        (client,) = self._admin.get("clients", clientId=ESPACE)
        for role in ROLES:
            self._admin.post("groups", group["id"], "children", body={"name": f"{ESPACE}:{role}"})
        for child in self._admin.get("groups", group["id"], "children"):
            role = child["name"].partition(":")[2]
            found = self._admin.get("clients", client["id"], "roles", role)
            self._admin.post("groups", child["id"], "role-mappings", "clients", client["id"], body=[found])

    def _add_person(self, size: int) -> None:
        sirens = self.sirens[:size]
        body: dict[str, Any] = {
            "username": _name(size),
            "email": f"{_name(size)}@bench.example",
            "firstName": "Camille",
            "lastName": "Martin",
            "enabled": True,
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
            "groups": [path for s in sirens for path in (f"/{s}", *(f"/{s}/{ESPACE}:{r}" for r in ROLES))],
        }
        self._admin.post("users", body=body)


@click.command()
@click.option("--times", default=40, show_default=True, help="Log-ins a cell.")
@click.option("--sizes", default="1,10,100,500", show_default=True, help="Structures of each person.")
def token(times: int, sizes: str) -> None:
    """A log-in with a structure against one without: CPU of Keycloak, and the length of the token.

    Warm: the person has logged in before. Cold: Keycloak's caches of realm and people are emptied first.
    """
    numbers = tuple(map(int, sizes.split(",")))
    with (
        tempfile.TemporaryDirectory(prefix="bdt-bench-") as directory,
        start_server(
            ensure_server(),
            Path(directory),
            http_port=free_port(),
            management_port=free_port(),
            admin_user="admin",
            admin_password=SECRET,
        ) as server,
    ):
        bench = Bench(server, numbers)
        for _ in range(20):  # the just-in-time compiler, for all alike
            bench.log_in(numbers[0], WITNESS)
            bench.log_in(numbers[0], ESPACE, structure=bench.sirens[0])
        click.echo("| structures | token | without | named | chosen | cold without | cold named |")
        click.echo("|---:|---:|---:|---:|---:|---:|---:|")
        for size in numbers:
            click.echo(_line(bench, size, times))


def _line(bench: Bench, size: int, times: int) -> str:
    siren = bench.sirens[size - 1]
    chosen = {"chosen": siren} if size > 1 else {}
    kinds: list[tuple[Callable[[], int], bool]] = [
        (lambda: bench.log_in(size, WITNESS), False),
        (lambda: bench.log_in(size, ESPACE, structure=siren), False),
        (lambda: bench.log_in(size, ESPACE, **chosen), False),
        (lambda: bench.log_in(size, WITNESS), True),
        (lambda: bench.log_in(size, ESPACE, structure=siren), True),
    ]
    for log_in, _ in kinds:
        log_in()
    spent = [0.0] * len(kinds)
    length = 0
    rounds = max(1, times // 5)
    for _ in range(rounds):  # in turn, so that what else the machine does is shared by all
        for place, (log_in, is_cold) in enumerate(kinds):
            cost = bench.cost(5, log_in, is_cold=is_cold)
            spent[place] += cost.cpu / rounds
            length = cost.length if place == 1 else length
    without, named, by_page, cold_without, cold_named = spent
    shown = (
        f"{each:.1f} ms ({each / base - 1:+.1%})" for each, base in ((named, without), (by_page, without))
    )
    cold = f"{cold_without:.1f} ms | {cold_named:.1f} ms ({cold_named / cold_without - 1:+.1%})"
    return f"| {size} | {length} | {without:.1f} ms | {' | '.join(shown)} | {cold} |"


def _realm(server: RunningServer) -> AdminAPI:
    key = ClientKey.fresh("bdt-bootstrap")
    values = RealmValues(
        portal_url="http://127.0.0.1:8400",
        smtp_host="127.0.0.1",
        smtp_port=25,
        smtp_from="ne-pas-repondre@bench.example",
        public_keys={"bdt-bootstrap": key.public_jwks()},
        secrets={ESPACE: SECRET},
    )
    roles = tuple(Role(role, role) for role in ROLES)
    espace = CatalogueClient(ESPACE, "Mes prêts en ligne", roles, (REDIRECT,), "http://127.0.0.1:8401/")
    master = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, "bdt")
    ensure_bootstrap_account(master, values.public_keys["bdt-bootstrap"])
    master.close()
    admin = AdminAPI.as_service_account(server.url, "bdt", key)
    apply(admin, load_desired(CONFIG, values, [espace]))
    return admin


def _name(size: int) -> str:
    return f"bench{size}"


def _send(browser: requests.Session, page: requests.Response, **fields: str) -> requests.Response:
    form = _FORM.findall(page.text)[-1]
    return browser.post(html.unescape(form), data=fields, allow_redirects=False, timeout=30)


def _cpu_seconds(group: int) -> float:
    """CPU that the processes of a group have had, in hundredths of a second."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / 100
