"""Forms of the structures: the active one, and the profile in a structure, each item alone (G-29)."""

from onboarding_api.model.words.typed_text import one_line
from onboarding_api.web.schemas import account
from onboarding_api.web.schemas.form import Form
from policies.catalogue.loader import load_catalogue

SIREN = {"type": "string", "required": True, "regex": "[0-9]{9}"}
_BACK = {"type": "string", "maxlength": 300}
_TELEPHONE = {"type": "string", "required": True, "empty": False, "maxlength": 40, "coerce": one_line}
_FONCTION = {"type": "string", "required": True, "allowed": list(load_catalogue().fonctions)}

LEAVING = Form({"vacant": {"type": "string", "allowed": ["oui"]}})
ATTACH = Form({"suite": _BACK})
ACTIVE_STRUCTURE = Form({"siren": SIREN, "suite": _BACK})
TELEPHONE = Form({"telephone": _TELEPHONE, "suite": _BACK})
EMAIL = Form({"email": account.EMAIL, "suite": _BACK})
FONCTION = Form({"fonction": _FONCTION, "suite": _BACK})
