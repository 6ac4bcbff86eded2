"""Which Keycloak is refused, and what the operator reads."""

import pytest

from idp_extension.server import KEYCLOAK_VERSION, ServerError, check_provider, check_version_floor


@pytest.mark.parametrize("version", [KEYCLOAK_VERSION, "26.7.4", "26.7.12", "26.7.5.redhat-00001"])
def test_the_pinned_version_and_later_patches_are_accepted(version: str) -> None:
    check_version_floor(version)


def test_a_too_old_patch_is_refused_with_what_it_is_open_to() -> None:
    with pytest.raises(ServerError) as refused:
        check_version_floor("26.7.1")
    assert "CVE-2026-18963" in str(refused.value)
    assert "CVE-2026-19607" in str(refused.value)
    assert "26.7.4" in str(refused.value)


def test_only_the_holes_still_open_are_named() -> None:
    with pytest.raises(ServerError) as refused:
        check_version_floor("26.7.3")
    assert "CVE-2026-18963" not in str(refused.value)
    assert "CVE-2026-19607" in str(refused.value)


@pytest.mark.parametrize("version", ["26.6.9", "26.8.0", "27.0.0", "25.0.6"])
def test_another_line_is_not_supported(version: str) -> None:
    with pytest.raises(ServerError, match="not supported"):
        check_version_floor(version)


@pytest.mark.parametrize("version", ["", "26.7", "latest", "26.7.x", "26.7.5\n"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ServerError):
        check_version_floor(version)


@pytest.mark.parametrize("info", [{}, {"providers": {"protocol-mapper": {"providers": {}}}}])
def test_a_keycloak_without_our_provider_is_refused(info: dict[str, object]) -> None:
    with pytest.raises(ServerError, match="without our provider"):
        check_provider(info, "1.0.0")
