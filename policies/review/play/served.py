"""The page on a loopback port. It may write a file, so it answers to its own name alone and to its own forms.

The page of a stranger, open beside it, can send requests here: by the name of the loopback (`Origin` tells)
or by a name of its own that it makes point here (`Host` tells). Both are refused; a form bears a token too.
"""

import secrets
from collections.abc import Callable, Iterable
from functools import cached_property
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from policies.engine.decide import Engine
from policies.engine.revision import Policies
from policies.review.pages.template import page_of
from policies.review.play import view
from policies.review.play.asked import Asked, Fields, Misasked, asked_of, one, scene_of
from policies.review.play.saved import NotSaved, chapters, save
from policies.review.play.stage import Stage

LARGEST = 64_000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STATIC = {"/page.css": "text/css", "/play.js": "text/javascript"}


class Play:
    """The WSGI application; `hosts` are the names that it answers to."""

    def __init__(self, policies: Policies, stage: Stage, hosts: Iterable[str]) -> None:
        self._policies, self._stage = policies, stage
        self.hosts = frozenset(hosts)
        self.token = secrets.token_urlsafe(32)

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self._policies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; what is wrong with it is told in a sentence."""
        request = Request(environ)
        request.max_content_length = LARGEST
        try:
            response = self._answer(request)
        except HTTPException as error:
            response = self._told(error.code or 400, "Cette demande ne peut pas être lue.")
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.headers.get("Host", "") not in self.hosts:
            return self._told(421, "Cette page ne répond qu’à son adresse sur cette machine.")
        if request.path in STATIC and request.method in ("GET", "HEAD"):
            text = files("policies.review.pages").joinpath("templates", request.path[1:]).read_text("utf-8")
            return Response(text, mimetype=STATIC[request.path])
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/"): self._look,
            ("HEAD", "/"): self._look,
            ("POST", "/scenario"): self._save,
        }
        route = routes.get((request.method, request.path))
        if route is None:
            known = {path for _, path in routes} | STATIC.keys()
            status = 405 if request.path in known else 404
            return self._told(status, "Il n’y a rien à cette adresse.")
        return route(request)

    def _look(self, request: Request) -> Response:
        fields = request.args.to_dict(flat=False)
        return self._page(fields, saved=one_or_none(fields, "saved"))

    def _save(self, request: Request) -> Response:
        if not self._is_own(request):
            return self._told(403, "Ce formulaire ne vient pas de cette page : rechargez-la.")
        fields = request.form.to_dict(flat=False)
        kept = {name: texts for name, texts in fields.items() if name not in ("token", "title", "chapter")}
        try:
            place = self._saved(kept, fields)
        except (Misasked, NotSaved) as error:
            return self._page(kept, error=str(error), title=one_or_none(fields, "title"))
        query = urlencode({**kept, "saved": [place]}, doseq=True)
        return Response(status=303, headers={"Location": f"/?{query}"})

    def _saved(self, kept: Fields, fields: Fields) -> str:
        if self._stage.is_real:
            raise NotSaved("Un scénario ne parle que de personnages, jamais de personnes réelles.")
        scene = scene_of(kept, self._stage)
        asked = asked_of(kept, scene, self._policies) if scene else None
        if asked is None:
            raise NotSaved("Posez d’abord une question entière.")
        return save(self._policies, asked, one(fields, "title"), one(fields, "chapter"))

    def _is_own(self, request: Request) -> bool:
        origin = request.headers.get("Origin")
        fetched = request.headers.get("Sec-Fetch-Site", "same-origin")
        token = request.form.get("token", "")
        return (
            (origin is None or origin.removeprefix("http://") in self.hosts)
            and fetched == "same-origin"
            and secrets.compare_digest(token.encode(), self.token.encode())
        )

    def _page(self, fields: Fields, error: str = "", title: str = "", saved: str = "") -> Response:
        scene, asked = None, None
        try:
            scene = scene_of(fields, self._stage)
            asked = asked_of(fields, scene, self._policies) if scene else None
            form = view.form(fields, self._stage, scene, self._policies)
        except Misasked as wrong:
            error = error or str(wrong)
            form = view.form({}, self._stage, scene, self._policies)
        text = page_of(
            "play.html",
            form=form,
            error=error,
            saved=saved,
            title=title,
            token=self.token,
            chapters=chapters(self._policies),
            digest=self._policies.digest[:12],
            **self._shown(asked),
        )
        return Response(text, status=400 if error else 200, mimetype="text/html")

    def _shown(self, asked: Asked | None) -> dict[str, Any]:
        if asked is None:
            return {"asked": None, "facts": [], "plain": None, "changed": None, "sentence": ""}
        names = view.naming(asked.scene, self._policies)
        parts = names.parts(asked.plain.resource)
        act = names.french.act(asked.plain.action, thing=names.thing(asked.plain.resource), **parts)
        return {
            "asked": asked,
            "facts": [*view.facts(asked, self._engine)],
            "plain": view.answer(self._engine, asked.plain),
            "changed": view.answer(self._engine, asked.changed) if asked.changes else None,
            "sentence": f"{names.name(asked.plain.actor)} : {act}",
        }

    def _told(self, status: int, sentence: str) -> Response:
        text = page_of("told.html", sentence=sentence)
        return Response(text, status=status, mimetype="text/html")


def one_or_none(fields: Fields, name: str) -> str:
    """The one value of a field; empty when there is none or more than one."""
    found = fields.get(name, [])
    return found[0] if len(found) == 1 else ""
