"""The rules that nobody meets yet are known as such: one list, held against what the portal asks."""

import re
from pathlib import Path

from policies.engine.names import Action
from policies.engine.revision import load_policies
from policies.review.pages.planned import actions_without_page

PORTAL = Path(__file__).resolve().parents[2] / "onboarding_api"


def test_the_list_names_exactly_the_acts_that_the_portal_never_asks_about() -> None:
    texts = [
        path.read_text(encoding="utf-8") for path in PORTAL.rglob("*") if path.suffix in (".py", ".html")
    ]
    asked = {
        action
        for action in Action
        if any(re.search(rf"[\"']{action}[\"']|Action\.{action.name}\b", text) for text in texts)
    }
    assert actions_without_page(load_policies()) == set(Action) - asked
