"""Attach, detach, profile, identity: what a person does for herself."""

import pytest

from onboarding_api.acts.actor import Actor
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import BadInput, NotAllowed, NotFound
from onboarding_api.model.structure import Structure
from onboarding_api.queries.structures import my_structures
from onboarding_api.usecases.account.edit_identity import EditIdentity, edit_identity
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from tests.builders.portal import Portal, Someone

DATAVIZ = "dataviz-coeur-de-ville:acces"


def profile(person: Someone) -> tuple[str | None, str | None, str | None]:
    with person.portal.reading() as session:
        (place,) = my_structures(session, person.id)
    return place.telephone, place.email, place.fonction


def test_attaching_twice_is_one_membership(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin")
    first = attach_structure(portal.office, cendrine.actor, AttachStructure(eus))
    assert attach_structure(portal.office, cendrine.actor, AttachStructure(eus)) == first
    assert portal.events() == ["structure_attached"]
    assert len(portal.deliveries("keycloak.person")) == 1


def test_a_closed_structure_takes_nobody_and_the_refusal_is_journalled(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin")
    with portal.writing() as session:
        session.get_one(Structure, eus).is_active = False
    with pytest.raises(NotAllowed) as refusal:
        attach_structure(portal.office, cendrine.actor, AttachStructure(eus))
    assert refusal.value.rules == ("G-CLOSED",)
    assert refusal.value.sentences == ("Cette structure est fermée.",)
    assert (portal.events(), portal.count(Membership)) == (["act_refused"], 0)


def test_unknown_structures_and_people_are_not_found(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin")
    with pytest.raises(NotFound):
        attach_structure(portal.office, cendrine.actor, AttachStructure("000000000"))
    with pytest.raises(NotFound):
        attach_structure(portal.office, Actor("nobody"), AttachStructure(eus))
    with pytest.raises(NotFound):
        detach_structure(portal.office, cendrine.actor, DetachStructure(eus))
    assert portal.events() == []


def test_leaving_ends_every_right_at_once_and_a_second_click_does_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).administrator_of(eus)
    paul.holding(eus, DATAVIZ).holding(eus, "mes-prets:suivi", state="pending")
    detach_structure(portal.office, paul.actor, DetachStructure(eus))
    assert set(paul.states(eus).values()) == {"cancelled"}
    assert not paul.administers(eus)
    assert len(portal.deliveries("keycloak.person")) == 1
    before = portal.events()
    detach_structure(portal.office, paul.actor, DetachStructure(eus))
    assert portal.events() == before


@pytest.mark.attack(16)
def test_the_last_administrator_stays(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus).holding(eus, DATAVIZ)
    with pytest.raises(NotAllowed) as refusal:
        detach_structure(portal.office, anne.actor, DetachStructure(eus))
    assert "G-LAST-ADMIN" in refusal.value.rules
    assert anne.states(eus) == {DATAVIZ: "granted"}


def test_the_last_administrator_leaves_the_post_vacant(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    with pytest.raises(NotAllowed):
        detach_structure(portal.office, paul.actor, DetachStructure(eus, leaves_vacant=True))
    detach_structure(portal.office, anne.actor, DetachStructure(eus, leaves_vacant=True))
    assert not anne.administers(eus)
    assert {"administrator_resigned", "structure_left"} <= set(portal.events())
    accepted = RequestHabilitations(eus, (DATAVIZ,), becomes_administrator=True)
    assert request_habilitations(portal.office, paul.actor, accepted).claim_reference


def test_leaving_gives_up_the_claim_and_kills_its_code(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    accepted = RequestHabilitations(eus, (DATAVIZ,), becomes_administrator=True)
    request_habilitations(portal.office, cendrine.actor, accepted)
    detach_structure(portal.office, cendrine.actor, DetachStructure(eus))
    assert cendrine.states(eus) == {DATAVIZ: "cancelled"}
    assert {"claim_cancelled", "letter_revoked"} <= set(portal.events())


@pytest.mark.parametrize(
    ("departement", "typed", "stored"),
    [
        ("66", "04 68 96 12 34", "+33468961234"),
        ("66", "+33 (0)4.68.96.12.34", "+33468961234"),
        ("974", "0262 40 12 34", "+262262401234"),
        ("66", "0692 12 34 56", "+262692123456"),
        ("988", "28 28 28", "+687282828"),
        ("66", "", None),
    ],
)
def test_telephones_are_kept_in_one_form(portal: Portal, departement: str, typed: str, stored: str) -> None:
    place = portal.a_structure("Lieu", departement=departement)
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(place)
    edit_profile(portal.office, cendrine.actor, EditProfile(place, telephone="01 40 20 50 50"))
    edit_profile(portal.office, cendrine.actor, EditProfile(place, telephone=typed))
    assert profile(cendrine)[0] == stored


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"telephone": "000708091011"}, "malformed"),  # the guide's own example is no French number
        ({"telephone": "28 28 28"}, "malformed"),
        ({"fonction": "roi"}, "unknown"),
        ({"fonction": ""}, "unknown"),
        ({}, "one_at_a_time"),
        ({"telephone": "0140205050", "fonction": "maire"}, "one_at_a_time"),
    ],
)
def test_profile_faults_change_nothing(portal: Portal, edit: dict[str, str], reason: str) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus, fonction="maire")
    with pytest.raises(BadInput) as refusal:
        edit_profile(portal.office, cendrine.actor, EditProfile(eus, **edit))
    assert refusal.value.reason == reason
    assert (profile(cendrine), portal.events()) == ((None, None, "maire"), [])


def test_each_item_is_edited_alone_and_the_same_value_is_no_change(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus, fonction=None)
    for _ in range(2):
        edit_profile(portal.office, cendrine.actor, EditProfile(eus, fonction="maire"))
        edit_profile(portal.office, cendrine.actor, EditProfile(eus, telephone="01 40 20 50 50"))
    assert profile(cendrine) == ("+33140205050", None, "maire")
    with portal.reading() as session:
        rows = session.query(JournalEntry).order_by(JournalEntry.seq).all()
    assert [row.event for row in rows] == ["profile_changed"] * 2
    assert rows[0].details == {"item": "fonction", "before": None, "after": "maire"}
    assert rows[1].details == {"item": "telephone", "before": None, "after": None}


def test_a_new_name_reaches_keycloak_and_keeps_the_identifiant(portal: Portal) -> None:
    cendrine = portal.a_person("Cendrine", "Martin")
    for _ in range(2):
        edit_identity(portal.office, cendrine.actor, EditIdentity("Madame", "Cendrine", "Martin-Roca"))
    assert portal.events() == ["identity_changed"]
    assert len(portal.deliveries("keycloak.person")) == 1


def test_a_disabled_account_renames_nobody(portal: Portal) -> None:
    cendrine = portal.a_person("Cendrine", "Martin")
    with portal.writing() as session:
        session.get_one(Person, cendrine.id).is_active = False
    with pytest.raises(NotAllowed) as refusal:
        edit_identity(portal.office, cendrine.actor, EditIdentity("Madame", "Zoé", "Petit"))
    assert refusal.value.rules == ("G-ACCOUNT",)
    assert portal.events() == ["act_refused"]
