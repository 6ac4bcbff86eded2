"""How pages write dates, numbers, names and punctuation in French."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import phonenumbers
from flask import Flask
from jinja2.ext import Extension

from onboarding_api.model.words.contact import shown_address
from onboarding_api.model.words.french_dates import in_words
from onboarding_api.model.words.french_text import tied

SITE = "Espace personnel, Banque des Territoires"
_PARIS = ZoneInfo("Europe/Paris")


class FrenchSpaces(Extension):
    """No line of a template's text ever begins with « ? » or « : »: the space before them does not break."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source with these spaces made non-breaking, once, when the template is compiled."""
        return tied(source)


def day_in_words(moment: datetime | date) -> str:
    """« 23 novembre 2026 », on the calendar of Paris for a moment."""
    return in_words(moment.astimezone(_PARIS).date() if isinstance(moment, datetime) else moment)


def at_in_words(moment: datetime) -> str:
    """« le 23 novembre 2026 à 14 h 05 » (heure de Paris)."""
    local = moment.astimezone(_PARIS)
    return f"le {in_words(local.date())} à\u00a0{local:%-H}\u00a0h\u00a0{local:%M}"


def siren_in_groups(siren: str) -> str:
    """« 216 600 742 », with spaces that do not break."""
    return "\u00a0".join(siren[i : i + 3] for i in range(0, len(siren), 3))


def telephone_in_groups(e164: str | None) -> str:
    """« 04 68 96 06 27 » for « +33468960627 », overseas numbers alike; what cannot be read stays as it is."""
    try:
        number = phonenumbers.parse(e164 or "")
    except phonenumbers.NumberParseException:
        return e164 or ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def counted(number: int, noun: str, plural: str = "") -> str:
    """« 1 demande », « 2 demandes », « aucune demande » is left to the page."""
    return f"{number}\u00a0{noun if number < 2 else plural or noun + 's'}"


def install(app: Flask) -> None:
    """Give these to the templates."""
    app.jinja_env.add_extension(FrenchSpaces)
    app.jinja_env.filters.update(
        day=day_in_words,
        moment=at_in_words,
        siren=siren_in_groups,
        telephone=telephone_in_groups,
        counted=counted,
        address=shown_address,
        tied=tied,
    )
    app.jinja_env.globals["site"] = SITE
