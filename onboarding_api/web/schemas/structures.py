"""Forms of the structures: the active one, and the profile in a structure, each item alone (G-29)."""

from onboarding_api.web.schemas import text
from onboarding_api.web.schemas.form import Form
from policies.engine.catalogue import load_catalogue

SIREN = {"type": "string", "required": True, "regex": "[0-9]{9}"}
_BACK = {"type": "string", "maxlength": 300}

ATTACH = Form({"suite": _BACK}, {"suite": "Cette adresse est trop longue."})
ACTIVE_STRUCTURE = Form(
    {"siren": SIREN, "suite": _BACK}, {"siren": "Choisissez une structure de la liste.", "suite": ""}
)
TELEPHONE = Form(
    {
        "telephone": {
            "type": "string",
            "required": True,
            "empty": False,
            "maxlength": 40,
            "coerce": text.one_line,
        },
        "suite": _BACK,
    },
    {"telephone": "Saisissez un numéro de téléphone français, par exemple 04 68 96 06 27."},
)
EMAIL = Form(
    {"email": {"type": "string", "required": True, "maxlength": 254, "coerce": text.email}, "suite": _BACK},
    {"email": "Saisissez une adresse e-mail complète, par exemple nom@commune.fr."},
)
FONCTION = Form(
    {
        "fonction": {"type": "string", "required": True, "allowed": list(load_catalogue().fonctions)},
        "suite": _BACK,
    },
    {"fonction": "Choisissez votre fonction dans la liste."},
)
