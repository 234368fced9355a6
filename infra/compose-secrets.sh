#!/bin/sh
# compose-secrets.sh [FOLDER]: makes the secrets of docker-compose.yml in FOLDER (else ./secrets), where they are missing.
# Only its owner can enter the folder. The files in it can be read by every account, for in the containers each has its own.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
for name in token postgres-password grafana-admin \
    nats-ingest nats-triage nats-notifier nats-projections nats-auditor nats-integrator nats-operator nats-route; do
    if [ ! -s "$folder/$name" ]; then
        head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
        chmod 644 "$folder/$name"
    fi
done
# How notices leave by e-mail; empty: they stand in the notifier's log only.
[ -e "$folder/smtp-url" ] || : >"$folder/smtp-url"
chmod 644 "$folder/smtp-url"
