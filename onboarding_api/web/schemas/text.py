"""How the reference of a letter is brought to its normal form; other texts go through `words.typed_text`."""

from onboarding_api.model.words.typed_text import symbols


def upper_reference(text: str) -> str:
    """The reference of a letter as printed, `BDT-7K2M-9QXA`, whatever the case and the spaces."""
    signs = symbols(text)
    return "-".join((signs[:3], signs[3:7], signs[7:]))
