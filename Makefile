# Two commands to know:  make demo   and   make test
#
# Everything lands in .venv, from hash-checked locks; remove that folder (make clean) to start anew.
# Written for GNU make 3.81 (macOS) and later.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Sent to pytest by `make test` and `make quick`, for instance PYTEST_ARGS="-k ledger".
PYTEST_ARGS ?=
# Pins the one tool that makes the locks; it is not needed to use them.
UV_VERSION := 0.13.9

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# --no-deps: a lock names everything already. --no-compile: Python does that for what it uses,
# when it uses it, and the demo starts a third sooner. Twice quiet: errors only.
LOCKED := $(PIP) install -qq --require-hashes --no-deps --no-compile --only-binary :all:
PROJECT := $(PIP) install -qq --no-deps --no-build-isolation --no-index --editable .

# Bytecode is kept for tests, whatever the machine's habit: without it, each of the many processes of
# a run compiles everything anew. It lies under .venv, so that there is none among the sources.
test quick crash bench-sync pictures: export PYTHONDONTWRITEBYTECODE :=
test quick crash bench-sync pictures: export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/bytecode

PO := $(wildcard portal/translations/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

# How often `make crash` kills the portal, and the seed of its chances (left out: a fresh one).
CRASHES ?= 10000
SEED ?=

.PHONY: help install demo test quick crash lint bench-sync pictures format lock translations clean

help:
	@echo "make demo                 start the portal, a website that embeds it and a CRM, on this machine"
	@echo "make demo ARGS='--help'   the options of the demo"
	@echo "make test                 every check and every test, as CI runs them"
	@echo "make quick                the fast tests, in seconds"
	@echo "make crash                kill the portal 10,000 times and cut its power; CRASHES=n for more"
	@echo "make lint                 style and types only"
	@echo "make bench-sync           what delivery costs, as ratios; some minutes"
	@echo "make pictures             a picture of every page, into test-results/pictures"
	@echo "make format               lay the code out as 'make lint' wants it"
	@echo "make translations         bring the .po files up to date with the pages"
	@echo "make lock                 choose the newest allowed versions again"
	@echo "make install              only make .venv, with everything for development in it"
	@echo "make clean                remove .venv and all that the tools left"

# --- the virtual environment ------------------------------------------------------------------

# A stamp per lock: installing happens again only when the lock or the metadata has changed.
$(BIN)/python:
	@tools/make_venv.sh $(VENV) $(PYTHON)

$(VENV)/.run: requirements/run.txt pyproject.toml tools/hatch_build.py | $(BIN)/python
	@echo "== installing the portal into $(VENV)"
	@$(LOCKED) -r requirements/run.txt
	@$(PROJECT)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "== installing the tools for tests into $(VENV)"
	@$(LOCKED) -r requirements/dev.txt
	@touch $@

%.mo: %.po | $(VENV)/.run
	@$(BIN)/python tools/translations.py compile

install: $(VENV)/.dev $(MO)

# --- running ----------------------------------------------------------------------------------

# `exec`: the demo gets Ctrl-C and a kill of make itself. It ends with 0 then, so make is silent.
demo: $(VENV)/.run $(MO)
	@exec $(BIN)/portal demo $(ARGS)

# --- checking ---------------------------------------------------------------------------------

test: install
	@tools/check.sh all $(PYTEST_ARGS)

quick: install
	@tools/check.sh quick $(PYTEST_ARGS)

# See docs/crash-testing.md. Ends with 1 on any loss, and when a planted fault is not found.
crash: install
	@$(BIN)/python -m tests.crash --runs $(CRASHES) $(if $(SEED),--seed $(SEED))

lint: install
	@tools/check.sh lint

# Ratios measured in one run, on SQLite and PostgreSQL; some minutes.
bench-sync: install
	@$(BIN)/python -m benchmarks.sync

format: install
	@$(BIN)/ruff check --quiet --fix-only . ; $(BIN)/ruff format .

# Every page, narrow and wide, light and dark, to look at.
pictures: install
	@mkdir -p test-results/pictures
	@PORTAL_PICTURES=test-results/pictures $(BIN)/python -m pytest -q tests/browser/test_every_page.py
	@echo "look into test-results/pictures"

# --- keeping up to date -----------------------------------------------------------------------

translations: install
	@$(BIN)/python tools/translations.py update

lock:
	@tools/make_venv.sh .lock-venv $(PYTHON)
	@.lock-venv/bin/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	@.lock-venv/bin/python tools/lock.py
	@rm -rf .lock-venv

clean:
	@rm -rf $(VENV) .lock-venv dist test-results .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	@find portal tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -f $(MO)
