"""A real worker with a short lease, to be killed: the product's targets on a real Keycloak and a mail server.

Run it from the root: `python -m tests.builders.welcoming_worker DATABASE_URL KEYCLOAK_URL ISSUER KEY_FILE
SMTP_PORT LEASE_SECONDS SPOOL`.
"""

import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from idp_extension.gateway import KeycloakGateway
from idp_extension.relying_party.client_key import ClientKey
from onboarding_api.acts.act import Office
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets import all_targets
from onboarding_api.delivery.targets.mail import Mail
from onboarding_api.delivery.worker import Worker
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.notices.smtp import SmtpSettings
from tests.builders.correspondence import SENDER

FROM = "ne-pas-repondre@bdt.example"


def main() -> None:
    """Work until SIGTERM."""
    url, keycloak_url, issuer, key_file, smtp_port, lease_seconds, spool = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(url)
    office = Office(database, clock_of(database), CodeKeys("k", {"k": b"k" * 32}))
    mail = Mail(SENDER, FROM, SmtpSettings("127.0.0.1", int(smtp_port), timeout_seconds=5))
    key = ClientKey.in_file("bdt-sync", Path(key_file))
    gateway = KeycloakGateway(keycloak_url, issuer.rpartition("/")[2], key, issuer=issuer)
    targets = all_targets(office, gateway, SpoolCarrier(Path(spool)), mail)
    ledger = Ledger(database, office.clock, lasts=timedelta(seconds=float(lease_seconds)))
    Worker(ledger, targets).run(stop)


if __name__ == "__main__":
    main()
