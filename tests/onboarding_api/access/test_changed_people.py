"""Who gains and who loses by other rules: by name in the command's words, whole against the engine alone."""

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from onboarding_api.access.changed import Counter, NotCounted
from onboarding_api.cli import main
from onboarding_api.facts.question import questions
from onboarding_api.facts.rows import KINDS
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.person import Person
from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.revision import Policies, load_policies
from policies.language.model import Environment
from policies.language.statements import read_rule
from tests.builders.portal import Portal

LOAN, OPEN_TO_ALL = "mes-prets:demande", "dataviz-coeur-de-ville:acces"
OPENED = [
    ("User validateHabilitation Habilitation", "resource.membership.user == principal"),
    ("User viewMembers Structure", "resource.referents.contains(principal) || resource.admins.isEmpty()"),
    ("User dismissAdmin Membership", "resource.structure.admins.contains(principal)"),
    ("User removeMember Membership", "resource.user == principal"),
    ("User cancelClaim Claim", "resource.structure.admins.contains(principal)"),
    ("User deactivateHabilitation Habilitation", "resource.membership.user == principal"),
]


def filled(database: Database) -> Portal:
    """Eus with two administrators, one of whom waits; Oms with a claimant."""
    portal = Portal(database)
    eus, oms = portal.a_structure("Eus"), portal.a_structure("Oms")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    anne.holding(eus, OPEN_TO_ALL, state="pending")
    portal.a_person("Brice", "Sola").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
    paul.holding(eus, OPEN_TO_ALL)
    portal.a_person("Zoe", "Pla").attached_to(oms, fonction="maire")
    return portal


def with_permit(environment: str, condition: str) -> Policies:
    who, act, what = environment.split()
    policies = load_policies()
    scope = f'principal is {who}, action == Action::"{act}", resource is {what}'
    rule = read_rule("new.cedar", 1, f'@id("NEW") permit ({scope}) when {{ {condition} }};')
    # Guards of the same act would hide the new permit: only what permits counts here.
    return policies.with_rules((*(each for each in policies.rules if each.effect == "permit"), rule))


def permits_only() -> Policies:
    policies = load_policies()
    return policies.with_rules(tuple(each for each in policies.rules if each.effect == "permit"))


@pytest.mark.slow
def test_everybody_whom_a_thing_names_is_found_and_nobody_else(database: Database) -> None:
    """Against the two engines alone, asked about each person and each thing."""
    portal = filled(database)
    before = permits_only()
    with portal.reading() as session:
        people = [*session.scalars(select(Person))]
        for name, condition in OPENED:
            after, environment = with_permit(name, condition), Environment(*name.split())
            things = [*session.scalars(select(KINDS[environment.resource]))]
            for gains, (old, new) in ((True, (before, after)), (False, (after, before))):
                engines = Engine(old, explains=False), Engine(new, explains=False)
                wanted = set()
                for person, thing in product(people, things):
                    asked = questions(session, person, ((environment.action, thing),), now=portal.now, acr=1)
                    answers = tuple(engine.decide(asked[0]).allowed for engine in engines)
                    if answers == (not gains, gains):
                        wanted.add((person.id, asked[0].resource.id))
                found = Counter(session, old, new, portal.now, most=100).found(environment, gains)
                got = {(each.person.id, each.request.resource.id) for each in found.affected}
                strangers = "isEmpty" in condition
                assert got <= wanted
                assert strangers or got == wanted, name
                assert (found.is_whole, found.refuted) == (True, 0)


def test_what_cannot_be_counted_is_said(database: Database) -> None:
    portal = filled(database)
    counts = []
    with portal.reading() as session:
        counter = Counter(session, permits_only(), load_policies(), portal.now, most=1)
        for name in ("Staff freezeStructure Structure", "User redeemCode Letter", "User editIdentity User"):
            with pytest.raises(NotCounted) as caught:
                counter.found(Environment(*name.split()), gains=True)
            counts.append(str(caught.value))
    assert len(set(counts)) == 2


