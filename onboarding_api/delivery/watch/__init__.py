"""Watches what is changed at Keycloak by hand: seen within seconds, answered as `policy.yaml` says."""
