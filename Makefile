# The two commands of the README are `make demo` and `make test`; `make check` is what a change must pass.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOAK = CONSTAT_SOAK=1 CONSTAT_FAULTS=soak.jsonl CONSTAT_REQUIRE_KAFKA=1 $(BIN)/python -m pytest -n 0
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo demo-kafka test faults soak soak-brokers soak-consumers check lint types imports generated bench format reference disputes pages lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Constat needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## Play a month of three clients into a fresh ledger and print the disputed statement
	@$(BIN)/constat demo

demo-kafka: $(INSTALLED) ## The same on a broker in a container (needs Docker; the ledger must be empty)
	@if docker compose version >/dev/null 2>&1; then docker compose up --detach --wait kafka && docker compose run --rm topics; \
		else docker-compose up --detach kafka && docker-compose up topics; fi
	@$(BIN)/constat --ledger kafka://localhost:9092 demo

test: $(INSTALLED) ## Run every test
	$(BIN)/python -m pytest

faults: $(INSTALLED) ## Only the faults on three real brokers (five minutes; needs Docker); counts go to faults.jsonl
	CONSTAT_FAULTS=faults.jsonl CONSTAT_REQUIRE_KAFKA=1 $(BIN)/python -m pytest -n 0 tests/ledger/log/kafka/test_faults.py

soak: soak-brokers soak-consumers ## The long forms of all faults (two hours; needs Docker); counts go to soak.jsonl

soak-brokers: $(INSTALLED) ## Of these only the faults of brokers (a quarter of an hour)
	$(SOAK) tests/ledger/log/kafka/test_faults.py

soak-consumers: $(INSTALLED) ## Of these only billing, relays, mails and all of them in one process
	$(SOAK) tests/consumers/test_killed_run.py tests/consumers/notices/test_killed_notify.py tests/consumers/notices/test_many_notices.py tests/consumers/billing/test_killed_billing.py tests/consumers/billing/test_push.py tests/consumers/billing/test_poison.py tests/consumers/relay

check: lint types imports generated test ## Everything a change must pass; the tests come last

lint: $(INSTALLED) ## Style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

imports: $(INSTALLED) ## consumers -> projections -> ledger, and never back
	$(BIN)/lint-imports

generated: $(INSTALLED) ## The committed reference equals the code
	$(BIN)/python -m docs.generate --check

reference: $(INSTALLED) ## Write docs/reference/ anew from the code
	$(BIN)/python -m docs.generate

disputes: $(INSTALLED) ## Write the expected statements of tests/disputes/ anew (then read the diff)
	$(BIN)/python -m tests.disputes.rebuild

pages: $(INSTALLED) ## Write the pages of tests/consumers/pages/golden/ anew (then read the diff)
	$(BIN)/python -m tests.consumers.pages.rebuild

bench: $(INSTALLED) ## Measure a replay of 86 million results beside other ways; BENCH=--quick reads two days of them
	@$(BIN)/constat bench $(BENCH)

format: $(INSTALLED) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the dependencies anew into requirements.lock (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --all-extras --group dev --group bench pyproject.toml --output-file requirements.lock

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
