"""What is effective by the tables alone: I3 one administrator a code, I9 nobody without an administrator."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from demo.chaos.invariants.books import Books, Holding, holdings

CATALOGUE = Path(__file__).parents[3] / "policies" / "catalogue"


def effective(books: Books, now: datetime) -> dict[tuple[str, str, str], Holding]:
    """The habilitations that open a service now, by identifiant, SIREN and service."""
    structures = books.by("structure", "siren")
    accepted = {
        (row["membership_id"], row["espace"], row["version"]) for row in books.rows("terms_acceptance")
    }
    return {
        holding.key: holding
        for holding in holdings(books)
        if is_live(holding)
        and structures[holding.membership["siren"]]["is_active"]
        and (holding.habilitation["expires_at"] is None or holding.habilitation["expires_at"] > now)
        and _has_what_its_service_asks(holding, accepted)
    }


def is_live(holding: Holding) -> bool:
    """Whether the decision stands: granted, the member still attached, her account open."""
    return bool(
        holding.habilitation["state"] == "granted"
        and holding.membership["state"] == "attached"
        and holding.person["is_active"]
    )


def a_code_names_one_administrator(books: Books) -> Iterator[str]:
    """I3: of each claim one letter is used, one redemption told, and no more terms by letter than those."""
    used = Counter(row["claim_id"] for row in books.rows("letter") if row["used_at"] is not None)
    redeemed = Counter(
        row["subject"].partition(":")[2] for row in books.rows("journal") if row["event"] == "claim_redeemed"
    )
    for claim, count in sorted((used | redeemed).items()):
        if count > 1:
            yield f"I3: claim {claim} was redeemed {count} times"
    claims = books.by("claim")
    asked = Counter(claims[claim]["membership_id"] for claim in redeemed)
    terms = Counter(row["membership_id"] for row in books.rows("administration") if row["origin"] == "letter")
    for membership, count in sorted((terms - asked).items()):
        yield f"I3: membership {membership} has {count} terms by letter more than codes redeemed"


def granted_rights_have_an_administrator(books: Books) -> Iterator[str]:
    """I9: a structure with granted habilitations has somebody who can take them back."""
    memberships, people = books.by("membership"), books.by("person")
    administered = {
        memberships[term["membership_id"]]["siren"]
        for term in books.rows("administration")
        if term["ended_at"] is None
        and memberships[term["membership_id"]]["state"] == "attached"
        and people[memberships[term["membership_id"]]["person_id"]]["is_active"]
    }
    granted = {holding.membership["siren"] for holding in holdings(books) if is_live(holding)}
    for siren in sorted(granted - administered):
        yield f"I9: {siren} has granted habilitations and no administrator"


def _has_what_its_service_asks(holding: Holding, accepted: set[tuple[str, str, str]]) -> bool:
    espace = holding.habilitation["service"].partition(":")[0]
    terms = _catalogue("espaces")[espace].get("terms")
    if terms and (holding.membership["id"], espace, terms) not in accepted:
        return False
    needs_fonction = _catalogue("services")[holding.habilitation["service"]]["requires_fonction"] == "true"
    return bool(holding.membership["fonction"]) or not needs_fonction


@cache
def _catalogue(name: str) -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((CATALOGUE / f"{name}.yaml").read_text("utf-8"))
    return read
