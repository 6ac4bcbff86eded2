"""The alarm of the engine has a voice: a line in the log, a counter, a figure on /sante; never a fact."""

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from onboarding_api.acts.alarms import tell_alarm
from policies.engine.decide import ALARMS, ENGINE_FAULT, decide
from policies.engine.request import Entity, EntityRef, Request
from tests.builders.portal import MONDAY
from tests.onboarding_api.web.portal import Browser, Portal

SECRET_ID = "8f14e45f-0000-4000-8000-000000000000"


def counted() -> float:
    codes = ("engine_error", "open_slice", "unknown_question", "no_decision")
    found = [REGISTRY.get_sample_value("bdt_policy_alarms_total", {"code": code}) for code in codes]
    return sum(each or 0.0 for each in found)


def shown(browser: Browser) -> int:
    told = browser.get("/sante").json
    assert told
    return int(told["policy_alarms"])


@pytest.fixture
def unanswerable() -> Request:
    """A habilitation in a state that the model does not know, as an absent-minded engineer would make one."""
    person, habilitation = EntityRef("User", SECRET_ID), EntityRef("Habilitation", "h")
    facts = (
        Entity(person, {"isActive": True}),
        Entity(habilitation, {"state": EntityRef("HabilitationState", "suspended")}),
    )
    return Request(person, "enterService", habilitation, MONDAY, 1, facts)


def test_an_alarm_is_logged_counted_and_shown(portal: Portal, unanswerable: Request) -> None:
    ALARMS.listen(tell_alarm)
    browser = portal.browser()
    shown_before, counted_before = shown(browser), counted()

    with capture_logs() as lines:
        decision = decide(unanswerable)

    assert not decision.allowed
    assert decision.rules == (ENGINE_FAULT,)
    (line,) = (line for line in lines if line["event"] == "policy_alarm")
    assert (line["action"], line["log_level"]) == ("enterService", "error")
    assert SECRET_ID not in str(line)
    assert counted() == counted_before + 1
    assert shown(browser) == shown_before + 1
