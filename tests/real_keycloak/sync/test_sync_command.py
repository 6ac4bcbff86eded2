"""`bdt sync plan` and `apply`, as an operator types them, on a real Keycloak that was left in any state."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from demo.bench_sync.hamlets import found_hamlets, identifiant_of, siren_of
from idp_extension.admin_api import AdminAPI
from idp_extension.server import RunningServer
from onboarding_api.cli.realm import realm
from onboarding_api.cli.sync import sync
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Base, Database
from onboarding_api.model.disabling import Disabling
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from tests.real_keycloak.environment import environment_of

pytestmark = pytest.mark.keycloak

REALM = "bdt-sync-command"


@pytest.fixture(scope="module")
def environment(keycloak_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The realm of these tests, applied once."""
    values = environment_of(keycloak_server.url, REALM, tmp_path_factory.mktemp("sync")) | {
        "KC_BOOTSTRAP_ADMIN_USERNAME": keycloak_server.admin_user,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": keycloak_server.admin_password,
    }
    applied = CliRunner(env=values).invoke(realm, ["apply"], catch_exceptions=False)
    assert applied.exit_code == 0
    return values


@dataclass
class Operator:
    """Somebody at a shell, the database, and the administrator of the server who looks on, or meddles."""

    environment: dict[str, str]
    database: Database
    admin: AdminAPI

    def sync(self, *words: str) -> Result:
        return CliRunner(env=self.environment).invoke(sync, [*words], catch_exceptions=False)

    def converge(self) -> Result:
        """As somebody does who has read the plan and means it."""
        counts = self.counts()
        removals = int(str(re.findall(r"(\d+) removals", self.sync("plan").output)[0])) if counts else 0
        done = self.sync("apply", *(["--yes-remove", str(removals)] if removals else []))
        assert done.exit_code == 0, done.output
        return done

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.sync("plan", "--format", "json").output)["counts"]
        return found

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "onboarding_api.cli", "sync", *words]
        return subprocess.Popen(
            command, env=os.environ | self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def user(self, number: int) -> dict[str, Any]:
        found = self.admin.get("users", username=identifiant_of(number), exact="true")
        assert len(found) == 1
        return dict(found[0])

    def groups(self, number: int) -> set[str]:
        return {group["path"] for group in self.admin.get("users", self.user(number)["id"], "groups")}

    def change(self, model: type[Base], *where: Any, **values: Any) -> None:
        with self.database.writing() as session:
            session.execute(update(model).where(*where).values(**values))

    def empty_keycloak(self) -> None:
        for kind in ("users", "groups"):
            for each in self.admin.get(kind, max="1000"):
                self.admin.delete(kind, each["id"])


def account(name: str) -> dict[str, Any]:
    """Of somebody that the database does not know."""
    names = {"firstName": "Jean", "lastName": "Parti"}
    return {"username": name, "email": f"{name}@x.example", "enabled": True} | names


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as `bdt migrate` makes it."""
    path = tmp_path_factory.mktemp("migrated") / "bdt.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def operator(
    environment: dict[str, str], keycloak_server: RunningServer, migrated: Path, tmp_path: Path
) -> Iterator[Operator]:
    """Four communes and eight people; Keycloak as the test before left it."""
    shutil.copy(migrated, tmp_path / "bdt.db")
    database = Database(f"sqlite:///{tmp_path / 'bdt.db'}")
    found_hamlets(database)
    admin = AdminAPI.as_master_admin(
        keycloak_server.url, keycloak_server.admin_user, keycloak_server.admin_password, REALM
    )
    yield Operator(environment | {"BDT_DATABASE_URL": f"sqlite:///{tmp_path / 'bdt.db'}"}, database, admin)
    database.engine.dispose()
    admin.close()


def test_a_first_load_leaves_nothing_to_do(operator: Operator) -> None:
    operator.empty_keycloak()
    assert operator.counts() == {"group missing": 4, "service group missing": 6, "user missing": 8}

    first, planned, second = operator.sync("apply"), operator.sync("plan"), operator.sync("apply")

    assert first.output == "24 writes, 18 ids kept, 12 repaired, 0 failed\n"
    assert (planned.exit_code, planned.output) == (0, "0 differences, 0 removals\n")
    assert second.output == "0 writes, 0 ids kept, 0 repaired, 0 failed\n"
    assert operator.groups(2) == {
        f"/{siren_of(2)}",
        f"/{siren_of(2)}/mes-prets:demande",
        f"/{siren_of(2)}/mes-prets:suivi",
    }
    with operator.database.reading() as session:
        kept = set(session.scalars(select(Person.keycloak_id)))
        groups = set(session.scalars(select(ServiceGroup.kc_group_id)))
    assert kept == {operator.user(number)["id"] for number in range(8)}
    assert len(groups) == 6


MANY = 150
"""So many that the signal comes while they are on their way."""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_load_is_resumed_and_nothing_is_there_twice(
    operator: Operator, how: signal.Signals
) -> None:
    operator.empty_keycloak()
    found_more(operator.database, MANY)
    run = operator.start("apply", "--threads", "2")
    while operator.admin.get("users", "count") < 15:
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(how)
    _, told = run.communicate()

    half = operator.admin.get("users", "count")
    resumed, again = operator.sync("apply"), operator.sync("apply")

    assert 15 <= half < MANY
    assert (run.returncode, b"run it again" in told) == ((130, True) if how is signal.SIGINT else (-9, False))
    assert resumed.exit_code == 0
    assert again.output == "0 writes, 0 ids kept, 0 repaired, 0 failed\n"
    assert operator.counts() == {}
    names = [user["username"] for user in operator.admin.get("users", max="1000")]
    assert sorted(names) == [identifiant_of(number) for number in range(MANY)]


def found_more(database: Database, people: int) -> None:
    with database.writing() as session:
        for model in (TermsAcceptance, Habilitation, Membership, Person, Structure):
            session.execute(delete(model))
    found_hamlets(database, structures=4, people=people)


def test_what_happens_to_structures_people_and_keycloak_converges_to_the_database(operator: Operator) -> None:
    operator.converge()
    admin = operator.admin
    ids = {number: operator.user(number)["id"] for number in range(8)}
    first, second = (admin.get("groups", search=siren_of(n), exact="true")[0]["id"] for n in (0, 1))

    operator.change(Structure, Structure.siren == siren_of(0), name="Commune nouvelle")
    operator.change(Structure, Structure.siren == siren_of(3), is_active=False)  # closed
    operator.change(Person, Person.identifiant == identifiant_of(0), email="autre@ici.example")
    admin.delete("users", ids[1])
    admin.delete("groups", second)
    admin.put("users", ids[2], body={"email": f"{identifiant_of(4)}@elsewhere.example"})
    admin.put("users", ids[4], body={"email": f"{identifiant_of(2)}@ici.example"})  # hers, taken
    admin.put(body={"editUsernameAllowed": True})  # else a username can be changed by nobody
    admin.put("users", ids[5], body={"username": "un-autre"})
    admin.post("users", body=account(identifiant_of(5)))
    operator.converge()
    operator.converge()  # whose group was deleted is in it again

    assert operator.counts() == {}
    assert admin.get("groups", first)["attributes"] == {"label": ["Commune nouvelle"]}
    assert operator.groups(3) == {f"/{siren_of(3)}"}
    assert operator.user(0)["email"] == "autre@ici.example"
    assert [operator.user(n)["email"] for n in (2, 4)] == [f"{identifiant_of(n)}@ici.example" for n in (2, 4)]
    assert operator.user(5)["id"] == ids[5]

    operator.change(Structure, Structure.siren == siren_of(3), is_active=True)  # opened again
    operator.converge()

    assert f"/{siren_of(3)}/mes-prets:demande" in operator.groups(3)


@pytest.mark.parametrize("how", ["emptied", "restored from an older backup"])
def test_a_keycloak_that_forgot_is_taught_again(operator: Operator, how: str) -> None:
    operator.converge()
    if how == "emptied":
        operator.empty_keycloak()
    else:  # as it was before half of the people came, and with one who has left since
        for number in range(4):
            operator.admin.delete("users", operator.user(number)["id"])
        operator.admin.delete("groups", operator.admin.get("groups", search=siren_of(0))[0]["id"])
        operator.admin.post("users", body=account("parti"))

    operator.converge()

    assert operator.counts() == {}
    names = {user["username"] for user in operator.admin.get("users")}
    assert names == {identifiant_of(number) for number in range(8)}


def test_who_was_disabled_by_hand_stays_so_and_it_is_written_down(operator: Operator) -> None:
    operator.converge()
    id_ = operator.user(6)["id"]
    operator.admin.put("users", id_, body={"enabled": False})

    planned = operator.sync("plan", "--person", identifiant_of(6))
    operator.converge()
    operator.converge()  # what she may enter no longer is taken away

    assert f"{identifiant_of(6)} was disabled at Keycloak alone" in planned.output
    assert not operator.user(6)["enabled"]
    assert operator.groups(6) == {f"/{siren_of(2)}"}
    with operator.database.reading() as session:
        assert [row.disabled_by for row in session.scalars(select(Disabling))] == ["keycloak"]
    assert operator.counts() == {}
    operator.admin.put("users", id_, body={"enabled": True})  # for the tests that follow


@pytest.mark.attack(47)
def test_one_person_or_one_structure_may_be_repaired_alone(operator: Operator) -> None:
    operator.converge()
    group = operator.admin.get("groups", search=siren_of(1), exact="true")[0]["id"]
    operator.admin.put("users", operator.user(0)["id"], "groups", group)
    operator.admin.put("groups", group, body={"name": siren_of(1), "attributes": {"label": ["x"]}})

    dry = operator.sync("apply", "--person", identifiant_of(0), "--dry-run")
    hers = operator.sync("apply", "--person", identifiant_of(0))
    left = operator.counts()
    its = operator.sync("apply", "--structure", siren_of(1))

    assert f"{identifiant_of(0)} is in the group of structure {siren_of(1)}" in dry.output
    assert (hers.exit_code, left, its.exit_code) == (0, {"group label": 1}, 0)
    assert operator.counts() == {}


def test_a_database_restored_from_an_older_backup_stops_at_the_guard(operator: Operator) -> None:
    operator.converge()
    with operator.database.writing() as session:
        gone = select(Person.id).where(Person.identifiant >= identifiant_of(2))
        stays = select(Membership.id).where(Membership.person_id.in_(gone))
        session.execute(delete(TermsAcceptance).where(TermsAcceptance.membership_id.in_(stays)))
        session.execute(delete(Habilitation).where(Habilitation.membership_id.in_(stays)))
        session.execute(delete(Membership).where(Membership.person_id.in_(gone)))
        session.execute(delete(Person).where(Person.identifiant >= identifiant_of(2)))

    refused, wrong = operator.sync("apply"), operator.sync("apply", "--yes-remove", "5")

    assert (refused.exit_code, wrong.exit_code) == (1, 1)
    assert "6 removals, 5 are done without asking" in refused.output
    assert len(operator.admin.get("users")) == 8  # nothing is lost
    assert operator.sync("apply", "--yes-remove", "6").exit_code == 0
    assert len(operator.admin.get("users")) == 2


def test_a_plan_is_applied_as_it_was_read_or_not_at_all(operator: Operator, tmp_path: Path) -> None:
    operator.converge()
    plan, edited, foreign = (tmp_path / name for name in ("plan", "edited", "foreign"))
    operator.admin.put("users", operator.user(0)["id"], body={"lastName": "Dupont"})
    operator.sync("plan", "--out", str(plan))
    operator.admin.put("users", operator.user(1)["id"], body={"lastName": "Dupont"})  # after the reading
    edited.write_text(plan.read_text().replace(identifiant_of(0), identifiant_of(1)))
    other = operator.environment | {"BDT_KEYCLOAK_REALM": REALM, "BDT_SECRET_KEY": "another-house"}
    CliRunner(env=other).invoke(sync, ["plan", "--out", str(foreign)])

    refusals = [operator.sync("apply", str(file)).output for file in (edited, foreign)]
    applied = operator.sync("apply", str(plan))

    assert all("was edited, or sealed by another house" in told for told in refusals)
    assert "1 differences are newer than the plan, and left" in applied.output
    assert operator.counts() == {"name changed": 1}
    assert plan.stat().st_mode & 0o077 == 0


def test_a_realm_that_is_not_ours_is_not_written_into(operator: Operator) -> None:
    client = operator.admin.get("clients", clientId="bdt-sync")[0]
    stranger = client["attributes"] | {"bdt.portal-url": "https://another.example"}
    operator.admin.put("clients", client["id"], body=client | {"attributes": stranger})

    refused = operator.sync("apply")
    operator.admin.put("clients", client["id"], body=client)

    assert refused.exit_code == 1
    assert "belongs to https://another.example" in refused.output


@pytest.mark.attack(36)
def test_a_plan_may_be_read_by_a_spreadsheet(operator: Operator) -> None:
    operator.converge()
    operator.admin.post("groups", body={"name": "=1+1"})

    lines = operator.sync("plan", "--format", "csv").output.splitlines()

    assert lines[0] == "kind,subject,detail,wanted,found,keycloak_id,remedy,words"
    assert lines[1].startswith("group foreign,/=1+1,,,'=1+1,")
