"""A small, real OpenID provider on loopback; it signs with its own key and can misbehave on purpose."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "portail"


@dataclass
class Person:
    """Who is at the keyboard of the provider."""

    sub: str
    identifiant: str


@dataclass
class Provider:
    """What the provider will do next; `faults` are the ways it may lie."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))
    person: Person | None = None
    faults: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    port: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.base_url}/realms/bdt"

    def start(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests.append(self.path)
                asked = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
                if "/openid-connect/auth?" in self.path:
                    origin = "/".join(asked["redirect_uri"].split("/")[:3])
                    redirect(self, f"{origin}{provider.consent(self.path)}")
                elif "/openid-connect/logout?" in self.path:
                    redirect(self, asked["post_logout_redirect_uri"])
                else:
                    answer(self, *provider.get(self.path))

            def do_POST(self) -> None:
                provider.requests.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer(self, *provider.token({k: v[0] for k, v in parse_qs(body).items()}))

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def get(self, path: str) -> tuple[int, Any]:
        if path.endswith("/.well-known/openid-configuration"):
            at = f"{self.issuer}/protocol/openid-connect"
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{at}/auth",
                "token_endpoint": f"{at}/token",
                "end_session_endpoint": f"{at}/logout",
                "jwks_uri": f"{at}/certs",
            }
        if path.endswith("/certs"):
            return 200, {"keys": [self.key.as_dict(private=False)]}
        return 404, {}

    def consent(self, authorisation_url: str) -> str:
        """What the browser gets after typing a password: the path and query of the redirect URI."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(authorisation_url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {
            "code": code,
            "state": self.faults.get("state", asked["state"]),
            "iss": self.faults.get("iss_parameter", self.issuer),
        }
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if _base64(digest) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        assert self.person is not None
        id_token = self.sign({"nonce": self.faults.get("nonce", asked["nonce"]), "sid": "s" * 24})
        return 200, {
            "access_token": self.sign({}, "at+jwt"),
            "id_token": id_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "openid",
        }

    def sign(self, more: dict[str, Any], token_type: str = "JWT") -> str:
        assert self.person is not None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": self.person.sub,
            "preferred_username": self.person.identifiant,
            "acr": "0",
            "iat": now,
            "exp": now + 300,
            **more,
            **self.faults.get("claims", {}),
        }
        header = {"alg": "RS256", "kid": "k1", "typ": token_type}
        match self.faults.get("signature"):
            case "none":
                return f"{_unsigned({**header, 'alg': 'none'}, claims)}."
            case "hs256":
                # The old confusion: the public key, which everybody has, taken for a shared secret.
                text = _unsigned({**header, "alg": "HS256"}, claims)
                public_key = self.key.as_pem(private=False)
                return f"{text}.{_base64(hmac.digest(public_key, text.encode(), 'sha256'))}"
            case "foreign":
                return jwt.encode(header, claims, RSAKey.generate_key(2048, {"kid": "k1"}))
        return jwt.encode(header, claims, self.key)


def _unsigned(header: dict[str, str], claims: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def redirect(handler: BaseHTTPRequestHandler, location: str) -> None:
    handler.send_response(302)
    handler.send_header("Location", location)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def answer(handler: BaseHTTPRequestHandler, status: int, document: Any) -> None:
    body = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
