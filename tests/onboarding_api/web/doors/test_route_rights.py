"""Who may use which route: one mapping; a route that is not in it, or no longer exists, fails here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.onboarding_api.web.portal import Browser, Portal
from tests.onboarding_api.web.world import CODE, DEACTIVATED, ESTAVAR, EUS, GRANTED, PENDING, REFERENCE

PUBLIC, PERSON, MEMBER, ADMINISTRATOR = "public", "person", "member", "administrator"
CLAIMANT, AUTHOR, NOBODY = "claimant", "author", "nobody"

# Who is logged in, by role: the administrator and a member of Eus, the claimant of Estavar (a stranger to
# Eus), and a person attached to nothing.
PEOPLE = {
    "anonymous": None,
    "unattached": "jean789",
    "stranger": "odil456",
    "member": "paul123",
    "administrator": "cend589",
}
ALLOWED = {
    PUBLIC: set(PEOPLE),
    PERSON: {"unattached", "stranger", "member", "administrator"},
    MEMBER: {"member", "administrator"},
    ADMINISTRATOR: {"administrator"},
    CLAIMANT: {"stranger"},
    AUTHOR: {"member"},
    NOBODY: set(),
}


@dataclass(frozen=True)
class Route:
    """The right to use an endpoint, what to send to it, and the answer that whoever may use it gets."""

    right: str
    status: int = 200
    arguments: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    form: Mapping[str, Any] = field(default_factory=dict)
    instead: Mapping[str, int] = field(default_factory=dict)
    """The answers to roles that stand elsewhere: the stranger, on a page about the active structure, sees
    her own; the unattached is led to « Ajouter une structure »."""


OWN_STRUCTURE = {"stranger": 200, "unattached": 303}


def of_eus(right: str, status: int = 200, **form: Any) -> Route:
    return Route(right, status, {"siren": EUS}, form=form)


def about(habilitation_id: str, status: int, **form: Any) -> Route:
    return Route(ADMINISTRATOR, status, {"habilitation_id": habilitation_id}, form=form)


HOME_IS_DASHBOARD = dict.fromkeys(set(PEOPLE) - {"anonymous"}, 302)
IDENTITY = {"civilite": "Madame", "prenom": "Zoé", "nom": "Durand"}
PRETS = {"espace": "mes-prets"}

ROUTES: Mapping[str, Route] = {
    "static": Route(PUBLIC, arguments={"filename": "portal.css"}),
    "home.welcome": Route(PUBLIC, instead=HOME_IS_DASHBOARD),
    "home.accessibility": Route(PUBLIC),
    "home.legal_notice": Route(PUBLIC),
    "home.contact": Route(PUBLIC),
    "home.health": Route(PUBLIC),
    "registration.register": Route(PUBLIC),
    "registration.submit_registration": Route(PUBLIC, 303, form={**IDENTITY, "email": "zoe@example.fr"}),
    "registration.thanks": Route(PUBLIC),
    "registration.forgotten_identifiant": Route(PUBLIC),
    "registration.submit_forgotten_identifiant": Route(PUBLIC, 303, form={"email": "zoe@example.fr"}),
    "registration.identifiant_sent": Route(PUBLIC),
    "login.log_in": Route(PUBLIC, 302),
    "login.forgotten_password": Route(PUBLIC, 302),
    "login.change_password": Route(PUBLIC, 302),
    "login.resume": Route(PUBLIC, 302),
    "login.log_out": Route(PUBLIC, 303),
    "keycloak_log_out.told_by_keycloak": Route(PUBLIC, 400),
    "login.come_back": Route(PUBLIC, 400, instead=HOME_IS_DASHBOARD),
    "claim_refusal.explain": Route(PUBLIC),
    "claim_refusal.refuse": Route(PUBLIC, 303, form={"reference": REFERENCE, "confirme": "oui"}),
    "claim_refusal.thanks": Route(PUBLIC),
    "dashboard.show": Route(PERSON),
    "dashboard.switch_structure": Route(MEMBER, 303, form={"siren": EUS}),
    "decisions.validate_all": Route(NOBODY, 303, {"membership_id": PENDING}),
    "links.lead": Route(MEMBER, 302, {"siren": EUS, "place": "services"}),
    "identity.show": Route(PERSON),
    "identity.edit": Route(PERSON),
    "identity.submit_identity": Route(PERSON, 303, form=IDENTITY),
    "structures.mine": Route(PERSON),
    "structures.look_for": Route(PERSON, query="q=eus"),
    "structures.confirm": of_eus(PERSON),
    "structures.attach": of_eus(PERSON, 303),
    "structures.leave": of_eus(MEMBER),
    "structures.detach": Route(CLAIMANT, 303, {"siren": ESTAVAR}),
    "membership.show": of_eus(MEMBER),
    "membership.telephone": of_eus(MEMBER),
    "membership.edit_telephone": of_eus(MEMBER, 303, telephone="04 68 96 06 27"),
    "membership.email": of_eus(MEMBER),
    "membership.edit_email": of_eus(MEMBER, 303, email="mairie@eus.example.fr"),
    "membership.read_change": Route(NOBODY, 200, {"siren": EUS, "change_id": PENDING}),
    "membership.confirm_change": Route(NOBODY, 303, {"siren": EUS, "change_id": PENDING}),
    "membership.fonction": of_eus(MEMBER),
    "membership.edit_fonction": of_eus(MEMBER, 303, fonction="elu"),
    "services.mine": Route(MEMBER, instead=OWN_STRUCTURE),
    "services.choose": Route(MEMBER, query="services=mes-prets:documents", instead=OWN_STRUCTURE),
    "services.withdraw": Route(AUTHOR, 303, {"habilitation_id": PENDING}),
    "letter.ask_to_stop": Route(CLAIMANT, instead={"member": 302, "administrator": 302, "unattached": 303}),
    "letter.stop": Route(CLAIMANT, 303, form={"siren": ESTAVAR}),
    "services.confirm": Route(MEMBER, 303, form={"siren": EUS, "services": ["mes-prets:documents"]}),
    "letter.become_administrator": Route(
        MEMBER, 302, query="services=mes-prets:documents", instead={"stranger": 302, "unattached": 303}
    ),
    "letter.accept_administration": Route(
        MEMBER, 303, form={"siren": EUS, "services": ["mes-prets:documents"]}
    ),
    "letter.asked": Route(CLAIMANT, instead={"member": 302, "administrator": 302, "unattached": 303}),
    "letter.follow": Route(MEMBER, instead=OWN_STRUCTURE),
    "letter.ask_again": Route(CLAIMANT, 303, form={"siren": ESTAVAR}),
    "letter.code": Route(MEMBER, instead=OWN_STRUCTURE),
    "letter.redeem": Route(CLAIMANT, 303, form={"siren": ESTAVAR, "code": CODE}),
    "decisions.queue": Route(ADMINISTRATOR, instead={"unattached": 303}),
    "decisions.validate": about(PENDING, 303),
    "decisions.ask_refusal_motive": about(PENDING, 200),
    "decisions.refuse": about(PENDING, 303, motive="Ce service relève de la trésorerie."),
    "decisions.ask_deactivation_motive": about(GRANTED, 200),
    "decisions.deactivate": about(GRANTED, 303),
    "decisions.reactivate": about(DEACTIVATED, 303),
    "espaces.enter": Route(MEMBER, arguments=PRETS, instead=OWN_STRUCTURE | {"administrator": 302}),
    "espaces.terms": Route(MEMBER, arguments=PRETS, instead=OWN_STRUCTURE),
    "espaces.accept": Route(MEMBER, 303, PRETS, form={"siren": EUS, "version": "2022-02", "accepte": "oui"}),
}


def test_every_route_says_who_may_use_it(portal: Portal) -> None:
    endpoints = {
        rule.endpoint
        for rule in portal.app.url_map.iter_rules()
        if not rule.endpoint.startswith(("api.", "access.", "discovery."))
    }

    assert endpoints == set(ROUTES)


def send(portal: Portal, browser: Browser, endpoint: str) -> TestResponse:
    route = ROUTES[endpoint]
    with portal.app.test_request_context():
        (path,) = {
            portal.app.url_map.bind("portail.example").build(endpoint, route.arguments, method=method)
            for method in methods(portal, endpoint)
        }
    if methods(portal, endpoint) == ["POST"]:
        return browser.post(path, route.form)
    return browser.get(f"{path}?{route.query}" if route.query else path)


def methods(portal: Portal, endpoint: str) -> list[str]:
    (rule,) = portal.app.url_map.iter_rules(endpoint)
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def expected(route: Route, role: str) -> tuple[int, bool]:
    """Status, and whether the browser is sent to log in."""
    if role == "anonymous" and route.right != PUBLIC:
        return 303, True
    refused_or_not = route.status if role in ALLOWED[route.right] else 404
    return route.instead.get(role, refused_or_not), False


@pytest.mark.attack(1)
@pytest.mark.parametrize(("endpoint", "role"), list(product(ROUTES, PEOPLE)))
def test_route_is_open_to_its_right_and_to_nobody_else(portal: Portal, endpoint: str, role: str) -> None:
    answer = send(portal, portal.browser(PEOPLE[role]), endpoint)

    answer.close()
    is_sent_to_log_in = answer.headers.get("Location", "").startswith("/connexion")
    assert (answer.status_code, is_sent_to_log_in) == expected(ROUTES[endpoint], role)
