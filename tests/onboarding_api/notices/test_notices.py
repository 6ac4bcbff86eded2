"""Each notice: its facts, the same words in text and HTML, its wording kept as a file."""

import inspect
import re
from dataclasses import fields
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from onboarding_api import notices
from onboarding_api.notices.account import ForgottenIdentifiant, Welcome
from onboarding_api.notices.notice import Notice
from onboarding_api.notices.reading import NOTICES
from onboarding_api.notices.rendering import render
from onboarding_api.notices.request import (
    HabilitationDeactivated,
    RequestRefused,
    RequestSent,
    RequestToDecide,
)
from tests.builders.correspondence import SENDER
from tests.builders.snapshots import assert_is_snapshot

ROOM = Path(notices.__file__).parent
SNAPSHOTS = Path(__file__).parent / "snapshots"

EUS: dict[str, Any] = {
    "recipient": "Madame Martin",
    "identifiant": "cend589",
    "link": "https://connexion.example/realms/bdt/login-actions/action-token?key=eyJh.eyJl.c2ln",
    "lasts": "72 heures",
    "identifiants": ("cend589", "cend612"),
    "siren": "216600742",
    "structure": "Commune d'Eus",
    "services": ("Demande de prêts", "Suivi des dossiers"),
    "reference": "BDT-7K2M-9QXA",
    "name": "Madame Cendrine Martin",
    "email": "mairie@eus.example",
    "change_id": "55555555-5555-4555-8555-555555555555",
    "requester": "Monsieur Paul Durand",
    "fonction": "Secrétaire général(e) de mairie",
    "administrator": "Madame Cendrine Martin",
    "motive": "Cet accès ne sert pas à vos fonctions.\nParlez-en à Mme Martin.",
    "requested_on": date(2026, 11, 23),
    "decided_on": date(2026, 11, 24),
    "deactivated_on": date(2026, 11, 25),
    "is_administered": True,
    "last_day": date(2026, 12, 23),
    "named_on": date(2026, 12, 1),
    "refused_on": date(2026, 12, 2),
}


def of_eus(notice: type[Notice], **other: object) -> Notice:
    """The notice with the facts of Eus, as far as it has such fields."""
    known = {field.name: EUS[field.name] for field in fields(notice)}
    return notice(**{**known, **other})


# The notices in their usual form, then those that may have less to say.
CASES = [(of_eus(notice), key) for key, notice in NOTICES.items()]
CASES += [
    (ForgottenIdentifiant(()), "forgotten_identifiant_without_account"),
    (of_eus(RequestSent, is_administered=False), "request_sent_without_administrator"),
    (of_eus(RequestToDecide, fonction=None), "request_to_decide_without_fonction"),
    (of_eus(HabilitationDeactivated, motive=None), "habilitation_deactivated_without_motive"),
]
each_case = pytest.mark.parametrize(("notice", "name"), CASES, ids=[name for _, name in CASES])


