"""`bdt bench sync`: the whole country into Keycloak, ours and others', on one fresh server in one run."""
