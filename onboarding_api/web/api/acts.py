"""What each operation does: the use cases and queries of the portal, nothing of its own."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from stdnum.fr import siren as siren_number

from onboarding_api.limits.bounds import ACT, API, ATTACHING, CODES, LETTERS, REQUESTS, SEARCH
from onboarding_api.model.refusals import BadInput
from onboarding_api.queries.requests import Mark, Part, Sought, administrator_queue
from onboarding_api.queries.services import my_services
from onboarding_api.queries.structures import my_structures
from onboarding_api.registry.search import MalformedSiren, search
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    reactivate_habilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.web.api import schemas
from onboarding_api.web.api.operations import Call, Operation
from onboarding_api.web.limits import spend
from onboarding_api.web.parts import now, parts, reading

DECISIONS = {
    "validate": validate_habilitation,
    "refuse": refuse_habilitation,
    "deactivate": deactivate_habilitation,
    "reactivate": reactivate_habilitation,
}

Given = Mapping[str, Any]


def search_structures(call: Call) -> Given:
    """By name, postcode, SIREN, SIRET, INSEE code or code tiers."""
    with reading() as session:
        hits = search(session, call.query["q"], call.query.get("limit", 20))
    return {"items": [_only(schemas.STRUCTURE, asdict(hit)) for hit in hits]}


def list_memberships(call: Call) -> Given:
    """The structures the person is attached to."""
    with reading() as session:
        mine = my_structures(session, call.actor.person_id)
    return {"items": [{**_only(schemas.MEMBERSHIP, asdict(one)), "id": one.membership_id} for one in mine]}


def create_membership(call: Call) -> Given:
    """Attach; attaching again gives the same membership. A SIREN with a typing fault is told as such."""
    if not siren_number.is_valid(call.body["siren"]):
        raise MalformedSiren
    return {"id": attach_structure(parts().office, call.actor, AttachStructure(call.body["siren"]))}


def list_habilitations(call: Call) -> Given:
    """Every service of the catalogue with its state for the person in this structure."""
    with reading() as session:
        services = my_services(session, call.actor.person_id, call.path["siren"], now())
    return {
        "items": [
            {
                "service": one.key,
                "label": one.label,
                "state": one.state,
                "may_request": one.may_request,
                "missing": list(one.missing),
            }
            for one in services
        ]
    }


def request_services(call: Call) -> Given:
    """Ask for services; the first person of a structure must accept to become its administrator."""
    if call.body.get("becomes_administrator"):
        spend(LETTERS)
    command = RequestHabilitations(
        call.path["siren"],
        tuple(call.body["services"]),
        call.body.get("becomes_administrator", False),
        call.body.get("postcode"),
    )
    outcome = request_habilitations(parts().office, call.actor, command)
    return {
        "claim_reference": outcome.claim_reference,
        "habilitation_ids": list(outcome.habilitation_ids),
    }


def list_waiting_requests(call: Call) -> Given:
    """The queue of an administrator of this structure, a page at a time: `after` is the last one's `next`."""
    sought = Sought(part=Part.PENDING, after=_mark(call.query.get("after")))
    with reading() as session:
        queue = administrator_queue(session, call.actor.person_id, call.path["siren"], now(), sought)
    return {
        "items": [
            {
                "id": row.habilitation_id,
                "requester": row.requester,
                "service": row.service_label,
                "fonction": row.fonction,
                "requested_at": row.requested_at.isoformat(),
            }
            for row in queue.pending.rows
        ],
        "next": str(queue.pending.next) if queue.pending.next else None,
    }


def decide(call: Call) -> None:
    """Validate, refuse, deactivate or reactivate, as an administrator of the structure."""
    act = DECISIONS[call.body["decision"]]
    act(
        parts().office,
        call.actor,
        DecideHabilitation(call.path["habilitation_id"], call.body.get("motive")),
    )


def redeem(call: Call) -> Given:
    """Type the activation code of the letter."""
    command = RedeemActivationCode(call.path["siren"], call.body["code"])
    return {"services": list(redeem_activation_code(parts().office, call.actor, command).services)}


OPERATIONS = (
    Operation(
        "GET", "/structures", "Search structures", search_structures, SEARCH,
        query=schemas.SEARCH, gives=schemas.listed(schemas.STRUCTURE),
    ),
    Operation(
        "GET", "/memberships", "My structures", list_memberships, API,
        gives=schemas.listed(schemas.MEMBERSHIP),
    ),
    Operation(
        "POST", "/memberships", "Attach to a structure", create_membership, ATTACHING,
        status=201, body=schemas.ATTACH, gives=schemas.CREATED,
    ),
    Operation(
        "GET", "/memberships/{siren}/habilitations", "My habilitations in a structure", list_habilitations,
        API, gives=schemas.listed(schemas.SERVICE_STATE),
    ),
    Operation(
        "POST", "/memberships/{siren}/habilitations", "Ask for services", request_services, REQUESTS,
        status=201, body=schemas.REQUEST, gives=schemas.OUTCOME,
    ),
    Operation(
        "POST", "/memberships/{siren}/activation-code", "Type the code of the letter", redeem, CODES,
        body=schemas.CODE, gives=schemas.GRANTED,
    ),
    Operation(
        "GET", "/structures/{siren}/requests", "What waits for an administrator", list_waiting_requests, API,
        query=schemas.PAGE, gives=schemas.page_of(schemas.WAITING),
    ),
    Operation(
        "POST", "/habilitations/{habilitation_id}/decision", "Decide", decide, ACT,
        status=204, body=schemas.DECISION,
    ),
)  # fmt: skip


def _mark(text: str | None) -> Mark | None:
    try:
        return Mark.read(text) if text else None
    except ValueError:  # the form of a moment, and none: the thirty-first of February
        raise BadInput("after", "malformed") from None


def _only(schema: schemas.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in schema if name in values}
