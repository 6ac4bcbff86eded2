"""Roles that nobody decided on: held by people and groups, brought along, carried by tokens."""

from idp_extension.realm.state import ADMINISTRATION
from tests.real_keycloak.realm.plantings.planting import DATAVIZ, PRETS, Planting

ROLES = (
    Planting(
        "a person administers",
        lambda h: h.give("eve", ADMINISTRATION, "manage-users"),
        ("holder/user eve",),
        "role-by-hand",
        True,
    ),
    Planting(
        "a person holds a role of an espace by herself",
        lambda h: h.give("zoe", PRETS, "demande"),
        ("holder/user zoe",),
        "role-by-hand",
        True,
    ),
    Planting(
        "a group hands out administration",
        lambda h: h.administering_group("pilotes"),
        ("holder/group /pilotes",),
        "role-by-hand",
        True,
    ),
    Planting(
        "the default role administers",
        lambda h: h.role_brings("", f"default-roles-{h.admin.realm}", h.role(ADMINISTRATION, "realm-admin")),
        ("composite/default-roles-{realm}/roles",),
        "composite-role",
    ),
    Planting(
        "a role of an espace brings another's along",
        lambda h: h.role_brings(PRETS, "demande", h.role(DATAVIZ, "acces")),
        ("composite/mes-prets:demande/roles",),
        "composite-role",
    ),
    Planting(
        "a new role administers through a group",
        lambda h: h.realm_role_of_a_group(),
        ("role/pilote", "composite/pilote", "holder/group /chefs"),
        "role",
        True,
    ),
    Planting(
        "a role says more in tokens",
        lambda h: h.admin.put(
            "roles-by-id",
            h.role(DATAVIZ, "acces")["id"],
            body=h.role(DATAVIZ, "acces") | {"attributes": {"niveau": ["99"]}},
        ),
        (f"role/{DATAVIZ}:acces/attributes/niveau",),
        "role",
    ),
    Planting(
        "everybody new joins a group",
        lambda h: h.admin.put("default-groups", h.group("tous")),
        ("default group//tous",),
        "default-group",
        True,
    ),
    Planting(
        "the sync account changes the realm",
        lambda h: h.map_role(
            ("users", h.account("bdt-sync"), "role-mappings"), ADMINISTRATION, "manage-realm"
        ),
        ("account roles/bdt-sync/roles",),
        "account-roles",
    ),
    Planting(
        "the sync account joins a group that administers",
        lambda h: h.admin.put("users", h.account("bdt-sync"), "groups", h.administering_group("lecteurs")),
        ("account roles/bdt-sync/groups", "holder/group /lecteurs"),
        "account-roles",
        True,
    ),
    Planting(
        "tokens of an espace may administer",
        lambda h: h.map_role(
            ("clients", h.client_uuid(PRETS), "scope-mappings"), ADMINISTRATION, "realm-admin"
        ),
        ("scope roles/client mes-prets/roles",),
        "scope-roles",
    ),
    Planting(
        "tokens of the portal may administer",
        lambda h: h.map_role(
            ("clients", h.client_uuid("portail"), "scope-mappings"), ADMINISTRATION, "manage-users"
        ),
        ("scope roles/client portail/roles",),
        "scope-roles",
    ),
    Planting(
        "tokens with a scope may administer",
        lambda h: h.map_role(
            ("client-scopes", h.scope_uuid("email"), "scope-mappings"), ADMINISTRATION, "view-users"
        ),
        ("scope roles/scope email/roles",),
        "scope-roles",
    ),
)
