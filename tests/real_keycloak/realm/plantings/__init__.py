"""Dangerous changes made by hand in a realm: the issue's table, and more of our own."""

from tests.real_keycloak.realm.plantings.clients import CLIENTS
from tests.real_keycloak.realm.plantings.flows import FLOWS
from tests.real_keycloak.realm.plantings.planting import Planting
from tests.real_keycloak.realm.plantings.plugged_in import PLUGGED_IN
from tests.real_keycloak.realm.plantings.roles import ROLES
from tests.real_keycloak.realm.plantings.scopes import SCOPES
from tests.real_keycloak.realm.plantings.settings import SETTINGS

# Flows first: settings and clients name them.
ALL = (*FLOWS, *ROLES, *PLUGGED_IN, *SETTINGS, *CLIENTS, *SCOPES)

__all__ = ["ALL", "Planting"]
