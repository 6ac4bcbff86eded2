"""How people log in."""

from tests.real_keycloak.realm.plantings.planting import DATAVIZ, Planting, realm_planting

FLOWS = (
    Planting("a flow without a question", lambda h: h.flow("evil"), ("login flow/evil",), "login-flow", True),
    Planting(
        "our flow without the password",
        lambda h: h.step("bdt browser", "bdt-structure-step", "DISABLED"),
        ("login flow/bdt browser/steps/1/requirement",),
        "login-flow",
    ),
    Planting(
        "Keycloak's own flow without the password",
        lambda h: h.step("direct grant", "direct-grant-validate-password", "DISABLED"),
        ("login flow/direct grant/steps/1/requirement",),
        "login-flow",
    ),
    Planting(
        "a step that asks less",
        lambda h: h.step_config(
            "first broker login", "idp-review-profile", **{"update.profile.on.first.login": "off"}
        ),
        ("login flow/first broker login/steps/0/config/config/update.profile.on.first.login",),
        "login-flow",
    ),
    Planting(
        "an espace logs in by its own flow",
        lambda h: h.logs_in_by(DATAVIZ, "evil"),
        (f"client/{DATAVIZ}/authenticationFlowBindingOverrides/browser",),
        "own-login-flow",
    ),
    realm_planting("log-in by the stock flow", "browserFlow", "browser", "login-flow"),
    realm_planting("reset by the stock flow", "resetCredentialsFlow", "reset credentials", "login-flow"),
    realm_planting("the password grant without a password", "directGrantFlow", "evil", "login-flow"),
    Planting(
        "everybody is asked for something",
        lambda h: h.required_action("UPDATE_PROFILE", defaultAction=True),
        ("required action/UPDATE_PROFILE/defaultAction",),
        "required-action",
    ),
    Planting(
        "nobody can be asked any more",
        lambda h: h.admin.delete("authentication", "required-actions", "webauthn-register"),
        ("required action/webauthn-register",),
        "required-action",
    ),
)
