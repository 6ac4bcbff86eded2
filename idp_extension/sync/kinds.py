"""The kinds of difference between database and Keycloak: a closed list, each with what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Remedy(StrEnum):
    """What an apply does about a difference."""

    REPAIR = "repair"
    """Keycloak is made what the database says."""
    ADOPT = "adopt"
    """The database takes it over: an id that Keycloak gave, a disabling by hand. Nothing is written there."""
    REPORT = "report"
    """It is told, and left to people: our account may not, or must not, undo it."""


class Kind(StrEnum):
    """What is different. The first part names what differs."""

    GROUP_MISSING = "group missing"
    GROUP_RENAMED = "group renamed"
    GROUP_DOUBLED = "group doubled"
    GROUP_FOREIGN = "group foreign"
    GROUP_LABEL = "group label"
    GROUP_ATTRIBUTE_PLANTED = "group attribute planted"
    GROUP_ROLE_PLANTED = "group role planted"
    GROUP_ADMINISTRATION_PLANTED = "group administration planted"
    GROUP_ID = "group id"
    SERVICE_GROUP_MISSING = "service group missing"
    SERVICE_GROUP_RENAMED = "service group renamed"
    SERVICE_GROUP_FOREIGN = "service group foreign"
    SERVICE_ROLE_TAKEN_OFF = "service role taken off"
    SERVICE_GROUP_ID = "service group id"

    USER_MISSING = "user missing"
    USER_FOREIGN = "user foreign"
    USER_DOUBLED = "user doubled"
    USER_ID = "user id"
    USERNAME_CHANGED = "username changed"
    EMAIL_CHANGED = "email changed"
    NAME_CHANGED = "name changed"
    STILL_ENABLED = "still enabled"
    SHUT_OUT_BY_HAND = "shut out by hand"
    STILL_SHUT_OUT = "still shut out"
    EMAIL_VERIFIED_BY_HAND = "email verified by hand"
    USER_ATTRIBUTE_PLANTED = "user attribute planted"
    REQUIRED_ACTION_PLANTED = "required action planted"
    CREDENTIAL_PLANTED = "credential planted"
    IDENTITY_LINKED = "identity linked"
    STORAGE_LINKED = "storage linked"
    USER_ROLE_PLANTED = "user role planted"
    USER_ADMINISTRATION_PLANTED = "user administration planted"
    USER_ROLE_TAKEN_OFF = "user role taken off"

    MEMBERSHIP_MISSING = "membership missing"
    SERVICE_MISSING = "service missing"
    MEMBERSHIP_PLANTED = "membership planted"
    SERVICE_PLANTED = "service planted"
    FOREIGN_GROUP_JOINED = "foreign group joined"
    SERVICE_ACCOUNT_IN_GROUP = "service account in group"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a kind means.

    `words` is a sentence with the fields of `Difference`. `removes`: its repair takes something out of
    Keycloak, which the deletion guard counts. `gives_too_much`: somebody can do more than she may, or be
    somebody she is not: repaired first, and her sessions end.
    """

    words: str
    remedy: Remedy = Remedy.REPAIR
    removes: bool = False
    gives_too_much: bool = False


def _taken(words: str) -> Meaning:
    return Meaning(words, removes=True, gives_too_much=True)


