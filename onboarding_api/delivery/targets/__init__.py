"""Where deliveries go: what delivers each kind of row."""

from collections.abc import Mapping

from idp_extension.gateway import KeycloakGateway
from onboarding_api.acts.act import Office
from onboarding_api.delivery.targets.keycloak import PersonProjection, Welcome
from onboarding_api.delivery.targets.letter import LetterFollow, LetterPrint
from onboarding_api.delivery.targets.mail import Mail, Recall
from onboarding_api.delivery.targets.timers import ClaimExpiry, LetterReminder
from onboarding_api.delivery.worker import Target
from onboarding_api.letters.carriers.port import Carrier

PORTAL_CLIENT = "portail"


def all_targets(
    office: Office, gateway: KeycloakGateway, carrier: Carrier, mail: Mail
) -> Mapping[str, Target]:
    """A target for each kind that the use cases write; `mail.sender` also writes the letters."""
    return {
        "keycloak.person": PersonProjection(office, gateway),
        "keycloak.welcome": Welcome(gateway, PORTAL_CLIENT),
        "mail": mail,
        "mail.recall": Recall(mail),
        "letter.print": LetterPrint(office, carrier, mail.sender),
        "letter.follow": LetterFollow(office, carrier),
        "timer.letter_reminder": LetterReminder(mail),
        "timer.claim_expiry": ClaimExpiry(office),
    }
