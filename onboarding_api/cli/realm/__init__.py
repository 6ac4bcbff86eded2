"""`bdt realm`: what this installation's realm is to be, and its making, by whoever administers the server."""

from onboarding_api.cli.realm.commands import realm

__all__ = ["realm"]
