"""Names of people as they are typed: cleaned, and refused when they would not print or would deceive."""

import re

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.typed_text import (
    folded,
    is_accent,
    is_latin,
    one_line,
    with_plain_marks,
    without_compatibility,
)

LONGEST = 80
_MARKS = frozenset(" -'.·")
# Letters after this sign are those of philologists, and the letter's fonts lack them. All before it print:
# a test sets each of them with the real typesetter.
_LAST_PRINTED = "\u2c7f"
# More accents than that on one letter are no language's, and run over the lines above and below.
_MOST_ACCENTS = 2
# « J. », « St. », « Ph. », « Chr. »; what is longer, or has no letter before its dot, is no abbreviation.
_ABBREVIATION = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,3}\.")
_GLUED = re.compile(
    r"(?<![^\W\d_])([^\W\d_]|ste?s?|[dm]r|vve|mme|me)\."
    r"(?=[^\W\d_]{3}|(?:l[ae]|d[aeu]) )(?!(?:com|net|org|info|biz|app|dev|xyz|site|shop|online|club|link)\b)",
    re.IGNORECASE,
)
_GLUED_INITIALS = re.compile(r"(?<![^\W\d_])([^\W\d_]\.)(?=[^\W\d_]\.)")
# « 't Hooft », « 's Gravesande », and the glottal stop of Polynésie, which stands before a vowel.
_FIRST = re.compile(r"(?:'(?:[tsn][ -]|(?=[aeiou])))?[a-z]")
_LAST = re.compile(r"[^\W\d_]\.?$")


def proper_name(field: str, text: str) -> str:
    """A first or last name in one form: composed letters, single spaces, one hyphen and one apostrophe.

    Latin letters only: a Cyrillic « а » among them would deceive whoever reads it (security threat 34).
    Every letter that passes here is also carried by the letter, the mails, Keycloak and the search.

    Raises:
        BadInput: empty, longer than 80 characters, with a character that names do not have, or the address
            of a web site: registration writes to whom it is told to, and must not be a way to send links.
    """
    try:
        typed = with_plain_marks(one_line(text))
        name = one_line(without_compatibility(typed))
    except ValueError:
        raise BadInput(field, "characters") from None
    if not any(c.isalpha() for c in name):
        raise BadInput(field, "empty")
    # A dot with a letter on either side is a link in the mail that we write, « M.Dupont » as « t.co ».
    name = _GLUED.sub(r"\1. ", name)
    if len(name) > LONGEST:
        raise BadInput(field, "too_long")
    # « ™ » and « № » would turn into letters that nobody typed.
    is_typed = all(c.isalpha() or is_accent(c) or c in _MARKS for c in typed)
    if not (is_typed and _is_spelt(name) and _is_plausible(name)):
        raise BadInput(field, "characters")
    return name


def _is_spelt(name: str) -> bool:
    """Whether each sign is a letter of ours, an accent on one, or a mark between letters."""
    accents = _MOST_ACCENTS
    for sign in name:
        is_letter = sign <= _LAST_PRINTED and is_latin(sign)
        accents = 0 if is_letter else accents + 1 if is_accent(sign) else _MOST_ACCENTS
        if accents > _MOST_ACCENTS or not (is_letter or is_accent(sign) or sign in _MARKS):
            return False
    return True


def _is_plausible(name: str) -> bool:
    """Whether its marks stand where a name has them."""
    bare = "".join(c for c in name if not is_accent(c))
    without_initials = _GLUED_INITIALS.sub("", bare)
    return (
        _FIRST.match(folded(bare)) is not None
        and _LAST.search(bare) is not None
        and len(_ABBREVIATION.findall(bare)) == bare.count(".")
        and re.search(r"\.[^\W\d_]|''|··|\.\.", without_initials) is None
    )
