"""Names of people in all of the Latin script, drawn by Hypothesis, and the stages that carry them on."""

import email
import re
import unicodedata
from dataclasses import replace
from email.policy import default

import pypdfium2
from hypothesis import strategies as st

from onboarding_api.letters.pdf import render_pdf
from onboarding_api.model.person import allot_identifiant
from onboarding_api.model.words.typed_text import folded
from onboarding_api.notices.message import compose
from onboarding_api.notices.rendering import RenderedNotice
from onboarding_api.registry.folding import words
from tests.builders.correspondence import LETTER_TO_EUS
from tests.builders.deliveries import NOON

LATIN = "".join(
    chr(code)
    for code in range(0x41, 0x20000)
    if chr(code).isalpha() and unicodedata.name(chr(code), "").startswith(("LATIN ", "MODIFIER LETTER"))
)
ACCENTS = "".join(map(chr, range(0x300, 0x370)))
MARKS = " -'’‘ʻ´`‐‑–—−.·\u00a0\u202f\t\u200b\ufeff\u00ad"

# Mostly letters, so that many pass; digits and another script, so that some must not.
NAMES = st.text(
    st.sampled_from(LATIN) | st.sampled_from(LATIN[:600]) | st.sampled_from(MARKS + ACCENTS + "1аΩ王"),
    min_size=1,
    max_size=16,
)
LETTERS = st.text(st.sampled_from(LATIN[:600] + ACCENTS), min_size=1, max_size=12)


def check_carried(name: str) -> None:
    """Every stage of the portal after the form carries a name that the form took."""
    assert words(name), "it can be searched"
    assert folded(name).isascii()
    assert allot_identifiant(name, lambda _: False, lambda _: 7)[:1] in folded(name)
    assert received_subject(name) == f"{name} – demande"
    # A letter and an accent without a common sign of Unicode: the reader of PDFs gives the pair twice.
    spelt = "".join(f"{re.escape(sign)}+" for sign in folded(name).replace(" ", ""))
    assert re.search(spelt, folded(printed(name)).replace(" ", ""))


def received_subject(name: str) -> str:
    """The subject of a mail with the name, as its receiver's program reads it."""
    message = compose(
        RenderedNotice(f"{name} – demande", f"Bonjour {name}", f"<p>{name}</p>"),
        to="cendrine.martin@eus.example",
        from_address="ne-pas-repondre@habilitations.example",
        sender_name="Banque des Territoires",
        delivery_key="k",
        at=NOON,
    )
    return str(email.message_from_bytes(bytes(message), policy=default)["Subject"])


def printed(name: str) -> str:
    """The text of the letter with the name, as its PDF gives it."""
    letter = replace(LETTER_TO_EUS, requester_name=f"Madame {name}")
    document = pypdfium2.PdfDocument(render_pdf(letter, "0123-4567-89AM"))
    try:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    finally:
        document.close()
