# Concord's few verbs. `make app` and `make test` are all the set-up there is.
PYTHON ?= python3
BIN := .venv/bin
DB := $(or $(CONCORD_DB),data/local/concord.duckdb)

.PHONY: app test quick crawl chaos check fix bench clean

app: .venv/.installed  ## build the sample company if there is no database, and serve
	@test -f "$(DB)" || $(BIN)/python -m forecasting sample --db "$(DB)"
	$(BIN)/python -m forecasting serve --db "$(DB)"

test: .venv/.installed-dev  ## every test; browser tests skip where there is no Chromium
	$(BIN)/python -m pytest -n 2 --dist loadfile

quick: .venv/.installed-dev  ## the inner loop: format, lint, types and what needs no sample company
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 -q -m "not slow and not browser and not sample"

crawl: .venv/.installed-dev  ## every page as every function, and whatever is on it; the long form
	CONCORD_CRAWL=full $(BIN)/python -m pytest -n 2 --dist loadfile tests/app/test_crawl.py tests/e2e/test_crawl.py

chaos: .venv/.installed-dev  ## hostile files, kills, sessions; MINUTES=60 of it
	$(BIN)/python -m tests.load.chaos --minutes $(or $(MINUTES),60)

check: .venv/.installed-dev  ## what CI runs: format, lint, types, import rules, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

fix: .venv/.installed-dev  ## put format and simple lint right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev  ## measure; run it on an idle machine
	$(BIN)/python -m tests.load.bench

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Concord needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: requirements.txt .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
