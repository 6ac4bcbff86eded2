"""How pages write dates, numbers and names in French."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask

from onboarding_api.model.french_dates import in_words

SITE = "Espace personnel, Banque des Territoires"
_PARIS = ZoneInfo("Europe/Paris")


def day_in_words(moment: datetime | date) -> str:
    """« 23 novembre 2026 », on the calendar of Paris for a moment."""
    return in_words(moment.astimezone(_PARIS).date() if isinstance(moment, datetime) else moment)


def at_in_words(moment: datetime) -> str:
    """« le 23 novembre 2026 à 14 h 05 » (heure de Paris)."""
    local = moment.astimezone(_PARIS)
    return f"le {in_words(local.date())} à {local:%-H} h {local:%M}"


def siren_in_groups(siren: str) -> str:
    """« 216 600 742 », with spaces that do not break."""
    return "\u00a0".join(siren[i : i + 3] for i in range(0, len(siren), 3))


def counted(number: int, noun: str, plural: str = "") -> str:
    """« 1 demande », « 2 demandes », « aucune demande » is left to the page."""
    return f"{number}\u00a0{noun if number < 2 else plural or noun + 's'}"


def install(app: Flask) -> None:
    """Give these to the templates."""
    app.jinja_env.filters.update(day=day_in_words, moment=at_in_words, siren=siren_in_groups, counted=counted)
    app.jinja_env.globals["site"] = SITE
