"""Compares one person: what the database wants of her account, and what the account is."""

from collections.abc import Iterator

from idp_extension.naming import GroupName
from idp_extension.projection import DesiredPerson
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind
from idp_extension.sync.state import ActualUser, is_administration

# What a person may log in with: all others were never offered to her.
KNOWN_CREDENTIALS = frozenset({"password", "password-history", "otp"})
# Keycloak itself asks for these, where an address or a profile is not as the realm wants it.
KEYCLOAKS_OWN_ACTIONS = frozenset({"VERIFY_EMAIL", "UPDATE_PROFILE", "VERIFY_PROFILE"})


def compare_person(
    wanted: DesiredPerson,
    by_id: ActualUser | None,
    by_name: ActualUser | None,
    default_role: str,
) -> Iterator[Difference]:
    """The differences of one person; none is told twice.

    Args:
        wanted: her, as the database has her now.
        by_id: the account of `wanted.keycloak_id`.
        by_name: the account of `wanted.identifiant`, which is the same unless somebody meddled. Whether it
            is another person's, renamed, only the whole country tells (`compare_people`).
        default_role: which each account has, as `:default-roles-bdt`.
    """
    name = wanted.identifiant
    # The id is the identity: whoever bears her name under another one would else become her.
    user = by_id or by_name
    if user is None:
        yield Difference(Kind.USER_MISSING, name, wanted=wanted.email)
        return
    if user.identifiant != name:
        yield Difference(Kind.USERNAME_CHANGED, name, "", name, user.identifiant, user.id)
    if by_name is not None and by_name.id != user.id:
        yield Difference(Kind.USER_DOUBLED, name, "", user.id, by_name.email, by_name.id)
    if user.id != wanted.keycloak_id:
        yield Difference(Kind.USER_ID, name, "", wanted.keycloak_id or "", user.id, user.id)
    yield from _account(wanted, user)
    yield from _planted(name, user, default_role)
    yield from _groups(wanted, user)


def compare_stranger(user: ActualUser) -> Iterator[Difference]:
    """The differences of an account that is of no person: service accounts are the realm's matter."""
    if not user.service_account_of:
        yield Difference(Kind.USER_FOREIGN, user.identifiant, "", "", user.email, user.id)
        return
    for path in user.groups:
        yield Difference(Kind.SERVICE_ACCOUNT_IN_GROUP, user.identifiant, path, keycloak_id=user.id)


def _account(wanted: DesiredPerson, user: ActualUser) -> Iterator[Difference]:
    name = wanted.identifiant
    if user.email != wanted.email.lower():
        yield Difference(Kind.EMAIL_CHANGED, name, "", wanted.email, user.email, user.id)
    if (user.prenom, user.nom) != (wanted.prenom, wanted.nom):
        names = f"{wanted.prenom} {wanted.nom}", f"{user.prenom} {user.nom}"
        yield Difference(Kind.NAME_CHANGED, name, "", *names, user.id)
    if user.is_active == wanted.is_active:
        return
    if user.is_active:
        yield Difference(Kind.STILL_ENABLED, name, "", "disabled", "enabled", user.id)
    elif wanted.may_enable:
        yield Difference(Kind.STILL_SHUT_OUT, name, "", "enabled", "disabled", user.id)
    else:
        yield Difference(Kind.SHUT_OUT_BY_HAND, name, "", "enabled", "disabled", user.id)


def _planted(name: str, user: ActualUser, default_role: str) -> Iterator[Difference]:
    many: list[tuple[Kind, tuple[str, ...]]] = [
        (Kind.USER_ATTRIBUTE_PLANTED, user.attributes),
        (Kind.IDENTITY_LINKED, user.identity_providers),
        (Kind.REQUIRED_ACTION_PLANTED, _but(user.required_actions, KEYCLOAKS_OWN_ACTIONS)),
        (Kind.CREDENTIAL_PLANTED, _but(user.credentials or (), KNOWN_CREDENTIALS)),
        (Kind.STORAGE_LINKED, (user.storage,) if user.storage else ()),
    ]
    for kind, details in many:
        for detail in details:
            yield Difference(kind, name, detail, found=detail, keycloak_id=user.id)
    if user.is_email_verified and user.credentials == ():
        yield Difference(Kind.EMAIL_VERIFIED_BY_HAND, name, found=user.email, keycloak_id=user.id)
    for role in _but(user.roles, frozenset({default_role})):
        kind = Kind.USER_ADMINISTRATION_PLANTED if is_administration(role) else Kind.USER_ROLE_PLANTED
        yield Difference(kind, name, role, found=role, keycloak_id=user.id)
    if default_role not in user.roles:
        yield Difference(Kind.USER_ROLE_TAKEN_OFF, name, default_role, default_role, keycloak_id=user.id)


def _groups(wanted: DesiredPerson, user: ActualUser) -> Iterator[Difference]:
    name, present = wanted.identifiant, {path.removeprefix("/") for path in user.groups}
    # Who is shut out by hand gets nothing: what she should have comes with her waking.
    missing = (
        frozenset()
        if wanted.is_active and not user.is_active and not wanted.may_enable
        else (wanted.group_keys - present)
    )
    for key in sorted(missing):
        kind = Kind.SERVICE_MISSING if "/" in key else Kind.MEMBERSHIP_MISSING
        yield Difference(kind, name, key, wanted=key, keycloak_id=user.id)
    for key in sorted(present - wanted.group_keys, reverse=True):
        yield Difference(_planted_group(key), name, key, found=key, keycloak_id=user.id)


def _planted_group(key: str) -> Kind:
    if GroupName.parse(key) is None:
        return Kind.FOREIGN_GROUP_JOINED
    return Kind.SERVICE_PLANTED if "/" in key else Kind.MEMBERSHIP_PLANTED


def _but(found: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    return tuple(each for each in found if each not in known)
