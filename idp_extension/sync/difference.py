"""One difference between what the database wants and what Keycloak has."""

from dataclasses import dataclass

from idp_extension.sync.kinds import MEANINGS, Kind, Meaning


@dataclass(frozen=True, slots=True)
class Difference:
    """`subject` is whom or what it is about, and the unit of repair: an identifiant, a SIREN, a group's path.

    `detail` says which group, role or attribute of it; `wanted` and `found` are the two values, where there
    are two; `keycloak_id` is of the account or group that it was seen on.
    """

    kind: Kind
    subject: str
    detail: str = ""
    wanted: str = ""
    found: str = ""
    keycloak_id: str = ""

    @property
    def meaning(self) -> Meaning:
        """What the kind means and what is done about it."""
        return MEANINGS[self.kind]

    @property
    def key(self) -> tuple[str, str, str]:
        """By which the same difference, seen twice, is known."""
        return (self.kind, self.subject, self.detail)

    def __str__(self) -> str:
        fields = {
            "subject": self.subject,
            "detail": self.detail,
            "wanted": self.wanted or "nothing",
            "found": self.found or "nothing",
        }
        return self.meaning.words.format(**fields)
