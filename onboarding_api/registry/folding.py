"""Text as it is compared: « Saint-Étienne », « ST ETIENNE » and « saint etienne » are one.

Folding forgets case, accents, ligatures, hyphens and apostrophes, and spells out « St » and « Ste ».
It makes one commune in nine clash with another one, but never two of the same département.
"""

import re
from string import ascii_lowercase

from onboarding_api.model.words.typed_text import folded

_WORD = re.compile("[a-z0-9]+")
# « C.C. Conflent », « N.-D. de Bondeville »: letters with dots are one word; « s/ Marne » is « sur Marne ».
_INITIALS = re.compile(r"(?<![a-z0-9])([a-z])\.[ -]?([a-z])\.(?:[ -]?([a-z])\.)?")
_ON = re.compile(r"(?<![a-z0-9])s/(?=[ a-z-])")
_SPELT_OUT = {
    "st": ["saint"],
    "ste": ["sainte"],
    "sts": ["saints"],
    "stes": ["saintes"],
    "nd": ["notre", "dame"],
    "cdc": ["cc"],
    "comcom": ["cc"],
    "agglo": ["agglomeration"],
}
# Too frequent to find anything by; an exact name still needs them (« La Chapelle », « Chapelle »).
_EMPTY_WORDS = frozenset(("a", "commune", "d", "de", "des", "du", "et", "l", "la", "le", "les"))


def words(text: str) -> list[str]:
    """The folded words of a text, in order: « L'Haÿ-les-Roses » -> l, hay, les, roses."""
    bare = _ON.sub("sur ", folded(text))
    bare = _INITIALS.sub(lambda found: "".join(filter(None, found.groups())) + " ", bare)
    return [word for typed in _WORD.findall(bare) for word in _SPELT_OUT.get(typed, [typed])]


def key(text: str) -> str:
    """The folded text as one word: « L'Haÿ-les-Roses » -> lhaylesroses."""
    return "".join(words(text))


def telling_words(text: str) -> list[str]:
    """The folded words that can find something, or all of them when none can."""
    all_words = words(text)
    return [word for word in all_words if word not in _EMPTY_WORDS] or all_words


def one_slip_away(word: str) -> set[str]:
    """The word, and all that may have been meant before one letter was dropped, added, changed or swapped.

    About 54 for each letter (P. Norvig, « How to Write a Spelling Corrector »).
    """
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        word,
        *(left + right[1:] for left, right in cuts if right),
        *(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1),
        *(left + letter + right[1:] for left, right in cuts if right for letter in ascii_lowercase),
        *(left + letter + right for left, right in cuts for letter in ascii_lowercase),
    }
