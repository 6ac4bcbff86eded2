"""`bdt policy matrix`: who may do what in which state, as a table that shows in the diff of every review.

A quiet world (everything in order), one thing in each of its states, one person in each role; the engine
answers. The table is generated and committed: a change of rule that matters changes the table.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import load_catalogue
from policies.engine.decide import ENGINE_FAULT, Engine
from policies.engine.facts import terms_in_force
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.review.pages.planned import actions_without_page

MATRIX = "golden/matrix.md"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = load_catalogue().limits
# Letter, role; the letters fill the cells of the table.
ROLES: Mapping[str, tuple[str, EntityRef]] = {
    "T": ("titulaire (the person herself)", EntityRef("User", "titulaire")),
    "M": ("membre (a colleague)", EntityRef("User", "membre")),
    "D": ("administrateur délégué", EntityRef("User", "delegue")),
    "R": ("administrateur référent", EntityRef("User", "referent")),
    "E": ("étranger (of no structure)", EntityRef("User", "etranger")),
    "A": ("assistance (support desk)", EntityRef("Staff", "assistance")),
    "S": ("équipe sécurité", EntityRef("Staff", "securite")),
}
_Changes = Mapping[str, Mapping[str, Value]]
NOBODY: Mapping[str, Value] = {"admins": frozenset(), "referents": frozenset()}


@dataclass(frozen=True, slots=True)
class Cell:
    """The roles that may do an action on a thing in a state; `has_page`: the portal offers the action."""

    kind: str
    action: str
    state: str
    roles: str
    has_page: bool = True


def matrix(policies: Policies) -> list[Cell]:
    """Every action on everything, in every state, for every role."""
    engine = Engine(policies, explains=False)
    without = actions_without_page(policies)
    kinds: dict[str, list[str]] = {}
    for environment in policies.model.environments:
        actions = kinds.setdefault(environment.resource, [])
        actions += [environment.action] if environment.action not in actions else []
    cells = []
    for kind, actions in kinds.items():
        for state, changes in _states(policies, kind).items():
            entities = _world(policies, changes)
            cells += [
                replace(_cell(engine, kind, action, state, entities), has_page=action not in without)
                for action in actions
            ]
    return cells


def _cell(engine: Engine, kind: str, action: str, state: str, entities: tuple[Entity, ...]) -> Cell:
    name = "titulaire" if kind == "User" else kind.lower()
    asked = [
        (role, Request(actor, action, EntityRef(kind, name), NOW, 2, entities))
        for role, (_, actor) in ROLES.items()
        if any(
            (each.principal, each.action, each.resource) == (actor.type, action, kind)
            for each in engine.policies.model.environments
        )
    ]
    decisions = engine.decide_many([request for _, request in asked])
    if any(ENGINE_FAULT in each.rules for each in decisions):
        told = f"the engine could not decide {action} on {kind}: the matrix' world is not of the model"
        raise BadSource([Fault(MATRIX, 0, state, told)])
    allowed = (role for (role, _), each in zip(asked, decisions, strict=True) if each.allowed)
    return Cell(kind, action, state, "".join(allowed))


def _states(policies: Policies, kind: str) -> Mapping[str, _Changes]:
    """The states of a kind of thing, as changes of the quiet world."""
    match kind:
        case "Habilitation":
            return _habilitation_states(policies)
        case "Membership":
            return _membership_states()
        case "Claim" | "Letter":
            return _claim_states()
        case "Structure":
            return {
                "open": {},
                "frozen": {"structure": {"isFrozen": True}},
                "closed": {"structure": {"isActive": False}},
                "no administrator": {"structure": NOBODY},
            }
        case "User":
            return {"active": {}, "disabled": {"titulaire": {"isActive": False}}}
        case _:
            return {"waiting": {}, "over": {"invitation": {"isPending": False}}}


def _habilitation_states(policies: Policies) -> Mapping[str, _Changes]:
    codes = policies.catalogue.habilitation_states
    states: dict[str, _Changes] = {
        code: {"habilitation": {"state": EntityRef("HabilitationState", code)}} for code in codes
    }
    granted = states["granted"]["habilitation"]
    ends = {"granted, ends soon": NOW + timedelta(days=9), "granted, ended": NOW}
    return states | {name: {"habilitation": {**granted, "expiresAt": end}} for name, end in ends.items()}


def _membership_states() -> Mapping[str, _Changes]:
    return {
        "attached": {},
        "left": {"membership": {"isActive": False}},
        "on hold": {"membership": {"isSuspended": True}},
        "proposed": {"membership": {"nominatedBy": ROLES["D"][1]}},
        "no administrator": {"structure": NOBODY},
        "one administrator": {"structure": {"admins": _users("R"), "referents": _users("R")}},
        "himself administrator": {"structure": {"admins": _users("TDR"), "referents": _users("R")}},
        "himself référent": {"structure": {"admins": _users("TDR"), "referents": _users("TR")}},
        "himself alone": {"structure": {"admins": _users("T"), "referents": _users("T")}},
    }


def _claim_states() -> Mapping[str, _Changes]:
    empty: _Changes = {"structure": NOBODY}
    vacant: _Changes = {"structure": {**NOBODY, "vacantSince": NOW - timedelta(days=60)}}
    return {
        "open": empty,
        "closed": {**empty, "claim": {"isOpen": False}},
        "vacant, veto runs": {**vacant, "claim": {"vetoOpenedAt": NOW - LIMITS.veto_window / 2}},
        "vacant, veto over": {**vacant, "claim": {"vetoOpenedAt": NOW - LIMITS.veto_window}},
        "code too old": {**empty, "letter": {"expiresAt": NOW - timedelta(days=1)}},
        "too many tries": {**empty, "letter": {"attemptsInWindow": LIMITS.tries_per_window}},
    }


def _users(roles: str) -> frozenset[EntityRef]:
    return frozenset(ROLES[role][1] for role in roles)


def _world(policies: Policies, changes: _Changes) -> tuple[Entity, ...]:
    structure, membership = EntityRef("Structure", "structure"), EntityRef("Membership", "membership")
    claim, holder = EntityRef("Claim", "claim"), ROLES["T"][1]
    things: dict[EntityRef, dict[str, Value]] = {
        structure: {
            "type": EntityRef("StructureType", "commune"), "isActive": True, "isFrozen": False,
            "admins": _users("DR"), "referents": _users("R"), "pendingInvitations": 0,
        },
        membership: {
            "user": holder, "structure": structure, "isActive": True, "isSuspended": False,
            "fonction": EntityRef("Fonction", "maire"), "liveServices": frozenset(),
            "acceptedTerms": terms_in_force(policies.catalogue),
        },
        EntityRef("Habilitation", "habilitation"): {
            "membership": membership, "service": EntityRef("Service", "mes-prets:demande"),
            "state": EntityRef("HabilitationState", "pending"),
        },
        claim: {
            "membership": membership, "structure": structure, "isOpen": True, "isVetoed": False,
            "notified": _users("M"), "lastLetterAt": NOW - timedelta(days=3), "lettersInPeriod": 1,
        },
        EntityRef("Letter", "letter"): {
            "claim": claim, "applicant": holder, "issuedAt": NOW - timedelta(days=3),
            "expiresAt": NOW + timedelta(days=9), "attemptsInWindow": 0, "attemptsTotal": 0,
            "isRevoked": False, "isUsed": False,
        },
        EntityRef("Invitation", "invitation"): {
            "structure": structure, "recipient": holder, "isPending": True,
            "invitedAt": NOW - timedelta(days=3),
        },
        **{ROLES[role][1]: {"isActive": True} for role in "TMDRE"},
        ROLES["A"][1]: {"isActive": True, "desk": EntityRef("Desk", "support")},
        ROLES["S"][1]: {"isActive": True, "desk": EntityRef("Desk", "security")},
    }  # fmt: skip
    for ref, attributes in things.items():
        attributes.update(changes.get(ref.id, {}))
    return tuple(Entity(ref, attributes) for ref, attributes in things.items())


def tables(cells: list[Cell]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """For each kind: its title, the states, and one row per action."""
    for kind in dict.fromkeys(cell.kind for cell in cells):
        own = [cell for cell in cells if cell.kind == kind]
        states = list(dict.fromkeys(cell.state for cell in own))
        actions = {cell.action: cell.has_page for cell in own}
        by_place = {(cell.action, cell.state): cell.roles for cell in own}
        rows = [
            [f"{action}{'' if has_page else ' †'}", *(by_place[action, state] for state in states)]
            for action, has_page in actions.items()
        ]
        yield kind, states, rows


def as_markdown(cells: list[Cell]) -> str:
    """The matrix for the repository."""
    lines = ["# Who may do what, in which state", "", "Generated by `bdt policy generate`; do not edit.", ""]
    lines += [f"- **{letter}** {label}" for letter, (label, _) in ROLES.items()]
    lines.append("- † no page of the portal offers this act yet (`model/without_page.yaml`)")
    for kind, states, rows in tables(cells):
        lines += [
            "",
            f"## {kind}",
            "",
            f"| action | {' | '.join(states)} |",
            f"|{'---|' * (len(states) + 1)}",
        ]
        lines += [f"| {' | '.join(cell or '·' for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def as_csv(cells: list[Cell]) -> str:
    """The matrix for a spreadsheet: one line per action, state and role."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["thing", "action", "state", "roles allowed"])
    writer.writerows([cell.kind, cell.action, cell.state, cell.roles] for cell in cells)
    return out.getvalue()
