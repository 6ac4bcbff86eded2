"""The message: its headers, its parts, the same bytes each time, no header from outside."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.notices.message import HeaderRefused, compose
from onboarding_api.notices.rendering import RenderedNotice

AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
NOTICE = RenderedNotice(
    "Commune d'Eus – demande d'habilitation validée",
    "Bonjour,\n\né\n",
    '<html lang="fr"><p>Bonjour, é</p></html>',
)


def composed(
    to: str = "cendrine.martin@eus.example",
    subject: str = NOTICE.subject,
    key: str = "mail:request_granted:1",
    sender_name: str = "Banque des Territoires",
    from_address: str = "ne-pas-repondre@habilitations.example",
) -> EmailMessage:
    return compose(
        RenderedNotice(subject, NOTICE.text, NOTICE.html),
        to=to,
        from_address=from_address,
        sender_name=sender_name,
        delivery_key=key,
        at=AT,
    )


def received(message: EmailMessage) -> EmailMessage:
    parsed = email.message_from_bytes(bytes(message), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_it_is_received_as_it_was_meant() -> None:
    mail = received(composed())
    assert mail["Subject"] == NOTICE.subject
    assert mail["From"] == "Banque des Territoires <ne-pas-repondre@habilitations.example>"
    assert mail["To"] == "cendrine.martin@eus.example"
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "fr"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (text.replace("\r\n", "\n"), html.strip()) == (NOTICE.text, NOTICE.html)


def test_every_line_is_ascii_and_short() -> None:
    for line in bytes(composed()).split(b"\r\n"):
        assert line.isascii()
        assert len(line) <= 998
        assert b"\n" not in line


def test_the_message_id_is_made_of_the_delivery_key_and_tells_nothing_of_it() -> None:
    first, again, other = composed(), composed(subject="Autre sujet"), composed(key="mail:request_granted:2")
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@habilitations.example>")
    assert "request_granted" not in first["Message-ID"]


def test_the_same_delivery_gives_the_same_bytes() -> None:
    assert bytes(composed()) == bytes(composed())


@pytest.mark.attack(38)
@pytest.mark.parametrize(
    "poison", ["a\r\nBcc: x@evil.example", "a\nX: y", "a\rb", "a\0b", "a\u2028b", "a\udc80"]
)
def test_a_line_break_makes_no_header(poison: str) -> None:
    for field in ("to", "subject", "sender_name", "from_address"):
        with pytest.raises(HeaderRefused):
            composed(**{field: poison})
        with pytest.raises(HeaderRefused):
            composed(**{field: f"{poison}@eus.example"})


NO_ADDRESSES = """
@
eus
@eus.example
a@
a b@eus.example
a@eus.example, b@eus.example
A <a@eus.example>
a@b@eus.example
a@.example
(x)a@eus.example
andré@eus.example
"""


@pytest.mark.parametrize("to", ["", "a@" + "x" * 70 + ".example", *NO_ADDRESSES.strip().splitlines()])
def test_what_is_no_address_makes_no_mail(to: str) -> None:
    with pytest.raises(HeaderRefused):
        composed(to=to)


@given(st.text('ab@.<>,;:"\\ ()\r\n\t\0é', max_size=12))
def test_any_text_is_one_address_or_no_mail(to: str) -> None:
    try:
        message = composed(to=to)
    except HeaderRefused:
        return
    parsed = received(message)
    assert len(parsed["To"].addresses) == 1
    assert parsed.keys() == composed().keys()


def test_an_accented_domain_leaves_in_ascii() -> None:
    assert composed(to="mairie@évian.example")["To"] == "mairie@xn--vian-9oa.example"


def test_a_long_accented_subject_survives() -> None:
    subject = "Communauté d'agglomération de la Presqu'île de Guérande Atlantique – " + "é" * 80
    assert received(composed(subject=subject))["Subject"] == subject
