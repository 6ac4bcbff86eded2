"""The house as its letters and mails name it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, and where to ask. Values come from the settings, never from a request.

    Args:
        name: « Banque des Territoires ».
        address_lines: its postal address, for the head of the letter.
        site_address: the home page of the portal, with its scheme; the only link of every mail.
        phone: as it is to be read, « 09 70 00 00 00 ».
        hours: when the phone is answered, « du lundi au vendredi, de 9 h à 18 h ».
        email: where to write.
    """

    name: str
    address_lines: tuple[str, ...]
    site_address: str
    phone: str
    hours: str
    email: str
