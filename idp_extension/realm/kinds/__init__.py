"""How each kind of object is read from a realm, written, and taken away."""

from collections.abc import Callable, Mapping
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds import clients, components, flows, roles, settings
from idp_extension.realm.kinds.there import There
from idp_extension.realm.plan import Change
from idp_extension.realm.state import Representation

Read = Callable[[There], Mapping[str, Any]]
Write = Callable[[AdminAPI, Change, Representation, str], None]
Remove = Callable[[AdminAPI, Change, str], None]


def _brings_nothing_more(write: Write) -> Remove:
    return lambda api, change, object_id: write(api, change, {}, object_id)


READ: Mapping[str, Read] = {
    "login flow": flows.read_flows,
    "realm": settings.read_settings,
    "user profile": settings.read_profile,
    "client policies": settings.read_policies,
    "required action": flows.read_required_actions,
    "client scope": clients.read_scopes,
    "new client scopes": clients.read_new_client_scopes,
    "client": clients.read_clients,
    "role": roles.read_roles,
    "composite": roles.read_composites,
    "scope roles": roles.read_scope_roles,
    "account roles": roles.read_account_roles,
    "component": components.read_components,
    "identity provider": components.read_identity_providers,
    "default group": components.read_default_groups,
    "initial access": components.read_initial_access,
    "text": settings.read_texts,
    "authorisation": clients.read_authorisation,
    "holder": roles.read_holders,
}
# What is never wanted is never written.
WRITE: Mapping[str, Write] = {
    "login flow": flows.write_flow,
    "realm": settings.write_settings,
    "user profile": settings.write_profile,
    "client policies": settings.write_policies,
    "required action": flows.write_required_action,
    "client scope": clients.write_scope,
    "new client scopes": clients.write_new_client_scopes,
    "client": clients.write_client,
    "role": roles.write_role,
    "composite": roles.write_composite,
    "scope roles": roles.write_scope_roles,
    "account roles": roles.write_account_roles,
    "component": components.write_component,
}
REMOVE: Mapping[str, Remove] = {
    "login flow": flows.remove_flow,
    "required action": flows.remove_required_action,
    "client scope": clients.remove_scope,
    "client": clients.remove_client,
    "role": roles.remove_role,
    "composite": _brings_nothing_more(roles.write_composite),
    "scope roles": _brings_nothing_more(roles.write_scope_roles),
    "account roles": _brings_nothing_more(roles.write_account_roles),
    "component": components.remove_component,
    "identity provider": components.remove_identity_provider,
    "default group": components.remove_default_group,
    "initial access": components.remove_initial_access,
    "text": settings.remove_texts,
    "authorisation": clients.remove_authorisation,
    "holder": roles.remove_holder,
}
