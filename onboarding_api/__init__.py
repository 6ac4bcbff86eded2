"""What a person asks for, and what becomes of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from onboarding_api.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The WSGI application; settings come from the environment unless given.

    Raises:
        UnsafeSettings: the environment does not make a safe installation.
    """
    # Imported here: the worker and the command line import this package and need no web server.
    from onboarding_api.bootstrap import build_office  # noqa: PLC0415
    from onboarding_api.settings import read_settings  # noqa: PLC0415
    from onboarding_api.web.application import build_application  # noqa: PLC0415

    chosen = settings or read_settings()
    return build_application(chosen, build_office(chosen))
