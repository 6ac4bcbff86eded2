"""The table of consequences: it knows every event, holds ids only, and wants each thing once."""

import re
from pathlib import Path

import pytest

import onboarding_api.usecases as room
from onboarding_api.consequences.table import CONSEQUENCES, Happening, deliveries
from onboarding_api.mails.notices import NOTICES
from onboarding_api.model.habilitation import Move
from onboarding_api.queries.notices import READERS
from tests.builders.portal import MONDAY

ANNE, PAUL, ZOE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
MEMBERSHIP = "44444444-0000-4000-8000-000000000000"


def happened(event: str, seq: int = 1, **refs: str) -> Happening:
    return Happening(
        event, seq, MONDAY, PAUL, "216600742", {"membership_id": MEMBERSHIP, **refs}, (ANNE, ZOE)
    )


def test_every_event_that_a_use_case_records_is_in_the_table() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(room.__path__[0]).rglob("*.py"))
    recorded = set(re.findall(r"record\(\s*\"([a-z_]+)\"", source))
    moved = set(re.findall(r"Move\.[A-Z]+, \"([a-z_]+)\"", source)) | set(
        re.findall(rf"Move\.(?:{'|'.join(Move.__members__)}): \"(habilitation_[a-z_]+)\"", source)
    )
    closed = set(re.findall(r"ClaimState\.[A-Z]+, \"([a-z_]+)\"", source))
    conditional = {"habilitation_claimed", "habilitation_requested"}
    assert recorded | moved | closed | conditional == set(CONSEQUENCES)


def test_every_notice_that_leaves_can_be_read_and_rendered() -> None:
    sent = {
        row.args["notice"]
        for event in CONSEQUENCES
        for row in deliveries([happened(event, claim_id="c", letter_id="l", habilitation_id="h")])
        if row.kind == "mail"
    }
    assert sent | {"letter_reminder"} == set(READERS) == set(NOTICES) - {"forgotten_identifiant"}


def test_three_services_asked_in_one_act_make_one_mail_a_person() -> None:
    rows = deliveries(
        [happened("habilitation_requested", seq, habilitation_id=f"h{seq}") for seq in (1, 2, 3)]
    )
    assert [(row.args["notice"], row.args["person_id"]) for row in rows] == [
        ("request_sent", PAUL),
        ("request_to_decide", ANNE),
        ("request_to_decide", ZOE),
    ]
    assert all(row.args["habilitation_ids"] == ["h1", "h2", "h3"] for row in rows)


def test_keycloak_is_told_once_an_act() -> None:
    rows = deliveries([happened("habilitation_cancelled"), happened("structure_left", 2)])
    assert [(row.kind, row.journal_seq) for row in rows] == [("keycloak.person", 1)]


def test_who_asks_is_not_asked_to_decide() -> None:
    own = Happening(
        "habilitation_requested", 1, MONDAY, ANNE, "216600742", {"habilitation_id": "h"}, (ANNE, ZOE)
    )
    decide = [row.args["person_id"] for row in deliveries([own]) if row.args["notice"] == "request_to_decide"]
    assert decide == [ZOE]


def test_an_unknown_event_is_a_fault() -> None:
    with pytest.raises(KeyError):
        deliveries([happened("habilitation_granted_by_magic")])


def test_keys_and_lanes_fit_their_columns() -> None:
    ids = {name: ANNE for name in ("claim_id", "letter_id", "habilitation_id")}
    for event in CONSEQUENCES:
        happening = Happening(
            event, 10**12, MONDAY, PAUL, "216600742", {"membership_id": MEMBERSHIP, **ids}, (ANNE,), MONDAY
        )
        for row in deliveries([happening]):
            assert len(row.unique_key) <= 160
            assert len(row.lane) <= 80
