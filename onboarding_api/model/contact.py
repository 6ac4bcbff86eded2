"""How a person is reached: e-mail addresses and telephone numbers in one stored form."""

from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

from onboarding_api.model.refusals import BadInput

LONGEST_EMAIL = 254

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
_TEN_DIGIT_REGIONS = ("GP", "MQ", "GF", "RE", "YT")


def email_address(field: str, text: str) -> str:
    """An address in its normal form, lower case: two spellings of it are one account.

    Raises:
        BadInput: not an address, or longer than 254 characters (RFC 5321); CR and LF are refused here too.
            So is an accent before the @: few mail servers take such an address, ours does not (RFC 6531).
            So are more than 64 signs there (RFC 5321): Keycloak would make no account of it.
    """
    try:
        read = validate_email(text.strip(" "), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise BadInput(field, "malformed") from None
    address = read.normalized.lower()
    if len(address) > LONGEST_EMAIL:
        raise BadInput(field, "too_long")
    return address


def telephone(field: str, text: str, departement: str) -> str:
    """A number in E.164 (`+33468961234`), spaces and dots forgiven (GS-14).

    Args:
        field: name of the form's field.
        text: as typed.
        departement: the structure's; a number that is not France's is read as one of its territory
            (six digits in Nouvelle-Calédonie), then as one of the overseas départements.

    Raises:
        BadInput: no plan has this number.
    """
    home = _OVERSEAS_REGIONS.get(departement)
    for region in dict.fromkeys(["FR", *([home] if home else []), *_TEN_DIGIT_REGIONS]):
        try:
            number = parse(text, region)
        except NumberParseException:
            break
        if is_valid_number(number):
            return str(format_number(number, PhoneNumberFormat.E164))
    raise BadInput(field, "malformed")
