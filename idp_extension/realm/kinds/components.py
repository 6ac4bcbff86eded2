"""What is plugged into a realm: keys, policies, stores of people, identity providers, everybody's groups."""

from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds.there import There, exactly, plain
from idp_extension.realm.plan import Change
from idp_extension.realm.state import Objects, Representation

_PROVIDERS = ("identity-provider", "instances")
_INITIAL_ACCESS = "clients-initial-access"
# The component in which Keycloak keeps the profile, which is read and written by an address of its own.
_PROFILE = "declarative-user-profile"


def read_components(there: There) -> Objects:
    """Keys, policies of client registration, stores of people with their mappers.

    Two may have the same name: they are told apart by a number.
    """
    components = [each for each in there.api.get("components") if each["providerId"] != _PROFILE]
    names = {each["id"]: each["name"] for each in components}
    found: dict[str, Representation] = {}
    for each in sorted(components, key=_order):
        above = [names[each["parentId"]]] if each.get("parentId") in names else []
        kind = each["providerType"].rpartition(".")[2]
        parts = [kind, each.get("subType"), each["providerId"], *above, each["name"]]
        name = _free_name("/".join(part for part in parts if part), found)
        there.ids["component", name] = each["id"]
        found[name] = plain(each, "name")
    return found


def write_component(api: AdminAPI, change: Change, wanted: Representation, component_id: str) -> None:
    """Changed in its place: a key made anew would end every session."""
    name = change.name.rpartition("/")[2]
    if change.action == "update":
        found = api.get("components", component_id)
        body = exactly(found, {"name": name, **wanted})
        api.put("components", component_id, body=body)
        return
    api.post("components", body={"name": name, "parentId": api.get()["id"], **wanted})


def remove_component(api: AdminAPI, _change: Change, component_id: str) -> None:
    """Takes a component away, unless it is gone with the one it belongs to."""
    if api.find("components", component_id) is not None:  # a mapper is gone with its store
        api.delete("components", component_id)


def read_identity_providers(there: There) -> Objects:
    """The other houses that may say who somebody is, with what is read from them."""
    return {
        each["alias"]: plain(each, "alias")
        | {"mappers": [plain(mapper) for mapper in there.api.get(*_PROVIDERS, each["alias"], "mappers")]}
        for each in there.api.get(*_PROVIDERS)
    }


def remove_identity_provider(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes a provider away, with its mappers."""
    api.delete(*_PROVIDERS, change.name)


def read_default_groups(there: There) -> Objects:
    """The groups that everybody new is put into."""
    groups: list[dict[str, Any]] = there.api.get("default-groups")
    there.ids.update({("default group", group["path"]): group["id"] for group in groups})
    return {group["path"]: {"name": group["name"]} for group in groups}


def remove_default_group(api: AdminAPI, _change: Change, group_id: str) -> None:
    """Puts nobody new into the group."""
    api.delete("default-groups", group_id)


def read_initial_access(there: There) -> Objects:
    """Tokens by which somebody may register clients."""
    return {each["id"]: plain(each, "token") for each in there.api.get(_INITIAL_ACCESS)}


def remove_initial_access(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes a token away: nobody registers by it."""
    api.delete(_INITIAL_ACCESS, change.name)


def _order(component: dict[str, Any]) -> tuple[int, str]:
    """What Keycloak makes by itself says the least; one of the same name comes behind it."""
    config = component.get("config", {})
    return len(config), str(sorted(config.items()))


def _free_name(name: str, taken: Objects) -> str:
    return next(
        each for each in (name, *(f"{name}#{number}" for number in range(2, 999))) if each not in taken
    )
