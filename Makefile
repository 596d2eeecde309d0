# Everything runs in .venv, made on first use. A target's tools are installed once; a stamp file
# remembers it until pyproject.toml changes.

PYTHON ?= python3
BIN = .venv/bin

help:
	@echo "make example   serve the example app on http://127.0.0.1:8000 (PORT=... for another port)"
	@echo "make test      run the tests with coverage"
	@echo "make lint      check style and format (ruff)"
	@echo "make types     check types (mypy, pyright)"
	@echo "make translations  bring the catalogues up to date with the sentences in the code"
	@echo "make soak      cause errors at a real server for SECONDS=300, and see that it does not grow"
	@echo "make bench     measure what errors cost, here and in other libraries (WRITE=1: into the docs)"
	@echo "make docs      build the documentation into docs/_build/html"
	@echo "make clean     remove .venv, the example's database and everything built"
	@echo "PYTHON=python3.12 makes .venv with another interpreter (3.10 or newer)"

example: .venv/installed-example
	@$(BIN)/python -m example_app

test: .venv/installed-test
	$(BIN)/python -m pytest --cov

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

# --verifytypes fails below a score of 100 %. It asks the python on PATH where packages are, whatever
# --pythonpath says, and finds none that is editable.
types: .venv/installed-dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)" \
	    pyright --verifytypes flask_statuskit --ignoreexternal

translations: .venv/installed-dev
	$(BIN)/python .ci/translations.py $(LOCALES)

docs: .venv/installed-docs
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html
	@echo "docs/_build/html/index.html is ready"

soak: .venv/installed-test .venv/installed-servers
	PYTHONPATH=.:tests $(BIN)/python tests/servers/soak.py --seconds=$(or $(SECONDS),300)

bench: .venv/installed-bench
	$(BIN)/python -m benchmarks $(if $(WRITE),--write)

clean:
	rm -rf .venv .ci/.cache .coverage htmlcov build dist *.egg-info docs/_build instance
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed-%: pyproject.toml $(BIN)/python
	@echo "Installing flask-statuskit[$*] into .venv ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable ".[$*]"
	@touch $@

# --clear, because this rule also runs when .venv links to an interpreter that is gone.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "$(PYTHON) is not Python 3.10 or newer. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
	    echo "No virtual environment could be made (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }

.PHONY: help example test lint types translations docs soak bench clean
# A stamp made on the way to a target is not an intermediate file to delete.
.PRECIOUS: .venv/installed-%
# Two pips in one environment at a time break it.
.NOTPARALLEL:
