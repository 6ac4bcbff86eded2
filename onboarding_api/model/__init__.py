"""The nouns of the product, one a file, with the verbs of their lives."""

from onboarding_api.model import (
    administration,
    breaker,
    claim,
    delivery,
    disabling,
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

# Whoever makes or migrates the database needs every table declared, not only those in use.
ALL_TABLES = (
    administration,
    breaker,
    claim,
    delivery,
    disabling,
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
