"""The same rules by hand in Python: a second opinion for the tests and a yardstick for the bench.

Nothing decides by this module. It is written from the sentences of the rules, not from their text, and shares
no code with the engine but the form of the question; a difference between the two is a fault of one of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from policies.catalogue.loader import load_catalogue
from policies.engine.request import Request
from policies.review.cases.oracle_question import Asked

LIMITS = load_catalogue().limits
LIVE = ("pending", "awaiting_letter", "granted")


DECIDE = ("validateHabilitation", "refuseHabilitation")
ADJUST = ("setEndDate", "changeLevel")
Rule = tuple[tuple[str, ...], Callable[[Asked], Any]]

PERMITS: Mapping[str, Rule] = {
    "SELF-ATTACH": (("attach",), lambda a: a.m.user == a.p and not a.m.isActive),
    "SELF-DETACH": (("detach",), lambda a: a.m.user == a.p),
    "SELF-PROFILE": (("editProfile",), lambda a: a.m.user == a.p),
    "SELF-IDENTITY": (("editIdentity",), lambda a: a.r == a.p),
    "SELF-TERMS": (("acceptTerms",), lambda a: a.m.user == a.p),
    "SELF-REQUEST": (("requestHabilitation",), lambda a: a.m.user == a.p and a.r.state not in LIVE),
    "SELF-WITHDRAW": (
        ("withdrawRequest",),
        lambda a: a.m.user == a.p and a.r.state in ("pending", "awaiting_letter"),
    ),
    "SELF-RENEWAL": (
        ("askRenewal",),
        lambda a: (
            a.m.user == a.p
            and a.r.state == "granted"
            and a.r.expiresAt
            and a.since(a.r.expiresAt) >= -LIMITS.renewal_window
        ),
    ),
    "SELF-ENTER": (("enterService",), lambda a: a.m.user == a.p and a.r.state == "granted"),
    "SELF-ASK": (("askDecision",), lambda a: a.r == a.p),
    "SELF-INVITED": (("acceptInvitation",), lambda a: a.r.recipient == a.p and a.r.isPending),
    "ADMIN-VIEW": (("viewQueue", "viewMembers"), lambda a: a.is_admin()),
    "ADMIN-SEARCH": (("searchAccess",), lambda a: a.is_admin()),
    "ADMIN-DECIDE": (DECIDE, lambda a: a.is_admin() and a.r.state == "pending"),
    "ADMIN-DEACTIVATE": (("deactivateHabilitation",), lambda a: a.is_admin() and a.r.state == "granted"),
    "ADMIN-REACTIVATE": (("reactivateHabilitation",), lambda a: a.is_admin() and a.r.state == "deactivated"),
    "ADMIN-RENEW": (("renewHabilitation",), lambda a: a.is_admin() and a.r.state in ("granted", "expired")),
    "ADMIN-ADJUST": (ADJUST, lambda a: a.is_admin() and a.r.state == "granted"),
    "ADMIN-SUSPEND": (("suspendMember",), lambda a: a.is_admin() and not a.m.isSuspended),
    "ADMIN-WAKE": (("wakeMember",), lambda a: a.is_admin() and a.m.isSuspended),
    "ADMIN-REMOVE": (("removeMember",), lambda a: a.is_admin()),
    "ADMIN-INVITE": (("invite",), lambda a: a.is_admin()),
    "ADMIN-CANCEL-INVITATION": (("cancelInvitation",), lambda a: a.is_admin() and a.r.isPending),
    "ADMIN-NOMINATE": (("nominateAdmin",), lambda a: a.is_admin()),
    "ADMIN-APPROVE": (
        ("approveNomination",),
        lambda a: a.is_admin() and a.is_referent() and a.m.nominatedBy is not None,
    ),
    "ADMIN-APPOINT-ALONE": (("appointAdmin",), lambda a: a.p.is_all_of(a.s.admins)),
    "ADMIN-PROMOTE": (
        ("promoteAdmin",),
        lambda a: (
            a.is_admin()
            and a.is_referent()
            and a.m.user.is_in(a.s.admins)
            and not a.m.user.is_in(a.s.referents)
        ),
    ),
    "ADMIN-DISMISS": (
        ("dismissAdmin",),
        lambda a: a.is_admin() and a.is_referent() and a.m.user.is_in(a.s.admins) and a.m.user != a.p,
    ),
    "ADMIN-RESIGN": (("resignAdmin",), lambda a: a.m.user == a.p and a.is_admin()),
    "ADMIN-LEAVE-VACANT": (("leaveVacant",), lambda a: a.m.user == a.p and a.p.is_all_of(a.s.admins)),
    "FIRST-CLAIM": (("claimAdministration",), lambda a: a.m.user == a.p),
    "FIRST-NEW-LETTER": (("askNewLetter",), lambda a: a.m.user == a.p and a.r.isOpen),
    "FIRST-CANCEL": (("cancelClaim",), lambda a: a.m.user == a.p and a.r.isOpen),
    "FIRST-REDEEM": (("redeemCode",), lambda a: a.m.user == a.p and a.claim.isOpen),
    "FIRST-VETO": (("vetoClaim",), lambda a: a.p.is_in(a.r.notified) and a.r.isOpen),
}
STAFF_PERMITS: Mapping[str, Rule] = {
    "STAFF-LOOK": (("viewRecord",), lambda a: True),
    "STAFF-REVIEW": (("reviewAccess",), lambda a: a.p.desk == "security"),
    "STAFF-REVOKE": (("revokeHabilitation",), lambda a: a.p.desk == "security" and a.r.state in LIVE),
    "STAFF-REVOKE-CLAIM": (("revokeClaim",), lambda a: a.p.desk == "security" and a.r.isOpen),
    "STAFF-VACANT": (("declareVacant",), lambda a: a.p.desk == "security" and len(a.s.admins) > 0),
    "STAFF-FREEZE": (("freezeStructure",), lambda a: a.p.desk == "security" and not a.s.isFrozen),
    "STAFF-UNFREEZE": (("unfreezeStructure",), lambda a: a.p.desk == "security" and a.s.isFrozen),
    "STAFF-DISABLE": (("disableAccount",), lambda a: a.p.desk == "security" and a.r.isActive),
    "STAFF-ENABLE": (("enableAccount",), lambda a: a.p.desk == "security" and not a.r.isActive),
}

GIVES = ("validateHabilitation", "reactivateHabilitation", "renewHabilitation")
HOLDING = ("requestHabilitation", "enterService", *GIVES, "changeLevel")
NAMING = ("nominateAdmin", "approveNomination", "appointAdmin")
GRANTING = ("redeemCode", *GIVES, *ADJUST, "wakeMember", "approveNomination", "appointAdmin", "promoteAdmin")
USES = (
    "requestHabilitation",
    "askRenewal",
    "enterService",
    "claimAdministration",
    "askNewLetter",
    "redeemCode",
)
GIVING = (
    "attach",
    "acceptInvitation",
    *USES,
    *GIVES,
    *ADJUST,
    "wakeMember",
    "invite",
    *NAMING,
    "promoteAdmin",
)
PARTICIPATING = ("acceptTerms", *USES, *GIVES, *NAMING, "promoteAdmin")
BELONGING = (*PARTICIPATING, *ADJUST, "detach", "editProfile", "suspendMember", "wakeMember", "removeMember")
ADMINISTERING = (
    *("viewQueue", "viewMembers", "searchAccess", *DECIDE),
    *("deactivateHabilitation", "reactivateHabilitation"),
    *("renewHabilitation", *ADJUST, "suspendMember", "wakeMember", "removeMember", "invite"),
    *("cancelInvitation", *NAMING, "promoteAdmin", "dismissAdmin", "resignAdmin", "leaveVacant"),
)
BY_LETTER = ("askNewLetter", "redeemCode")


def _code_is_dead(a: Asked) -> bool:
    if a.r.issuedAt is None or a.r.expiresAt is None:
        return True
    return bool(a.now >= a.r.expiresAt or a.since(a.r.issuedAt) > LIMITS.code_longest)


def _veto_runs(a: Asked) -> bool:
    if a.claim.structure.vacantSince is None:
        return False
    opened = a.claim.vetoOpenedAt
    return opened is None or a.since(opened) < LIMITS.veto_window


def _terms_are_missing(a: Asked) -> bool:
    current = a.r.service.espace.currentTerms
    if current is None:
        return False
    return not current.is_in(a.m.acceptedTerms)


FORBIDS: Mapping[str, Rule] = {
    "G-ADMIN-ACR": (ADMINISTERING, lambda a: a.acr < LIMITS.administrator_acr),
    "G-SUBJECT-ACCOUNT": (GRANTING, lambda a: a.r.kind != "Letter" and not a.m.user.isActive),
    "G-CLOSED": (GIVING, lambda a: not a.s.isActive),
    "G-FROZEN": (GIVING, lambda a: a.s.isFrozen),
    "G-ATTACHED": (BELONGING, lambda a: not a.m.isActive),
    "G-SUSPENDED": (PARTICIPATING, lambda a: a.m.isSuspended),
    "G-SELF-DECISION": (
        (*DECIDE, "reactivateHabilitation", "renewHabilitation", *ADJUST),
        lambda a: a.m.user == a.p,
    ),
    "G-FONCTION": (HOLDING, lambda a: a.r.service.requiresFonction and a.m.fonction is None),
    "G-STRUCTURE-TYPE": (
        HOLDING,
        lambda a: a.s.type not in {each.id for each in a.r.service.structureTypes},
    ),
    "G-CONFLICT": (HOLDING, lambda a: a.r.service.conflicts & a.m.liveServices),
    "G-LEVEL": (
        HOLDING,
        lambda a: a.r.service.levels and a.r.level not in {each.id for each in a.r.service.levels},
    ),
    "G-EXPIRED": (("enterService",), lambda a: a.r.expiresAt is not None and a.r.expiresAt <= a.now),
    "G-TERMS": (("enterService",), _terms_are_missing),
    "G-LAST-ADMIN": (("resignAdmin", "detach"), lambda a: a.m.user.is_all_of(a.s.admins)),
    "G-LAST-REFERENT": (("resignAdmin", "detach"), lambda a: a.m.user.is_all_of(a.s.referents)),
    "G-DISMISS-FIRST": (("suspendMember", "removeMember"), lambda a: a.m.user.is_in(a.s.admins)),
    "G-ALREADY-ADMIN": (NAMING, lambda a: a.m.user.is_in(a.s.admins)),
    "G-FOUR-EYES": (("approveNomination",), lambda a: a.m.nominatedBy == a.p),
    "G-ADMIN-EXISTS": (("claimAdministration", *BY_LETTER), lambda a: len(a.s.admins) > 0),
    "G-CLAIM-OPEN": (
        ("claimAdministration",),
        lambda a: a.s.openClaimSince is not None and a.since(a.s.openClaimSince) <= LIMITS.code_longest,
    ),
    "G-CLAIM-STRUCTURE": (BY_LETTER, lambda a: a.claim.structure != a.claim.membership.structure),
    "G-CODE-ACCOUNT": (("redeemCode",), lambda a: a.r.applicant != a.p),
    "G-VETO-WINDOW": (BY_LETTER, _veto_runs),
    "G-VETO-CLOSED": (
        ("vetoClaim",),
        lambda a: a.r.vetoOpenedAt is None or a.since(a.r.vetoOpenedAt) >= LIMITS.veto_window,
    ),
    "G-VETOED": (BY_LETTER, lambda a: a.claim.isVetoed),
    "G-LETTER-INTERVAL": (
        ("askNewLetter",),
        lambda a: a.r.lastLetterAt is not None and a.since(a.r.lastLetterAt) < LIMITS.letter_interval,
    ),
    "G-LETTER-QUOTA": (("askNewLetter",), lambda a: a.r.lettersInPeriod >= LIMITS.letters_per_period),
    "G-CODE-EXPIRED": (("redeemCode",), _code_is_dead),
    "G-CODE-FUTURE": (("redeemCode",), lambda a: a.r.issuedAt is not None and a.now < a.r.issuedAt),
    "G-CODE-TRIES-WINDOW": (("redeemCode",), lambda a: a.r.attemptsInWindow >= LIMITS.tries_per_window),
    "G-CODE-TRIES-TOTAL": (("redeemCode",), lambda a: a.r.attemptsTotal >= LIMITS.tries_in_all),
    "G-CODE-USED": (("redeemCode",), lambda a: a.r.isUsed or a.r.isRevoked),
    "G-INVITATION-EXPIRED": (
        ("acceptInvitation",),
        lambda a: a.since(a.r.invitedAt) > LIMITS.invitation_life,
    ),
    "G-INVITATION-QUOTA": (("invite",), lambda a: a.r.pendingInvitations >= LIMITS.invitations_waiting),
}


def judge(request: Request) -> tuple[bool, tuple[str, ...]]:
    """The answer and the ids of the rules, as the engine should give them (the services are in the facts)."""
    asked = Asked(request)
    if request.actor.type == "Staff":
        forbids = _of_staff(asked)
        permits = _holding(STAFF_PERMITS, asked)
    else:
        forbids = ([] if asked.p.isActive else ["G-ACCOUNT"]) + _holding(FORBIDS, asked)
        permits = _holding(PERMITS, asked)
    return bool(permits) and not forbids, tuple(sorted(forbids or permits))


def _of_staff(asked: Asked) -> list[str]:
    found = {
        "G-STAFF-ACCOUNT": not asked.p.isActive,
        "G-STAFF-ACR": asked.acr < LIMITS.staff_acr,
        "G-STAFF-NEVER-GRANTS": asked.action in GRANTING,
    }
    return [rule_id for rule_id, fires in found.items() if fires]


def _holding(rules: Mapping[str, Rule], asked: Asked) -> list[str]:
    return [
        rule_id for rule_id, (actions, holds) in rules.items() if asked.action in actions and holds(asked)
    ]
