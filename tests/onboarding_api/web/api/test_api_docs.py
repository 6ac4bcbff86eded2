"""docs/api.md says what the code does."""

import re
from pathlib import Path

from onboarding_api.web.api.acts import OPERATIONS
from onboarding_api.web.api.authzen import door
from onboarding_api.web.api.problems import HTTP_PROBLEMS
from onboarding_api.web.errors import ANSWERS
from onboarding_api.web.headers import LONGEST_BODY_BYTES

PAGE = (Path(__file__).parents[4] / "docs" / "api.md").read_text("utf-8")
OF_THE_DOOR = {
    ("missing_authorization", 401),
    ("unsupported_token_type", 401),
    ("invalid_token", 401),
    ("identity_unavailable", 503),
}


def test_the_table_has_the_operations() -> None:
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (.+) \| (\d+) \|$", PAGE, re.MULTILINE)

    assert rows == [
        *((one.method, one.template, one.summary, str(one.status)) for one in OPERATIONS),
        *((one.method, door.AT + one.template, one.summary, str(one.status)) for one in door.OPERATIONS),
    ]


def test_the_table_has_the_codes_of_refusals() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| .+ \|$", PAGE, re.MULTILINE)

    assert len(rows) == len(set(rows))
    assert {(code, int(status)) for code, status in rows} == (
        {(code, answer.status) for code, answer in ANSWERS.items()}
        | {(code, status) for status, (code, _) in HTTP_PROBLEMS.items()}
        | OF_THE_DOOR
    )


def test_the_longest_body_is_the_one_told() -> None:
    assert f"at most {LONGEST_BODY_BYTES // 1024} KB" in PAGE
