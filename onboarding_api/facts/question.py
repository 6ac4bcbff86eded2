"""A question to the rules: who, which action, on which thing, with all the facts they may ask for."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from onboarding_api.facts.claim import gather_claim
from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.habilitation import gather_habilitation
from onboarding_api.facts.letter import gather_letter
from onboarding_api.facts.membership import gather_membership
from onboarding_api.facts.structure import gather_structure
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from policies.engine.request import EntityRef, Request

Resource = Person | Structure | Membership | Habilitation | Claim | Letter


def question(
    session: Session, actor: Person, action: str, resource: Resource, *, now: datetime, acr: int
) -> Request:
    """May `actor` do `action` on `resource`, with every fact that the rules may ask for?"""
    return questions(session, actor, ((action, resource),), now=now, acr=acr)[0]


def questions(
    session: Session,
    actor: Person,
    asked: Iterable[tuple[str, Resource]],
    *,
    now: datetime,
    acr: int,
) -> tuple[Request, ...]:
    """The same for several acts; they share one set of facts, so that they are decided in one batch."""
    return questions_on(Gathering(session, now), actor, asked, acr=acr)


def questions_on(
    found: Gathering, actor: Person, asked: Iterable[tuple[str, Resource]], *, acr: int
) -> tuple[Request, ...]:
    """The same on facts of which some may be gathered already."""
    pairs = tuple(asked)
    found.user(actor)
    _read(found, [resource for _, resource in pairs])
    refs = [(action, _gather(found, resource)) for action, resource in pairs]
    entities = found.entities
    return tuple(Request(found.user(actor), action, ref, found.now, acr, entities) for action, ref in refs)


def _read(found: Gathering, resources: Iterable[Resource]) -> None:
    """Read at once what gathering them one by one would read once for each."""
    memberships = [each for each in map(_membership_of, resources) if each]
    structures = {each.siren for each in resources if isinstance(each, Structure)}
    found.read_structures(structures | {membership.siren for membership in memberships})
    found.read_memberships({membership.id for membership in memberships})


def _membership_of(resource: Resource) -> Membership | None:
    match resource:
        case Membership():
            return resource
        case Habilitation() | Claim():
            return resource.membership
        case Letter():
            return resource.claim.membership
        case _:
            return None


def _gather(found: Gathering, resource: Resource) -> EntityRef:
    match resource:
        case Person():
            return found.user(resource)
        case Structure():
            return gather_structure(found, resource)
        case Membership():
            return gather_membership(found, resource)
        case Habilitation():
            return gather_habilitation(found, resource)
        case Claim():
            return gather_claim(found, resource)
        case Letter():
            return gather_letter(found, resource)
