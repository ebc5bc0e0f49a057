# Everything a checkout can do. Needs python3 (3.11 or newer) with its venv module, and make.
# `make help` lists the targets; set-up happens by itself, once, and again when what it installs has changed.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
PIP_VERSION := $(filter pip==%,$(shell cat constraints.txt))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --prefer-binary --constraint constraints.txt --build-constraint constraints.txt --editable '.[demo]'
TESTS ?=
# mkdocs is strict only where it is not quiet; this silences what it says about other products.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs generate format clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No python3 (3.11 or newer) with venv was found: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/demo.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv (once) …"
	$(PIP) install $(PIP_VERSION)
	$(INSTALL)
	@touch $@

.venv/setup.stamp: .venv/demo.stamp
	@echo "Adding what tests, checks and the documentation need (once) …"
	$(INSTALL) --group dev
	@touch $@

setup: .venv/setup.stamp  ## Make .venv with all that development needs
	@echo "Ready: $(BIN)/batchyard"

demo: .venv/demo.stamp  ## Run the demonstration: an array job of 100 children on this machine
	$(BIN)/batchyard demo

test: .venv/setup.stamp  ## Run all tests: behaviour, architecture, tidiness, documentation (TESTS=path for some)
	$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

check: .venv/setup.stamp  ## Check format, lint, types, imports and tidiness
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tools.tidy

bench: .venv/setup.stamp  ## Measure speed and memory; the figures go to docs/benchmarks.md
	$(BIN)/python -m tools.bench --write

docs: .venv/setup.stamp  ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

generate: .venv/setup.stamp  ## Write the generated reference pages again
	$(BIN)/python -m tools.compatibility
	$(BIN)/python -m tools.settings_page
	$(BIN)/python -m tools.cli_page
	$(BIN)/python -m tools.states_page

format: .venv/setup.stamp  ## Format the code and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:  ## Remove all that make made
	rm -rf .venv site build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
