"""Forms of registration, of the forgotten identifiant and of « Modifier l'identité » (G-39, GS-01, GS-04)."""

from functools import partial

from onboarding_api.model.person import Civilite
from onboarding_api.model.words.contact import email_address
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.web.schemas.form import Form

_CIVILITE = {"type": "string", "required": True, "allowed": [str(one) for one in Civilite]}
_PRENOM, _NOM = (
    {"type": "string", "required": True, "coerce": partial(proper_name, field)} for field in ("prenom", "nom")
)
EMAIL = {"type": "string", "required": True, "coerce": partial(email_address, "email")}

IDENTITY = Form({"civilite": _CIVILITE, "prenom": _PRENOM, "nom": _NOM})
REGISTRATION = Form({**IDENTITY.schema, "email": EMAIL})
FORGOTTEN_IDENTIFIANT = Form({"email": EMAIL})
