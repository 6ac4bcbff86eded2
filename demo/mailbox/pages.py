"""The web side: the list of mails, each mail with its text and its HTML, and JSON for programs."""

import json
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.mailbox.store import MailStore

_FOLDER = Path(__file__).with_name("templates")
_templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)

_OWN_PAGE = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# A mail is a stranger's page: no script, no image, no request; its links open in a tab of their own.
_STRANGERS_PAGE = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'"
)


class MailPages(BaseHTTPRequestHandler):
    """Answers GET only. Use `serving(store)` to make the class that a server wants."""

    store: MailStore

    def do_GET(self) -> None:
        """Answer one request."""
        address = urlsplit(self.path)
        first, _, rest = address.path.lstrip("/").partition("/")
        mail_id, _, view = rest.partition("/")
        views: dict[tuple[str, str], Callable[[], None]] = {
            ("", ""): self._list,
            ("style.css", ""): self._style,
            ("messages.json", ""): lambda: self._json(parse_qs(address.query).get("to", [None])[0]),
            ("messages", ""): lambda: self._mail(mail_id),
            ("messages", "html"): lambda: self._html(mail_id),
            ("messages", "source"): lambda: self._source(mail_id),
        }
        views.get((first, view), self._missing)()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the terminal belongs to the demo."""

    def _list(self) -> None:
        self._page("list.html", mails=list(reversed(self.store.mails())))

    def _style(self) -> None:
        self._answer("text/css", (_FOLDER / "style.css").read_bytes())

    def _json(self, to: str | None) -> None:
        mails = [asdict(m) | {"received_at": m.received_at.isoformat()} for m in self.store.mails(to)]
        self._answer("application/json", json.dumps(mails, ensure_ascii=False).encode())

    def _mail(self, mail_id: str) -> None:
        if mail := self.store.get(mail_id):
            self._page("mail.html", mail=mail)
        else:
            self._missing()

    def _html(self, mail_id: str) -> None:
        if mail := self.store.get(mail_id):
            in_new_tabs = mail.html.replace("<head>", '<head><base target="_blank">', 1)
            self._answer("text/html", in_new_tabs.encode(), policy=_STRANGERS_PAGE)
        else:
            self._missing()

    def _source(self, mail_id: str) -> None:
        if (content := self.store.raw(mail_id)) is not None:
            self._answer("text/plain", content)
        else:
            self._missing()

    def _missing(self) -> None:
        self._page("missing.html", HTTPStatus.NOT_FOUND)

    def _page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> None:
        page = _templates.get_template(template).render(values)
        self._answer("text/html", page.encode(), status)

    def _answer(
        self, kind: str, content: bytes, status: HTTPStatus = HTTPStatus.OK, policy: str = _OWN_PAGE
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


def serving(mail_store: MailStore) -> type[MailPages]:
    """The pages of this store."""

    class Pages(MailPages):
        """Pages bound to their store: a server makes one object a request and passes nothing on."""

        store = mail_store

    return Pages