def test_no_more_rows_than_asked_for_and_it_is_said(database: Database) -> None:
    portal = filled(database)
    name, condition = OPENED[2]
    with portal.reading() as session:
        counter = Counter(session, permits_only(), with_permit(name, condition), portal.now, most=1)
        found = counter.found(Environment(*name.split()), gains=True)
    assert (len(found.affected), found.is_whole) == (1, False)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    address = f"sqlite:///{tmp_path_factory.mktemp('changed')}/bdt.db"
    migrate(address)
    database = Database(address)
    filled(database)
    database.engine.dispose()
    return address


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules, but with a password alone one decides on one's own request, and anybody sees members."""
    root = tmp_path_factory.mktemp("loose") / "policies"
    shutil.copytree(POLICIES, root, ignore=shutil.ignore_patterns("engine", "__pycache__"))
    guards = next(path for path in root.glob("rules/*.cedar") if "G-SELF-DECISION" in path.read_text("utf-8"))
    old = "when { resource.membership.user == principal };"
    text = guards.read_text("utf-8")
    assert text.count(old) == 1
    guards.write_text(
        text.replace(old, old.replace("principal }", "principal && context.acr > 1 }")), "utf-8"
    )
    admin = root / "rules/20-admin.cedar"
    text = admin.read_text("utf-8")
    one = 'action in [Action::"viewQueue", Action::"viewMembers"],'
    assert text.count(one) == 1
    text += (
        '@id("ANY-VIEW")\n@control("GS-24")\n@owner("product")\n'
        '@says("Anybody sees.")\n@says_fr("Vous voyez.")\n'
        '@needs_1("Structure gelée.")\n'
        'permit (\n  principal is User,\n  action == Action::"viewMembers",\n  resource is Structure\n)\n'
        "when { !resource.isFrozen };\n"
    )
    admin.write_text(text, "utf-8")
    return root


def run(url: str, *words: Any) -> Result:
    words = tuple(map(str, words))
    result = CliRunner().invoke(main, ["policy", "diff", *words], env={"BDT_DATABASE_URL": url})
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.slow
def test_the_command_tells_who_gains_by_name_and_structure(url: str, loose: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run(url, POLICIES, loose, "--live", "--page", page)
    told = result.output.replace("\u00a0", " ")
    assert result.exit_code == 1
    assert "personnes qui gagnent un droit : au moins 1\n" in told
    assert "personnes qui perdent un droit : 0\n" in told
    assert "Madame Anne Roca (anne003), Commune d’Eus (216600742) : valider l’habilitation" in told
    assert "Toute personne, même sans lien avec la structure, gagne ce droit" in told
    text = page.read_text("utf-8")
    assert "Les personnes concernées" in text
    assert "Madame Anne Roca" in text


@pytest.mark.slow
def test_the_command_tells_who_loses_and_escapes_names(url: str, loose: Path, tmp_path: Path) -> None:
    database = Database(url)
    with database.writing() as session:
        session.scalars(select(Person).where(Person.prenom == "Anne")).one().nom = "<b>Roca</b>"
    database.engine.dispose()
    page = tmp_path / "page.html"
    result = run(url, loose, POLICIES, "--live", "--page", page)
    assert "personnes qui perdent un droit : au moins 1\n" in result.output.replace("\u00a0", " ")
    assert "<b>Roca</b>" not in page.read_text("utf-8")
    assert "&lt;b&gt;Roca" in page.read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("--live", "--database-url", "nonsense"),
        ("--live", "--at", "tomorrow"),
        ("--live", "--at", "2026-11-23"),
        ("--live", "--most", "0"),
        ("--live", "--most", "many"),
        ("--live", "--database-url", ""),
    ],
)
def test_what_cannot_be_asked_is_told(url: str, words: tuple[str, ...]) -> None:
    result = run(url, POLICIES, POLICIES, *words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
