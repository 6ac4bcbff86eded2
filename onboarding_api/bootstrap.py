"""The only place that chooses the real parts: database, clock, Keycloak, carrier, mail server."""

from datetime import timedelta

from idp_extension.admin_api import AdminAPI
from idp_extension.gateway import KeycloakGateway
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import check_provider, provider_version
from onboarding_api.acts.act import Office
from onboarding_api.acts.alarms import tell_alarm
from onboarding_api.delivery.breakers import BreakerRule
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets import all_targets
from onboarding_api.delivery.targets.mail import Mail
from onboarding_api.delivery.targets.paper import PaperBreaker
from onboarding_api.delivery.watch.answering import Answering
from onboarding_api.delivery.watch.looking import Looking
from onboarding_api.delivery.watch.planning import Planning
from onboarding_api.delivery.watch.policy import load_policy
from onboarding_api.delivery.watch.watching import Means, Watching
from onboarding_api.delivery.worker import Worker
from onboarding_api.letters.carriers.port import Carrier
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.limits.limiter import Limiter
from onboarding_api.migrations import check_schema
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.kinds import LETTER_PRINT
from onboarding_api.model.words.sender import Sender
from onboarding_api.notices.smtp import SmtpSettings
from onboarding_api.settings import Settings, client_key
from policies.engine.decide import ALARMS

SYNC_ACCOUNT = "bdt-sync"
SENDER_NAME = "Banque des Territoires"
SENDER_ADDRESS = ("Espace personnel", "56 rue de Lille", "75007 PARIS")


def build_database(settings: Settings) -> Database:
    """The database, open."""
    return Database(settings.database_url)


def build_office(settings: Settings) -> Office:
    """What the use cases need.

    Raises:
        SchemaUnfit: the database has not the present tables; `bdt migrate` makes them.
    """
    database = build_database(settings)
    check_schema(database)
    ALARMS.listen(tell_alarm)
    return Office(database=database, clock=clock_of(database), code_keys=settings.code_keys)


def build_gateway(settings: Settings) -> KeycloakGateway:
    """Keycloak, by the account that projects people and groups.

    Raises:
        BadSettings: this process was not given that account's key.
    """
    return KeycloakGateway(
        settings.keycloak_url, settings.keycloak_realm, _sync_key(settings), issuer=settings.issuer
    )


def check_keycloak(settings: Settings) -> None:
    """Refuse a Keycloak whose tokens would hold the roles of all structures at once.

    Raises:
        ServerError: it runs without our provider, or with another version of it.
        GatewayError: it does not answer; whether that matters is the caller's to say.
        BadSettings: this process was not given the key of the account that asks.
    """
    api = AdminAPI.as_service_account(
        settings.keycloak_url, settings.keycloak_realm, _sync_key(settings), issuer=settings.issuer
    )
    try:
        check_provider(api.server_info(), provider_version())
    finally:
        api.close()


def build_carrier(settings: Settings) -> Carrier:
    """Who takes the letters away."""
    return SpoolCarrier(settings.spool_directory)


def build_mailer(settings: Settings) -> SmtpSettings:
    """The mail server."""
    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        use_starttls=settings.smtp_starttls,
        username=settings.smtp_user,
        password=settings.smtp_password,
    )


def build_sender(settings: Settings) -> Sender:
    """Who writes the letters and mails."""
    return Sender(
        name=SENDER_NAME,
        address_lines=SENDER_ADDRESS,
        site_address=settings.public_url,
        phone=settings.contact_phone,
        hours=settings.contact_hours,
        email=settings.contact_email,
    )


def build_ledger(settings: Settings) -> Ledger:
    """The ledger of deliveries, as workers and operators use it."""
    database = build_database(settings)
    return Ledger(database, clock_of(database))


def build_worker(settings: Settings) -> Worker:
    """A worker with every target real.

    Raises:
        SchemaUnfit: the database has not the present tables; `bdt migrate` makes them.
    """
    office = build_office(settings)
    mail = Mail(build_sender(settings), settings.smtp_from, build_mailer(settings))
    limiter = Limiter(office.database, office.clock, settings.secret_key, settings.limits)
    targets = dict(all_targets(office, build_gateway(settings), build_carrier(settings), mail))
    targets[LETTER_PRINT.name] = PaperBreaker(targets[LETTER_PRINT.name], limiter)
    rule = BreakerRule(settings.breaker_failures, timedelta(seconds=settings.breaker_seconds))
    ledger = Ledger(office.database, office.clock)
    return Worker(ledger, targets, threads=settings.worker_threads, breaker=rule)


def build_watch(settings: Settings) -> tuple[Watching, Planning]:
    """The watch over what is changed at Keycloak by hand, and its comparison of each night.

    Raises:
        PolicyUnfit: its policy has no line for a kind of change, or one for none.
        BadSettings: this process was not given the key of the account that projects.
    """
    policy, office, gateway = load_policy(), build_office(settings), build_gateway(settings)
    api = KeepAliveAPI.speaking(
        settings.keycloak_url, settings.keycloak_realm, _sync_key(settings), issuer=settings.issuer
    )
    answering = Answering(Ledger(office.database, office.clock), gateway, policy)
    means = Means(office, settings.public_url, api, Looking(office, api), answering)
    watching = Watching(means)
    return watching, Planning(means, watching, settings.plan_hour)


def _sync_key(settings: Settings) -> ClientKey:
    return client_key(SYNC_ACCOUNT, "BDT_SYNC_KEY", settings.sync_key)
