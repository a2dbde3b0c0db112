# From a clean checkout each target makes the environment it needs: Python 3.11 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: help qualify test lint format benchmarks clean

help:
	@echo "make qualify     qualify the virtual imp005 and write reports/latest/"
	@echo "make test        every test of the project"
	@echo "make lint        format, lint, types, layers"
	@echo "make benchmarks  speed against the peers, as tables"

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	$(BIN)/python -m compileall -q benchctl
	@touch $@

qualify: $(STAMP)
	$(BIN)/benchctl qualify virtual-imp005

test: $(STAMP)
	$(BIN)/pytest -n auto -q

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmarks: $(STAMP)
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/flash.py
	$(BIN)/python benchmarks/link.py

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
