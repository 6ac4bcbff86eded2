"""The pages of the portal, one blueprint a page group; `BLUEPRINTS` is all of them."""

from flask import Blueprint

from onboarding_api.web.pages import (
    claim_refusal,
    dashboard,
    decisions,
    espaces,
    home,
    identity,
    letter,
    login,
    membership,
    registration,
    services,
    structures,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    registration.blueprint,
    login.blueprint,
    dashboard.blueprint,
    structures.blueprint,
    membership.blueprint,
    identity.blueprint,
    services.blueprint,
    letter.blueprint,
    decisions.blueprint,
    espaces.blueprint,
    claim_refusal.blueprint,
)
