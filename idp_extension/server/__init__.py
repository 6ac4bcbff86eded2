"""Get, build and start a local Keycloak."""
