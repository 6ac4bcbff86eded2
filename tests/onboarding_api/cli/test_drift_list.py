"""`bdt sync drift`: what was found changed by hand, by whom, and what was done about it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from onboarding_api.cli import main
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.projection.drift import Drift
from tests.onboarding_api.test_settings import GOOD


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Two findings of today, by an administrator and by a plan, and one of last month."""
    url = f"sqlite:///{tmp_path / 'bdt.db'}"
    migrate(url)
    now = datetime.now(UTC)
    with Database(url).writing() as session:
        for number, (kind, age, event) in enumerate(
            [("email changed", 0, "e1"), ("service missing", 0, None), ("group label", 30, "e3")]
        ):
            session.add(
                Drift(
                    kind=kind, subject=f"p{number}", answer="alarm", words="words", event_id=event,
                    found_at=now - timedelta(days=age, seconds=-number), happened_at=now if event else None,
                    by_user="u" if event else None, by_client="c" if event else None,
                    by_address="192.0.2.1" if event else None,
                )
            )  # fmt: skip
    return url


def run(url: str, *words: str) -> list[str]:
    result = CliRunner().invoke(main, ["sync", "drift", *words], env={**GOOD, "BDT_DATABASE_URL": url})
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_a_week_is_shown_with_who_when_and_from_where(url: str) -> None:
    by_hand, by_plan = run(url)
    assert "alarm   email changed  p0  by u through c from 192.0.2.1: words" in by_hand
    assert "alarm   service missing  p1  by a full plan: words" in by_plan


def test_since_when_and_for_programs(url: str) -> None:
    since = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    told = [json.loads(line) for line in run(url, "--since", since, "--json")]
    assert [each["kind"] for each in told] == ["group label", "email changed", "service missing"]
    assert (told[1]["by_client"], told[2]["happened_at"]) == ("c", None)
