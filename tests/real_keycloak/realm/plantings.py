"""Dangerous changes, as somebody makes them by hand: each with the place where the plan must tell it.

The issue's table, less what stands in structures and people (`bdt sync` finds those), and more of our own. `{realm}`
is the name of the realm; a place that ends with `*` is any below it, where Keycloak adds more by itself.
"""

from collections.abc import Callable
from typing import NamedTuple

from idp_extension.realm.state import ADMINISTRATION
from tests.real_keycloak.realm.by_hand import KEY, STORE, ByHand

PRETS, DATAVIZ = "mes-prets", "dataviz-coeur-de-ville"
POLICIES = "component/ClientRegistrationPolicy/anonymous"


class Planting(NamedTuple):
    """`is_removal`: repaired with `--prune` alone. Every one is dangerous, and the lint says by `rule` why."""

    what: str
    plant: Callable[[ByHand], object]
    places: tuple[str, ...]
    rule: str
    is_removal: bool = False


def _realm(what: str, field: str, value: object, rule: str, part: str = "") -> Planting:
    place = f"realm/{{realm}}/{part}/{field}" if part else f"realm/{{realm}}/{field}"
    if part:
        return Planting(what, lambda hand: hand.realm_map(part, **{field: value}), (place,), rule)
    return Planting(what, lambda hand: hand.realm(**{field: value}), (place,), rule)


def _client(what: str, client_id: str, field: str, value: object, rule: str) -> Planting:
    def plant(hand: ByHand) -> None:
        hand.client(client_id, **{field: value})

    return Planting(what, plant, (f"client/{client_id}/{field}",), rule)


def _attribute(what: str, client_id: str, name: str, value: str, rule: str) -> Planting:
    def plant(hand: ByHand) -> None:
        hand.client_attribute(client_id, name, value)

    return Planting(what, plant, (f"client/{client_id}/attributes/{name}",), rule)


