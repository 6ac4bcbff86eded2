"""What opens a door passes with the signed approval of somebody who may give it, and in no other way."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.changes.approval import meaning_digest
from policies.review.commands.policy import policy

pytestmark = pytest.mark.slow
MARIE, AUTHOR = "marie@security.example", "dev@example.org"
LOOSER = ("rules/95-first-admin.cedar", ">= context.limits.tries_in_all", "> context.limits.tries_in_all")
LOOSER_STILL = ("rules/20-admin.cedar", '"deactivated"', '"refused"')
TIGHTER = (
    "rules/95-first-admin.cedar",
    ">= context.limits.tries_in_all",
    ">= context.limits.tries_per_window",
)


class Repository:
    """A git repository of the policies, with an approver named on its main branch."""

    def __init__(self, folder: Any) -> None:
        self.folder, self.policies = folder, folder / "policies"
        ignored = shutil.ignore_patterns("engine", "review", "language", "__pycache__", "*.py", "approvals")
        shutil.copytree(POLICIES, self.policies, ignore=ignored)
        self.keys = {name: self.key(name) for name in (MARIE, "foreign", AUTHOR)}
        (self.policies / "approvals").mkdir()
        self.name_approvers(MARIE)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()
        self.approve("HEAD", MARIE, "The first revision of this repository.")
        self.commit()
        self.git("checkout", "--quiet", "-b", "change")

    def key(self, name: str) -> Any:
        path = self.folder / name.partition("@")[0]
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        return path

    def name_approvers(self, *names: Any) -> None:
        lines = [f"{each} {self.keys[each].with_suffix('.pub').read_text()}" for each in names]
        (self.policies / "approvals/approvers").write_text("".join(lines), encoding="utf-8")

    def git(self, *arguments: Any) -> Any:
        who = ("-c", "user.name=Dev", "-c", f"user.email={AUTHOR}")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("add", "policies")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.policies / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        self.run("format")
        self.commit()

    def run(self, *arguments: Any) -> Any:
        result = CliRunner().invoke(policy, ["--root", str(self.policies), *map(str, arguments)])
        assert "Traceback" not in result.output
        return result

    def approve(self, base: Any, who: Any, says: Any, key: Any = None) -> Any:
        result = self.run("approve", base, "--by", who, "--says", says, "--key", key or self.keys[who])
        assert result.exit_code == 0, result.stderr
        return self.policies / "approvals" / result.output.removeprefix("written: ").strip()

    def gate(self) -> Any:
        result = self.run("gate")
        return result.exit_code, result.output + result.stderr


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("BDT_POLICY_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


def test_what_changes_no_meaning_or_closes_a_door_passes(repository: Any) -> None:
    assert repository.gate()[0] == 0
    repository.change(*TIGHTER)
    code, told = repository.gate()
    assert (code, "newly denied" in told) == (0, True)


def test_what_opens_a_door_stops_until_somebody_approves_it(repository: Any) -> None:
    repository.change(*LOOSER)
    code, told = repository.gate()
    assert code == 1
    assert "Newly ALLOWED User redeemCode Letter" in told
    assert "NOT APPROVED: no statement in approvals/" in told
    assert repository.run("diff", "main", "HEAD").exit_code == 1
    repository.approve("main", MARIE, "Agreed with the desk on Monday.")
    repository.commit()
    assert repository.gate()[0] == 0
    assert repository.run("diff", "main", "HEAD").exit_code == 0


def refused_statement(
    repository: Any, who: Any = MARIE, says: Any = "Agreed with the desk.", key: Any = None, **changed: Any
) -> Any:
    repository.change(*LOOSER)
    path = repository.approve("main", who, says, key)
    if changed:
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changed), encoding="utf-8")
    repository.commit()
    code, told = repository.gate()
    assert code == 1
    return told


def test_an_empty_approval_is_none(repository: Any) -> None:
    assert "it says nothing" in refused_statement(repository, says=".")


def test_a_refusal_is_no_approval(repository: Any) -> None:
    assert "its verdict is « refused »" in refused_statement(repository, verdict="refused")


def test_a_word_changed_after_the_signature_is_no_approval(repository: Any) -> None:
    assert "missing or not theirs" in refused_statement(repository, note="and the next one too")


def test_the_approval_of_somebody_who_may_not_is_none(repository: Any) -> None:
    told = refused_statement(repository, who="foreign")
    assert "foreign is not among those who may approve" in told


def test_a_foreign_key_under_the_name_of_an_approver_is_none(repository: Any) -> None:
    told = refused_statement(repository, key=repository.keys["foreign"])
    assert "missing or not theirs" in told


def test_an_author_does_not_approve_her_own_change(repository: Any) -> None:
    repository.git("checkout", "--quiet", "main")
    repository.name_approvers(MARIE, AUTHOR)
    repository.commit()
    repository.git("checkout", "--quiet", "-B", "change")
    told = refused_statement(repository, who=AUTHOR)
    assert f"{AUTHOR} is an author of the change" in told


def test_a_change_does_not_name_its_own_approver(repository: Any) -> None:
    repository.name_approvers(MARIE, "foreign")
    repository.commit()
    assert repository.gate()[0] == 1
    told = refused_statement(repository, who="foreign")
    assert "not among those who may approve, in the revision before the change" in told


def test_an_approval_without_signature_is_none(repository: Any) -> None:
    repository.change(*LOOSER)
    path = repository.approve("main", MARIE, "Agreed with the desk on Monday.")
    path.with_suffix(".json.sig").unlink()
    repository.commit()
    assert "missing or not theirs" in repository.gate()[1]


def test_an_approval_serves_one_change_only(repository: Any) -> None:
    repository.change(*LOOSER)
    repository.approve("main", MARIE, "Agreed with the desk on Monday.")
    repository.commit()
    assert repository.gate()[0] == 0
    repository.change(*LOOSER_STILL)
    code, told = repository.gate()
    assert (code, "one serves one change only" in told) == (1, True)
    repository.git("commit", "--quiet", "--amend", "-m", "Approved-by-security: Marie")
    assert repository.gate()[0] == 1


def test_a_property_removed_is_stopped_as_an_opening_is(repository: Any) -> None:
    repository.change(
        "properties/safety.cedar", '@kind("never")\n@control("GS-24")', '@kind("possible")\n@control("GS-24")'
    )
    code, told = repository.gate()
    assert (code, "P-SELF-DECISION: weakened" in told) == (1, True)


def test_on_main_itself_the_last_approved_revision_counts(repository: Any) -> None:
    repository.git("checkout", "--quiet", "main")
    assert repository.gate() == (0, "No change of meaning since the last approved revision\n")
    repository.change(*TIGHTER)
    assert repository.gate()[0] == 0
    repository.change(*LOOSER_STILL)
    assert repository.gate()[0] == 1


def test_a_history_without_an_approved_revision_is_told(repository: Any) -> None:
    repository.git("checkout", "--quiet", "--orphan", "alone")
    for path in (repository.policies / "approvals").glob("*.json*"):
        path.unlink()
    repository.commit()
    repository.git("branch", "--quiet", "-D", "main", "change")
    code, told = repository.gate()
    assert code == 2
    assert "no approved revision in the history at hand" in told


@pytest.mark.parametrize("text", ["", "{}", '{"before": 1}', "approved"])
def test_a_file_that_is_no_statement_is_told(repository: Any, text: str) -> None:
    repository.change(*LOOSER)
    (repository.policies / "approvals/x.json").write_text(text, encoding="utf-8")
    repository.commit()
    code, told = repository.gate()
    assert code == 2
    assert "approvals/x.json: expected a statement" in told


def test_the_digest_of_the_meaning_sees_what_is_shown_and_not_the_form(
    engine: Engine, copied_policies: Path
) -> None:
    digest = meaning_digest(engine.policies)
    for name in ("properties/safety.cedar", "properties/bounds.yaml"):
        path = copied_policies / name
        text = path.read_text(encoding="utf-8")
        remark = "//" if name.endswith("cedar") else "#"
        path.write_text(f"{remark} a remark\n{text}", encoding="utf-8")
        assert meaning_digest(read_policies(copied_policies)) == digest
    bounds = copied_policies / "properties/bounds.yaml"
    bounds.write_text(
        bounds.read_text(encoding="utf-8").replace("  cancelClaim: oneself, ", "  cancelClaim: "),
        encoding="utf-8",
    )
    assert meaning_digest(read_policies(copied_policies)) != digest
