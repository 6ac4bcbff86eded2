"""The one error of this room."""


class ServerError(RuntimeError):
    """A local Keycloak cannot be had or started; the message says why, and what to do about it."""
