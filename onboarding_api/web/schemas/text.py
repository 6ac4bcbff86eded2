"""How a typed text is brought to its normal form; a ValueError becomes the field's fault."""

import re
import unicodedata

_BLANKS = re.compile(r"[^\S\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")


def one_line(text: str) -> str:
    """NFC, blanks made one space; a pasted no-break space or tab is a blank, the end of a line is not.

    Raises:
        ValueError: a control, invisible or direction sign (security threats 34 and 38).
    """
    line = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    if not line.isprintable():
        raise ValueError("invisible sign")
    return line


def paragraph(text: str) -> str:
    """A text of several lines: NFC, line ends made one, no invisible sign.

    Raises:
        ValueError: such a sign is there.
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip().split("\n")
    return "\n".join(one_line(line) if line.strip() else "" for line in lines)


def upper_reference(text: str) -> str:
    """The reference of a letter as printed, `BDT-7K2M-9QXA`, whatever the case and the spaces."""
    signs = re.sub(r"[\s‐-―-]", "", one_line(text)).upper()
    return "-".join((signs[:3], signs[3:7], signs[7:]))
