"""Login flows, Keycloak's own and ours, and what people may be made to do once they are in."""

from collections.abc import Iterator
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds.there import There, plain
from idp_extension.realm.plan import Change
from idp_extension.realm.state import Objects, Representation

FLOWS = ("authentication", "flows")
_ACTIONS = ("authentication", "required-actions")
_CONFIG = ("authentication", "config")
_STOCK_FLOWS = {"browserFlow": "browser", "resetCredentialsFlow": "reset credentials"}

Step = dict[str, Any]


def read_flows(there: There) -> Objects:
    """The flows, each with its tree of steps."""
    found = {flow["alias"]: flow["id"] for flow in there.api.get(*FLOWS)}
    there.ids.update({("login flow", name): flow_id for name, flow_id in found.items()})
    return {name: {"steps": _steps(there.api, name)} for name in found}


def write_flow(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes Keycloak's own flows good step by step; ours anew, which sets order and depth right as well."""
    found = {flow["alias"]: flow for flow in api.get(*FLOWS)}
    if change.name in found and found[change.name]["builtIn"]:
        _mend_steps(api, change.name, wanted["steps"])
        return
    realm = api.get()
    uses = {use: stock for use, stock in _STOCK_FLOWS.items() if realm[use] == change.name}
    if uses:  # Keycloak deletes no flow in use: people log in by its own one for a moment
        api.put(body=realm | uses)
    if change.name in found:
        api.delete(*FLOWS, found[change.name]["id"])
    body = {"alias": change.name, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
    api.post(*FLOWS, body=body)
    _add_steps(api, change.name, wanted["steps"])
    if uses:
        api.put(body=realm)


def remove_flow(api: AdminAPI, _change: Change, flow_id: str) -> None:
    """Takes a flow away, with its steps."""
    api.delete(*FLOWS, flow_id)


def read_required_actions(there: There) -> Objects:
    """What people may be made to do."""
    return {action["alias"]: plain(action, "alias") for action in there.api.get(*_ACTIONS)}


def write_required_action(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes an action known, or makes it good."""
    if change.action == "create":
        body = {"providerId": wanted["providerId"], "name": wanted["name"]}
        api.post("authentication", "register-required-action", body=body)
    api.put(*_ACTIONS, change.name, body={"alias": change.name, **wanted})


def remove_required_action(api: AdminAPI, change: Change, _id: str) -> None:
    """Makes an action unknown."""
    api.delete(*_ACTIONS, change.name)


def _steps(api: AdminAPI, flow: str) -> list[Step]:
    """The tree of a flow: Keycloak tells it line by line, each with its depth."""
    open_flows: list[list[Step]] = [[]]
    for execution in api.get(*FLOWS, flow, "executions"):
        step = {"requirement": execution["requirement"]}
        depth = execution["level"]
        open_flows[depth].append(step)
        del open_flows[depth + 1 :]
        if execution.get("providerId"):
            step["provider"] = execution["providerId"]
        if execution.get("authenticationConfig"):
            step |= {"config": plain(api.get(*_CONFIG, execution["authenticationConfig"]))}
        if execution.get("authenticationFlow"):
            step |= {"flow": execution["displayName"], "steps": []}
            open_flows.append(step["steps"])
    return open_flows[0]


def _add_steps(api: AdminAPI, flow: str, steps: list[Representation]) -> None:
    path = (*FLOWS, flow, "executions")
    for step in steps:
        if "flow" in step:
            api.post(*path, "flow", body={"alias": step["flow"], "type": "basic-flow"})
        else:
            api.post(*path, "execution", body={"provider": step["provider"]})
        added = api.get(*path)[-1]
        api.put(*path, body=added | {"requirement": step["requirement"]})
        if "config" in step:
            api.post("authentication", "executions", added["id"], "config", body=step["config"])
        if "flow" in step:
            _add_steps(api, step["flow"], step["steps"])


def _mend_steps(api: AdminAPI, flow: str, steps: list[Representation]) -> None:
    """Steps of Keycloak's own flows stay where they are: what changes is whether they count, and how."""
    path = (*FLOWS, flow, "executions")
    for execution, step in zip(api.get(*path), _in_lines(steps), strict=True):
        if execution["requirement"] != step["requirement"]:
            api.put(*path, body=execution | {"requirement": step["requirement"]})
        config, there = step.get("config"), execution.get("authenticationConfig")
        if there and config is None:
            api.delete(*_CONFIG, there)
        elif there and plain(api.get(*_CONFIG, there)) != config:
            api.put(*_CONFIG, there, body={"id": there, **(config or {})})
        elif config and not there:
            api.post("authentication", "executions", execution["id"], "config", body=config)


def _in_lines(steps: list[Representation]) -> Iterator[Representation]:
    for step in steps:
        yield step
        yield from _in_lines(step.get("steps", []))
