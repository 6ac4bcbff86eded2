"""The environment of an installation on a test's Keycloak, with keys of its own."""

from pathlib import Path

from idp_extension.relying_party.client_key import write_new_key
from onboarding_api.cli.realm.wanted import KEY_CLIENTS


def environment_of(keycloak_url: str, realm: str, directory: Path) -> dict[str, str]:
    """Settings, and the private keys of the worker and of who reads."""
    for client_id in KEY_CLIENTS:
        write_new_key(directory / f"{client_id}.pem", directory / "public" / f"{client_id}.pem")
    return {
        "BDT_ENVIRONMENT": "test",
        "BDT_DATABASE_URL": "sqlite:///unused.db",
        "BDT_PUBLIC_URL": "http://127.0.0.1:8400",
        "BDT_SECRET_KEY": "secret-of-the-test",
        "BDT_KEYCLOAK_URL": keycloak_url,
        "BDT_KEYCLOAK_REALM": realm,
        "BDT_READER_KEY": str(directory / "bdt-reader.pem"),
        "BDT_SYNC_KEY": str(directory / "bdt-sync.pem"),
        "BDT_PUBLIC_KEYS": str(directory / "public"),
        "BDT_ESPACE_SECRET_MES_PRETS": "espace-secret",
        "BDT_ESPACE_URL_MES_PRETS": "http://127.0.0.1:8401",
        "BDT_CODE_KEYS": f"test:{'0123456789abcdef' * 4}",
        "BDT_SMTP_HOST": "127.0.0.1",
        "BDT_SMTP_PORT": "8425",
        "BDT_SMTP_FROM": "bdt@example.org",
        "BDT_SPOOL_DIRECTORY": "letters",
        "BDT_CONTACT_EMAIL": "aide@example.org",
        "BDT_CONTACT_PHONE": "01 99 00 00 00",
    }
