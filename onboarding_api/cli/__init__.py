"""The `bdt` command. Its parts are imported when they are asked for: `bdt policy check` starts in no time."""

from importlib import import_module
from typing import Any, cast

import click

PARTS = {
    "backup": "onboarding_api.cli.backup:backup",
    "bench": "demo.bench:bench",
    "deliveries": "onboarding_api.cli.deliveries:deliveries",
    "demo": "demo.command:demo",
    "doctor": "onboarding_api.cli.doctor:doctor",
    "journal": "onboarding_api.cli.journal:journal",
    "migrate": "onboarding_api.cli.service:migrate",
    "person": "onboarding_api.cli.person:person",
    "policy": "onboarding_api.cli.policy.commands:policy",
    "realm": "onboarding_api.cli.realm:realm",
    "registry": "onboarding_api.cli.registry:registry",
    "restore": "onboarding_api.cli.backup:restore",
    "sample": "demo.country.command:sample",
    "serve": "onboarding_api.cli.service:serve",
    "sync": "onboarding_api.cli.sync:sync",
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

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong outside of us is one sentence, never a traceback."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Imported only now: a command that goes well needs none of these rooms.
            from onboarding_api.cli.outside import OUTSIDE  # noqa: PLC0415

            if isinstance(error, OUTSIDE):
                # A database's error quotes the statement and its values; its cause does not.
                cause = getattr(error, "orig", error)
                raise click.ClickException(f"{type(error).__name__}: {cause}") from None
            raise


@click.command(cls=_Parts)
def main() -> None:
    """Login and access rights of French communes and EPCI."""
