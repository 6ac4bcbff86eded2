"""The realm of realm-config/, applied to a real Keycloak as an installation would."""

from dataclasses import dataclass, replace
from pathlib import Path

from idp_extension.admin_api import AdminAPI
from idp_extension.gateway import KeycloakGateway
from idp_extension.realm import (
    CatalogueClient,
    RealmState,
    RealmValues,
    Role,
    apply,
    awake,
    ensure_bootstrap_account,
    load_desired,
)
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import RunningServer

SOMEWHERE = "200099999"
CONFIG = Path(__file__).parents[3] / "realm-config"
MES_PRETS = CatalogueClient(
    client_id="mes-prets",
    name="Mes prêts en ligne",
    roles=(Role("demande", "Demande de prêts"), Role("suivi", "Suivi des dossiers")),
    redirect_uris=("http://127.0.0.1:8401/connexion/retour",),
    base_url="http://127.0.0.1:8401/",
)
DATAVIZ = CatalogueClient(
    client_id="dataviz-coeur-de-ville",
    name="Dataviz Cœur de Ville",
    roles=(Role("acces", "Dataviz Cœur de Ville"),),
    redirect_uris=("http://127.0.0.1:8402/connexion/retour",),
    base_url="http://127.0.0.1:8402/",
)
KEYS = {
    client_id: ClientKey.fresh(client_id)
    for client_id in ("portail", "bdt-sync", "bdt-reader", "bdt-bootstrap")
}
VALUES = RealmValues(
    portal_url="http://127.0.0.1:8400",
    smtp_host="127.0.0.1",
    smtp_port=8425,
    smtp_from="ne-pas-repondre@bdt.example",
    public_keys={client_id: key.public_jwks() for client_id, key in KEYS.items()},
    secrets={name: f"secret-of-{name}" for name in ("mes-prets", "dataviz-coeur-de-ville")},
)


def proof_of(client_id: str) -> ClientKey | str:
    """What that client logs in with: its key, or the secret it shares with Keycloak."""
    return KEYS.get(client_id) or VALUES.secrets[client_id]


@dataclass(frozen=True)
class AppliedRealm:
    """A realm that is there. `admin` holds `realm-admin`, `sync` is what the service itself may do."""

    url: str
    wanted: RealmState
    values: RealmValues
    admin: AdminAPI
    sync: AdminAPI
    gateway: KeycloakGateway

    @property
    def name(self) -> str:
        return self.wanted.name

    def choose_password(self, user_id: str, password: str) -> None:
        """Gives a person the password she would have chosen by mail. Raises when the rule refuses."""
        credential = {"type": "password", "temporary": False, "value": password}
        self.sync.put("users", user_id, "reset-password", body=credential)

    def let_in(self, user_id: str) -> None:
        """Gives a person a right at « Mes prêts en ligne », which opens to nobody else."""
        structure = self.gateway.find_structure_group(SOMEWHERE)
        structure = structure or self.gateway.create_structure_group(SOMEWHERE, "Commune de X")
        service = self.gateway.subgroups(structure.id).get("mes-prets:demande")
        service = service or self.gateway.create_subgroup(structure.id, "mes-prets:demande")
        self.gateway.map_client_role(service.id, "mes-prets", "demande")
        self.gateway.join_group(user_id, service.id)

    def close(self) -> None:
        for api in (self.admin, self.sync):
            api.close()
        self.gateway.__exit__()


def service_account(url: str, realm: str, client_id: str) -> AdminAPI:
    """The admin API as one of the realm's service accounts."""
    return AdminAPI.as_service_account(url, realm, KEYS[client_id])


def apply_realm(
    server: RunningServer, name: str = "bdt", smtp_port: int = VALUES.smtp_port, portal_reach_url: str = ""
) -> AppliedRealm:
    """Makes the realm on a server that has none."""
    values = replace(VALUES, realm=name, smtp_port=smtp_port, portal_reach_url=portal_reach_url)
    wanted = awake(load_desired(CONFIG, values, [MES_PRETS, DATAVIZ]), values.public_keys["bdt-bootstrap"])
    master = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, name)
    ensure_bootstrap_account(master, values.public_keys["bdt-bootstrap"])
    master.close()
    admin = service_account(server.url, name, "bdt-bootstrap")
    apply(admin, wanted)
    return AppliedRealm(
        url=server.url,
        wanted=wanted,
        values=values,
        admin=admin,
        sync=service_account(server.url, name, "bdt-sync"),
        gateway=KeycloakGateway(server.url, name, KEYS["bdt-sync"]),
    )
