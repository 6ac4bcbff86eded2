-- Keycloak's own database, beside ours; run once, when the volume is new.
CREATE DATABASE keycloak;
