"""Keys, stores of people, other houses, policies and texts."""

from tests.real_keycloak.realm.by_hand import KEY, STORE
from tests.real_keycloak.realm.plantings.planting import Planting

POLICIES = "component/ClientRegistrationPolicy/anonymous"
PLUGGED_IN = (
    Planting(
        "another house says who somebody is",
        lambda h: h.admin.post(
            "identity-provider",
            "instances",
            body={
                "alias": "evil",
                "providerId": "oidc",
                "config": {
                    "clientId": "x",
                    "clientSecret": "s3cret",
                    "tokenUrl": "https://evil.example/token",
                    "authorizationUrl": "https://evil.example/auth",
                },
            },
        ),
        ("identity provider/evil",),
        "identity-provider",
        True,
    ),
    Planting(
        "people come from another directory",
        lambda h: h.component(
            STORE,
            "ldap",
            "evil",
            connectionUrl="ldap://127.0.0.1:1",
            usersDn="dc=evil",
            bindDn="cn=evil",
            authType="none",
            vendor="other",
            usernameLDAPAttribute="uid",
            rdnLDAPAttribute="uid",
            uuidLDAPAttribute="entryUUID",
            editMode="READ_ONLY",
            userObjectClasses="person",
            enabled="false",
        ),
        ("component/UserStorageProvider/ldap/evil", "component/LDAPStorageMapper/*"),
        "user-storage",
        True,
    ),
    Planting(
        "a signing key of somebody's own",
        lambda h: h.key_of_our_own(),
        ("component/KeyProvider/rsa/evil",),
        "signing-key",
        True,
    ),
    Planting(
        "a second key by the name of the first",
        lambda h: h.component(KEY, "rsa-generated", "rsa-generated", priority="999"),
        ("component/KeyProvider/rsa-generated/rsa-generated#2",),
        "signing-key",
        True,
    ),
    Planting(
        "another key signs first",
        lambda h: h.change_component("hmac-generated-hs512", "hmac-generated", priority="7"),
        ("component/KeyProvider/hmac-generated/hmac-generated-hs512/config/priority",),
        "signing-key",
    ),
    Planting(
        "any host registers clients",
        lambda h: h.admin.delete("components", h.find_component("Trusted Hosts", "trusted-hosts")["id"]),
        (f"{POLICIES}/trusted-hosts/Trusted Hosts",),
        "client-registration",
    ),
    Planting(
        "as many clients as one likes",
        lambda h: h.change_component("Max Clients Limit", "max-clients", max_clients="0"),
        (f"{POLICIES}/max-clients/Max Clients Limit/config/max-clients",),
        "client-registration",
    ),
    Planting(
        "a token that registers clients",
        lambda h: h.admin.post("clients-initial-access", body={"expiration": 0, "count": 9}),
        ("initial access/*",),
        "client-registration",
        True,
    ),
    Planting(
        "a policy for all clients",
        lambda h: h.policy(),
        ("client policies/{realm}/policies/evil",),
        "client-policies",
    ),
    Planting(
        "a text of the log-in page",
        lambda h: h.admin.post("localization", "fr", body={"loginTitle": "<a href='https://evil.example'>"}),
        ("text/fr",),
        "page-text",
        True,
    ),
    Planting(
        "people write what they like",
        lambda h: h.profile(unmanagedAttributePolicy="ENABLED"),
        ("user profile/{realm}/unmanagedAttributePolicy",),
        "user-profile",
    ),
    Planting(
        "people change their own e-mail",
        lambda h: h.editable("email"),
        ("user profile/{realm}/attributes/email/permissions/edit",),
        "user-profile",
    ),
)
