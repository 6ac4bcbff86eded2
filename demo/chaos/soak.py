"""`python -m demo.chaos.soak TOOLS [--minutes N]`: others judge us, on loopback, for a bounded time.

toxiproxy spoils the same conversations as our fault proxy: both must look the same to the gateway. wapiti and
sqlmap attack every form and parameter that they find, as the administrator of a commune. `make soak` puts the
three into TOOLS first; they are no part of the product.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from demo.chaos.fault_proxy import Fault, FaultProxy
from demo.chaos.resident import Resident, Town
from demo.system import HOST, Ports, System
from demo.witness import wait_for
from idp_extension.admin_api import AdminAPI, GatewayError
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import free_port
from onboarding_api.web.session import COOKIE

SYNC = "bdt-sync"
TIMEOUT_SECONDS = 2.0
SETTLES_SECONDS = 120.0
TOXICS = {
    Fault.LATENCY: ("latency", {"latency": 500}),
    Fault.CUT_IN_HEADERS: ("limit_data", {"bytes": 40}),
    Fault.HALF_BODY: ("limit_data", {"bytes": 900}),
    Fault.RESET: ("reset_peer", {"timeout": 0}),
    Fault.BLACK_HOLE: ("timeout", {"timeout": 0}),
}
"""What toxiproxy calls our faults. It has no word for a busy server."""
UNLIMITED = ",".join(
    f"{name}=1000000/minute"
    for name in ("reading.network", "visiting.person", "act.person", "search.person", "log_in.network")
)
_TARGETS = re.compile(r"^\[\d+/\d+\] (.+)$", re.MULTILINE)
_PARAMETERS = re.compile(r"testing if (.+? parameter '.+?') is dynamic")
ATTACKS = "sql,timesql,xss,permanentxss,redirect,crlf,exec,file,ssrf,xxe,methods,backup,htaccess"
"""What of wapiti concerns us: there is no LDAP, and it takes any search that finds less for one."""


def main() -> int:
    """Print what was found; 1 when there is something."""
    options = argparse.ArgumentParser(prog="python -m demo.chaos.soak", description=__doc__)
    options.add_argument("tools", type=Path, help="directory with toxiproxy-server, wapiti and sqlmap")
    options.add_argument("--minutes", type=float, default=60, help="for each attacker")
    chosen = options.parse_args()
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bdt-soak-") as place:
        system = System(Path(place) / "house", Ports.free(), lambda what, *_: say(what))
        system.told["portal"] = {"BDT_LIMITS": UNLIMITED, "BDT_TRUSTED_PROXIES": "1"}
        with system:
            found += differences_from_toxiproxy(system, chosen.tools)
            cookie = administrator_cookie(system)
            for attack in (wapiti, sqlmap):
                found += attack(system, chosen.tools, cookie, chosen.minutes * 60)
            found += errors_in_logs(system)
    for each in found:
        say(each)
    say(f"{len(found)} findings")
    return 1 if found else 0


def say(what: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def differences_from_toxiproxy(system: System, tools: Path) -> Iterator[str]:
    """Each fault by our proxy and by theirs; what the gateway sees must be the same."""
    with _toxiproxy(tools) as server, FaultProxy(system.ports.keycloak) as ours:
        port = free_port()
        listen, upstream = f"{HOST}:{port}", f"{HOST}:{system.ports.keycloak}"
        proxy = {"name": "keycloak", "listen": listen, "upstream": upstream, "enabled": True}
        requests.post(f"{server}/proxies", json=proxy, timeout=10).raise_for_status()

        def spoil_ours(fault: Fault) -> None:
            ours.fault = fault

        def spoil_theirs(fault: Fault) -> None:
            requests.post(f"{server}/reset", timeout=10).raise_for_status()
            if fault in TOXICS:
                kind, attributes = TOXICS[fault]
                toxic = {"type": kind, "stream": "downstream", "attributes": attributes}
                url = f"{server}/proxies/keycloak/toxics"
                requests.post(url, json=toxic, timeout=10).raise_for_status()

        for fault in TOXICS:
            seen = _seen_by_gateway(system, ours.port, spoil_ours, fault)
            by_theirs = _seen_by_gateway(system, port, spoil_theirs, fault)
            say(f"{fault}: ours {seen}, toxiproxy {by_theirs}")
            if seen != by_theirs:
                yield f"our fault « {fault} » looks as {seen}, toxiproxy's as {by_theirs}"


@contextmanager
def _toxiproxy(tools: Path) -> Iterator[str]:
    port = free_port()
    command = [str(tools / "toxiproxy-server"), "-host", HOST, "-port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://{HOST}:{port}"
    try:
        wait_for("toxiproxy", lambda: _answers(f"{url}/version") or None)
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _seen_by_gateway(system: System, port: int, spoil: Callable[[Fault], None], fault: Fault) -> str:
    """How a call ends whose connection was good until now."""
    key = ClientKey.in_file(SYNC, system.keys / f"{SYNC}.pem")
    realm = system.settings.keycloak_realm
    issuer, url = f"{system.keycloak_url}/realms/{realm}", f"http://{HOST}:{port}"
    api = AdminAPI.as_service_account(url, realm, key, issuer=issuer, timeout=TIMEOUT_SECONDS)
    spoil(Fault.NONE)
    with closing(api):
        api.get("clients")
        spoil(fault)
        try:
            api.get("clients")  # a long answer, so that its half is cut
        except GatewayError as error:
            return type(error).__name__
        finally:
            spoil(Fault.NONE)
    return "an answer"


def administrator_cookie(system: System) -> str:
    """Of the administrator of a commune with requests that wait; as attackers are told it."""
    town = Town("216600742", "Commune d'Eus")
    people = [Resident(system, town, number, is_first=number == 0, seed=0) for number in range(2)]
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in people]
    for thread in threads:
        thread.start()
    wait_for("people to settle", lambda: all(each.is_settled for each in people) or None, SETTLES_SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    people[0].look()
    return f"{COOKIE}={people[0].browser.cookies[COOKIE]}"


def wapiti(system: System, tools: Path, cookie: str, seconds: float) -> Iterator[str]:
    """Crawl, then attack what was found."""
    report = system.directory / "wapiti.json"
    bounds = [f"--max-scan-time={seconds / 3:.0f}", f"--max-attack-time={seconds / 20:.0f}"]
    run(
        [
            tools / "wapiti", "-u", f"{system.portal_url}/", "-C", cookie, "-m", ATTACKS, *bounds,
            "-x", f"{system.portal_url}/deconnexion", "-f", "json", "-o", report, "--no-bugreport",
            "--flush-session", "--store-session", system.directory / "wapiti", "-d", "5",
        ],
        seconds,
        system.directory / "wapiti.out",
    )  # fmt: skip
    if not report.exists():
        yield "wapiti wrote no report"
        return
    told = json.loads(report.read_text())
    say(f"wapiti: {told['infos'].get('crawled_pages_nbr')} pages crawled")
    for kind in ("vulnerabilities", "anomalies"):
        for name, cases in told[kind].items():
            for case in cases:
                yield f"wapiti: {name}: {case['method']} {case['path']} {case['parameter']}: {case['info']}"


def sqlmap(system: System, tools: Path, cookie: str, seconds: float) -> Iterator[str]:
    """Every form and every parameter that a crawl finds."""
    place = system.directory / "sqlmap"
    said = run(
        [
            tools / "sqlmap", "-u", f"{system.portal_url}/", "--cookie", cookie, "--crawl=4", "--forms",
            "--crawl-exclude=deconnexion", "--batch", "--csrf-token=csrf_token", "--level=2", "--risk=1",
            "--output-dir", place, "--disable-coloring", "--ignore-code=400,403,404,409,422,429",
        ],
        seconds,
        system.directory / "sqlmap.out",
    )  # fmt: skip
    results = sorted(place.glob("results-*.csv"))
    targets = set(_TARGETS.findall(said))
    parameters = set(_PARAMETERS.findall(said))
    say(f"sqlmap: {len(targets)} addresses and forms, {len(parameters)} parameters")
    if not parameters:
        yield "sqlmap found nothing to attack"
    for path in results:
        for row in csv.DictReader(path.read_text().splitlines()):
            if row.get("Technique(s)"):
                where = f"{row['Place']} {row['Parameter']} of {row['Target URL']}"
                yield f"sqlmap: {where}: {row['Technique(s)']}"


def run(command: list[str | Path], seconds: float, heard: Path) -> str:
    """Run an attacker for so long at most; what it said, which is kept in a file as well."""
    began = time.monotonic()
    name = Path(command[0]).name
    with heard.open("wb") as output:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            say(f"{name} was stopped")
    say(f"{name}: {time.monotonic() - began:.0f} s")
    return heard.read_text("utf-8", errors="replace")


def errors_in_logs(system: System) -> Iterator[str]:
    """Whatever was sent, no part may have failed over it."""
    for path in sorted(system.directory.glob("*.log")):
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            if line.startswith("Traceback"):
                yield f"{path.name}:{number}: a traceback"


if __name__ == "__main__":
    sys.exit(main())
