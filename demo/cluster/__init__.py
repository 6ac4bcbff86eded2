"""The house on more than one of each: two Keycloak nodes, two portals, three workers, one PostgreSQL."""
