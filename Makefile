# On a fresh machine `make demo` and `make test` install everything they need; `make clean` removes it.
# ARGS is passed to the command: make demo ARGS=--json, make test ARGS="-k encode".

ARGS ?=
BIN := .venv/bin

# Tests run in two processes, a test module or class in one of them, with one thread of OpenBLAS each: more only compete.
# ARGS="-n 0" runs them in one.
PYTEST = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

.NOTPARALLEL:
.PHONY: help demo test test-all test-torch lint format types docs wheel ci core dev clean docs-tools torch

help:
	@echo "make demo      run the demo: classify handwritten digits with a spiking liquid"
	@echo "make test      run the quick tests (5 minutes)"
	@echo "make test-all  run all tests, with long random campaigns and compilers too"
	@echo "make test-torch run the tests that need PyTorch, on Python 3.11 in .venv311"
	@echo "make lint      check style, formatting and imports"
	@echo "make format    fix style and formatting"
	@echo "make types     check types"
	@echo "make docs      build the site into build/docs"
	@echo "make wheel     build the wheel into dist/"
	@echo "make ci        run all checks of continuous integration"
	@echo "make clean     remove environments, caches and builds"

demo: core
	@$(BIN)/lsm-sim demo $(ARGS)

test: dev
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: dev
	@$(PYTEST) --durations=25 $(ARGS)

test-torch: torch
	@OPENBLAS_NUM_THREADS=1 LSM_SIM_REQUIRE_BACKENDS=fast,torch .venv311/bin/python -m pytest -n 2 --dist loadscope tests/torch $(ARGS)

lint: dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache --no-logo

format: dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: dev
	@$(BIN)/mypy

# Warnings are errors. The pages and notebooks are run, and so are some of the examples.
docs: docs-tools
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m sphinx --quiet --fail-on-warning --builder html docs build/docs
	@echo "the site is in build/docs/index.html"

wheel: dev
	@sh tools/uv build --quiet --wheel --out-dir dist

ci:
	@bash .ci/run

# Install what is needed to run lsm_sim (core), to develop it (dev) or to build the site, too (docs-tools), into .venv.
core dev:
	@sh tools/setup $@

docs-tools:
	@sh tools/setup docs

# PyTorch comes first and by its version: where pip has a build without CUDA, it is one of that version.
torch:
	@[ -x .venv311/bin/python ] || "$$(sh tools/find-python 3.11)" -m venv .venv311
	@.venv311/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	@sh tools/uv pip install --quiet --python .venv311/bin/python --editable '.[brian2,cells,dev,torch]'

clean:
	rm -rf .venv .venv310 .venv311 .tools build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
