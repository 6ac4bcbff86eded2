"""The welcome of a newcomer: the mail with her identifiant and the link to choose a password."""

from datetime import timedelta

from idp_extension.gateway import KeycloakGateway
from onboarding_api.delivery.errors import NotNow
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.targets.person import asked_of_keycloak
from onboarding_api.model.person import Person

PASSWORD_LINK_LASTS = timedelta(hours=72)


class NoAccountYet(NotNow):
    """The delivery that makes the account, in a lane of its own, is not through."""


class Welcome:
    """Kind `mail.welcome`: has threads of its own, since it needs both Keycloak and a mail server."""

    def __init__(self, gateway: KeycloakGateway, client_id: str) -> None:
        self._gateway, self._client_id = gateway, client_id

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Have the mail sent.

        Raises:
            NoAccountYet, GatewayError: soon.
            AnswerLost: two mails may have left; an operator decides on a third.
            LeaseLost: another worker has the row.
        """
        with ledger.database.reading() as session:
            person = session.get(Person, lease.args["person_id"])
            keycloak_id = person.keycloak_id if person else None
        if person is None or not person.is_active:
            return ledger.finish(lease)
        if keycloak_id is None:
            raise NoAccountYet
        ledger.mark_sending(lease)
        seconds = int(PASSWORD_LINK_LASTS.total_seconds())
        with asked_of_keycloak():
            self._gateway.send_choose_password_mail(keycloak_id, self._client_id, None, seconds)
        return ledger.finish(lease)
