"""What tokens say."""

from tests.real_keycloak.realm.plantings.planting import PRETS, Planting

SCOPES = (
    Planting(
        "a scope of ours is gone",
        lambda h: h.admin.delete("client-scopes", h.scope_uuid("onboarding-api")),
        ("client scope/onboarding-api", "client/portail/optionalClientScopes"),
        "client-scope",
    ),
    Planting(
        "a new scope",
        lambda h: h.admin.post("client-scopes", body={"name": "evil", "protocol": "openid-connect"}),
        ("client scope/evil",),
        "unknown-scope",
        True,
    ),
    Planting(
        "all structures in the tokens of one",
        lambda h: h.mapper(("client-scopes", h.scope_uuid("structure")), "oidc-group-membership-mapper"),
        ("client scope/structure/protocolMappers/more",),
        "client-scope",
    ),
    Planting(
        "a stock mapper beside ours",
        lambda h: h.mapper(("clients", h.client_uuid(PRETS)), "oidc-usermodel-client-role-mapper"),
        ("client/mes-prets/protocolMappers/more",),
        "token-mapper",
    ),
    Planting(
        "an address that nobody proved",
        lambda h: h.change_mapper("email", "email", **{"user.attribute": "nom"}),
        ("client scope/email/protocolMappers/email/config/user.attribute",),
        "client-scope",
    ),
    Planting(
        "every role for an espace",
        lambda h: h.admin.put(
            "clients", h.client_uuid(PRETS), "default-client-scopes", h.scope_uuid("roles")
        ),
        ("client/mes-prets/defaultClientScopes",),
        "client-scopes",
    ),
    Planting(
        "every role for a new client",
        lambda h: h.admin.put("default-default-client-scopes", h.scope_uuid("roles")),
        ("new client scopes/{realm}/default",),
        "new-client-scopes",
    ),
)
