# The whole of it: make demo, make test, make check. Only Python >= 3.11, git and make are needed.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest -p no:cacheprovider

.PHONY: demo test test-fast check policy chaos cluster soak format lock clean

## walk the guide's story on a real Keycloak, then stay up (ONCE=1: exit after the story)
demo: $(VENV)/demo.stamp
	$(BIN)/bdt demo --walk $(if $(ONCE),--once)

## everything: unit, SQLite, PostgreSQL, real Keycloak, browser
test: $(VENV)/dev.stamp
	$(PYTEST) -n 2 --durations=40 --ignore=tests/cluster

## no server
test-fast: $(VENV)/dev.stamp
	$(PYTEST) -n 2 -m "not postgresql and not keycloak and not browser and not slow"

## lint, types, contracts between rooms, spelling: 0 warnings
check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell $$(git ls-files '*.py' '*.md' '*.java')
	$(BIN)/python -m tests.architecture.attack_table --check
	$(BIN)/python -m tests.architecture.promises --check
	$(MAKE) --no-print-directory policy

## what reviewers of the rules ask: valid, fresh, tested, proved, every slip noticed, every opening approved
policy: $(VENV)/dev.stamp
	$(BIN)/bdt policy check
	$(BIN)/bdt policy generate --check
	$(BIN)/bdt policy test --coverage
	$(BIN)/bdt policy prove
	$(BIN)/bdt policy prove --lifecycle
	$(BIN)/bdt policy mutate
	$(BIN)/bdt policy gate

## bad weather over the running system, on each database, then the invariants; 15 minutes at most, prints its seed
chaos: $(VENV)/dev.stamp
	BDT_CHAOS_SECONDS=$${BDT_CHAOS_SECONDS:-200} timeout --signal INT 900 $(PYTEST) -n 0 -sx tests/chaos/test_storm.py

## two Keycloak nodes, two portals, three workers on PostgreSQL: the story while one of each is killed, then the figures
cluster: $(VENV)/dev.stamp
	$(BIN)/bdt demo --cluster

## long runs by hand: an hour of API fuzzing, many decisions, 200 newcomers and killed workers, the second opinion of
## cedar symcc and of cedar-go (policies/README.md), fault injector and attackers of others (docs/security/soak.md; needs Go, and installs what they need into var/)
soak: $(VENV)/dev.stamp var/soak/tools.stamp
	$(BIN)/bdt policy prove --second-opinion
	$(BIN)/bdt policy mutate --properties
	$(BIN)/bdt policy engines --decisions 1000000
	BDT_POLICY_FAULTS=all BDT_WHO_CAN_DECISIONS=200000 BDT_FUZZ_SECONDS=3600 BDT_NEWCOMERS=200 $(PYTEST) -m slow
	$(BIN)/python -m demo.chaos.soak var/soak/bin --minutes 60

var/soak/tools.stamp:
	$(PYTHON) -m venv var/soak
	var/soak/bin/pip install --quiet --disable-pip-version-check wapiti3==3.2.3 sqlmap==1.10.10
	GOBIN=$(CURDIR)/var/soak go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0
	mv var/soak/server var/soak/bin/toxiproxy-server
	@touch $@

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	requirements/lock.sh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: set PYTHON=python3.x"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Cannot make a virtual environment: on Debian, install python3-venv"; rm -rf $(VENV); exit 2; }

$(VENV)/%.stamp: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
