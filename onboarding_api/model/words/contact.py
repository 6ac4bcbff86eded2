"""How a person is reached: e-mail addresses and telephone numbers in one stored form."""

import re
from collections.abc import Iterator

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    is_valid_number,
    national_significant_number,
    parse,
)
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.typed_text import has_control, is_latin, symbols, trimmed, with_plain_marks

LONGEST_EMAIL = 254
LONGEST_LABEL = 63
"""Of one part of a domain (RFC 1035)."""

# Numbering plans of the territories where a number is dialled as in France: parsed only when France's fails.
_OVERSEAS_REGIONS = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
_FRENCH_CODES = frozenset({33, *(country_code_for_region(region) for region in _OVERSEAS_REGIONS.values())})
_TEN_DIGIT_REGIONS = ("GP", "MQ", "GF", "RE", "YT")
# How France dials overseas (ARCEP's plan): libphonenumber takes some for numbers of France itself.
_FROM_FRANCE = re.compile(r"(?:0|\+33|\+330|0033|00330)([2-6][0-9]{2})([0-9]{6})")
_OVERSEAS_PLANS = {
    **dict.fromkeys(("262", "263", "269", "639", "692", "693"), "262"),
    **dict.fromkeys(("590", "690", "691"), "590"),
    **dict.fromkeys(("594", "694"), "594"),
    **dict.fromkeys(("596", "696", "697"), "596"),
}
_DIALLED = re.compile(r"(?:\+|00)?[0-9]+")
# « +33 (0)4 … »: the zero is for those who dial from France.
_TRUNK_ZERO = re.compile(r"(?<=[0-9])\s*\(0\)")


class EmailAddress(TypeDecorator[str]):
    """A column of addresses in their one form: another spelling is refused when it is written."""

    impl = String(LONGEST_EMAIL)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database, and into each comparison."""
        if value is not None and not (value.isascii() and value == value.lower()):
            raise ValueError("an e-mail address that is not in its stored form")
        return value


def email_address(field: str, text: str) -> str:
    """An address in its one form, lower case and ASCII: two spellings of it are one account.

    Its domain is the A-label of IDNA 2008 (RFC 5891; UTS 46 without transitional processing, so that « ß »
    is not « ss »): it is stored, compared and sent as it is, and no later stage may choose another domain.

    Raises:
        BadInput: not an address, or longer than 254 characters (RFC 5321); CR and LF are refused here too.
            So is an accent before the @: few mail servers take such an address, ours does not (RFC 6531).
            So are more than 64 signs there (RFC 5321): Keycloak would make no account of it.
    """
    try:
        read = validate_email(trimmed(text), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise BadInput(field, "malformed") from None
    address = (read.ascii_email or "").lower()
    if not address:
        raise BadInput(field, "malformed")
    if len(address) > LONGEST_EMAIL:
        raise BadInput(field, "too_long")
    return address


def ascii_address(address: str) -> str:
    """The same address as mail servers read it; one in ASCII stays as it is.

    Raises:
        BadInput: it has no such form, or a part that no name of a server has.
    """
    if any(len(label) > LONGEST_LABEL for label in address.rpartition("@")[2].split(".")):
        raise BadInput("address", "malformed")
    return address if address.isascii() else email_address("address", address)


def shown_address(address: str | None) -> str:
    """The address as people write it, « mairie@céret.fr », for display alone.

    A domain of another script, which could be read for a Latin one, stays in ASCII (security threat 34).
    """
    if not address or "xn--" not in address:
        return address or ""
    try:
        domain = validate_email(address, check_deliverability=False).domain
    except EmailNotValidError:
        return address
    is_plain = all(c.isascii() or is_latin(c) for c in domain)
    return f"{address.rpartition('@')[0]}@{domain}" if is_plain else address


def telephone(field: str, text: str, departement: str) -> str:
    """A number in E.164 (`+33468961234`), spaces, dots and hyphens forgiven (GS-14).

    Args:
        field: name of the form's field.
        text: as typed.
        departement: the structure's; a number that is not France's is read as one of its territory
            (six digits in Nouvelle-Calédonie), then as one of the overseas départements.

    Raises:
        BadInput: no plan has this number; or something else was typed with it, an extension, a second
            number or a word, that its stored form could not keep.
    """
    dialled = _as_overseas(_dialled(text) or "")
    for number in _readings(dialled, departement):
        if number.country_code in _FRENCH_CODES and is_valid_number(number) and _is_whole(dialled, number):
            return str(format_number(number, PhoneNumberFormat.E164))
    raise BadInput(field, "malformed")


def _dialled(text: str) -> str | None:
    """The keys to press; None when anything else was typed."""
    typed = with_plain_marks(trimmed(text))
    if has_control(typed.replace("\t", " ")):
        return None
    bare = re.sub(r"[().]", "", symbols(_TRUNK_ZERO.sub("", typed)))
    return bare if _DIALLED.fullmatch(bare) else None


def _as_overseas(dialled: str) -> str:
    """The same keys with the prefix of the territory, when France's prefix was dialled for it."""
    found = _FROM_FRANCE.fullmatch(dialled)
    if found is None:
        return dialled
    start, rest = found.groups()
    if start == "508":
        return f"+508{rest}"
    return f"+{_OVERSEAS_PLANS[start]}{start}{rest}" if start in _OVERSEAS_PLANS else dialled


def _readings(dialled: str, departement: str) -> Iterator[PhoneNumber]:
    home = _OVERSEAS_REGIONS.get(departement)
    for region in dict.fromkeys(["FR", *([home] if home else []), *_TEN_DIGIT_REGIONS]):
        try:
            yield parse(dialled, region)
        except NumberParseException:
            return


def _is_whole(dialled: str, number: PhoneNumber) -> bool:
    """Whether each digit typed is in the number: the parser leaves out what it does not understand."""
    national, country = national_significant_number(number), str(number.country_code)
    prefixes = ("", "0", f"+{country}", f"00{country}", f"+{country}0", f"00{country}0")
    return dialled in {prefix + national for prefix in prefixes}
