"""A structure: a commune or an EPCI of France, as the official register knows it."""

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base

# IANA zones of the départements and collectivités whose day is not the one of Paris.
# Polynésie spans three zones: Tahiti, where the people are, stands for all.
_OVERSEAS_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "984": "Indian/Kerguelen",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}

# Words are compared letter by letter, whatever the language of the PostgreSQL cluster: a prefix is a range.
_PLAIN_ORDER = String(120).with_variant(String(120, collation="C"), "postgresql")


class StructureKind(StrEnum):
    """The kinds that the register holds; the catalogue of policies knows more for later."""

    COMMUNE = "commune"
    EPCI = "epci"


class PostalAddress(NamedTuple):
    """What the register knows of an address; the lines of the letter are made of it (NF Z 10-011)."""

    recipient: str
    postcode: str
    town: str


class Structure(Base):
    """One public body, named by its SIREN: 1,441 names of communes are shared, no SIREN is.

    `name` is what people read (« Commune d'Eus », « Communauté de communes Conflent-Canigó »), `bare_name`
    what the register writes (« Eus », « CC Conflent-Canigó »). An EPCI has no INSEE code; its département is
    the one where most of its inhabitants live, its postcodes are those of its communes.
    `town_hall_postcode` is None where several postcodes are known and not which of them is the mairie's.
    `kc_group_id` is the Keycloak group, made with the first member.
    """

    __tablename__ = "structure"

    siren: Mapped[str] = mapped_column(String(9), primary_key=True)
    kind: Mapped[StructureKind] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    bare_name: Mapped[str] = mapped_column(String(120))
    insee: Mapped[str | None] = mapped_column(String(5), unique=True)
    departement: Mapped[str] = mapped_column(String(3))
    departement_name: Mapped[str] = mapped_column(String(60))
    postcodes: Mapped[list[str]] = mapped_column(default=list)
    epci_siren: Mapped[str | None] = mapped_column(String(9))
    epci_name: Mapped[str | None] = mapped_column(String(120))
    population: Mapped[int] = mapped_column(default=0)
    former_names: Mapped[list[str]] = mapped_column(default=list)
    town_hall_postcode: Mapped[str | None] = mapped_column(String(5))
    town_hall_source: Mapped[str | None] = mapped_column(String(60))
    code_tiers: Mapped[str | None] = mapped_column(String(20), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    kc_group_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    # Both names folded into one word each, written by the register: they put an exact name first.
    name_key: Mapped[str] = mapped_column(String(120), default="")
    bare_name_key: Mapped[str] = mapped_column(String(120), default="")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once, when the class is mapped

    @property
    def known_postcode(self) -> str | None:
        """The mairie's, where nobody needs to be asked: a list of several is no address."""
        if self.kind != StructureKind.COMMUNE:
            return None
        return self.town_hall_postcode or (self.postcodes[0] if len(self.postcodes) == 1 else None)

    @property
    def asked_postcodes(self) -> tuple[str, ...]:
        """The postcodes among which somebody has to tell the mairie's; none when it is known."""
        is_asked = self.kind == StructureKind.COMMUNE and self.known_postcode is None
        return tuple(self.postcodes) if is_asked else ()

    def postal_address(self, told: str | None = None) -> PostalAddress | None:
        """Where the mairie gets its post; None for an EPCI, whose seat the register does not know.

        Args:
            told: the postcode as somebody of the structure gave it; the register's own counts first.
        """
        postcode = self.known_postcode or (told if told in self.asked_postcodes else None)
        if postcode is None:
            return None
        # « Bors (Canton de Charente-Sud) »: the parenthesis is INSEE's, the post office writes BORS.
        return PostalAddress("MAIRIE", postcode, self.bare_name.split(" (")[0])

    @property
    def timezone(self) -> str:
        """IANA name of its zone: the last day of a code ends at midnight there."""
        return timezone_of(self.departement)


class SearchWord(Base):
    """One word by which a structure is found: of its names, past ones too, of its département, a postcode.

    A plain table with a plain index, so that SQLite and PostgreSQL search alike.
    """

    __tablename__ = "search_word"
    __table_args__ = (
        Index("ix_search_word_siren", "siren"),
        {"sqlite_with_rowid": False},
    )

    word: Mapped[str] = mapped_column(_PLAIN_ORDER, primary_key=True)
    siren: Mapped[str] = mapped_column(ForeignKey("structure.siren"), primary_key=True)


def timezone_of(departement: str) -> str:
    """IANA name of the zone of a département (« 66 » -> « Europe/Paris »)."""
    return _OVERSEAS_ZONES.get(departement, "Europe/Paris")
