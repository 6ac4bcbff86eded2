"""Names of people as they are typed: cleaned, and refused when they would not print or would deceive."""

import re
import unicodedata

from onboarding_api.model.refusals import BadInput

LONGEST = 80
_MARKS = frozenset(" -'’.")
# « J.P. » and « St. Jean » are names; « www.banque.fr » is a link in the mail that we write.
_LINK = re.compile(r"\w\.\w{2}")


def proper_name(field: str, text: str) -> str:
    """A first or last name in one form: composed letters, single spaces, nothing invisible.

    Latin letters only: a Cyrillic « а » among them would deceive whoever reads it (security threat 34).

    Raises:
        BadInput: empty, longer than 80 characters, with a character that names do not have, or the address
            of a web site: registration writes to whom it is told to, and must not be a way to send links.
    """
    visible = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    name = " ".join(visible.split())
    if not any(c.isalpha() for c in name):
        raise BadInput(field, "empty")
    if len(name) > LONGEST:
        raise BadInput(field, "too_long")
    if _LINK.search(name) or not all(c in _MARKS or _is_latin(c) for c in name):
        raise BadInput(field, "characters")
    return name


def _is_latin(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")
