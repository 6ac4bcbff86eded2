"""What each answer carries so that a browser does no more than it should, and what each request may weigh."""

import math
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

from onboarding_api.web.parts import now

LONGEST_BODY_BYTES = 64 * 1024
RETRY_AFTER_SECONDS = 5
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def content_security_policy(form_targets: Iterable[str]) -> str:
    """No script, nothing inline, no frame.

    Args:
        form_targets: URLs that a form may end at after redirects: browsers apply `form-action` to the
            whole chain, so Keycloak and the relying services are named.
    """
    targets = " ".join(sorted({origin_of(url) for url in form_targets}))
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {targets}"
    ).rstrip()


def origin_of(url: str) -> str:
    """`https://host:port` of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def guard(app: Flask, public_url: str, form_targets: Iterable[str]) -> None:
    """Add the headers to every answer, and refuse a form that another site sends."""
    own_origin = origin_of(public_url)
    headers = {
        "Content-Security-Policy": content_security_policy(form_targets),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if own_origin.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    @app.before_request
    def refuse_foreign_origin() -> None:
        # The token is the first guard, this is the second: browsers send Origin with every POST.
        origin = request.headers.get("Origin", own_origin)
        if request.method in _CHANGING and origin != own_origin:
            abort(400)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if response.status_code in {429, 503}:
            response.headers.setdefault("Retry-After", str(_retry_after()))
        return response


def _retry_after() -> int:
    """Seconds until what was refused may be asked again."""
    again_at = g.get("again_at")
    return RETRY_AFTER_SECONDS if again_at is None else max(1, math.ceil((again_at - now()).total_seconds()))
