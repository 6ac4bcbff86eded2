"""What an act can be about: each kind of thing, and the ids by which the journal and the ledger name it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import EmailChange, Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure

Subject = Person | Membership | EmailChange | Habilitation | Claim | Letter


@dataclass(frozen=True, slots=True)
class Named:
    """A thing by its ids: its name in the journal, whom it concerns, where, and what it hangs on."""

    name: str
    person_id: str
    siren: str | None
    refs: Mapping[str, str] = field(default_factory=dict)

    def below(self, kind: str, id_: str) -> "Named":
        """Something that hangs on this thing."""
        return replace(self, name=f"{kind}:{id_}", refs={**self.refs, f"{kind}_id": id_})


def named(thing: Subject) -> Named:
    """The ids of a thing."""
    match thing:
        case Person():
            return Named(f"person:{thing.id}", thing.id, None)
        case Membership():
            return Named("", thing.person_id, thing.siren).below("membership", thing.id)
        case EmailChange():
            return named(thing.membership).below("email_change", thing.id)
        case Habilitation():
            return named(thing.membership).below("habilitation", thing.id)
        case Claim():
            return named(thing.membership).below("claim", thing.id)
        case Letter():
            return named(thing.claim).below("letter", thing.id)


def name_and_place(thing: Subject | Structure) -> tuple[str, str | None]:
    """The name of a thing in the journal, and the SIREN of its structure, if it is in one."""
    if isinstance(thing, Structure):
        return f"structure:{thing.siren}", thing.siren
    known = named(thing)
    return known.name, known.siren
