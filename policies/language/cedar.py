"""The adapter: every name of cedarpy that the engine uses, and nothing else imports cedarpy."""

from cedarpy import (
    Decision,
    Entities,
    PolicySet,
    Schema,
    format_policies,
    is_authorized_batch,
    policies_to_json_str,
    policies_to_pst,
    pst,
    validate_policies,
)

__all__ = [
    "Decision",
    "Entities",
    "PolicySet",
    "Schema",
    "format_policies",
    "is_authorized_batch",
    "policies_to_json_str",
    "policies_to_pst",
    "pst",
    "validate_policies",
]
