"""The fingerprint of each code that was ever printed: of every try to make one letter."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base
from onboarding_api.model.first_administrator.activation_code import Fingerprint
from onboarding_api.model.first_administrator.letter import Letter


class PrintedCode(Base):
    """Saved before the print can exist; `attempt` is the delivery's.

    A worker may stop after it handed a print over, and another try print a new code. Which print left is
    only known afterwards, from the carrier: its row is then copied to the letter, so that the code on paper
    always works and the others never do.
    """

    __tablename__ = "printed_code"

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code_key_id: Mapped[str] = mapped_column(String(40))
    code_fingerprint: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    @classmethod
    def of(
        cls, letter_id: str, attempt: int, code: Fingerprint, issued_at: datetime, expires_at: datetime
    ) -> "PrintedCode":
        """The row of one print."""
        return cls(
            letter_id=letter_id,
            attempt=attempt,
            code_key_id=code.key_id,
            code_fingerprint=code.hex_digest,
            issued_at=issued_at,
            expires_at=expires_at,
        )

    def becomes_code_of(self, letter: Letter) -> None:
        """This is the print that left."""
        letter.code_key_id, letter.code_fingerprint = self.code_key_id, self.code_fingerprint
        letter.issued_at, letter.expires_at = self.issued_at, self.expires_at
