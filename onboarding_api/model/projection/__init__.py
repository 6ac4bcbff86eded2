"""Beside what Keycloak was told: what it was found to be."""
