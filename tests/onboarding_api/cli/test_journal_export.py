"""`bdt journal export`: what people did, in the form that `bdt policy replay` asks again."""

import json
import secrets
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onboarding_api.cli import main
from onboarding_api.model.base import Database
from onboarding_api.model.refusals import NotAllowed
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from policies.catalogue.loader import POLICIES
from tests.builders.portal import Portal

LOANS = ("mes-prets:demande", "mes-prets:suivi")


@pytest.fixture
def portal(database: Database) -> Portal:
    """Anne became administrator by the letter, granted Paul's request, and could not grant her own."""
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    anne, paul = portal.a_person("Anne", "Roca"), portal.a_person("Paul", "Durand")
    for person in (anne, paul):
        attach_structure(portal.office, person.actor, AttachStructure(eus))
        edit_profile(portal.office, person.actor, EditProfile(eus, fonction="maire"))
    request_habilitations(
        portal.office, anne.actor, RequestHabilitations(eus, LOANS, becomes_administrator=True)
    )
    portal.wait(days=2)
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, anne.actor, RedeemActivationCode(eus, code))
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, LOANS))
    request_habilitations(portal.office, anne.actor, RequestHabilitations(eus, ("mes-prets:encours",)))
    own = DecideHabilitation(anne.habilitation(eus, "mes-prets:encours"))
    with pytest.raises(NotAllowed):
        validate_habilitation(portal.office, anne.actor, own)
    portal.wait(days=1)
    his = DecideHabilitation(paul.habilitation(eus, LOANS[0]))
    validate_habilitation(portal.office, anne.actor, his)
    accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    return portal


def run(portal: Portal, *words: str) -> Result:
    url = portal.database.engine.url.render_as_string(hide_password=False)
    env = {
        "BDT_DATABASE_URL": url,
        "BDT_PUBLIC_URL": "https://espace.example.fr",
        "BDT_KEYCLOAK_URL": "https://id.example.fr",
        "BDT_CODE_KEYS": f"k1:{secrets.token_hex(32)}",
        "BDT_SMTP_HOST": "mail.example.fr",
        "BDT_SMTP_PORT": "587",
        "BDT_SMTP_FROM": "ne-pas-repondre@example.fr",
        "BDT_SPOOL_DIRECTORY": "spool",
        "BDT_CONTACT_EMAIL": "aide@example.fr",
        "BDT_CONTACT_PHONE": "01 99 00 00 00",
        "BDT_SECRET_KEY": secrets.token_hex(32),
    }
    return CliRunner().invoke(main, words, env=env)


def test_a_journal_of_real_acts_replays_without_a_change(portal: Portal, tmp_path: Path) -> None:
    exported = run(portal, "journal", "export")
    assert exported.exit_code == 0
    records = [json.loads(line) for line in exported.output.splitlines()]
    assert [record["allowed"] for record in records].count(False) == 1
    assert {"attach", "redeemCode", "validateHabilitation"} <= {record["action"] for record in records}
    path = tmp_path / "decisions.jsonl"
    path.write_text(exported.output, encoding="utf-8")
    replayed = run(portal, "policy", "replay", str(path), "--with", str(POLICIES))
    assert (replayed.exit_code, replayed.output) == (0, f"0 of {len(records)} decisions would change\n")


def test_each_decision_is_written_once(portal: Portal) -> None:
    lines = run(portal, "journal", "export").output.splitlines()
    assert len(set(lines)) == len(lines)


def test_since_leaves_out_what_was_before(portal: Portal) -> None:
    lines = run(portal, "journal", "export", "--since", portal.now.isoformat()).output.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["validateHabilitation", "acceptTerms"]


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-23"])
def test_a_moment_that_cannot_be_read_is_told(portal: Portal, moment: str) -> None:
    result = run(portal, "journal", "export", "--since", moment)
    assert result.exit_code == 2
    assert "expected a moment with its zone" in result.output
