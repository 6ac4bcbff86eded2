"""The notices and the facts each one needs: a mail with a hole, or with a stray fact, is never made.

Days are `date`, `services` a sequence of labels, `identifiants` a sequence that may be empty; `fonction`
and the `motive` of a deactivation may be None; everything else is text.
"""

from collections.abc import Mapping
from types import MappingProxyType

NOTICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        notice: frozenset(facts.split())
        for notice, facts in {
            # To the owner of an address that registers a second time.
            "already_registered": "recipient identifiant",
            # To the address typed on the page, whether it has an account or not (GS-04).
            "forgotten_identifiant": "identifiants",
            # To the requester (G-59) and to each administrator (G-58).
            "request_sent": "recipient structure services reference requested_on",
            "request_to_decide": "recipient structure requester fonction services reference requested_on",
            "request_granted": "recipient structure services reference decided_on",
            "request_refused": "recipient structure services reference decided_on motive",
            "habilitation_deactivated": "recipient structure services deactivated_on motive",
            # To the first user of a structure (GS-34); never before the letter's row is safe.
            "letter_sent": "recipient structure services reference last_day",
            "letter_reminder": "recipient structure reference last_day",
            "letter_expired": "recipient structure reference last_day",
            # To all administrators of the structure; to the first user when the representative refuses.
            "administrator_named": "recipient structure administrator named_on",
            "administrator_refused": "recipient structure reference refused_on",
        }.items()
    }
)
