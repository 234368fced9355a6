#!/bin/sh
# with-secrets.sh COMMAND ...: starts nats-server with the passwords that stand in files, nats_USER for each of its users.
set -eu
folder=${WARMLINE_NATS_SECRETS:-/run/secrets}
for file in "$folder"/nats_*; do
    user=$(echo "${file##*/nats_}" | tr '[:lower:]' '[:upper:]')
    # In quotes, since nats-server would take a password of digits for a number.
    export "WARMLINE_NATS_${user}_PASSWORD=\"$(cat "$file")\""
done
routes=
for host in $WARMLINE_NATS_ROUTE_HOSTS; do
    routes="${routes:+$routes, }\"nats://route:$(cat "$folder/nats_route")@$host\""
done
export WARMLINE_NATS_ROUTES="[$routes]"
exec "$@"
