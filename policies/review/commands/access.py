"""`bdt policy who-can`, `what-can`, on facts in a file or on the personas of the scenarios."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.request import EntityRef
from policies.engine.revision import Policies, read_policies
from policies.review.cases.access import Setting, read_facts, what_can, who_can
from policies.review.cases.scenarios import read_world
from policies.review.commands.output import Outcome, finish, told_as

_facts = click.option(
    "--facts", type=click.Path(path_type=Path), help="Facts in the journal's form; else the personas."
)
_at = click.option(
    "--at", "moment", help="The moment asked about, ISO 8601 with zone; else the personas' now."
)
_acr = click.option("--acr", type=int, default=1, show_default=True, help="Level of authentication.")


@click.command("who-can")
@click.argument("action")
@click.argument("resource")
@_facts
@_at
@_acr
@told_as()
@click.pass_context
def who_can_command(ctx: click.Context, /, action: str, resource: str, **how: Any) -> None:
    """Who may do ACTION on RESOURCE (its id)."""
    policies = read_policies(ctx.obj or POLICIES)
    setting = _setting(policies, **how)
    people = list(who_can(Engine(policies), setting, action, _find(resource, setting)))
    finish(ctx, Outcome([f"{actor.type} {actor.id}" for actor in people], {"people": people}))


@click.command("what-can")
@click.argument("person")
@_facts
@_at
@_acr
@told_as()
@click.pass_context
def what_can_command(ctx: click.Context, /, person: str, **how: Any) -> None:
    """What PERSON (an id) may do, on what."""
    policies = read_policies(ctx.obj or POLICIES)
    setting = _setting(policies, **how)
    acts = list(what_can(Engine(policies), setting, _find(person, setting)))
    told = [{"action": action, "resource": resource} for action, resource in acts]
    finish(ctx, Outcome([f"{action} {thing.type} {thing.id}" for action, thing in acts], {"acts": told}))


def _setting(policies: Policies, facts: Path | None, moment: str | None, acr: int) -> Setting:
    personas, now = read_world(policies)
    entities = read_facts(facts) if facts else personas
    if moment is None:
        return Setting(entities, now, acr)
    try:
        asked = datetime.fromisoformat(moment)
    except ValueError as error:
        raise BadSource([Fault(moment, 0, "", "expected a moment as 2026-11-23T10:00:00+00:00")]) from error
    if asked.tzinfo is None:
        raise BadSource([Fault(moment, 0, "", "expected a moment with its zone")])
    return Setting(entities, asked, acr)


def _find(name: str, setting: Setting) -> EntityRef:
    for entity in setting.entities:
        if entity.ref.id == name:
            return entity.ref
    raise BadSource([Fault(name, 0, "", "is not among the facts")])
