"""« Modifier l'identité » (guide G-37, G-39): civilité, prénom, nom."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.usecases.account.register_person import civilite
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class EditIdentity:
    """The three fields of the form."""

    civilite: str
    prenom: str
    nom: str


def edit_identity(office: Office, actor: Actor, command: EditIdentity) -> None:
    """Change who the actor is called; the identifiant stays (G-40).

    Raises:
        BadInput: a field cannot be read.
        NotFound: no such person.
        NotAllowed: the rules refuse.
    """
    prenom, nom = proper_name("prenom", command.prenom), proper_name("nom", command.nom)
    typed = (civilite(command.civilite), prenom, nom)
    with act(office, actor) as it:
        person = it.person
        it.permit(Action.EDIT_IDENTITY, person)
        if typed != (person.civilite, person.prenom, person.nom):
            person.civilite, person.prenom, person.nom = typed
            it.record(Event.IDENTITY_CHANGED, person)
