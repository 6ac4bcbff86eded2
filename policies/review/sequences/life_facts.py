"""The questions and the facts of the small structure of `life`, as the loader would give them."""

from datetime import UTC, datetime, timedelta

from policies.catalogue.loader import Service
from policies.engine.facts import service_entity
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.review.cases.oracle import LIVE
from policies.review.sequences.life import AGES, LIMITS, ON_CLAIM, TRIES, Life, Member, Move

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STRUCTURE = EntityRef("Structure", "structure")


def request_of_move(life: Life, move: Move, entities: tuple[Entity, ...]) -> Request | None:
    """The question that the move asks; None when it asks nobody (time passes)."""
    if move.action == "time":
        return None
    if move.action == "declareVacant":
        return Request(EntityRef("Staff", "security"), move.action, STRUCTURE, NOW, 2, entities)
    if move.service >= 0:
        resource = EntityRef("Habilitation", f"{move.target}.{move.service}")
    elif move.action in ON_CLAIM:
        resource = EntityRef("Letter" if move.action == "redeemCode" else "Claim", "open")
    else:
        resource = EntityRef("Membership", str(move.target))
    return Request(_user(move.actor), move.action, resource, NOW, 1, entities)


def _user(index: int) -> EntityRef:
    return EntityRef("User", str(index))


def entities_of(life: Life, flags: tuple[str, ...] = ()) -> tuple[Entity, ...]:
    """The facts of a state, as the loader would give them; `flags`: those of its services, all down."""
    found = [Entity(_user(index), {"isActive": True}) for index in range(len(life.members))]
    found.append(
        Entity(EntityRef("Staff", "security"), {"isActive": True, "desk": EntityRef("Desk", "security")})
    )
    found.append(Entity(STRUCTURE, _structure(life)))
    found.append(Entity(EntityRef("Espace", "espace"), {}))
    for index, member in enumerate(life.members):
        found.append(Entity(EntityRef("Membership", str(index)), _membership(index, member)))
        for number, state in enumerate(member.services):
            attributes: dict[str, Value] = {
                "membership": EntityRef("Membership", str(index)),
                "service": EntityRef("Service", f"service-{number}"),
                "state": EntityRef("HabilitationState", state),
            }
            found.append(Entity(EntityRef("Habilitation", f"{index}.{number}"), attributes))
    found += [_service_entity(number, flags) for number in range(len(life.members[0].services))]
    return (*found, *_claim_entities(life))


def _structure(life: Life) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        "type": EntityRef("StructureType", "commune"),
        "isActive": True,
        "isFrozen": False,
        "admins": frozenset(_user(index) for index, each in enumerate(life.members) if each.admin),
        "referents": frozenset(_user(index) for index, each in enumerate(life.members) if each.referent),
        "pendingInvitations": 0,
    }
    if life.claim:
        attributes["openClaimSince"] = NOW - AGES[life.claim.age]
    if life.vacant:
        attributes["vacantSince"] = NOW - timedelta(days=90)
    return attributes


def _membership(index: int, member: Member) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        "user": _user(index),
        "structure": STRUCTURE,
        "isActive": member.attached,
        "isSuspended": member.suspended,
        "fonction": EntityRef("Fonction", "maire"),
        "acceptedTerms": frozenset(),
        "liveServices": frozenset(
            EntityRef("Service", f"service-{number}")
            for number, state in enumerate(member.services)
            if state in LIVE
        ),
    }
    if member.nominated_by >= 0:
        attributes["nominatedBy"] = _user(member.nominated_by)
    return attributes


def _service_entity(number: int, flags: tuple[str, ...]) -> Entity:
    service = Service(
        key=f"service-{number}",
        espace="espace",
        role="",
        label="",
        description="",
        requires_fonction=True,
        structure_types=frozenset(("commune",)),
        conflicts=frozenset(),
        levels=frozenset(),
        flags=dict.fromkeys(flags, False),
    )
    return service_entity(service)


def _claim_entities(life: Life) -> tuple[Entity, ...]:
    claim = life.claim
    if claim is None:
        return ()
    since = NOW - AGES[claim.age]
    attributes: dict[str, Value] = {
        "membership": EntityRef("Membership", str(claim.applicant)),
        "structure": STRUCTURE,
        "isOpen": True,
        "isVetoed": claim.vetoed,
        "notified": frozenset(
            _user(index)
            for index, each in enumerate(life.members)
            if claim.on_vacancy and each.attached and index != claim.applicant
        ),
        "lastLetterAt": since,
        "lettersInPeriod": 1,
    }
    if claim.on_vacancy:
        attributes["vetoOpenedAt"] = since
    letter: dict[str, Value] = {
        "claim": EntityRef("Claim", "open"),
        "applicant": _user(claim.applicant),
        "issuedAt": since,
        "expiresAt": since + LIMITS.code_life,
        "attemptsInWindow": TRIES[claim.tries],
        "attemptsTotal": TRIES[claim.tries],
        "isRevoked": False,
        "isUsed": False,
    }
    return Entity(EntityRef("Claim", "open"), attributes), Entity(EntityRef("Letter", "open"), letter)
