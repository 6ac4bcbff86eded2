"""Moments as operators type them."""

from datetime import datetime

import click


def moment_of(text: str) -> datetime:
    """A moment from its ISO 8601 text.

    Raises:
        click.BadParameter: it cannot be read, or has no zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(f"{text}: expected a moment with its zone, as 2026-11-23T10:00:00+00:00.")
    return moment
