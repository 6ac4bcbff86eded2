"""The letter as a PDF: tagged and archivable, PDF/UA-1 and PDF/A-2a together.

Only fonts that typst carries are used, and the date of the document is the letter's: the same letter gives
the same bytes on every machine.
"""

import json
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

from onboarding_api.letters.activation_letter import ActivationLetter, wording
from onboarding_api.letters.address import check_lines

_LAYOUT = Path(__file__).with_name("letter.typ")


class UnprintableLetter(ValueError):
    """The letter cannot be laid out, as when a name has a character that no font of ours has."""


def render_pdf(letter: ActivationLetter, code: str) -> bytes:
    """The letter with its code, ready to print on A4: one page, a second one for very long names.

    Args:
        letter: its facts.
        code: canonical, from `activation_code`; it goes nowhere else.

    Raises:
        AddressImpossible: the address lines break NF Z 10-011.
        UnprintableLetter: a character cannot be printed.
    """
    check_lines(letter.address_lines)
    try:
        return typst.compile(
            _LAYOUT,
            ignore_system_fonts=True,
            # Asked together: ua-1 alone lacks the archive's rules, a-2a alone two entries of the catalogue.
            pdf_standards=["ua-1", "a-2a"],
            sys_inputs={"letter": json.dumps(_inputs(letter, code))},
        )
    except typst.TypstError as error:
        # The engine's text quotes the letter: it is left out of ours, and of every log.
        raise UnprintableLetter(letter.reference) from error


def _inputs(letter: ActivationLetter, code: str) -> dict[str, Any]:
    site = letter.sender.site_address
    return {
        "wording": asdict(wording(letter)),
        "address_lines": letter.address_lines,
        "sender": asdict(letter.sender),
        "year": letter.written_on.year,
        "month": letter.written_on.month,
        "day": letter.written_on.day,
        "code": code,
        "qr": _qr_svg(site),
        "qr_alt": f"Code QR de l'adresse du site : {site}",
    }


def _qr_svg(text: str) -> str:
    drawing = BytesIO()
    segno.make(text, error="m", micro=False).save(drawing, kind="svg", border=0, xmldecl=False)
    return drawing.getvalue().decode()
