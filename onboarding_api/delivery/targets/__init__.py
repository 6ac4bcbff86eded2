"""Where deliveries go: Keycloak, mail, letter."""
