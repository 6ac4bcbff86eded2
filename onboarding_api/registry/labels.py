"""How a structure is called in French: « Commune d'Eus », « Communauté d'agglomération de Cambrai »."""

from typing import Final

# « Le » and « Les » contract with « de »; « La » and « L' » keep their capital (INSEE, Code officiel
# géographique, « charnière »; Commission nationale de toponymie: « la commune de La Rochelle »).
_CONTRACTIONS: Final = (("Le ", "Commune du "), ("Les ", "Commune des "))
_KEPT_ARTICLES: Final = ("La ", "L'", "Las ", "Los ")
_SPELT_OUT: Final = (
    ("CC ", "Communauté de communes "),
    ("CA ", "Communauté d'agglomération "),
    ("CU ", "Communauté urbaine "),
)


def label_of_commune(name: str, *, is_elided: bool) -> str:
    """The label of a commune.

    Args:
        name: as INSEE writes it, its article with a capital.
        is_elided: whether « de » becomes « d' » before it. Only INSEE knows (TNCC 1): « d'Hyères »,
            but « de Huelgoat »; « d'Yvetot », and no rule of spelling tells.
    """
    for article, beginning in _CONTRACTIONS:
        if name.startswith(article):
            return beginning + name.removeprefix(article)
    if is_elided and not name.startswith(_KEPT_ARTICLES):
        return f"Commune d'{name}"
    return f"Commune de {name}"


def label_of_epci(name: str) -> str:
    """The label of an EPCI: its kind spelt out; a métropole bears it in its name already."""
    for short, long in _SPELT_OUT:
        if name.startswith(short):
            return long + name.removeprefix(short)
    return name
