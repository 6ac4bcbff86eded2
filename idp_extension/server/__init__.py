"""Get, build and start a local Keycloak: `ensure_server()`, then `start_server()`, then `.stop()`."""

from idp_extension.server.build import BuiltServer, ensure_server
from idp_extension.server.download import Progress, default_cache_dir
from idp_extension.server.errors import ServerError
from idp_extension.server.provider_jar import provider_version
from idp_extension.server.run import RunningServer, free_port, start_server
from idp_extension.server.version import (
    KEYCLOAK_VERSION,
    check_provider,
    check_version_floor,
    server_version,
)

__all__ = [
    "KEYCLOAK_VERSION",
    "BuiltServer",
    "Progress",
    "RunningServer",
    "ServerError",
    "check_provider",
    "check_version_floor",
    "default_cache_dir",
    "ensure_server",
    "free_port",
    "provider_version",
    "server_version",
    "start_server",
]
