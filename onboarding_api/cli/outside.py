"""What may go wrong outside of us, and is told to the operator in a sentence."""

from sqlalchemy.exc import OperationalError

from idp_extension.gateway import GatewayError
from idp_extension.realm import NoRealm, NotOurs
from idp_extension.server import ServerError
from onboarding_api.migrations import SchemaUnfit
from onboarding_api.model.refusals import Refusal
from onboarding_api.settings import BadSettings

OUTSIDE = (
    BadSettings,
    GatewayError,
    NoRealm,
    NotOurs,
    OperationalError,
    OSError,
    Refusal,
    SchemaUnfit,
    ServerError,
)
