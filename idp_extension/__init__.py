"""Everything that knows Keycloak."""
