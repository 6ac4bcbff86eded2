"""Where a page may send the browser back to: our own pages, and nothing else (open redirect)."""

import re

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# No second slash at the head, no backslash, no percent, no sign that a browser could read as a host.
_PATH = re.compile(r"/(?:[A-Za-z0-9-]+(?:/[A-Za-z0-9-]+)*)?")
_QUERY = re.compile(r"[A-Za-z0-9:=&-]*")


def local_path(text: str | None, otherwise: str) -> str:
    """The path, when it is one of a page of ours that is opened by GET; else `otherwise`.

    Args:
        text: a path and perhaps a query, as it came from the browser.
        otherwise: a path of our own.
    """
    path, _, query = (text or "").partition("?")
    if not (_PATH.fullmatch(path) and _QUERY.fullmatch(query)):
        return otherwise
    adapter = current_app.create_url_adapter(request)
    try:
        if adapter is None or adapter.match(path, method="GET") is None:
            return otherwise
    except (HTTPException, RequestRedirect):
        return otherwise
    return f"{path}?{query}" if query else path
