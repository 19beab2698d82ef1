# Every target makes the environment it needs from the lock files: a machine with Python 3.11+ and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
people ?= 3000
workers ?= 1
port ?= 8000

.PHONY: help demo serve test test-slow check bench openapi docs migration lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.run ## Invent a commune, send it in, print the percentages, serve on 127.0.0.1:8000
	$(BIN)/tramy demo --people $(people) --port $(port)

serve: $(VENV)/.run ## Serve on 127.0.0.1:8000 with the embedded database
	$(BIN)/tramy migrate
	$(BIN)/tramy serve --port $(port) --workers $(workers)

test: $(VENV)/.dev ## Everything that must be green
	$(BIN)/pytest -n 2 --dist loadfile

test-slow: $(VENV)/.dev ## The tests that take long: kills, large histories, the browser
	$(BIN)/pytest -m slow

check: $(VENV)/.dev ## Style, types, import directions, migrations equal to models, known weaknesses of libraries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m migrations.check
	$(BIN)/python .ci/advisories.py requirements-dev.lock

bench: $(VENV)/.dev ## Measure and print the table of figures
	$(BIN)/python -m bench

openapi: $(VENV)/.dev ## Write schemas/openapi.json anew
	$(BIN)/python -m app.api.openapi > schemas/openapi.json

docs: $(VENV)/.dev ## Write the reference pages that are made from the program anew
	$(BIN)/python -m docs.reference.pages

migration: $(VENV)/.dev ## Write the migration from the newest schema to the models: make migration title="Add observations"
	$(BIN)/python -m migrations.make "$(title)"

lock: $(VENV)/.dev ## Renew the lock files from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o requirements-dev.lock

clean: ## Remove the environment
	rm -rf $(VENV)

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Tramy needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m app.cli.link $(BIN)/tramy
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
