# The project's commands. `make run` and `make test` are all a new machine needs: Python 3.11 or later and PyPI.
PYTHON ?= python3
VENV ?= .venv
LISTEN ?= tcp:4566:interface=127.0.0.1
BIN := $(VENV)/bin

.PHONY: run test lint types unit live bench clean

# An editable install in the form twistd's plugin look-up understands (a plain path on sys.path).
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat

$(VENV)/.run: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[cli]'
	touch $@

$(VENV)/.test: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[cli,test]'
	touch $@ $(VENV)/.run

run: $(VENV)/.run
	@echo "apigw-emu: starting on $(LISTEN) (Ctrl-C stops it)"
	@exec $(BIN)/twistd --nodaemon --pidfile= apigw-emu --listen $(LISTEN)

# trial runs the unit tests, pytest everything: live tests too.
test: lint types unit
	$(BIN)/python -m pytest

lint: $(VENV)/.test
	$(BIN)/ruff check --config conf/ruff.toml emulator twisted tests benchmarks

types: $(VENV)/.test
	$(BIN)/mypy

unit: $(VENV)/.test
	$(BIN)/trial --temp-directory=_trial_temp -j2 --reporter=text tests

live: $(VENV)/.test
	$(BIN)/python -m pytest tests/live

bench: $(VENV)/.test
	$(BIN)/python benchmarks/bench.py

clean:
	rm -rf _trial_temp* build *.egg-info .pytest_cache .mypy_cache .ruff_cache
