"""A browser without a window: follows links, fills labelled fields, presses buttons.

It finds things as a person does, by their words, so a page whose label or button is wrong fails the walk.
"""

from http.cookiejar import Cookie, DefaultCookiePolicy
from typing import cast
from urllib.parse import urljoin
from urllib.request import Request

import mechanicalsoup
from bs4 import Tag
from requests import Response


class NotOnPage(Exception):
    """The page does not have what the story needs; the text quotes what it says instead."""


class _LoopbackPolicy(DefaultCookiePolicy):
    """Browsers send Secure cookies to loopback without TLS; `requests` would keep them back."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        cookie.secure = False
        return super().set_ok(cookie, request)


class Browser:
    """One person's browser: cookies of its own, one page at a time.

    Args:
        address: where it seems to be, for a system that believes one proxy in front of it.
    """

    def __init__(self, address: str = "") -> None:
        self._http = mechanicalsoup.Browser(soup_config={"features": "html.parser"}, user_agent="bdt-walk")
        self._http.session.cookies.set_policy(_LoopbackPolicy())
        if address:
            self._http.session.headers["X-Forwarded-For"] = address
        self.answer = Response()

    @property
    def url(self) -> str:
        """Address of the page."""
        return str(self.answer.url)

    @property
    def cookies(self) -> dict[str, str]:
        """What it keeps, by name; of several sites the last one's."""
        return {cookie.name: cookie.value or "" for cookie in self._http.session.cookies}

    @property
    def page(self) -> Tag:
        """The page as a tree."""
        soup = getattr(self.answer, "soup", None)
        if soup is None:
            raise NotOnPage(f"{self.url} is not a page: {self.answer.status_code} {self.answer.text[:200]}")
        return cast(Tag, soup)

    @property
    def heading(self) -> str:
        """The words of the `h1`."""
        found = self.page.find("h1")
        return _words(found) if isinstance(found, Tag) else ""

    def says(self, words: str) -> bool:
        """Whether the page shows these words (spaces and apostrophes made one)."""
        return _plain(words) in _plain(self.page.get_text(" "))

    def expect(self, words: str) -> None:
        """The page must show these words.

        Raises:
            NotOnPage: it does not.
        """
        if not self.says(words):
            raise NotOnPage(f"« {words} » is not on {self.url}: {_plain(self.page.get_text(' '))[:600]}")

    def visit(self, url: str) -> None:
        """Open an address, relative to the page or whole."""
        self.answer = self._http.get(urljoin(self.url, url) if self.answer.url else url, timeout=30)

    def follow(self, words: str, within: str = "") -> None:
        """Click the link with these words, in the row or card that shows `within`."""
        for link in self.page.find_all("a", href=True):
            if _plain(words) in _plain(_words(link)) and (not within or _is_near(link, within)):
                self.visit(str(link["href"]))
                return
        raise NotOnPage(f"no link « {words} » on {self.url}: {_plain(self.page.get_text(' '))[:600]}")

    def fill(self, label: str, value: str) -> None:
        """Type into the field, or choose the option or radio, that has this label."""
        control = self._control(label)
        if control.name == "select":
            self._choose(control, value)
        elif control.name == "textarea":
            control.string = value
        else:
            control["value"] = value

    def tick(self, label: str) -> None:
        """Tick the box or radio button with this label."""
        control = self._control(label)
        name = str(control.get("name"))
        form = control.find_parent("form")
        if control.get("type") == "radio" and form:
            for other in form.find_all("input", attrs={"type": "radio", "name": name}):
                other.attrs.pop("checked", None)
        control["checked"] = ""

    def press(self, words: str, within: str = "") -> None:
        """Press the button with these words, in the row or card that shows `within`."""
        for button in self.page.find_all(["button", "input"]):
            form = button.find_parent("form")
            if not form or not _is_submit(button) or _plain(words) not in _plain(_words(button)):
                continue
            if within and not _is_near(button, within):
                continue
            self._submit(form, button)
            return
        raise NotOnPage(f"no button « {words} » on {self.url}: {_plain(self.page.get_text(' '))[:600]}")

    def _submit(self, form: Tag, button: Tag) -> None:
        chosen = mechanicalsoup.Form(form)
        if button.get("name"):
            chosen.choose_submit(button)
        else:
            chosen.choose_submit(False)
        self.answer = self._http.submit(
            chosen, self.url, timeout=30, headers={"Referer": self.url, **_origin(self.url)}
        )

    def _control(self, label: str) -> Tag:
        """The field of the label that fits best: the whole of it, its beginning, or a part."""
        wanted = _plain(label)
        labels = {_plain(_words(found)): found for found in self.page.find_all("label")}
        for fits in (str.__eq__, str.startswith, str.__contains__):
            for words, found in labels.items():
                if fits(words, wanted) and isinstance(control := self._labelled(found), Tag):
                    return control
        raise NotOnPage(f"no field « {label} » on {self.url}: {_plain(self.page.get_text(' '))[:600]}")

    def _labelled(self, label: Tag) -> object:
        return (
            self.page.find(id=label["for"])
            if label.get("for")
            else label.find(["input", "select", "textarea"])
        )

    @staticmethod
    def _choose(select: Tag, words: str) -> None:
        options = select.find_all("option")
        chosen = next((option for option in options if _plain(words) in _plain(_words(option))), None)
        if chosen is None:
            raise NotOnPage(f"no choice « {words} »")
        for option in options:
            option.attrs.pop("selected", None)
        chosen["selected"] = ""


def _origin(url: str) -> dict[str, str]:
    scheme, _, rest = url.partition("://")
    return {"Origin": f"{scheme}://{rest.partition('/')[0]}"}


def _is_submit(tag: Tag) -> bool:
    return tag.get("type", "submit" if tag.name == "button" else "") == "submit"


def _is_near(thing: Tag, words: str) -> bool:
    """Whether the closest row or card around the thing shows these words."""
    around = thing.find_parent(["tr", "li", "article", "section", "fieldset"])
    return around is not None and _plain(words) in _plain(around.get_text(" "))


def _words(tag: Tag) -> str:
    return str(tag.get("value", "")) if tag.name == "input" else tag.get_text(" ")


def _plain(text: str) -> str:
    """One kind of apostrophe and space, no case: what a reader sees as the same."""
    return " ".join(text.replace("\u2019", "'").split()).lower()
