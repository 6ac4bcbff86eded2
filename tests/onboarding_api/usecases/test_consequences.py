"""The table of consequences: it knows every event, holds ids only, and wants each thing once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onboarding_api.consequences.goals import Consequences, Happening
from onboarding_api.consequences.table import CONSEQUENCES, TableUnfit, deliveries, whole
from onboarding_api.model.event import Event
from onboarding_api.notices.reading import NOTICES
from tests.builders.portal import MONDAY

ANNE, PAUL, ZOE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
MEMBERSHIP = "44444444-0000-4000-8000-000000000000"


def happened(event: Event, seq: int = 1, **refs: str) -> Happening:
    return Happening(
        event, seq, MONDAY, PAUL, "216600742", {"membership_id": MEMBERSHIP, **refs}, (ANNE, ZOE)
    )


def test_a_table_without_a_line_for_an_event_does_not_start() -> None:
    short: Consequences = {
        event: goals for event, goals in CONSEQUENCES.items() if event != Event.CLAIM_EXPIRED
    }
    with pytest.raises(TableUnfit, match="claim_expired: its consequences are told 0 times"):
        whole(short)


def test_an_event_has_one_line() -> None:
    with pytest.raises(TableUnfit, match="claim_expired: its consequences are told 2 times"):
        whole(CONSEQUENCES, {Event.CLAIM_EXPIRED: ()})


def test_every_notice_follows_from_an_event_or_has_a_kind_of_its_own() -> None:
    sent = {
        row.args["notice"]
        for event in CONSEQUENCES
        for row in deliveries([happened(event, claim_id="c", letter_id="l", habilitation_id="h")])
        if row.kind == "mail"
    }
    assert sent | {"letter_reminder", "forgotten_identifiant", "welcome"} == set(NOTICES)


def test_three_services_asked_in_one_act_make_one_mail_a_person() -> None:
    rows = deliveries(
        [happened(Event.HABILITATION_REQUESTED, seq, habilitation_id=f"h{seq}") for seq in (1, 2, 3)]
    )
    assert [(row.args["notice"], row.args["person_id"]) for row in rows] == [
        ("request_sent", PAUL),
        ("request_to_decide", ANNE),
        ("request_to_decide", ZOE),
    ]
    assert all(row.args["habilitation_ids"] == ["h1", "h2", "h3"] for row in rows)


def test_keycloak_is_told_once_an_act() -> None:
    rows = deliveries([happened(Event.HABILITATION_CANCELLED), happened(Event.STRUCTURE_LEFT, 2)])
    assert [(row.kind, row.journal_seq) for row in rows] == [("keycloak.person", 1)]


def test_who_asks_is_not_asked_to_decide() -> None:
    own = Happening(
        Event.HABILITATION_REQUESTED, 1, MONDAY, ANNE, "216600742", {"habilitation_id": "h"}, (ANNE, ZOE)
    )
    decide = [row.args["person_id"] for row in deliveries([own]) if row.args["notice"] == "request_to_decide"]
    assert decide == [ZOE]


@pytest.mark.parametrize("days", [1, 2, 3, 4, 21, 30, 90])
def test_no_reminder_comes_after_the_end_of_the_code(days: int) -> None:
    end = MONDAY + timedelta(days=days, hours=7)
    sent = replace(happened(Event.LETTER_HANDED_OVER, claim_id="c", letter_id="l"), ends_at=end)
    due = [row.due for row in deliveries([sent]) if row.kind == "timer.letter_reminder"]
    assert due == sorted(due)
    assert all(MONDAY < moment < end for moment in due)
    assert days < 21 or len(due) == 3


def test_keys_and_lanes_fit_their_columns() -> None:
    ids = {name: ANNE for name in ("claim_id", "letter_id", "habilitation_id")}
    for event in CONSEQUENCES:
        happening = Happening(
            event, 10**12, MONDAY, PAUL, "216600742", {"membership_id": MEMBERSHIP, **ids}, (ANNE,), MONDAY
        )
        for row in deliveries([happening]):
            assert len(row.unique_key) <= 160
            assert len(row.lane) <= 80
