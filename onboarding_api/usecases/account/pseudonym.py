"""What stays in the ledger of an address that has left it."""

import hashlib
import hmac

from onboarding_api.model.first_administrator.activation_code import CodeKeys


def pseudonym(email: str, purpose: str, keys: CodeKeys) -> str:
    """The same for the same address and purpose; guessing the address back would need our key."""
    key = keys.keys[keys.current]
    return hmac.new(key, f"{purpose}\0{email}".encode(), hashlib.sha256).hexdigest()[:40]
