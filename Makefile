# make run    the environment, then a whole demo run          make test   everything the tests need, then the tests
# Another Python: make run PYTHON=/path/to/python3. The same as plain commands: README.md.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 8

# The first Python that is new enough and can make environments (Debian ships venv as a package of its own).
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)

.PHONY: run test test-slow lint style layout types imports format lock bench bench-full docs clean help

run: $(VENV)/base.stamp  ## A full run on sample exports against an embedded HubSpot stand-in, in ./goldpan-demo
	$(BIN)/goldpan demo

test: $(VENV)/all.stamp  ## All tests but the slow ones; about nine minutes on two cores
	$(PYTEST) -m "not slow"

test-slow: $(VENV)/all.stamp  ## The slow ones: mutants of the rules, fifty kills, a year of nights; as long again
	$(PYTEST) -m "slow or drawn" --hypothesis-profile=thorough

lint: style layout types imports  ## Style, layout, types, and who may import whom

style: $(VENV)/all.stamp
	$(BIN)/ruff check .

layout: $(VENV)/all.stamp
	$(BIN)/ruff format --check .

types: $(VENV)/all.stamp
	$(BIN)/mypy

imports: $(VENV)/all.stamp
	$(BIN)/lint-imports

format: $(VENV)/all.stamp  ## Settles layout and what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# More words: make bench BENCH="--only night --rounds 5 --json bench.json"
bench: $(VENV)/all.stamp  ## Goldpan against limits and alternatives, a table; some minutes
	$(BIN)/python -m bench $(BENCH)

bench-full: $(VENV)/all.stamp  ## The same with 100 million orders, and the year of nights; an hour
	$(BIN)/python -m bench --full $(BENCH); missed=$$?; \
	for script in sending night soak; do echo "== $$script"; $(BIN)/python -m bench.$$script || missed=1; done; exit $$missed

docs: $(VENV)/base.stamp  ## Writes docs/rules.md from the config and the code
	$(BIN)/python docs/make_rules.py

# Newest versions within the ranges of pyproject.toml, for every platform; needs uv. Read the diff before committing.
LOCK := uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
BUILD_BACKEND := sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml

lock:  ## Writes requirements.lock (all), -base.lock (what runs), -service.lock and -build.lock (the image)
	$(BUILD_BACKEND) | $(LOCK) pyproject.toml - --extra test --extra lint --extra service --output-file requirements.lock
	$(BUILD_BACKEND) | $(LOCK) pyproject.toml - --constraint requirements.lock --output-file requirements-base.lock
	$(LOCK) pyproject.toml --extra service --constraint requirements.lock --output-file requirements-service.lock
	$(BUILD_BACKEND) | $(LOCK) - --constraint requirements.lock --output-file requirements-build.lock

clean:  ## Removes the environment, the demo and all caches
	rm -rf $(VENV) bench/.peers goldpan-demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 12

# --- the environment: made once, and again when a lock or pyproject.toml changes --------------------------------------

$(VENV)/base.stamp: requirements-base.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Goldpan needs Python 3.11 or newer, with venv. Debian, Ubuntu: apt install python3-venv."; \
		echo "Or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; } >&2
	@echo "Making the environment in $(VENV): a minute or two, once."
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements-base.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/all.stamp: $(VENV)/base.stamp requirements.lock
	$(PIP) --require-hashes --requirement requirements.lock
	@touch $@
