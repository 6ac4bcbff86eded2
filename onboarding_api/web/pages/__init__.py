"""The pages of the portal by chapter, one blueprint a page group; `BLUEPRINTS` is all of them."""

from flask import Blueprint

from onboarding_api.web.pages import dashboard, home, links
from onboarding_api.web.pages.account import identity, keycloak_log_out, login, registration
from onboarding_api.web.pages.administration import decisions
from onboarding_api.web.pages.first_administrator import claim_refusal, letter
from onboarding_api.web.pages.request import espaces, services
from onboarding_api.web.pages.structure import membership, structures

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    registration.blueprint,
    login.blueprint,
    keycloak_log_out.blueprint,
    dashboard.blueprint,
    links.blueprint,
    structures.blueprint,
    membership.blueprint,
    identity.blueprint,
    services.blueprint,
    letter.blueprint,
    decisions.blueprint,
    espaces.blueprint,
    claim_refusal.blueprint,
)
