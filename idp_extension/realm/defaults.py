"""What a realm is before anybody says anything: recorded once from a fresh server of the version we run.

A closed world needs to know what Keycloak makes by itself. `realm-config/keycloak-defaults.json` has it, a
line an object, so that a new version's differences are read in review; `bdt realm record` writes it anew.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.live import read_live
from idp_extension.realm.state import KINDS, ONCE, RealmState, Representation
from idp_extension.server import server_version

FILE = "keycloak-defaults.json"
_NAME = "<realm>"
_RECORDED = "recorded-by-bdt"
_CLIENT, _SCOPE = "new-client", "new-scope"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`realm`: as it is made. `new`: how a client, a scope, a mapper, the account of a service begin."""

    version: str
    realm: RealmState
    new: Mapping[str, Representation]


def load_defaults(config_dir: Path, realm: str) -> Defaults:
    """The recorded defaults, of a realm of that name.

    Raises:
        OSError, ValueError, KeyError: the file is not there, or is no such record.
    """
    text = (config_dir / FILE).read_text(encoding="utf-8")
    found = json.loads(text.replace(_NAME, realm))
    fields = {KINDS[kind]: objects for kind, objects in found["realm"].items()}
    return Defaults(found["keycloak"], RealmState(realm, **fields), found["new"])


def stale_defaults(config_dir: Path, server_info: Mapping[str, Any]) -> str:
    """What to say when the server is of another version than the record; nothing when it is the same."""
    recorded = load_defaults(config_dir, _RECORDED).version
    running = server_version(server_info)
    if recorded == running:
        return ""
    told = running or "one without our provider"
    return f"the defaults were recorded from Keycloak {recorded}, this is {told}: bdt realm record"


def record_defaults(master: AdminAPI) -> str:
    """The text of the record, from a realm made for it on the server, and gone after.

    `master` is an administrator of the server; it speaks of the realm `recorded_realm()`.

    Raises:
        GatewayError: Keycloak did not do it.
    """
    master.create_realm({"realm": master.realm, "enabled": True})
    try:
        fresh = _read(master)
        master.post("clients", body={"clientId": _CLIENT, "serviceAccountsEnabled": True})
        master.post("client-scopes", body={"name": _SCOPE, "protocol": "openid-connect"})
        with_new = _read(master)
    finally:
        master.delete()
    client = dict(with_new.clients[_CLIENT])
    mapper = fresh.scopes["profile"]["protocolMappers"][0]
    new = {
        "client": {k: v for k, v in client.items() if k not in {"clientId", "secret"}}
        | {"serviceAccountsEnabled": False},
        "client scope": {k: v for k, v in with_new.scopes[_SCOPE].items() if k != "name"},
        "mapper": {key: mapper[key] for key in ("protocol", "consentRequired")},
        "account roles": with_new.account_roles[_CLIENT],
    }
    version = master.server_info()["systemInfo"]["version"]
    return "".join(_lines(fresh, version, new)).replace(master.realm, _NAME)


def recorded_realm() -> str:
    """The name of the realm that `record_defaults` is to speak of."""
    return _RECORDED


def _read(master: AdminAPI) -> RealmState:
    found = read_live(master)
    if found is None:
        raise LookupError(f"the realm {master.realm} is gone")
    return found


def _lines(fresh: RealmState, version: str, new: Mapping[str, Representation]) -> Iterator[str]:
    yield f'{{\n"keycloak": {_compact(version)},\n"new": {{\n'
    yield _objects(new)
    yield '\n},\n"realm": {\n'
    kinds = {kind: fresh.objects(kind)[fresh.name] if kind in ONCE else fresh.objects(kind) for kind in KINDS}
    yield ",\n".join(
        f"{_compact(kind)}: {{\n{_objects(objects)}\n}}" for kind, objects in kinds.items() if objects
    )
    yield "\n}\n}\n"


def _objects(objects: Mapping[str, Any]) -> str:
    return ",\n".join(f"  {_compact(name)}: {_compact(objects[name])}" for name in sorted(objects))


def _compact(value: Any) -> str:
    return json.dumps(_sorted(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sorted(value: Any) -> Any:
    """Lists in one order, since Keycloak has none; but the steps of a flow have theirs."""
    if isinstance(value, Mapping):
        return {key: _sorted(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(each, str) for each in value) else _by_name(value)
    return value


def _by_name(value: list[Any]) -> list[Any]:
    found = [_sorted(each) for each in value]
    has_names = all(isinstance(each, Mapping) and "name" in each for each in found)
    return sorted(found, key=lambda each: str(each["name"])) if has_names else found
