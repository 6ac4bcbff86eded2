"""Registrations that were taken down: here it is found out whether the address was known."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.model.ledger.delivery import ADDRESS, TYPED
from onboarding_api.usecases.account.register_person import RegisterPerson, register_person


@dataclass(frozen=True, slots=True)
class Registration:
    """Kind `person.register`: once more is no harm, the address is known then and was told a moment ago."""

    office: Office

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Register the person, or have the owner of the address told.

        Raises:
            Refusal: what was taken down cannot be read, which no repeat will mend.
            LeaseLost: another worker has the row.
        """
        register_person(self.office, RegisterPerson(email=lease.args[ADDRESS], **lease.args[TYPED]))
        ledger.finish(lease)
