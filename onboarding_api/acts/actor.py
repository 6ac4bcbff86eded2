"""Who acts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and how well authenticated: 1 = password, 2 = second factor."""

    person_id: str
    acr: int = 1
