# Concord's few verbs. `make app` and `make test` are all the set-up there is.
PYTHON ?= python3
BIN := .venv/bin
# Versions that hold on every Python we support and every platform; no registry is named.
LOCK := pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --no-annotate \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
DB := $(or $(CONCORD_DB),data/local/concord.duckdb)

# A file is one process's; which come first, the longest, tests/conftest.py says.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: app test quick crawl chaos fuzz check docs fix hooks lock bench clean

app: .venv/.installed  ## build the sample company if there is no database, and serve
	@test -f "$(DB)" || $(BIN)/python -m forecasting sample --db "$(DB)"
	$(BIN)/python -m forecasting serve --db "$(DB)"

test: .venv/.installed-dev  ## every test; browser tests skip where there is no Chromium
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

quick: .venv/.installed-dev  ## the inner loop: format, lint, types and what needs no sample company
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -q -m "not slow and not browser and not sample"

crawl: .venv/.installed-dev  ## every page as every function, and whatever is on it; the long form
	CONCORD_CRAWL=full $(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/app/test_crawl.py tests/e2e/test_crawl.py

chaos: .venv/.installed-dev  ## hostile files, kills, sessions; MINUTES=60 of it
	$(BIN)/python -m tests.load.chaos --minutes $(or $(MINUTES),60)

fuzz: .venv/.installed-dev  ## every route of the API with whatever it may be asked; EXAMPLES=200 of each
	CONCORD_API_EXAMPLES=$(or $(EXAMPLES),50) $(BIN)/python -m pytest -q tests/api/test_described.py

check: .venv/.installed-dev  ## what CI runs: format, lint, types, import rules, the documentation, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

docs: .venv/.installed-dev  ## the documentation as a site, build/site/index.html; a broken link or example fails
	$(BIN)/python -m sphinx --fresh-env --write-all --fail-on-warning --keep-going --quiet --builder html docs build/site
	$(BIN)/python -m pytest -q -m "not slow and not sample" tests/test_docs.py tests/test_docs_examples.py

hooks: .venv/.installed-dev  ## run format, lint and types at every commit and push
	$(BIN)/pre-commit install --hook-type pre-commit --hook-type pre-push

lock:  ## exact versions of everything, for Python 3.11 to 3.13; `make lock UPGRADE=--upgrade` takes newer ones
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check "uv~=0.13"
	build/lock/bin/uv $(LOCK) requirements.txt --output-file requirements.lock
	build/lock/bin/uv $(LOCK) --constraints requirements.lock requirements-dev.txt --output-file requirements-dev.lock
	rm -rf build/lock

fix: .venv/.installed-dev  ## put format and simple lint right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev  ## measure; run it on an idle machine
	$(BIN)/python -m tests.load.bench

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Concord needs Python 3.11, 3.12 or 3.13; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: requirements.lock .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@
