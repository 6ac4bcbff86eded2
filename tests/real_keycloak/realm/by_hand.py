"""Somebody at Keycloak's console: changes one thing after another, and tells nobody."""

from typing import Any

from joserfc.jwk import RSAKey

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.state import ADMINISTRATION

STORE = "org.keycloak.storage.UserStorageProvider"
KEY = "org.keycloak.keys.KeyProvider"


class ByHand:
    """What an administrator may do by hand in a realm, each in one line."""

    def __init__(self, admin: AdminAPI) -> None:
        self.admin = admin

    def realm(self, **fields: Any) -> None:
        self.admin.put(body=self.admin.get() | fields)

    def realm_map(self, name: str, **fields: Any) -> None:
        found = self.admin.get()
        self.admin.put(body=found | {name: found[name] | fields})

    def client_uuid(self, client_id: str) -> str:
        return str(self.admin.get("clients", clientId=client_id)[0]["id"])

    def client(self, client_id: str, **fields: Any) -> None:
        found = self.admin.get("clients", clientId=client_id)[0]
        self.admin.put("clients", found["id"], body=found | fields)

    def client_attribute(self, client_id: str, name: str, value: str) -> None:
        found = self.admin.get("clients", clientId=client_id)[0]
        self.client(client_id, attributes=found["attributes"] | {name: value})

    def new_client(self, client_id: str, **fields: Any) -> None:
        self.admin.post("clients", body={"clientId": client_id, **fields})

    def account(self, client_id: str) -> str:
        found = self.admin.get("clients", self.client_uuid(client_id), "service-account-user")
        return str(found["id"])

    def role(self, client_id: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.admin.get("clients", self.client_uuid(client_id), "roles", name)
        return found

    def map_role(self, owner: tuple[str, ...], client_id: str, role: str) -> None:
        path = (*owner, "clients", self.client_uuid(client_id))
        self.admin.post(*path, body=[self.role(client_id, role)])

    def give(self, user: str, client_id: str, role: str) -> None:
        self.admin.post("users", body={"username": user, "enabled": True, "email": f"{user}@eus.example",
                                        "firstName": "E", "lastName": "V"})  # fmt: skip
        found = self.admin.get("users", username=user, exact="true")[0]["id"]
        self.map_role(("users", found, "role-mappings"), client_id, role)

    def group(self, name: str) -> str:
        self.admin.post("groups", body={"name": name})
        return str(self.admin.get("groups", search=name, exact="true")[0]["id"])

    def administering_group(self, name: str) -> str:
        found = self.group(name)
        self.map_role(("groups", found, "role-mappings"), ADMINISTRATION, "realm-admin")
        return found

    def role_brings(self, client_id: str, name: str, *also: dict[str, Any]) -> None:
        place = ("clients", self.client_uuid(client_id), "roles") if client_id else ("roles",)
        self.admin.post("roles-by-id", self.admin.get(*place, name)["id"], "composites", body=also)

    def realm_role_of_a_group(self) -> None:
        self.admin.post("roles", body={"name": "pilote"})
        self.role_brings("", "pilote", self.role(ADMINISTRATION, "manage-users"))
        path = ("groups", self.group("chefs"), "role-mappings", "realm")
        self.admin.post(*path, body=[self.admin.get("roles", "pilote")])

    def scope_uuid(self, name: str) -> str:
        return next(str(each["id"]) for each in self.admin.get("client-scopes") if each["name"] == name)

    def mapper(self, owner: tuple[str, str], kind: str, name: str = "more") -> None:
        body = {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": {}}
        self.admin.post(*owner, "protocol-mappers", "models", body=body)

    def change_mapper(self, scope: str, name: str, **config: str) -> None:
        owner = ("client-scopes", self.scope_uuid(scope), "protocol-mappers", "models")
        found = next(each for each in self.admin.get(*owner) if each["name"] == name)
        self.admin.put(*owner, found["id"], body=found | {"config": found["config"] | config})

    def component(self, kind: str, provider: str, name: str, **config: str) -> None:
        body = {
            "name": name,
            "providerId": provider,
            "providerType": kind,
            "parentId": self.admin.get()["id"],
            "config": {key.replace("__", "."): [value] for key, value in config.items()},
        }
        self.admin.post("components", body=body)

    def key_of_our_own(self) -> None:
        """Whoever keeps its private half signs as the realm."""
        text = RSAKey.generate_key(2048).as_pem(private=True).decode("ascii")
        self.component(KEY, "rsa", "evil", privateKey=text, priority="1000")

    def find_component(self, name: str, provider: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.admin.get("components", name=name)
        return next(each for each in found if each["providerId"] == provider)

    def change_component(self, name: str, provider: str, **config: str) -> None:
        found = self.find_component(name, provider)
        changed = {key.replace("_", "-"): [value] for key, value in config.items()}
        self.admin.put("components", found["id"], body=found | {"config": found["config"] | changed})

    def step(self, flow: str, provider: str, requirement: str) -> None:
        path = ("authentication", "flows", flow, "executions")
        found = next(each for each in self.admin.get(*path) if each.get("providerId") == provider)
        self.admin.put(*path, body=found | {"requirement": requirement})

    def step_config(self, flow: str, provider: str, **config: str) -> None:
        path = ("authentication", "flows", flow, "executions")
        found = next(each for each in self.admin.get(*path) if each.get("providerId") == provider)
        place = ("authentication", "config", found["authenticationConfig"])
        self.admin.put(*place, body=self.admin.get(*place) | {"config": config})

    def flow(self, name: str) -> None:
        body = {"alias": name, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
        self.admin.post("authentication", "flows", body=body)
        path = ("authentication", "flows", name, "executions", "execution")
        self.admin.post(*path, body={"provider": "allow-access-authenticator"})

    def logs_in_by(self, client_id: str, flow: str) -> None:
        found = next(
            each["id"] for each in self.admin.get("authentication", "flows") if each["alias"] == flow
        )
        self.client(client_id, authenticationFlowBindingOverrides={"browser": found})

    def required_action(self, alias: str, **fields: Any) -> None:
        path = ("authentication", "required-actions", alias)
        self.admin.put(*path, body=self.admin.get(*path) | fields)

    def profile(self, **fields: Any) -> None:
        self.admin.put("users", "profile", body=self.admin.get("users", "profile") | fields)

    def editable(self, attribute: str) -> None:
        attributes = self.admin.get("users", "profile")["attributes"]
        for each in attributes:
            if each["name"] == attribute:
                each["permissions"]["edit"] = ["admin", "user"]
        self.profile(attributes=attributes)

    def policy(self) -> None:
        condition = {"condition": "any-client", "configuration": {}}
        policy = {
            "name": "evil",
            "enabled": True,
            "conditions": [condition],
            "profiles": ["saml-security-profile"],
        }
        self.admin.put("client-policies", "policies", body={"policies": [policy]})
