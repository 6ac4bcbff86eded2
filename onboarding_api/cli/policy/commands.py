"""`bdt policy …`: the commands of reviewers; some of them ask the live database too."""

from copy import copy
from typing import Any

import click

from policies.review.commands.output import JSON, finish, form_of
from policies.review.commands.policy import policy as reviewers

_LIVE = (
    click.Option(["--live"], is_flag=True, help="Ask the database: in SQL, then the engine for each row."),
    click.Option(["--database-url"], envvar="BDT_DATABASE_URL", show_envvar=True, help="With --live."),
)


def _with_live(name: str, hint: str) -> click.Command:
    """The command on facts in a file, which asks the database instead when it is told `--live`."""
    on_facts = reviewers.commands[name]

    def run(live: bool, database_url: str | None, **asked: Any) -> None:
        ctx = click.get_current_context()
        if not live:
            ctx.invoke(on_facts, **asked)
            return
        if asked.pop("facts"):
            raise click.UsageError("--facts and --live exclude each other.")
        if not database_url:
            raise click.UsageError("--live needs --database-url, or BDT_DATABASE_URL.")
        # Imported only now: `bdt policy check` needs no database and starts in no time.
        from onboarding_api.cli.policy import live as of_database  # noqa: PLC0415

        of_database.ANSWERS[name](database_url, form_of(ctx) == JSON, **asked)

    return click.Command(
        name, callback=run, params=[*on_facts.params, *_LIVE], help=f"{on_facts.help} {hint}"
    )


def _diff_with_people() -> click.Command:
    """The difference of two revisions; with `--live`, the people of the database whom it concerns."""
    plain = reviewers.commands["diff"]

    def run(live: bool, database_url: str | None, moment: str | None, most: int, **asked: Any) -> None:
        ctx = click.get_current_context()
        if not live:
            ctx.invoke(plain, **asked)
            return
        if not database_url:
            raise click.UsageError("--live needs --database-url, or BDT_DATABASE_URL.")
        from onboarding_api.cli.policy.changes import diff_live  # noqa: PLC0415

        finish(ctx, diff_live(database_url, moment=moment, most=most, **asked))

    options = (
        click.Option(["--live"], is_flag=True, help="Also who of the database gains and who loses, by name."),
        click.Option(["--database-url"], envvar="BDT_DATABASE_URL", show_envvar=True, help="With --live."),
        click.Option(["--at", "moment"], help="With --live: the moment, ISO 8601 with zone; else now."),
        click.Option(
            ["--most"], type=click.IntRange(1), default=200, show_default=True, help="Rows a change."
        ),
    )
    return click.Command("diff", callback=run, params=[*plain.params, *options], help=plain.help)


def _play_with_real_people() -> click.Command:
    """The playground, on the people of the database when told `--live`."""
    plain = reviewers.commands["play"]

    def run(live: bool, database_url: str | None, port: int) -> None:
        if not live:
            click.get_current_context().invoke(plain, port=port)
            return
        if not database_url:
            raise click.UsageError("--live needs --database-url, or BDT_DATABASE_URL.")
        from onboarding_api.cli.policy.play import play_live  # noqa: PLC0415

        play_live(click.get_current_context(), database_url, port)

    options = (
        click.Option(["--live"], is_flag=True, help="Real people of the database, instead of the personas."),
        click.Option(["--database-url"], envvar="BDT_DATABASE_URL", show_envvar=True, help="With --live."),
    )
    return click.Command("play", callback=run, params=[*plain.params, *options], help=plain.help)


policy = copy(reviewers)
policy.commands = {
    **reviewers.commands,
    "diff": _diff_with_people(),
    "play": _play_with_real_people(),
    "who-can": _with_live("who-can", "With --live: Habilitation:<id>, Structure:<siren> …"),
    "what-can": _with_live("what-can", "With --live: her id or her identifiant."),
}
