"""The people: names as they are in France, an identifiant each, an address each."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files

from demo.country.chronicle import BEGINNING, MOMENT, Chronicle
from onboarding_api.model.event import Event
from onboarding_api.model.person import Civilite, Person, allot_identifiant, fold_name
from onboarding_api.model.words.typed_text import folded

_WOMEN, _MEN, _NAMES = (
    part.split() for part in (files("demo.country") / "names.txt").read_text("utf-8").split("\n\n")
)
_DISABLED = 0.01


def register(told: Chronicle, ids: Mapping[int, str]) -> None:
    """A row for each person, registered before whatever she did first."""
    taken: set[str] = set()
    for number, person_id in ids.items():
        _register(told, number, person_id, taken)


def _register(told: Chronicle, number: int, person_id: str, taken: set[str]) -> None:
    dice = told.dice
    civilite = Civilite.MADAME if told.chance(0.6) else Civilite.MONSIEUR
    prenom = dice.choice(_WOMEN if civilite == Civilite.MADAME else _MEN)
    nom = dice.choice(_NAMES).replace("-", " ")
    identifiant = allot_identifiant(prenom, taken.__contains__, dice.randrange)
    taken.add(identifiant)
    first_seen = told.arrived.get(person_id) or told.between(BEGINNING, MOMENT)
    at = first_seen - timedelta(minutes=dice.randrange(20, 3000))
    is_closed = told.chance(_DISABLED) and person_id not in told.administrators
    told.write(
        Person,
        id=person_id,
        identifiant=identifiant,
        email=f"{_address(prenom)}.{_address(nom)}{number}@courriel.example",
        civilite=civilite,
        prenom=prenom,
        nom=nom,
        folded_name=fold_name(prenom, nom),
        keycloak_id=told.new_id(),
        is_active=not is_closed,
        registered_at=at,
    )
    told.tell(at, Event.PERSON_REGISTERED, f"person:{person_id}", person_id, after="active", refs={})


def _address(name: str) -> str:
    return folded(name).replace(" ", "-")
