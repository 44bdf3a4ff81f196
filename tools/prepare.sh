#!/bin/bash
# Gets the programs that the tests need and no Python package brings: Chromium, MariaDB and, on
# Linux, strace. On Debian and Ubuntu it installs them, if it may; elsewhere it says what to install.
# Without Chromium it fails. Without the others the tests run, and say loudly what they left out;
# under CI=true that is a failure, too.
set -euo pipefail

has_chromium() { .venv/bin/python -c '
import sys
sys.path.insert(0, ".")
from tests.servers.browser import find_chromium
sys.exit(find_chromium() is None)'; }

has_mariadb() { .venv/bin/python -c '
import sys
sys.path.insert(0, ".")
from tests.servers.mariadb import installed
sys.exit(not installed())'; }

as_root=()
may_install() {
    command -v apt-get >/dev/null || return 1
    [[ $(id -u) == 0 ]] && return 0
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
}

updated=
install() {
    may_install || return 1
    echo "== installing $* with apt-get"
    local log
    log=$(mktemp)
    if [[ -z $updated ]]; then
        "${as_root[@]+"${as_root[@]}"}" apt-get update >"$log" 2>&1 || true
        updated=yes
    fi
    # noninteractive: a package that asks a question would wait for an answer for ever.
    if ! "${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

if ! has_chromium; then
    # The fonts too: without one, Chromium shows boxes.
    install chromium fonts-dejavu-core || true
    if ! has_chromium; then
        echo "The browser tests need Chromium: on Debian 'apt-get install --no-install-recommends chromium'; elsewhere install Chromium or Chrome and name it in PORTAL_CHROMIUM." >&2
        exit 1
    fi
fi

if ! has_mariadb; then
    install mariadb-server-core mariadb-client-core || true
    if ! has_mariadb; then
        echo "MariaDB is missing and will NOT be tested: on Debian 'apt-get install --no-install-recommends mariadb-server-core mariadb-client-core'." >&2
        [[ ${CI:-} != true ]] || exit 1
    fi
fi

# Where programs may not be watched (some containers), strace is there and of no use.
can_trace() { strace -o /dev/null true >/dev/null 2>&1; }

if [[ $(uname) == Linux ]] && ! can_trace; then
    command -v strace >/dev/null || install strace || true
    if ! can_trace; then
        echo "strace is missing or may not watch programs, and power cuts will NOT be tested: on Debian 'apt-get install strace'; in a container allow ptrace." >&2
        [[ ${CI:-} != true ]] || exit 1
    fi
fi
