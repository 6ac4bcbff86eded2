#!/usr/bin/env bash
# Makes the lock files again: versions and hashes only, no address, for Python 3.11 to 3.14.
# Usage: requirements/lock.sh [--upgrade]   (needs `uv` on the PATH or in .venv)
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lock() {
    local name=$1
    shift
    uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header "$@" -o "requirements/$name.txt"
}
lock dev --extra postgres --extra server --extra build --extra demo --extra review --extra test "$@"
lock demo --extra postgres --extra server --extra build --extra demo -c requirements/dev.txt
lock server --extra postgres --extra server --extra build -c requirements/dev.txt
