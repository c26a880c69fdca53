# Two commands matter: `make demo` and `make test`. Everything is installed into .venv from requirements locked by hash;
# what takes long to make or fetch is kept in .wheels and .models, which `make clean` leaves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
STAMPS := $(VENV)/.stamps
MODEL := smollm2-135m-instruct
PYTEST := $(BIN)/python -m pytest
# a file of tests stays in one process, so that what it prepares is prepared once
PARALLEL := -n auto --maxprocesses 8 --dist loadfile

.PHONY: demo demo-deid demo-model llama model test test-slow check bench lock clean distclean help

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

# These two look at once whether there is anything to do, so they have no stamp.
llama: $(STAMPS)/runtime
	@$(BIN)/python requirements/build_llama.py

model: $(STAMPS)/venv
	@$(BIN)/python deploy/place_model.py $(MODEL) >/dev/null

## make demo    set up and de-identify the sample hospital; then put a small language model on the shelf and use it
demo:
	@$(MAKE) --no-print-directory demo-deid
	@$(MAKE) --no-print-directory demo-model

demo-deid: $(STAMPS)/runtime
	@rm -rf demo/out
	@$(BIN)/onprem init --site demo/site
	@code=0; $(BIN)/onprem deid examples/hospital --site demo/site --out demo/out --policy hipaa-expert \
	  --spans demo/spans.jsonl --report demo/report.html --jobs 2 || code=$$?; \
	test $$code -le 1 || exit $$code; \
	echo; echo "safe records:  demo/out"; echo "report:        demo/report.html"; \
	if test $$code -eq 1; then echo "held records:  demo/site/held (the sample holds some on purpose)"; fi; echo

demo-model: llama
	@$(BIN)/python deploy/place_model.py $(MODEL) --site demo/site >/dev/null
	@$(BIN)/onprem summarise demo/out/notes/note_0002.txt --site demo/site --unsupported mark || test $$? -eq 1
	@echo; echo "language model: $(MODEL), on the shelf of demo/site; talk to it: $(BIN)/onprem chat --site demo/site"

## make test    set up what tests need and run them: first side by side, then alone those that measure or need the machine
test: $(STAMPS)/test llama model
	$(PYTEST) -m "not slow and not serial" $(PARALLEL)
	$(PYTEST) -m "serial and not slow"

## make test-slow   the tests that take minutes (kills at many points, large files)
test-slow: $(STAMPS)/test llama model
	$(PYTEST) -m slow

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

## make clean   remove .venv and what was made; make distclean also removes the built llama.cpp and the model
clean:
	rm -rf $(VENV) demo build dist

distclean: clean
	rm -rf .wheels .models
