# Two commands set everything up on a fresh machine, in .venv: `make demo` and `make test`.
PYTHON ?= python3
BIN = .venv/bin
TORCH ?= torch==2.13.0

.PHONY: demo test lint bench docs clean

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

demo: .venv/installed
	$(BIN)/dealias demo

lint: .venv/tested
	$(BIN)/ruff check src tests benchmarks reproductions docs
	$(BIN)/mypy

test: lint
	$(BIN)/pytest

# the peers in an environment of their own, which sees ours; BART is taken where Debian's package is installed
.venv-peers/installed: .venv/installed
	$(PYTHON) -m venv .venv-peers
	$(BIN)/python -c "import sysconfig; print(f'import site; site.addsitedir({sysconfig.get_path(\"purelib\")!r})')" \
	    > $$(.venv-peers/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/ours.pth
	.venv-peers/bin/pip install --quiet --disable-pip-version-check sigpy
	touch $@

bench: .venv-peers/installed
	.venv-peers/bin/python benchmarks

docs: .venv/installed
	$(BIN)/python docs/methods.py > docs/methods.md

clean:
	rm -rf .venv .venv-peers out
