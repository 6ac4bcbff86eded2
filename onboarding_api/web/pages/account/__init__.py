"""The person herself: registration, log-in, identity (guide §1, §2, §9)."""
