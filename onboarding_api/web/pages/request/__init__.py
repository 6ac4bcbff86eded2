"""Asking for services, and the terms they need (guide §10 to §14)."""
