#!/bin/bash
# Makes a virtual environment:  tools/make_venv.sh FOLDER [PYTHON]
# Without PYTHON, the newest of the supported versions that is installed and really runs (a version
# manager may leave commands on the PATH that only say "not selected").
set -euo pipefail

folder=$1
chosen=${2:-}

runs() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

if [[ -n $chosen ]]; then
    if ! runs "$chosen"; then
        echo "PYTHON=$chosen does not run, or is not Python 3.11, 3.12, 3.13 or 3.14." >&2
        exit 2
    fi
else
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if runs "$candidate"; then
            chosen=$candidate
            break
        fi
    done
    if [[ -z $chosen ]]; then
        echo "No Python 3.11, 3.12, 3.13 or 3.14 found; install one, or name it: make PYTHON=/path/to/python3" >&2
        exit 2
    fi
fi

if ! "$chosen" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$chosen" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$chosen cannot make virtual environments; on Debian and Ubuntu: apt-get install python$version-venv" >&2
    exit 2
fi

echo "== making $folder with $("$chosen" --version)"
# A half-made folder, left by an interrupted run, must not be taken for a whole one.
rm -rf "$folder"
if ! "$chosen" -m venv "$folder"; then
    rm -rf "$folder"
    exit 2
fi
