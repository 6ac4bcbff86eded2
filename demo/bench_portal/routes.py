"""Who visits which GET route, and at which addresses; a route that is not here is an error of the bench."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from uuid import UUID

from werkzeug.routing import Map

from demo.bench_portal.visitors import Kind, Visitor

Addresses = Callable[[Visitor], Iterable[str]]

EVERYBODY = frozenset(Kind)
KNOWN = EVERYBODY - {Kind.ANONYMOUS}
ADMINISTRATORS = frozenset({Kind.ADMINISTRATOR_OF_LARGEST, Kind.ADMINISTRATOR_OF_MANY, Kind.SECRETARY})
FAR = f"2026-06-01T00:00:00+00:00~{UUID(int=0)}"
"""A place in the middle of every long list."""
LOAN, ESPACE = "mes-prets:demande", "mes-prets"


class UndeclaredRoute(Exception):
    """A GET route that nobody measures: say in `demo/bench_portal/routes.py` who visits it."""


def _at(*paths: str) -> Addresses:
    """The same addresses for everybody; `{siren}` and the like are the visitor's."""

    def of(visitor: Visitor) -> Iterable[str]:
        return [path.format(**asdict(visitor)) for path in paths]

    return of


_QUEUE = (
    "/demandes",
    f"/demandes?liste=pending&apres={FAR.replace('+', '%2B')}",
    f"/demandes?liste=granted&apres={FAR.replace('+', '%2B')}",
    f"/demandes?liste=granted&avant={FAR.replace('+', '%2B')}",
    f"/demandes?liste=decided&apres={FAR.replace('+', '%2B')}",
    "/demandes?q=elise+du&fonction=&service=&liste=",
    "/demandes?q=nobody&fonction=maire&service=mes-prets%3Asuivi&liste=",
)

ROUTES: Mapping[str, tuple[frozenset[Kind], Addresses]] = MappingProxyType(
    {
        "static": (EVERYBODY, _at("/static/portal.css")),
        "home.welcome": (EVERYBODY, _at("/")),
        "home.accessibility": (EVERYBODY, _at("/accessibilite")),
        "home.legal_notice": (EVERYBODY, _at("/mentions-legales")),
        "home.contact": (EVERYBODY, _at("/contact")),
        "home.health": (EVERYBODY, _at("/sante")),
        "registration.register": (EVERYBODY, _at("/inscription")),
        "registration.thanks": (EVERYBODY, _at("/inscription/merci")),
        "registration.forgotten_identifiant": (EVERYBODY, _at("/identifiant-oublie")),
        "registration.identifiant_sent": (EVERYBODY, _at("/identifiant-oublie/envoye")),
        "login.log_in": (EVERYBODY, _at("/connexion")),
        "login.change_password": (EVERYBODY, _at("/profil/mot-de-passe")),
        "login.forgotten_password": (EVERYBODY, _at("/mot-de-passe-oublie")),
        "login.come_back": (EVERYBODY, _at("/connexion/retour")),
        "login.resume": (EVERYBODY, _at("/reprendre")),
        "links.lead": (KNOWN, _at("/vers/{siren}/services", "/vers/{siren}/profil")),
        "dashboard.show": (EVERYBODY, _at("/tableau-de-bord")),
        "structures.mine": (KNOWN, _at("/structures")),
        "structures.look_for": (
            KNOWN,
            _at(
                "/structures/ajouter",
                "/structures/ajouter?q=saint",
                "/structures/ajouter?q=commune",
                "/structures/ajouter?q=75001",
                "/structures/ajouter?q=villeneuve+le+roy",
                "/structures/ajouter?q={siren}",
            ),
        ),
        "structures.confirm": (KNOWN, _at("/structures/ajouter/{siren}")),
        "structures.leave": (KNOWN, _at("/structures/{siren}/quitter")),
        "membership.show": (KNOWN, _at("/structures/{siren}")),
        "membership.telephone": (KNOWN, _at("/structures/{siren}/telephone")),
        "membership.email": (KNOWN, _at("/structures/{siren}/email")),
        "membership.read_change": (frozenset(), _at()),  # in the data set nobody waits to confirm an e-mail
        "membership.fonction": (KNOWN, _at("/structures/{siren}/fonction")),
        "identity.show": (KNOWN, _at("/profil")),
        "identity.edit": (KNOWN, _at("/profil/identite")),
        "services.mine": (KNOWN, _at("/services")),
        "services.choose": (KNOWN, _at(f"/services/demande?services={LOAN}")),
        "letter.become_administrator": (KNOWN, _at(f"/administrateur/devenir?services={LOAN}")),
        "letter.asked": (KNOWN, _at("/administrateur/courrier-demande")),
        "letter.follow": (KNOWN, _at("/courrier")),
        "letter.code": (KNOWN, _at("/courrier/code")),
        "letter.ask_to_stop": (KNOWN, _at("/courrier/arreter")),
        "decisions.queue": (ADMINISTRATORS, _at(*_QUEUE)),
        "decisions.ask_refusal_motive": (
            frozenset({Kind.ADMINISTRATOR_OF_LARGEST}),
            _at("/demandes/{pending}/refuser"),
        ),
        "decisions.ask_deactivation_motive": (
            frozenset({Kind.ADMINISTRATOR_OF_LARGEST, Kind.ADMINISTRATOR_OF_MANY}),
            _at("/demandes/{granted}/desactiver"),
        ),
        "espaces.enter": (KNOWN, _at(f"/espaces/{ESPACE}")),
        "espaces.terms": (KNOWN, _at(f"/espaces/{ESPACE}/conditions")),
        "claim_refusal.explain": (EVERYBODY, _at("/j-ai-recu-un-courrier")),
        "claim_refusal.thanks": (EVERYBODY, _at("/j-ai-recu-un-courrier/merci")),
        "api.search_structures": (KNOWN, _at("/api/v1/structures?q=saint&limit=50")),
        "api.list_memberships": (KNOWN, _at("/api/v1/memberships")),
        "api.list_habilitations": (KNOWN, _at("/api/v1/memberships/{siren}/habilitations")),
        "api.list_waiting_requests": (ADMINISTRATORS, _at("/api/v1/structures/{siren}/requests")),
        "api.describe": (EVERYBODY, _at("/api/v1/openapi.json")),
        "access.describe": (EVERYBODY, _at("/access/v1/openapi.json")),
        "discovery.configuration": (EVERYBODY, _at("/.well-known/authzen-configuration")),
    }
)


def check_declared(url_map: Map) -> None:
    """Every GET route of the application has its visitors, and no other route is told of.

    Raises:
        UndeclaredRoute: names the routes.
    """
    there = {rule.endpoint for rule in url_map.iter_rules() if "GET" in (rule.methods or ())}
    odd = sorted(there ^ ROUTES.keys())
    if odd:
        raise UndeclaredRoute(f"Say who visits {', '.join(odd)} in demo/bench_portal/routes.py")
