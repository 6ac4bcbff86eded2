"""The welcome of a newcomer: the mail with her identifiant and the link to choose a password."""

from datetime import timedelta

from idp_extension.gateway import KeycloakGateway
from onboarding_api.delivery.errors import NotNow
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.targets.mail import Mail
from onboarding_api.delivery.targets.person import asked_of_keycloak
from onboarding_api.model.person import Person
from onboarding_api.notices.account import Welcome as Notice

PASSWORD_LINK_LASTS = timedelta(hours=72)


class NoAccountYet(NotNow):
    """The delivery that makes the account, in a lane of its own, is not through."""


class Welcome:
    """Kind `mail.welcome`: has threads of its own, since it needs both Keycloak and a mail server.

    Keycloak gives the link and we write the mail: its own would bear another Message-ID at each repeat, and
    a mail server that is slow to answer would make Keycloak slow.
    """

    def __init__(self, gateway: KeycloakGateway, client_id: str, mail: Mail) -> None:
        self._gateway, self._client_id, self._mail = gateway, client_id, mail

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Have the mail sent.

        Raises:
            NoAccountYet: the delivery that makes the account is not through.
            GatewayError: Keycloak gave no link.
            MailError: the mail server did not take it.
            AnswerLost: it may have left twice already.
            LeaseLost: another worker has the row.
        """
        with ledger.database.reading() as session:
            person = session.get(Person, lease.args["person_id"])
            keycloak_id = person.keycloak_id if person else None
        if person is None or not person.is_active:
            return ledger.finish(lease)
        if keycloak_id is None:
            raise NoAccountYet
        lasts = int(PASSWORD_LINK_LASTS.total_seconds())
        with asked_of_keycloak():
            link = self._gateway.choose_password_link(keycloak_id, self._client_id, lasts)
        told = {"notice": Notice.key(), "link": link, "lasts": f"{lasts // 3600} heures", **lease.args}
        return self._mail.send(ledger, lease, told)
