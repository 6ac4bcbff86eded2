"""Forms of the requests: which services, and with which words accepted (guide §11 to §14)."""

from onboarding_api.model.words.typed_text import one_line, paragraph
from onboarding_api.queries.requests import Mark, Part
from onboarding_api.web.schemas import text
from onboarding_api.web.schemas.form import Form
from onboarding_api.web.schemas.structure import SIREN
from policies.catalogue.loader import load_catalogue

_SERVICES = {
    "type": "list",
    "required": True,
    "minlength": 1,
    "maxlength": 20,
    "schema": {"type": "string", "allowed": list(load_catalogue().services)},
}
_POSTCODE = {"type": "string", "regex": "[0-9]{5}", "empty": False}
_CODE = {"type": "string", "required": True, "empty": False, "maxlength": 60}
_ACCEPTED = {"type": "string", "required": True, "allowed": ["oui"]}
_VERSION = {"type": "string", "required": True, "maxlength": 20}
_MOTIVE = {"type": "string", "maxlength": 500, "coerce": paragraph}
_REFERENCE = {
    "type": "string",
    "required": True,
    "regex": "BDT-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}",
    "coerce": text.upper_reference,
}

CHOICE = Form({"services": _SERVICES})
REQUEST = Form({"siren": SIREN, "services": _SERVICES})
ACCEPTANCE = Form({**REQUEST.schema, "postcode": _POSTCODE})
CODE = Form({"siren": SIREN, "code": _CODE})
STOP = Form({"siren": SIREN})
NEW_LETTER = Form({"siren": SIREN, "postcode": _POSTCODE})
REFUSAL_MOTIVE = Form({"motive": {**_MOTIVE, "required": True, "empty": False}})
DEACTIVATION_MOTIVE = Form({"motive": _MOTIVE})
TERMS = Form({"siren": SIREN, "version": _VERSION, "accepte": _ACCEPTED})
CLAIM_REFUSAL = Form({"reference": _REFERENCE, "confirme": _ACCEPTED})
_PLACE = {"type": "string", "maxlength": 100, "coerce": Mark.checked}
QUEUE = Form(
    {
        "q": {"type": "string", "maxlength": 80, "coerce": one_line},
        "fonction": {"type": "string", "allowed": ["", *load_catalogue().fonctions]},
        "service": {"type": "string", "allowed": ["", *load_catalogue().services]},
        "liste": {"type": "string", "allowed": ["", *Part]},
        "apres": _PLACE,
        "avant": _PLACE,
    }
)
