"""The `bdt` command. Its parts are imported when they are asked for: `bdt policy check` starts in no time."""

from importlib import import_module
from typing import cast

import click

PARTS = {
    "bench": "onboarding_api.cli.bench:bench",
    "deliveries": "onboarding_api.cli.deliveries:deliveries",
    "demo": "onboarding_api.cli.demo.command:demo",
    "journal": "onboarding_api.cli.journal:journal",
    "migrate": "onboarding_api.cli.service:migrate",
    "policy": "policies.engine.cli:policy",
    "realm": "onboarding_api.cli.realm:realm",
    "registry": "onboarding_api.cli.registry:registry",
    "serve": "onboarding_api.cli.service:serve",
    "worker": "onboarding_api.cli.service:worker",
}


class _Parts(click.Group):
    """A group whose commands are named in PARTS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PARTS:
            return None
        module, _, name = PARTS[cmd_name].partition(":")
        return cast(click.Command, getattr(import_module(module), name))


@click.command(cls=_Parts)
def main() -> None:
    """Login and access rights of French communes and EPCI."""
