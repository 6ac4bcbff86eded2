"""Answers what was found as the policy says: sessions end, repairs are made or asked for, books are kept."""

from collections.abc import Iterable, Iterator, Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp_extension.admin_events import AdminEvent
from idp_extension.gateway import KeycloakGateway
from idp_extension.sync.kinds import Kind
from idp_extension.sync.repair import repair_stranger, repair_structure
from idp_extension.sync.state import DesiredGroups
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets.person import keep_group_ids
from onboarding_api.delivery.watch.looking import Found
from onboarding_api.delivery.watch.policy import Answer, is_repaired
from onboarding_api.model.base import new_id
from onboarding_api.model.ledger.kinds import REPAIR
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.projection.drift import Drift

_WORDS = 1000
_MEMBERS = 500
_OF_MEMBERS = frozenset({Kind.GROUP_ROLE_PLANTED, Kind.GROUP_ADMINISTRATION_PLANTED})
"""What gives everybody in a group too much."""
_LOST_BY_MEMBERS = frozenset({Kind.GROUP_MISSING, Kind.SERVICE_GROUP_MISSING})
"""What takes from everybody who was in it."""
log = structlog.get_logger()


class Answering:
    """Safe to repeat: whatever was done before the books were written is done again, with the same outcome.

    Args:
        ledger: where repairs of people are asked for; each is made in the lane of that person.
        gateway: to Keycloak, where those of groups are made.
        policy: see `policy.load_policy`.
    """

    def __init__(self, ledger: Ledger, gateway: KeycloakGateway, policy: Mapping[str, Answer]) -> None:
        self._ledger, self._gateway, self._policy = ledger, gateway, policy

    def answer(self, found: Iterable[Found], event: AdminEvent | None = None) -> None:
        """Answer all that was found on one occasion.

        Raises:
            GatewayError, DatabaseBusy: not all of it was done; the same again, please.
        """
        new = [each for each in found if not self._is_noted(each, event)]
        alarming = [each for each in new if self._policy[each.kind] is Answer.ALARM]
        for account in sorted({account for each in alarming for account in self._accounts(each)}):
            self._end_sessions(account)
        wrong = [each for each in new if self._is_to_repair(each)]
        group_ids = self._repair_groups(wrong)
        try:
            with self._ledger.database.writing() as session:
                keep_group_ids(session, group_ids)
                for person_id in sorted({person for each in wrong for person in _people(session, each)}):
                    self._ask_for(session, person_id)
                session.add_all(self._rows(new, event))
        except IntegrityError:  # another worker, which held the lease before, was not yet through
            log.info("drift_noted_by_another")
        for each in alarming:
            by = {"client": event.by_client, "user": event.by_user} if event else {}
            log.error("drift_alarm", kind=each.kind, subject=each.subject, **by)

    def _is_to_repair(self, found: Found) -> bool:
        return self._policy[found.kind] is not Answer.REPORT and is_repaired(found.kind)

    def _is_noted(self, found: Found, event: AdminEvent | None) -> bool:
        if event is None:
            return False
        noted = select(Drift.id).where(
            Drift.event_id == event.id, Drift.kind == found.kind, Drift.subject == found.subject
        )
        with self._ledger.database.reading() as session:
            return session.scalar(noted) is not None

    def _accounts(self, found: Found) -> Iterable[str]:
        if found.account:
            return [found.account]
        if found.kind in _OF_MEMBERS and found.difference:
            api, group = self._gateway.api, found.difference.keycloak_id
            members = api.find("groups", group, "members", max=str(_MEMBERS)) or ()
            return [member["id"] for member in members]
        return []

    def _end_sessions(self, account: str) -> None:
        if self._gateway.get_user(account) is not None:
            self._gateway.end_sessions(account)

    def _repair_groups(self, wrong: Iterable[Found]) -> Mapping[str, str]:
        """Repair what is no person's; the new ids of groups."""
        by_structure: dict[str, tuple[DesiredGroups, list[Found]]] = {}
        for each in wrong:
            if each.wanted:
                by_structure.setdefault(each.wanted.siren, (each.wanted, []))[1].append(each)
            elif not each.person_id and each.difference:
                repair_stranger(self._gateway, each.difference)
        group_ids: dict[str, str] = {}
        for wanted, found in by_structure.values():
            differences = [each.difference for each in found if each.difference]
            group_ids |= repair_structure(self._gateway, wanted, differences).group_ids
        return group_ids

    def _ask_for(self, session: Session, person_id: str) -> None:
        """Have the person repaired, in her lane."""
        key, args = f"{REPAIR.name}:{new_id()}", {"person_id": person_id}
        session.add(REPAIR.row(person_id, key=key, args=args, due=self._ledger.clock()))

    def _rows(self, new: Iterable[Found], event: AdminEvent | None) -> Iterator[Drift]:
        """One row for each kind and subject, however many differences it has."""
        words: dict[tuple[str, str], list[str]] = {}
        for each in new:
            words.setdefault((each.kind, each.subject[:255]), []).append(each.words)
        for (kind, subject), told in words.items():
            yield Drift(
                kind=kind,
                subject=subject,
                answer=self._policy[kind],
                words="; ".join(told)[:_WORDS],
                found_at=self._ledger.clock(),
                happened_at=event.at if event else None,
                event_id=event.id if event else None,
                by_user=event.by_user if event else None,
                by_client=event.by_client if event else None,
                by_address=event.by_address[:64] if event else None,
            )


def _people(session: Session, found: Found) -> Iterable[str]:
    """Who has to be repaired: the person, or who lost a group."""
    if found.person_id:
        return [found.person_id]
    if found.wanted is None or found.kind not in _LOST_BY_MEMBERS:
        return []
    members = select(Membership.person_id).where(
        Membership.siren == found.wanted.siren, Membership.state == MembershipState.ATTACHED
    )
    return session.scalars(members).all()
