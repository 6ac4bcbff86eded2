"""How fast two nodes are: decisions until both know, log-ins a second, bytes that stay."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import requests

from demo.browser import Browser
from demo.cluster.system import KEYCLOAK_DATABASE, NODES, SERVICE_DATABASE, Cluster
from demo.story import EUS, PASSWORD, PAUL, Story
from demo.system import HOST
from demo.witness import NotSeen
from idp_extension.relying_party.client import ACCESS_TOKEN, Attempt, OpenIDClient, Tokens
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.relying_party.issuer import Issuer

ESPACE = "mes-prets"
LONGEST_SECONDS = 30.0
LOG_IN_SECONDS, LOG_IN_THREADS = 20.0, 8


@dataclass(frozen=True, slots=True)
class Decisions:
    """`seconds` from click to the slower node, sorted; `bytes_each` is what one leaves in our database."""

    seconds: tuple[float, ...]
    bytes_each: float


@dataclass(frozen=True, slots=True)
class LogIns:
    """With a password, to the end: page, password, code, tokens."""

    per_second: float
    cpu_seconds_each: float
    bytes_each: float


def measure_decisions(system: Cluster, story: Story, count: int) -> Decisions:
    """Decide so many times."""
    before = system.postgresql.size(SERVICE_DATABASE)
    seconds = tuple(sorted(decisions(system, story, count)))
    return Decisions(seconds, (system.postgresql.size(SERVICE_DATABASE) - before) / count)


def measure_log_ins(system: Cluster, story: Story) -> LogIns:
    """Log in as fast as this machine allows, through both nodes."""
    espace, identifiant = Espace(system), story.identifiants[PAUL]
    before, spent = system.postgresql.size(KEYCLOAK_DATABASE), system.node_cpu_seconds()
    stop = threading.Event()

    def log_in_again_and_again() -> int:
        done = 0
        while not stop.is_set():
            espace.log_in(identifiant)
            done += 1
        return done

    with ThreadPoolExecutor(LOG_IN_THREADS) as people:
        began = time.monotonic()
        counts = [people.submit(log_in_again_and_again) for _ in range(LOG_IN_THREADS)]
        stop.wait(LOG_IN_SECONDS)
        stop.set()
        done = sum(count.result() for count in counts)
        took = time.monotonic() - began
    cpu, grown = system.node_cpu_seconds() - spent, system.postgresql.size(KEYCLOAK_DATABASE) - before
    return LogIns(done / took, cpu / done, grown / done)


def decisions(system: Cluster, story: Story, count: int) -> Iterator[float]:
    """Seconds from the administrator's click until a fresh token of each node shows the decision.

    The service asks both nodes for a fresh token all the time. A right taken ends the session: from then on
    a node refuses, or gives a token without the role.
    """
    espace = Espace(system)
    story.decide("Désactiver")
    for number in range(count):
        is_grant = number % 2 == 0
        refresh_token = espace.log_in(story.identifiants[PAUL]).refresh_token
        began = time.monotonic()
        with ThreadPoolExecutor(len(NODES)) as watching:
            seen = [watching.submit(espace.wait, node, refresh_token, is_grant) for node in NODES]
            story.decide("Réactiver" if is_grant else "Désactiver")
            yield max(each.result() for each in seen) - began


class Espace:
    """« Mes prêts en ligne », which asks one node or the other."""

    def __init__(self, system: Cluster) -> None:
        self._system = system
        self._issuer = Issuer(system.settings.issuer)
        self._key = ClientKey.in_file(ESPACE, system.keys / f"{ESPACE}.pem")
        self._return_to = f"{system.mes_prets_url}/connexion/retour"
        self._client = OpenIDClient(self._issuer, ESPACE, self._key, self._return_to)

    def log_in(self, identifiant: str) -> Tokens:
        """Of a browser of its own."""
        browser = Browser()
        url, attempt = self._client.begin(structure=EUS)
        browser.visit(url)
        browser.fill("Identifiant", identifiant)
        browser.fill("Mot de passe", PASSWORD)
        browser.press("Me connecter")
        return self._client.finish(attempt, _answer(browser, attempt))

    def wait(self, node: int, refresh_token: str, is_grant: bool) -> float:
        """When a node first showed it.

        Raises:
            NotSeen: not within half a minute.
        """
        url = f"http://{HOST}:{self._system.node_ports[node]}{urlsplit(self._issuer.endpoints().token).path}"
        until = time.monotonic() + LONGEST_SECONDS
        with requests.Session() as session:
            while time.monotonic() < until:
                proof = self._key.proof(self._issuer.url)
                body = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": ESPACE}
                with suppress(requests.RequestException):  # a node under load; the next question tells
                    answer = session.post(url, data=body | proof, timeout=10)
                    if self._has_role(answer) is is_grant:
                        return time.monotonic()
        raise NotSeen(f"the decision at node {node}")

    def _has_role(self, answer: requests.Response) -> bool:
        if not answer.ok:
            return False
        claims = self._issuer.verify(answer.json()["access_token"], audience=ESPACE, types=ACCESS_TOKEN)
        return "suivi" in claims.get("resource_access", {}).get(ESPACE, {}).get("roles", [])


def _answer(browser: Browser, attempt: Attempt) -> dict[str, str]:
    """What Keycloak sent the browser back with; the service itself knew nothing of this log-in."""
    visited = [answer.url for answer in (*browser.answer.history, browser.answer)]
    answers = [dict(parse_qsl(urlsplit(url).query)) for url in visited]
    return next(each for each in answers if each.get("state") == attempt.state and "iss" in each)
