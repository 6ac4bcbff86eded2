"""Each notice: its facts, the same words in text and HTML, its wording kept as a file."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from onboarding_api import mails
from onboarding_api.mails.notices import NOTICES
from onboarding_api.mails.rendering import FactsMismatch, RenderedNotice, render
from tests.builders.correspondence import SENDER
from tests.builders.snapshots import assert_is_snapshot

FOLDERS = Path(mails.__file__).with_name("notices")
SNAPSHOTS = Path(__file__).parent / "snapshots"

EUS = {
    "recipient": "Madame Martin",
    "identifiant": "cend589",
    "identifiants": ("cend589", "cend612"),
    "structure": "Commune d'Eus",
    "services": ("Demande de prêts", "Suivi des dossiers"),
    "reference": "BDT-7K2M-9QXA",
    "requester": "Monsieur Paul Durand",
    "fonction": "Secrétaire général(e) de mairie",
    "administrator": "Madame Cendrine Martin",
    "motive": "Cet accès ne sert pas à vos fonctions.\nParlez-en à Mme Martin.",
    "requested_on": date(2026, 11, 23),
    "decided_on": date(2026, 11, 24),
    "deactivated_on": date(2026, 11, 25),
    "last_day": date(2026, 12, 23),
    "named_on": date(2026, 12, 1),
    "refused_on": date(2026, 12, 2),
}
# The notices in their usual form, then those that may have less to say.
CASES = [(notice, {fact: EUS[fact] for fact in NOTICES[notice]}, notice) for notice in NOTICES]
CASES += [
    ("forgotten_identifiant", {"identifiants": ()}, "forgotten_identifiant_without_account"),
    (
        "request_to_decide",
        {fact: EUS[fact] for fact in NOTICES["request_to_decide"]} | {"fonction": None},
        "request_to_decide_without_fonction",
    ),
    (
        "habilitation_deactivated",
        {fact: EUS[fact] for fact in NOTICES["habilitation_deactivated"]} | {"motive": None},
        "habilitation_deactivated_without_motive",
    ),
]
each_case = pytest.mark.parametrize(("notice", "facts", "name"), CASES, ids=[case[2] for case in CASES])


def of_eus(notice: str, **other: object) -> RenderedNotice:
    return render(notice, {fact: EUS[fact] for fact in NOTICES[notice]} | other, SENDER)


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
def test_text_and_html_say_the_same_words_and_lead_to_the_same_place(notice, facts, name):
    rendered = render(notice, facts, SENDER)
    page = Reader(rendered.html)
    # The parser cuts words at tags: « <strong>Eus</strong>. » is read « Eus . ».
    assert "".join(page.words) == words_of(rendered.text).replace(" ", "")
    assert page.links == [SENDER.site_address, f"mailto:{SENDER.email}"]
    assert re.findall(r"https?://\S+", rendered.text) == [SENDER.site_address]


@each_case
def test_the_wording_is_the_reviewed_one(notice, facts, name):
    rendered = render(notice, facts, SENDER)
    preview = Reader(rendered.html).preview
    shown = f"{rendered.subject}\n[{preview}]\n\n{rendered.text}"
    assert_is_snapshot(shown.replace("\N{NO-BREAK SPACE}", " "), SNAPSHOTS / f"{name}.txt")


@each_case
def test_every_fact_is_told(notice, facts, name):
    rendered = render(notice, facts, SENDER)
    told = (rendered.subject + rendered.text).replace("\N{NO-BREAK SPACE}", " ")
    for fact, value in facts.items():
        if isinstance(value, str):
            assert value in told, fact
        elif isinstance(value, date):
            assert f"{value.day if value.day > 1 else '1er'} " in told, fact
        elif value:
            assert all(item in told for item in value), fact


@each_case
def test_each_mail_is_short_and_self_contained(notice, facts, name):
    rendered = render(notice, facts, SENDER)
    page = Reader(rendered.html)
    assert "lang" in rendered.html.split(">", 2)[1]
    assert page.preview.strip()
    assert not page.tags & {"img", "script", "link", "iframe", "form", "object"}
    assert "url(" not in rendered.html
    assert "@import" not in rendered.html
    assert len(rendered.html.encode()) < 10_000
    assert "\n\n\n" not in rendered.text


@each_case
def test_the_subject_begins_with_the_structure(notice, facts, name):
    subject = render(notice, facts, SENDER).subject
    if "structure" in facts:
        assert subject.startswith("Commune d'Eus – ")
    assert "\n" not in subject


@pytest.mark.parametrize("notice", NOTICES)
def test_the_declared_facts_are_those_that_the_templates_read(notice: str):
    environment = Environment(loader=FileSystemLoader(FOLDERS))
    environment.filters.update(in_words=str, quoted_list=str)
    for kind in ("txt", "html"):
        read: set[str] = set()
        for name in ("subject.txt", f"body.{kind}"):
            source = (FOLDERS / notice / name).read_text(encoding="utf-8")
            read |= meta.find_undeclared_variables(environment.parse(source))
        layout = {"recipient", "reference"} & NOTICES[notice]
        assert (read - {"sender"}) | layout == NOTICES[notice]


def test_folders_and_declared_notices_are_the_same():
    assert {folder.name for folder in FOLDERS.iterdir() if folder.is_dir()} == set(NOTICES)


def test_a_missing_a_stray_fact_or_an_unknown_notice_makes_no_mail():
    with pytest.raises(FactsMismatch, match=r"missing \['identifiant'\]"):
        render("already_registered", {"recipient": "Madame Martin"}, SENDER)
    with pytest.raises(FactsMismatch, match=r"stray \['code'\]"):
        of_eus("letter_sent", code="0123-4567-89AM")
    with pytest.raises(FactsMismatch, match="no notice"):
        render("../layout", {}, SENDER)


@pytest.mark.attack(41)
def test_what_people_type_is_escaped_in_html_and_plain_in_text():
    motive = '<script>alert("x")</script> & <a href="https://evil.example">ici</a>'
    rendered = of_eus("request_refused", motive=motive)
    assert motive in rendered.text
    assert "<script" not in rendered.html
    assert Reader(rendered.html).links == [SENDER.site_address, f"mailto:{SENDER.email}"]


def test_template_syntax_in_a_fact_stays_text():
    rendered = of_eus("request_refused", motive="{{ sender.email }} {% raw %}")
    assert "{{ sender.email }} {% raw %}" in rendered.text
    assert "{{ sender.email }} {% raw %}" in rendered.html
