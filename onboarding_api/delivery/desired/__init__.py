"""What Keycloak should know, by the database and the rules: the whole of it, never a step."""
