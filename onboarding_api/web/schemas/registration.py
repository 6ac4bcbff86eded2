"""Forms of registration, of the forgotten identifiant and of « Modifier l'identité » (G-39, GS-01, GS-04)."""

from onboarding_api.model.person import Civilite
from onboarding_api.web.schemas import text
from onboarding_api.web.schemas.form import Form

_CIVILITE = {"type": "string", "required": True, "allowed": [str(one) for one in Civilite]}
_NAME = {"type": "string", "required": True, "empty": False, "maxlength": 80, "coerce": text.name}
_EMAIL = {"type": "string", "required": True, "maxlength": 254, "coerce": text.email}

_IDENTITY_SENTENCES = {
    "civilite": "Choisissez Madame ou Monsieur.",
    "prenom": "Saisissez votre prénom, en lettres.",
    "nom": "Saisissez votre nom, en lettres.",
}
_EMAIL_SENTENCE = {"email": "Saisissez une adresse e-mail complète, par exemple nom@commune.fr."}

IDENTITY = Form({"civilite": _CIVILITE, "prenom": _NAME, "nom": _NAME}, _IDENTITY_SENTENCES)
REGISTRATION = Form({**IDENTITY.schema, "email": _EMAIL}, {**_IDENTITY_SENTENCES, **_EMAIL_SENTENCE})
FORGOTTEN_IDENTIFIANT = Form({"email": _EMAIL}, _EMAIL_SENTENCE)
