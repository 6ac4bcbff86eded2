"""What a realm has once: its settings, the profile of its people, the policies for its clients, its texts."""

from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds.there import There, plain
from idp_extension.realm.plan import Change
from idp_extension.realm.state import Objects, Representation

# Read as objects of their own.
_ELSEWHERE = ("defaultGroups", "clientProfiles", "clientPolicies")
_EVERYBODYS = "defaultRole"  # which one it is; what it brings along is a composite


def read_settings(there: There) -> Representation:
    """The settings, with those of its events."""
    found = plain(dict(there.settings) | there.api.get("events", "config"), *_ELSEWHERE)
    found[_EVERYBODYS] = {"name": there.settings.get(_EVERYBODYS, {}).get("name")}
    # Keycloak keeps some settings among the attributes, and tells them twice.
    found["attributes"] = {key: value for key, value in found["attributes"].items() if key not in found}
    return found


def write_settings(api: AdminAPI, _change: Change, wanted: Representation, _id: str) -> None:
    """Maps are sent whole and replaced; of the rest, what is too much is sent empty."""
    found = api.get()
    surplus = {key: "" for key, value in found.items() if key not in wanted and isinstance(value, str)}
    kept = {key: found[key] for key in ("id", "realm", _EVERYBODYS) if key in found}
    api.put(body=surplus | dict(wanted) | kept)


def read_profile(there: There) -> Representation:
    """The attributes that a person may have."""
    return dict(there.api.get("users", "profile"))


def write_profile(api: AdminAPI, _change: Change, wanted: Representation, _id: str) -> None:
    """Sets the attributes that a person may have, all of them."""
    api.put("users", "profile", body=wanted)


def read_policies(there: There) -> Representation:
    """What clients are made to do, by policy."""
    policies, profiles = (there.api.get("client-policies", each) for each in ("policies", "profiles"))
    return {"policies": policies.get("policies", []), "profiles": profiles.get("profiles", [])}


def write_policies(api: AdminAPI, _change: Change, wanted: Representation, _id: str) -> None:
    """Policies name profiles: they go first, and come last."""
    api.put("client-policies", "policies", body={"policies": []})
    api.put("client-policies", "profiles", body={"profiles": wanted["profiles"]})
    api.put("client-policies", "policies", body={"policies": wanted["policies"]})


def read_texts(there: There) -> Objects:
    """Texts of the pages that somebody put in the place of those of the theme, by language."""
    locales: list[str] = there.api.get("localization")
    found: dict[str, Any] = {locale: there.api.get("localization", locale) for locale in locales}
    return {locale: texts for locale, texts in found.items() if texts}


def remove_texts(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes every text of one language away."""
    api.delete("localization", change.name)
