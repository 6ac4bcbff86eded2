"""Where deliveries go: what delivers each kind of row."""

from collections.abc import Mapping

from idp_extension.gateway import KeycloakGateway
from onboarding_api.acts.act import Office
from onboarding_api.delivery.targets.claim import ClaimExpiry, LetterReminder
from onboarding_api.delivery.targets.letter import LetterFollow, LetterPrint
from onboarding_api.delivery.targets.mail import Mail, Recall
from onboarding_api.delivery.targets.person import PersonProjection, PersonRepair
from onboarding_api.delivery.targets.registration import Registration
from onboarding_api.delivery.targets.welcome import Welcome
from onboarding_api.delivery.watch.policy import load_policy
from onboarding_api.delivery.worker import Deliver
from onboarding_api.letters.carriers.port import Carrier
from onboarding_api.model.ledger.kinds import (
    CLAIM_EXPIRY,
    LETTER_FOLLOW,
    LETTER_PRINT,
    LETTER_REMINDER,
    MAIL,
    PERSON,
    RECALL,
    REGISTRATION,
    REPAIR,
    WELCOME,
)

PORTAL_CLIENT = "portail"


def all_targets(
    office: Office, gateway: KeycloakGateway, carrier: Carrier, mail: Mail
) -> Mapping[str, Deliver]:
    """What delivers each kind; `mail.sender` also writes the letters."""
    return {
        REGISTRATION.name: Registration(office),
        PERSON.name: PersonProjection(office, gateway),
        REPAIR.name: PersonRepair(office, gateway, load_policy()),
        WELCOME.name: Welcome(gateway, PORTAL_CLIENT, mail),
        MAIL.name: mail,
        RECALL.name: Recall(mail),
        LETTER_PRINT.name: LetterPrint(office, carrier, mail.sender),
        LETTER_FOLLOW.name: LetterFollow(office, carrier),
        LETTER_REMINDER.name: LetterReminder(mail),
        CLAIM_EXPIRY.name: ClaimExpiry(office),
    }
