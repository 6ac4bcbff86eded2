"""The Flask application: blueprints, sessions, guards and wording, put together once."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from idp_extension.relying_party.attempts import AttemptCookies
from idp_extension.relying_party.back_channel import LogoutTokens
from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.issuer import Issuer
from idp_extension.relying_party.seal import Seal
from onboarding_api.acts.act import Office
from onboarding_api.limits.bounds import LOGOUT_TOKEN, Per
from onboarding_api.limits.limiter import Limiter
from onboarding_api.settings import Settings, client_key
from onboarding_api.web import api, error_pages, headers, keycloak_session, limits, wording
from onboarding_api.web.gate import current_visit
from onboarding_api.web.keycloak_session import KeycloakSessions
from onboarding_api.web.pages import BLUEPRINTS
from onboarding_api.web.pages.account import keycloak_log_out
from onboarding_api.web.parts import EXTENSION, Parts, parts
from onboarding_api.web.session import COOKIE, IDLE, ServerSessions, refuse_unread

CLIENT_ID = "portail"
ONE_YEAR_SECONDS = 31_536_000


class SirenConverter(BaseConverter):
    """Nine digits in a path; anything else is a page that does not exist."""

    regex = "[0-9]{9}"


def build_application(settings: Settings, office: Office) -> Flask:
    """The portal and its API, over these real parts."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=headers.LONGEST_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=headers.LONGEST_BODY_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=ONE_YEAR_SECONDS,
        # Loopback for the health check inside a container; no link is ever made from the Host.
        TRUSTED_HOSTS=[
            *(urlsplit(url).netloc for url in (settings.public_url, settings.portal_reach_url)),
            *("127.0.0.1", "localhost"),
        ],
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session does
        WTF_CSRF_SSL_STRICT=False,  # headers.guard looks at Origin, which browsers never strip
    )
    app.url_map.converters["siren"] = SirenConverter
    app.session_interface = ServerSessions(office.database, office.clock)
    app.before_request(refuse_unread)
    limiter = Limiter(office.database, office.clock, settings.secret_key, settings.limits)
    limits.install(app, limiter)
    app.extensions[EXTENSION] = here = _parts(settings, office, limiter)
    behind = Seal(settings.secret_key, "session of Keycloak")
    keycloak_session.install(app, KeycloakSessions(here.identity, behind, office.clock))
    headers.guard(app, settings.public_url, (settings.keycloak_public_url, *settings.espace_urls.values()))
    csrf = CSRFProtect(app)
    error_pages.install(app)
    wording.install(app)
    _install_page_context(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    csrf.exempt(keycloak_log_out.blueprint)  # a signed token
    for blueprint in api.BLUEPRINTS:
        csrf.exempt(blueprint)  # bearer tokens, never the cookie
        app.register_blueprint(blueprint)
    limits.check_routes(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _parts(settings: Settings, office: Office, limiter: Limiter) -> Parts:
    identity = _openid_client(settings)

    def is_first(jti: str) -> bool:
        return limiter.has_room(LOGOUT_TOKEN, {Per.ONE: jti})

    return Parts(
        settings,
        office,
        identity,
        attempts=AttemptCookies(Seal(settings.secret_key, "log-in under way"), COOKIE, _seconds_of(office)),
        logout_tokens=LogoutTokens(identity.issuer, CLIENT_ID, is_first),
    )


def _seconds_of(office: Office) -> Callable[[], float]:
    return lambda: office.clock().timestamp()


def _openid_client(settings: Settings) -> OpenIDClient:
    reach_at = f"{settings.keycloak_url}/realms/{settings.keycloak_realm}"
    key = client_key(CLIENT_ID, "BDT_PORTAL_KEY", settings.portal_key)
    redirect_uri = f"{settings.public_url}/connexion/retour"
    return OpenIDClient(Issuer(settings.issuer, reach_at=reach_at), CLIENT_ID, key, redirect_uri)


def _install_page_context(app: Flask, settings: Settings) -> None:
    """What the layout of every page needs."""
    digest = hashlib.sha256((Path(app.root_path) / "static" / "portal.css").read_bytes()).hexdigest()[:12]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def layout() -> dict[str, object]:
        here = parts()
        return {
            "visit": current_visit(),
            "session_ends": here.office.clock() + IDLE,
            "stylesheet": url_for("static", filename="portal.css", v=digest),
            "public_url": settings.public_url,
            "contact_email": settings.contact_email,
            "contact_phone": settings.contact_phone,
        }
