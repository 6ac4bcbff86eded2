"""What an event of Keycloak's journal is about, and which acts leave no state behind."""

from datetime import UTC, datetime

import pytest

from idp_extension.admin_events import About, Act, AdminEvent

ID = "0f5c1c9e-3f6b-4a0e-9d2b-0123456789ab"


def event(path: str, operation: str = "UPDATE", object_id: str = "") -> AdminEvent:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    return AdminEvent("e", at, operation, "USER", path, "u", "c", "::1", object_id)


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (f"users/{ID}", (About.USER, ID)),
        (f"users/{ID}/groups/{ID}", (About.USER, ID)),
        (f"users/{ID}/role-mappings/clients/{ID}", (About.USER, ID)),
        (f"groups/{ID}", (About.GROUP, ID)),
        (f"groups/{ID}/children", (About.GROUP, ID)),
        (f"clients/{ID}", (About.REALM, f"update user clients/{ID}")),
        ("users/..", (About.REALM, "update user users/..")),
        ("", (About.REALM, "update user")),
    ],
)
def test_what_has_to_be_read_again(path: str, about: tuple[About, str]) -> None:
    assert event(path).about == (about,)


def test_a_group_that_was_moved_is_looked_for_at_both_places() -> None:
    moved = event(f"groups/{ID}/children", object_id=ID[::-1])
    assert moved.about == ((About.GROUP, ID), (About.GROUP, ID[::-1]))


@pytest.mark.parametrize(
    ("rest", "act"),
    [
        ("/reset-password", Act.PASSWORD_SET),
        (f"/credentials/{ID}", Act.CREDENTIAL_REMOVED),
        ("/disable-credential-types", Act.CREDENTIAL_REMOVED),
        ("/impersonation", Act.IMPERSONATED),
        ("/logout", Act.SESSIONS_ENDED),
        ("/execute-actions-email", Act.ACTION_MAIL_SENT),
        ("/send-verify-email", Act.ACTION_MAIL_SENT),
        ("/something-of-tomorrow", Act.OTHER),
    ],
)
def test_an_act_is_known_by_its_path_and_an_unknown_one_is_an_act_all_the_same(rest: str, act: Act) -> None:
    assert event(f"users/{ID}{rest}", "ACTION").act is act


def test_a_change_of_state_is_no_act() -> None:
    assert event(f"users/{ID}").act is None
    assert event(f"clients/{ID}/push-revocation", "ACTION").act is None
    assert event("events/config").act is Act.EVENTS_LOST