ROLES = (
    Planting("a person administers", lambda h: h.give("eve", ADMINISTRATION, "manage-users"), ("holder/user eve",),
             "role-by-hand", True),
    Planting("a person holds a role of an espace by herself", lambda h: h.give("zoe", PRETS, "demande"),
             ("holder/user zoe",), "role-by-hand", True),
    Planting("a group hands out administration", lambda h: h.administering_group("pilotes"),
             ("holder/group /pilotes",), "role-by-hand", True),
    Planting("the default role administers",
             lambda h: h.role_brings("", f"default-roles-{h.admin.realm}", h.role(ADMINISTRATION, "realm-admin")),
             ("composite/default-roles-{realm}/roles",), "composite-role"),
    Planting("a role of an espace brings another's along",
             lambda h: h.role_brings(PRETS, "demande", h.role(DATAVIZ, "acces")),
             ("composite/mes-prets:demande/roles",), "composite-role"),
    Planting("a new role administers through a group", lambda h: h.realm_role_of_a_group(),
             ("role/pilote", "composite/pilote", "holder/group /chefs"), "role", True),
    Planting("a role says more in tokens",
             lambda h: h.admin.put("roles-by-id", h.role(DATAVIZ, "acces")["id"],
                                   body=h.role(DATAVIZ, "acces") | {"attributes": {"niveau": ["99"]}}),
             (f"role/{DATAVIZ}:acces/attributes/niveau",), "role"),
    Planting("everybody new joins a group", lambda h: h.admin.put("default-groups", h.group("tous")),
             ("default group//tous",), "default-group", True),
    Planting("the sync account changes the realm",
             lambda h: h.map_role(("users", h.account("bdt-sync"), "role-mappings"), ADMINISTRATION, "manage-realm"),
             ("account roles/bdt-sync/roles",), "account-roles"),
    Planting("the sync account joins a group that administers",
             lambda h: h.admin.put("users", h.account("bdt-sync"), "groups", h.administering_group("lecteurs")),
             ("account roles/bdt-sync/groups", "holder/group /lecteurs"), "account-roles", True),
    Planting("tokens of an espace may administer",
             lambda h: h.map_role(("clients", h.client_uuid(PRETS), "scope-mappings"), ADMINISTRATION, "realm-admin"),
             ("scope roles/client mes-prets/roles",), "scope-roles"),
    Planting("tokens of the portal may administer",
             lambda h: h.map_role(("clients", h.client_uuid("portail"), "scope-mappings"), ADMINISTRATION, "manage-users"),
             ("scope roles/client portail/roles",), "scope-roles"),
    Planting("tokens with a scope may administer",
             lambda h: h.map_role(("client-scopes", h.scope_uuid("email"), "scope-mappings"), ADMINISTRATION, "view-users"),
             ("scope roles/scope email/roles",), "scope-roles"),
)  # fmt: skip
PLUGGED_IN = (
    Planting("another house says who somebody is",
             lambda h: h.admin.post("identity-provider", "instances", body={
                 "alias": "evil", "providerId": "oidc", "config": {
                     "clientId": "x", "clientSecret": "s3cret", "tokenUrl": "https://evil.example/token",
                     "authorizationUrl": "https://evil.example/auth"}}),
             ("identity provider/evil",), "identity-provider", True),
    Planting("people come from another directory",
             lambda h: h.component(STORE, "ldap", "evil", connectionUrl="ldap://127.0.0.1:1", usersDn="dc=evil",
                                   bindDn="cn=evil", authType="none", vendor="other", usernameLDAPAttribute="uid",
                                   rdnLDAPAttribute="uid", uuidLDAPAttribute="entryUUID", editMode="READ_ONLY",
                                   userObjectClasses="person", enabled="false"),
             ("component/UserStorageProvider/ldap/evil", "component/LDAPStorageMapper/*"), "user-storage", True),
    Planting("a signing key of somebody's own", lambda h: h.key_of_our_own(),
             ("component/KeyProvider/rsa/evil",), "signing-key", True),
    Planting("a second key by the name of the first",
             lambda h: h.component(KEY, "rsa-generated", "rsa-generated", priority="999"),
             ("component/KeyProvider/rsa-generated/rsa-generated#2",), "signing-key", True),
    Planting("another key signs first", lambda h: h.change_component("hmac-generated-hs512", "hmac-generated", priority="7"),
             ("component/KeyProvider/hmac-generated/hmac-generated-hs512/config/priority",), "signing-key"),
    Planting("any host registers clients",
             lambda h: h.admin.delete("components", h.find_component("Trusted Hosts", "trusted-hosts")["id"]),
             (f"{POLICIES}/trusted-hosts/Trusted Hosts",), "client-registration"),
    Planting("as many clients as one likes", lambda h: h.change_component("Max Clients Limit", "max-clients", max_clients="0"),
             (f"{POLICIES}/max-clients/Max Clients Limit/config/max-clients",), "client-registration"),
    Planting("a token that registers clients",
             lambda h: h.admin.post("clients-initial-access", body={"expiration": 0, "count": 9}),
             ("initial access/*",), "client-registration", True),
    Planting("a policy for all clients", lambda h: h.policy(), ("client policies/{realm}/policies/evil",), "client-policies"),
    Planting("a text of the log-in page",
             lambda h: h.admin.post("localization", "fr", body={"loginTitle": "<a href='https://evil.example'>"}),
             ("text/fr",), "page-text", True),
    Planting("people write what they like", lambda h: h.profile(unmanagedAttributePolicy="ENABLED"),
             ("user profile/{realm}/unmanagedAttributePolicy",), "user-profile"),
    Planting("people change their own e-mail", lambda h: h.editable("email"),
             ("user profile/{realm}/attributes/email/permissions/edit",), "user-profile"),
)  # fmt: skip
FLOWS = (
    Planting("a flow without a question", lambda h: h.flow("evil"), ("login flow/evil",), "login-flow", True),
    Planting("our flow without the password", lambda h: h.step("bdt browser", "bdt-structure-step", "DISABLED"),
             ("login flow/bdt browser/steps/1/requirement",), "login-flow"),
    Planting("Keycloak's own flow without the password", lambda h: h.step("direct grant", "direct-grant-validate-password", "DISABLED"),
             ("login flow/direct grant/steps/1/requirement",), "login-flow"),
    Planting("a step that asks less",
             lambda h: h.step_config("first broker login", "idp-review-profile", **{"update.profile.on.first.login": "off"}),
             ("login flow/first broker login/steps/0/config/config/update.profile.on.first.login",), "login-flow"),
    Planting("an espace logs in by its own flow", lambda h: h.logs_in_by(DATAVIZ, "evil"),
             (f"client/{DATAVIZ}/authenticationFlowBindingOverrides/browser",), "own-login-flow"),
    _realm("log-in by the stock flow", "browserFlow", "browser", "login-flow"),
    _realm("reset by the stock flow", "resetCredentialsFlow", "reset credentials", "login-flow"),
    _realm("the password grant without a password", "directGrantFlow", "evil", "login-flow"),
    Planting("everybody is asked for something", lambda h: h.required_action("UPDATE_PROFILE", defaultAction=True),
             ("required action/UPDATE_PROFILE/defaultAction",), "required-action"),
    Planting("nobody can be asked any more",
             lambda h: h.admin.delete("authentication", "required-actions", "webauthn-register"),
             ("required action/webauthn-register",), "required-action"),
)  # fmt: skip
