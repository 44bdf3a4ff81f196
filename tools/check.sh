#!/bin/bash
# The checks behind `make test`, `make quick` and `make lint`:  tools/check.sh all|quick|lint [PYTEST ARGUMENTS]
# Every check runs, also after one has failed, so that one run tells everything. pytest comes last.
set -uo pipefail
cd "$(dirname "$0")/.."

what=$1
shift
bin=.venv/bin
failed=()

step() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

# logical: all processors; "auto" would count a processor with two threads as one.
tests() { $bin/python -m pytest --numprocesses logical --dist worksteal "$@"; }

if [[ $what == all ]]; then
    tools/prepare.sh || exit 1
fi

step "style: ruff check" $bin/ruff check --quiet .
step "layout: ruff format" $bin/ruff format --quiet --check .

if [[ $what != quick ]]; then
    step "types: mypy" $bin/mypy
    step "layers: import-linter" $bin/lint-imports --no-cache --no-logo
    step "templates: djlint" $bin/djlint --quiet --lint portal/templates
    step "dependencies: deptry" $bin/deptry portal
    step "translations" $bin/python tools/translations.py check
fi

case $what in
    # A commit, or a call of an adapter, that no crash test can stop at.
    lint) step "fault points" tests --quiet -k "commits or commit_past or commit_of or one_place or watched_by_name" tests/crash/test_fault_points.py ;;
    all) step "tests" tests "$@" ;;
    quick)
        fast="not browser and not server and not slow and not whole"
        step "fast tests" tests --ignore tests/browser -m "$fast" "$@"
        ;;
esac

if ((${#failed[@]})); then
    echo
    printf 'FAILED: %s\n' "${failed[@]}" >&2
    exit 1
fi
