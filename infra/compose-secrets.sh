#!/bin/sh
# compose-secrets.sh [FOLDER]: makes the secrets of docker-compose.yml in FOLDER (else ./secrets), where they are missing.
# What an earlier version kept in .env is taken over: the database knows its password from when it was made.
# Only its owner can enter the folder. The files in it can be read by every account, for in the containers each has its own.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
for name in token email-key postgres-password grafana-admin \
    nats-ingest nats-triage nats-notifier nats-projections nats-auditor nats-integrator nats-operator nats-route; do
    if [ ! -s "$folder/$name" ]; then
        variable=WARMLINE_$(echo "$name" | tr a-z- A-Z_)
        case $name in nats-*) variable=${variable}_PASSWORD ;; esac
        value=$(sed -n "s/^$variable=//p" .env 2>/dev/null | tail -n 1)
        [ -n "$value" ] || value=$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
        printf %s "$value" >"$folder/$name"
        chmod 644 "$folder/$name"
    fi
done
# How notices leave by e-mail; empty: they stand in the notifier's log only.
[ -e "$folder/smtp-url" ] || sed -n 's/^WARMLINE_SMTP_URL=//p' .env 2>/dev/null >"$folder/smtp-url" || :
chmod 644 "$folder/smtp-url"
