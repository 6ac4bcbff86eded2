"""`python -m idp_extension.server`: put the built Keycloak into the cache, for whoever starts one next."""

import sys

from idp_extension.server import ServerError, ensure_server


def main() -> int:
    """Fetch and build, telling each step on the standard error; 1 with the reason when it cannot be done."""
    try:
        built = ensure_server(progress=_tell)
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{built.home}\n")
    return 0


def _tell(what: str, done: int, total: int) -> None:
    if done == total:  # once a step, or at the end of a download
        sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    sys.exit(main())
