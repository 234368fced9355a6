#!/bin/sh
# install.sh UV_VERSION [OPTION ...]: installs uv in .tools/uv, and in .venv the project with all that work on it needs, or
# what the options of `uv sync` choose. Quick when all is there.
set -eu
cd "$(dirname "$0")/.."
version=$1
shift
uv=.tools/uv/bin/uv

fail() {
    printf 'Error: %s\n' "$*" >&2
    exit 1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            # The interpreter itself: what stands on PATH may be a wrapper that chooses by folder.
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    if found=$(python3 --version 2>&1); then
        fail "Warmline needs Python 3.11 or newer, and python3 is $found. Install a newer one beside it, as python3.13."
    fi
    fail 'Warmline needs Python 3.11 or newer, and there is no python3. On Debian: apt install python3 python3-venv'
}

install_uv() {
    rm -rf .tools/uv
    mkdir -p .tools
    log=.tools/install.log
    echo "Installing uv $version in .tools"
    if "$python" -m venv .tools/uv >"$log" 2>&1; then
        .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version" >"$log" 2>&1 && return
    else
        # Debian keeps venv's installer in a package of its own; pip alone will do.
        rm -rf .tools/uv
        "$python" -m pip --version >/dev/null 2>&1 ||
            fail "$python has neither venv nor pip. On Debian: apt install python3-venv"
        "$python" -m pip install --quiet --disable-pip-version-check --target .tools/uv "uv==$version" >"$log" 2>&1 && return
    fi
    cat "$log" >&2
    rm -rf .tools/uv
    fail "uv $version could not be installed: the reason stands above. Is the package index reachable?"
}

python=
case $("$uv" --version 2>/dev/null || true) in
"uv $version" | "uv $version "*) ;;
*)
    python=$(find_python)
    install_uv
    ;;
esac
# An environment that works is kept, whichever Python it was made with.
if .venv/bin/python -c '' 2>/dev/null; then
    set -- --quiet "$@"
else
    [ -n "$python" ] || python=$(find_python)
    set -- --python "$python" "$@"
fi
unset VIRTUAL_ENV
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --frozen "$@" ||
    fail 'the packages could not be installed: the reason stands above. The next make goes on where this one ended.'
