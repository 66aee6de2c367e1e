# `make run` and `make test` do all the set-up themselves on a machine that has Python 3.11, 3.12 or 3.13 and make.

FIRST := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
PYTHON ?= $(or $(FIRST),python3)
SETUP := $(PYTHON) brigade/config/setup.py
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PYTEST := $(BIN)/pytest
ROOMS := $(foreach room,rules queries moves actions,$(wildcard */*/$(room).py */*/$(room)/*.py)) $(filter-out %/rules.py,$(wildcard brigade/workflow/*.py)) $(wildcard brigade/kit/*.py brigade/kit/importing/*.py brigade/kit/documents/*.py)
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	--python-version 3.11 --fork-strategy fewest

.PHONY: run setup dev test test-services browser shots bench check fix states schema demo backup restore lock

run: ## the portal at PORT (8000): web, worker and beat until Ctrl-C
	@$(SETUP) --port
	@$(BIN)/python -m brigade.config.serve

setup: ## packages, front end files and keys, without starting anything
	@$(SETUP)

dev: ## packages for work on the code, without starting anything
	@$(SETUP) --dev

test: dev ## the whole suite on SQLite
	$(PYTEST) -n 2 --dist loadfile

test-services: dev ## the same suite on PostgreSQL and Redis (DATABASE_URL, REDIS_URL, or private servers)
	$(BIN)/python -m tests.servers $(PYTEST) -n 2 --dist loadfile

browser: dev ## the browser journeys alone, with what each one pressed
	$(PYTEST) -s tests/browser

shots: dev ## a picture of every page as every role, desk and phone, under var/shots/ (README=1: those of the README)
	$(BIN)/python -m tests.browser.shots $(if $(README),--readme)

bench: dev ## speed against its bars, on SQLite and PostgreSQL; about twelve minutes of a quiet machine
	$(BIN)/python -m tests.bench.run

check: dev ## style, types, import contracts, templates, migrations, state diagrams, API
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy $(ROOMS)
	$(BIN)/djlint templates --lint --quiet
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) states --check
	$(MANAGE) spectacular --validate --fail-on-warn | diff docs/openapi.yaml -

fix: dev ## what the tools can mend themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

states: dev ## docs/states/ drawn from the tables of moves
	$(MANAGE) states

schema: dev ## docs/openapi.yaml
	$(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

demo: setup ## the demo world, into an empty database
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) setup_reference
	$(MANAGE) setup_catalogue
	$(MANAGE) setup_hazards
	$(MANAGE) demo

backup: setup ## var/backups/<time>.tar: database, attachments, audit anchors, keys
	@$(BIN)/python -m brigade.config.backup make

restore: setup ## make restore FILE=var/backups/<time>.tar, with the portal stopped
	@$(BIN)/python -m brigade.config.backup restore $(FILE)

lock: dev ## requirements*.lock from pyproject.toml, package-lock.json from package.json
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group node -o requirements-node.lock
	npm install --ignore-scripts --package-lock-only --omit-lockfile-registry-resolved
