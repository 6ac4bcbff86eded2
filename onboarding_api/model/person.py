"""A person: who registers, and is the same in each structure."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Connection, String, event, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.words.contact import EmailAddress
from onboarding_api.model.words.typed_text import folded


class Civilite(StrEnum):
    """As the guide's form has them (G-39)."""

    MADAME = "Madame"
    MONSIEUR = "Monsieur"


class Person(Base):
    """A registered person. `keycloak_id` is set by the first delivery, never by the person.

    `folded_name` follows prénom and nom: by it, who types « elise » finds Élise.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("identifiant = lower(identifiant)", name="identifiant_ignores_case"),
        CheckConstraint("email = lower(email)", name="email_ignores_case"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    identifiant: Mapped[str] = mapped_column(String(40), unique=True)
    email: Mapped[str] = mapped_column(EmailAddress, unique=True)
    civilite: Mapped[Civilite] = mapped_column(String(8))
    prenom: Mapped[str] = mapped_column(String(80))
    nom: Mapped[str] = mapped_column(String(80))
    folded_name: Mapped[str] = mapped_column(String(400), server_default=text("''"))
    keycloak_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    registered_at: Mapped[datetime]

    @property
    def full_name(self) -> str:
        """« Madame Cendrine Martin »."""
        return f"{self.civilite} {self.prenom} {self.nom}"

    @property
    def greeting_name(self) -> str:
        """« Madame Martin », as the guide greets (G-12)."""
        return f"{self.civilite} {self.nom}"


def fold_name(prenom: str, nom: str) -> str:
    """A name as it is searched: « elise d'amboise »."""
    return folded(f"{prenom} {nom}")


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _keep_folded_name(_mapper: Mapper[Person], _connection: Connection, person: Person) -> None:
    person.folded_name = fold_name(person.prenom, person.nom)


def allot_identifiant(prenom: str, is_taken: Callable[[str], bool], draw: Callable[[int], int]) -> str:
    """An identifiant of the guide's form: `cend589` (G-40, GS-03).

    Four letters of the first name without accents (padded with x), then three digits; one digit more
    after every ten draws that were taken, so that 5,000 « Marie » neither collide nor loop.

    Args:
        prenom: the first name as typed.
        is_taken: tells whether an identifiant was ever given.
        draw: a number in [0, n), from a cryptographic source in production.
    """
    letters = "".join(c for c in folded(prenom) if c.isascii() and c.isalpha())[:4].ljust(4, "x")
    digits = 3
    while True:
        for _ in range(10):
            candidate = f"{letters}{draw(10**digits):0{digits}d}"
            if not is_taken(candidate):
                return candidate
        digits += 1