class Reader(HTMLParser):
    """Reads a page as a person does: its words, with the address behind each link.

    The preview and the name at the head are kept apart: plain text begins with the greeting.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.preview = ""
        self.tags: set[str] = set()
        self._apart: tuple[str, str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        kind = values.get("class") or tag
        self.tags.add(tag)
        if kind in {"title", "preview", "head"}:
            self._apart = (tag, kind)
        if tag == "a":
            self.links.append(str(values["href"]))

    def handle_endtag(self, tag: str) -> None:
        if self._apart and tag == self._apart[0]:
            self._apart = None
        if tag == "a" and not self.links[-1].startswith("mailto:"):
            self.words += [":", self.links[-1]]

    def handle_data(self, data: str) -> None:
        if self._apart is None:
            self.words += data.split()
        elif self._apart[1] == "preview":
            self.preview += data


def words_of(text: str) -> str:
    """The words alone: bullets, quotes and the line above the signature are typography of plain text."""
    return " ".join(re.sub(r"^(- |> |--$)", "", text, flags=re.MULTILINE).split())


@each_case
def test_text_and_html_say_the_same_words_and_lead_to_the_same_place(notice: Notice, name: str) -> None:
    rendered = render(notice, SENDER)
    page = Reader(rendered.html)
    # The parser cuts words at tags: « <strong>Eus</strong>. » is read « Eus . ».
    assert "".join(page.words) == words_of(rendered.text).replace(" ", "")
    leads_to = notice.link if isinstance(notice, Welcome) else SENDER.site_address + notice.door.path
    assert page.links == [leads_to, f"mailto:{SENDER.email}"]
    assert re.findall(r"https?://\S+", rendered.text) == [leads_to]


@each_case
def test_the_wording_is_the_reviewed_one(notice: Notice, name: str) -> None:
    rendered = render(notice, SENDER)
    preview = Reader(rendered.html).preview
    shown = f"{rendered.subject}\n[{preview}]\n\n{rendered.text}"
    assert_is_snapshot(shown.replace("\N{NO-BREAK SPACE}", " "), SNAPSHOTS / f"{name}.txt")


@each_case
def test_every_fact_is_told(notice: Notice, name: str) -> None:
    rendered = render(notice, SENDER)
    told = (rendered.subject + rendered.text).replace("\N{NO-BREAK SPACE}", " ")
    for field in fields(notice):
        fact, value = field.name, getattr(notice, field.name)
        if isinstance(value, str):
            assert value in told, fact
        elif isinstance(value, bool):
            assert fact.startswith("is_")
        elif isinstance(value, date):
            assert f"{value.day if value.day > 1 else '1er'} " in told, fact
        elif value:
            assert all(item in told for item in value), fact


@each_case
def test_each_mail_is_short_and_self_contained(notice: Notice, name: str) -> None:
    rendered = render(notice, SENDER)
    page = Reader(rendered.html)
    assert "lang" in rendered.html.split(">", 2)[1]
    assert page.preview.strip()
    assert not page.tags & {"img", "script", "link", "iframe", "form", "object"}
    assert "url(" not in rendered.html
    assert "@import" not in rendered.html
    assert len(rendered.html.encode()) < 10_000
    assert "\n\n\n" not in rendered.text


@each_case
def test_the_subject_begins_with_the_structure(notice: Notice, name: str) -> None:
    subject = render(notice, SENDER).subject
    if hasattr(notice, "structure"):
        assert subject.startswith("Commune d'Eus – ")
    assert "\n" not in subject


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES)
def test_the_fields_are_those_that_the_templates_read(notice: type[Notice]) -> None:
    """A misspelt fact in a template; one in a reader is mypy's to find."""
    environment = Environment(loader=FileSystemLoader(ROOM), autoescape=True)
    environment.filters.update(in_words=str, quoted_list=str)
    declared = {field.name for field in fields(notice)}
    for kind in ("txt", "html"):
        source = (ROOM / notice.template(kind)).read_text(encoding="utf-8")
        read = meta.find_undeclared_variables(environment.parse(source)) - {"sender", "door"}
        # Greeting and reference stand in the layout; facts of subject and link are in their properties.
        assert read <= declared
        assert read | {"recipient", "reference"} >= declared - facts_beside(notice)


def facts_beside(notice: type[Notice]) -> set[str]:
    parts: tuple[Any, ...] = (notice.subject, notice.door)
    return {fact for part in parts for fact in re.findall(r"self\.(\w+)", inspect.getsource(part.fget))}


def test_every_notice_is_listed_and_has_its_templates_and_no_other_stands_there() -> None:
    written = {cls.key(): cls for cls in every_subclass(Notice) if not inspect.isabstract(cls)}
    assert written.keys() == NOTICES.keys()
    templates = {path.relative_to(ROOM).as_posix() for path in ROOM.glob("*/*") if path.suffix != ".pyc"}
    assert templates == {notice.template(kind) for notice in NOTICES.values() for kind in ("txt", "html")}


def every_subclass(cls: type[Any]) -> set[type[Any]]:
    return {each for below in cls.__subclasses__() for each in {below, *every_subclass(below)}}


@pytest.mark.attack(41)
def test_what_people_type_is_escaped_in_html_and_plain_in_text() -> None:
    motive = '<script>alert("x")</script> & <a href="https://evil.example">ici</a>'
    rendered = render(of_eus(RequestRefused, motive=motive), SENDER)
    assert motive in rendered.text
    assert "<script" not in rendered.html
    leads_to = f"{SENDER.site_address}/vers/216600742/services"
    assert Reader(rendered.html).links == [leads_to, f"mailto:{SENDER.email}"]


def test_template_syntax_in_a_fact_stays_text() -> None:
    rendered = render(of_eus(RequestRefused, motive="{{ sender.email }} {% raw %}"), SENDER)
    assert "{{ sender.email }} {% raw %}" in rendered.text
    assert "{{ sender.email }} {% raw %}" in rendered.html


def test_no_notice_has_a_place_for_a_password_or_a_code() -> None:
    told = {field.name for notice in NOTICES.values() for field in fields(notice)}
    assert not [name for name in told if re.search("password|passe|code|secret", name)]
