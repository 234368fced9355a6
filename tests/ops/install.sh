#!/bin/sh
# install.sh GROUP ...: installs what these groups of tests need of Debian, where it is missing, and the packages of the
# JavaScript example in .tools/node. A container engine is yours to install.
set -eu
cd "$(dirname "$0")/../.."

# Takes pairs of a command and the package that has it.
need() {
    while [ $# -gt 0 ]; do
        case $packages in
        *" $2"*) ;;
        *) command -v "$1" >/dev/null || packages="$packages $2" ;;
        esac
        shift 2
    done
}

packages=
for group; do
    case $group in
    browser) need chromium chromium ;;
    node) need node nodejs npm npm ;;
    prometheus) need prometheus prometheus promtool prometheus amtool prometheus-alertmanager ;;
    root) need ip iproute2 nsenter util-linux mkfs.ext4 e2fsprogs ;;
    esac
done
if [ -n "$packages" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "Error: these tests need Debian's packages. As root: apt install$packages" >&2
        exit 1
    fi
    echo "Installing$packages"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi
case " $* " in *" node "*)
    npm install --silent --no-audit --no-fund --prefix .tools/node @nats-io/transport-node@3 @nats-io/jetstream@3
    ;;
esac
