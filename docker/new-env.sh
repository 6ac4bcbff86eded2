#!/usr/bin/env bash
# Writes .env with fresh secrets, and keys/, for `docker compose up` on this machine. Never overwrites one.
# For production: https URLs, BDT_ENVIRONMENT=production, a real mail relay, and secrets from your own store.
set -euo pipefail
cd "$(dirname "$0")/.."
[ ! -e keys ] || { echo "keys/ is there already; remove it first to draw new ones" >&2; exit 1; }
[ ! -e .env ] || { echo ".env is there already; remove it first to make a new one" >&2; exit 1; }
secret() { python3 -c 'import secrets; print(secrets.token_hex(32))'; }
umask 077
# One key a client: its process gets the private half, Keycloak the public one.
# The directory is ours alone; in it, containers read under a user of their own.
mkdir -p keys/public
for client in portail bdt-sync bdt-reader mes-prets; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "keys/$client.pem"
  openssl pkey -in "keys/$client.pem" -pubout -out "keys/public/$client.pem"
done
chmod 0755 keys/public
chmod 0644 keys/*.pem keys/public/*.pem
cat > .env <<EOF
COMPOSE_PROFILES=demo
BDT_ENVIRONMENT=demo
BDT_PUBLIC_URL=http://127.0.0.1:8400
BDT_KEYCLOAK_PUBLIC_URL=http://127.0.0.1:8480
BDT_ESPACE_URL_MES_PRETS=http://127.0.0.1:8401
BDT_SECRET_KEY=$(secret)
BDT_CODE_KEYS=first:$(secret)
MES_PRETS_SECRET=$(secret)
POSTGRES_PASSWORD=$(secret)
KEYCLOAK_ADMIN_PASSWORD=$(secret)
BDT_SMTP_HOST=mailbox
BDT_SMTP_PORT=8425
BDT_SMTP_FROM=ne-pas-repondre@banquedesterritoires.example
BDT_CONTACT_EMAIL=aide@banquedesterritoires.example
BDT_CONTACT_PHONE=01 99 00 00 00
EOF
echo "Wrote .env and keys/; now: docker compose up --build"
