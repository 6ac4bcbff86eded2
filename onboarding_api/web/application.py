"""The Flask application: blueprints, sessions, guards and wording, put together once."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.issuer import Issuer
from onboarding_api.acts.act import Office
from onboarding_api.limits.limiter import Limiter
from onboarding_api.settings import Settings, client_key
from onboarding_api.web import api, error_pages, headers, limits, wording
from onboarding_api.web.gate import current_visit
from onboarding_api.web.pages import BLUEPRINTS
from onboarding_api.web.parts import EXTENSION, Parts
from onboarding_api.web.session import ServerSessions

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
        TRUSTED_HOSTS=[urlsplit(settings.public_url).netloc, "127.0.0.1", "localhost"],
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session does
        WTF_CSRF_SSL_STRICT=False,  # headers.guard looks at Origin, which browsers never strip
    )
    app.url_map.converters["siren"] = SirenConverter
    app.session_interface = ServerSessions(office.database, office.clock)
    app.extensions[EXTENSION] = Parts(settings, office, _openid_client(settings))
    limiter = Limiter(office.database, office.clock, settings.secret_key, settings.limits)
    limits.install(app, limiter)
    headers.guard(app, settings.public_url, (settings.keycloak_public_url, *settings.espace_urls.values()))
    csrf = CSRFProtect(app)
    error_pages.install(app)
    wording.install(app)
    _install_page_context(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    csrf.exempt(api.blueprint)  # bearer tokens, never the cookie
    app.register_blueprint(api.blueprint)
    limits.check_routes(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


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
        return {
            "visit": current_visit(),
            "stylesheet": url_for("static", filename="portal.css", v=digest),
            "public_url": settings.public_url,
            "contact_email": settings.contact_email,
            "contact_phone": settings.contact_phone,
        }
