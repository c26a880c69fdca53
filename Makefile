# Two commands matter: `make demo` and `make test`. Everything is installed into .venv from requirements locked by hash.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
STAMPS := $(VENV)/.stamps

.PHONY: demo test test-slow check bench lock clean help

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(STAMPS)/venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "onprem needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: $(STAMPS)/venv requirements/runtime.txt pyproject.toml
	$(PIP) -r requirements/runtime.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/runtime requirements/test.txt
	$(PIP) -r requirements/test.txt
	@touch $@

$(STAMPS)/dev: $(STAMPS)/test requirements/dev.txt
	$(PIP) -r requirements/dev.txt
	@touch $@

$(STAMPS)/bench: $(STAMPS)/test requirements/bench.txt
	$(PIP) -r requirements/bench.txt
	@touch $@

## make demo    set up and de-identify the sample hospital; ends with the path of a report
demo: $(STAMPS)/runtime
	@rm -rf demo/out
	@$(BIN)/onprem init --site demo/site
	@code=0; $(BIN)/onprem deid examples/hospital --site demo/site --out demo/out --policy hipaa-expert \
	  --spans demo/spans.jsonl --report demo/report.html --jobs 2 || code=$$?; \
	test $$code -le 1 || exit $$code; \
	echo; echo "safe records:  demo/out"; echo "report:        demo/report.html"; \
	if test $$code -eq 1; then echo "held records:  demo/site/held (the sample holds some on purpose)"; fi

## make test    set up what tests need and run them
test: $(STAMPS)/test
	$(BIN)/python -m pytest -m "not slow"

## make test-slow   the tests that take minutes (kills at many points, large files)
test-slow: $(STAMPS)/test
	$(BIN)/python -m pytest -m slow

## make check   formatting, lint, types, layers, then the tests
check: $(STAMPS)/dev test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## make bench   speed and memory beside stock Presidio; the audit log beside SQLite and DuckDB
bench: $(STAMPS)/bench
	$(BIN)/python tests/bench/bench_deid.py
	$(BIN)/python tests/bench/bench_audit.py

## make lock    resolve requirements/*.in anew, with hashes
lock: $(STAMPS)/dev
	$(BIN)/python requirements/lock.py

clean:
	rm -rf $(VENV) demo build dist
