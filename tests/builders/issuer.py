"""A small, real OpenID provider on loopback: discovery, keys, tokens. It can misbehave on purpose.

It signs with keys of its own and plays the structure mapper: the token says the roles of the structure that
the authorisation request named, and no other.
"""

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

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

REALM = "/realms/bdt"
PORTAL = "portail"


def a_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})


@dataclass
class Person:
    """Who is at the keyboard of the provider."""

    sub: str
    identifiant: str


@dataclass
class Provider:
    """What the provider will do next. `faults` are the ways it may lie, by name:

    `state`, `iss_parameter` (None: absent), `error` of the redirect; `nonce`, `claims` (of both tokens),
    `id_claims`, `access_claims`, `signature` (`none`, `hs256`, `foreign`) of what it signs; `discovery` and
    `keys` in place of these documents; `token` in place of the token endpoint's answer: status and body.
    """

    key: RSAKey | ECKey = field(default_factory=a_key)
    retired: list[RSAKey | ECKey] = field(default_factory=list)
    person: Person | None = None
    roles: dict[str, list[str]] = field(default_factory=dict)
    """Roles of the person, by SIREN."""
    lifetime: int = 300
    faults: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    port: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.base_url}{REALM}"

    def start(self) -> None:
        """Listen: on a free port the first time, on the same one after a stop."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests.append(self.path)
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
        """Nobody answers any more."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def asked_for_keys(self) -> int:
        """How often the key set was fetched."""
        return sum(path.endswith("/certs") for path in self.requests)

    def rotate(self) -> None:
        """Another key signs from now on; those before stay published for the tokens that live."""
        self.retired.append(self.key)
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"})

    def get(self, path: str) -> tuple[int, Any]:
        """The documents, and what a browser gets: at the log-in the person consents at once."""
        at = f"{self.issuer}/protocol/openid-connect"
        if path.endswith("/.well-known/openid-configuration"):
            document = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{at}/auth",
                "token_endpoint": f"{at}/token",
                "end_session_endpoint": f"{at}/logout",
                "jwks_uri": f"{at}/certs",
            }
            return 200, self.faults.get("discovery", document)
        asked = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        if "/openid-connect/auth?" in path:
            origin = "/".join(asked["redirect_uri"].split("/")[:3])
            return 302, f"{origin}{self.consent(path)}"
        if "/openid-connect/logout?" in path:
            return 302, asked["post_logout_redirect_uri"]
        if path.endswith("/certs"):
            published = [key.as_dict(private=False) for key in (self.key, *self.retired)]
            return 200, self.faults.get("keys", {"keys": published})
        return 404, {}

    def consent(self, authorisation_url: str) -> str:
        """What the browser gets after typing a password: the path and query of the redirect URI."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(authorisation_url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"state": self.faults.get("state", asked["state"]), "iss": self.issuer} | (
            {"error": self.faults["error"]} if "error" in self.faults else {"code": code}
        )
        if "iss_parameter" in self.faults:
            back["iss"] = self.faults["iss_parameter"]
        query = urlencode({name: value for name, value in back.items() if value is not None})
        return f"{urlsplit(asked['redirect_uri']).path}?{query}"

    def switch(self, siren: str) -> None:
        """The person changes the structure in another tab: the client session is shared."""
        for session in self.sessions.values():
            session["structure"] = siren

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        if "token" in self.faults:
            status, body = self.faults["token"]
            return status, body
        if form["grant_type"] == "refresh_token":
            session = self.sessions.get(form.get("refresh_token", ""))
            return (200, self.tokens(session)) if session else (400, {"error": "invalid_grant"})
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, self.tokens(asked)

    def tokens(self, session: dict[str, str]) -> dict[str, Any]:
        """The token endpoint's answer for a client session."""
        client, siren = session["client_id"], session.get("structure", "")
        held = self.roles.get(siren, [])
        both: dict[str, Any] = {"aud": client, "azp": client}
        if held:
            both["structure"] = {"siren": siren, "name": f"Structure {siren}", "roles": held}
            both["resource_access"] = {client: {"roles": held}}
        nonce = self.faults.get("nonce", session["nonce"])
        refresh_token = secrets.token_urlsafe(16)
        self.sessions[refresh_token] = session
        return {
            "access_token": self.sign({**both, **self.faults.get("access_claims", {})}, "at+jwt"),
            "id_token": self.sign(
                {**both, "nonce": nonce, "sid": "s" * 24, **self.faults.get("id_claims", {})}
            ),
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": "openid",
        }

    def sign(self, more: dict[str, Any], token_type: str = "JWT", **header: Any) -> str:
        """A token of the person at the keyboard; a claim or a header given as None is left out."""
        assert self.person is not None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": PORTAL,
            "azp": PORTAL,
            "sub": self.person.sub,
            "preferred_username": self.person.identifiant,
            "name": "Cendrine Martin",
            "acr": "0",
            "iat": now,
            "exp": now + self.lifetime,
            **more,
            **self.faults.get("claims", {}),
        }
        algorithm = "RS256" if isinstance(self.key, RSAKey) else "ES256"
        full_header = {"alg": algorithm, "kid": self.key.kid, "typ": token_type, **header}
        return self.seal(present(full_header), json.dumps(present(claims)).encode())

    def seal(self, header: dict[str, Any], payload: bytes) -> str:
        """The compact form, signed as the faults say."""
        match self.faults.get("signature"):
            case "none":
                return f"{encoded(json.dumps({**header, 'alg': 'none'}).encode())}.{encoded(payload)}."
            case "hs256":
                # By hand: the library rightly refuses to take a public key for a secret.
                signed = f"{encoded(json.dumps({**header, 'alg': 'HS256'}).encode())}.{encoded(payload)}"
                mac = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
                return f"{signed}.{encoded(mac)}"
            case "foreign":
                foreign = ECKey.generate_key("P-256", {"kid": str(self.key.kid)})
                return jws.serialize_compact({**header, "alg": "ES256"}, payload, foreign, ["ES256"])
        registry = jws.JWSRegistry(algorithms=["RS256", "ES256"], strict_check_header=False)
        return jws.serialize_compact(header, payload, self.key, registry=registry)


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def answer(handler: BaseHTTPRequestHandler, status: int, document: Any) -> None:
    """Send bytes as they are, the address of a redirect, anything else as JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    if 300 <= status < 400:
        handler.send_header("Location", document)
    handler.end_headers()
    handler.wfile.write(body)
