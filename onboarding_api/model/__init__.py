"""The nouns of the product, one a file, with the verbs of their lives.

Beside them `first_administrator/` (claim, letter, code), `ledger/` (what leaves), `projection/` (what
Keycloak is), `words/` (what is typed).
"""

from onboarding_api.model import (
    administration,
    disabling,
    habilitation,
    journal,
    limit_window,
    membership,
    person,
    service_group,
    structure,
    terms,
    web_session,
)
from onboarding_api.model.first_administrator import claim, letter, printed_code
from onboarding_api.model.ledger import breaker, delivery
from onboarding_api.model.projection import drift

# Whoever makes or migrates the database needs every table declared, not only those in use.
ALL_TABLES = (
    administration,
    breaker,
    claim,
    delivery,
    disabling,
    drift,
    habilitation,
    journal,
    letter,
    limit_window,
    membership,
    person,
    printed_code,
    service_group,
    structure,
    terms,
    web_session,
)
