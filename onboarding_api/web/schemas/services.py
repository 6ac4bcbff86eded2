"""Forms of the requests: which services, and with which words accepted (guide §11 to §14)."""

from onboarding_api.web.schemas import text
from onboarding_api.web.schemas.form import Form
from onboarding_api.web.schemas.structures import SIREN
from policies.engine.catalogue import load_catalogue

_SERVICES = {
    "type": "list",
    "required": True,
    "minlength": 1,
    "maxlength": 20,
    "schema": {"type": "string", "allowed": list(load_catalogue().services)},
}
_ACCEPTED = {"type": "string", "required": True, "allowed": ["oui"]}
_MOTIVE = {"type": "string", "maxlength": 500, "coerce": text.paragraph}
_SIREN_SENTENCE = {"siren": "Cette structure n'est pas reconnue."}
_CHOOSE = {"services": "Choisissez au moins un service."}

CHOICE = Form({"services": _SERVICES}, _CHOOSE)
REQUEST = Form({"siren": SIREN, "services": _SERVICES}, {**_SIREN_SENTENCE, **_CHOOSE})
CODE = Form(
    {
        "siren": SIREN,
        "code": {"type": "string", "required": True, "empty": False, "maxlength": 60},
    },
    {**_SIREN_SENTENCE, "code": "Saisissez le code imprimé sur le courrier."},
)
NEW_LETTER = Form({"siren": SIREN}, _SIREN_SENTENCE)
REFUSAL_MOTIVE = Form(
    {"motive": {**_MOTIVE, "required": True, "empty": False}},
    {"motive": "Indiquez le motif du refus, en 500 signes au plus : la personne le lira."},
)
DEACTIVATION_MOTIVE = Form({"motive": _MOTIVE}, {"motive": "Le motif ne peut pas dépasser 500 signes."})
TERMS = Form(
    {
        "siren": SIREN,
        "version": {"type": "string", "required": True, "maxlength": 20},
        "accepte": _ACCEPTED,
    },
    {
        **_SIREN_SENTENCE,
        "version": "Ces conditions ont changé : relisez la version affichée.",
        "accepte": "Cochez la case pour accepter les conditions particulières d'utilisation.",
    },
)
CLAIM_REFUSAL = Form(
    {
        "reference": {
            "type": "string",
            "required": True,
            "regex": "BDT-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}",
            "coerce": text.upper_reference,
        },
        "confirme": _ACCEPTED,
    },
    {
        "reference": "Saisissez la référence imprimée sur le courrier, par exemple BDT-7K2M-9QXA.",
        "confirme": "Cochez la case pour confirmer que vous refusez cette demande.",
    },
)