MEANINGS: Mapping[Kind, Meaning] = MappingProxyType(
    {
        Kind.GROUP_MISSING: Meaning("structure {subject} has no group"),
        Kind.GROUP_RENAMED: Meaning("the group of structure {subject} is called {found}"),
        Kind.GROUP_DOUBLED: Meaning("structure {subject} has a second group, called {found}", removes=True),
        Kind.GROUP_FOREIGN: Meaning("group {subject} is of no structure that has people", removes=True),
        Kind.GROUP_LABEL: Meaning("structure {subject} is labelled {found}, its name is {wanted}"),
        Kind.GROUP_ATTRIBUTE_PLANTED: Meaning("group {subject} has an attribute {detail}", removes=True),
        Kind.GROUP_ROLE_PLANTED: _taken("group {subject} gives the role {detail}"),
        Kind.GROUP_ADMINISTRATION_PLANTED: Meaning(
            "group {subject} gives the administration role {detail}", Remedy.REPORT, gives_too_much=True
        ),
        Kind.GROUP_ID: Meaning("the group of structure {subject} has the new id {found}", Remedy.ADOPT),
        Kind.SERVICE_GROUP_MISSING: Meaning("structure {subject} has no group for {detail}"),
        Kind.SERVICE_GROUP_RENAMED: Meaning("the group {detail} of structure {subject} is called {found}"),
        Kind.SERVICE_GROUP_FOREIGN: Meaning("group {subject}/{detail} is of no service", removes=True),
        Kind.SERVICE_ROLE_TAKEN_OFF: Meaning("group {subject} does not give {detail}"),
        Kind.SERVICE_GROUP_ID: Meaning("group {subject}/{detail} has the new id {found}", Remedy.ADOPT),
        Kind.USER_MISSING: Meaning("{subject} has no account"),
        Kind.USER_FOREIGN: _taken("account {subject} is of nobody the database knows"),
        Kind.USER_DOUBLED: _taken("account {found} bears the id of {subject}, who has another account"),
        Kind.USER_ID: Meaning("the account of {subject} has the new id {found}", Remedy.ADOPT),
        Kind.USERNAME_CHANGED: Meaning("{subject} is called {found}", gives_too_much=True),
        Kind.EMAIL_CHANGED: Meaning("the e-mail of {subject} is {found}, not {wanted}", gives_too_much=True),
        Kind.NAME_CHANGED: Meaning("{subject} is named {found}, not {wanted}"),
        Kind.STILL_ENABLED: Meaning("{subject} is shut out, her account is enabled", gives_too_much=True),
        Kind.SHUT_OUT_BY_HAND: Meaning("{subject} was disabled at Keycloak alone", Remedy.ADOPT),
        Kind.STILL_SHUT_OUT: Meaning("{subject} was let in again, her account is disabled"),
        Kind.EMAIL_VERIFIED_BY_HAND: Meaning(
            "the e-mail of {subject} counts as proved, and she never chose a password", Remedy.REPORT
        ),
        Kind.USER_ATTRIBUTE_PLANTED: Meaning("{subject} has an attribute {detail}", Remedy.REPORT),
        # To take it away would make a temporary password a lasting one.
        Kind.REQUIRED_ACTION_PLANTED: Meaning(
            "{subject} has to do {detail} at her next log-in", Remedy.REPORT
        ),
        Kind.CREDENTIAL_PLANTED: Meaning(
            "{subject} may log in with {detail}", Remedy.REPORT, gives_too_much=True
        ),
        Kind.IDENTITY_LINKED: _taken("{subject} may log in through {detail}"),
        Kind.STORAGE_LINKED: Meaning(
            "{subject} comes from the user storage {detail}", Remedy.REPORT, gives_too_much=True
        ),
        Kind.USER_ROLE_PLANTED: _taken("{subject} holds the role {detail}, by herself"),
        Kind.USER_ADMINISTRATION_PLANTED: Meaning(
            "{subject} holds the administration role {detail}", Remedy.REPORT, gives_too_much=True
        ),
        Kind.USER_ROLE_TAKEN_OFF: Meaning("{subject} has lost the default role {detail}", Remedy.REPORT),
        Kind.MEMBERSHIP_MISSING: Meaning("{subject} is not in the group of structure {detail}"),
        Kind.SERVICE_MISSING: Meaning("{subject} is not in the group {detail}"),
        Kind.MEMBERSHIP_PLANTED: _taken("{subject} is in the group of structure {detail}"),
        Kind.SERVICE_PLANTED: _taken("{subject} is in the group {detail}"),
        Kind.FOREIGN_GROUP_JOINED: _taken("{subject} is in the group {detail}, which is not ours"),
        Kind.SERVICE_ACCOUNT_IN_GROUP: _taken("the service account {subject} is in the group {detail}"),
    }
)
