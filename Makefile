# Every target sets itself up: a virtual environment in .venv, dependencies pinned with hashes.
# Needs Python 3.11 or newer, git and make.

BIN := .venv/bin
READY := .venv/.ready
NPM := .venv/npm/.ready
FRAMEWORKS := .venv/frameworks/.ready
TORCH ?= torch==2.13.0+cpu
PR ?= worse
OUT ?= demo-out

.DEFAULT_GOAL := help
.PHONY: help demo test e2e lint format bench proof lock clean

help:
	@echo "make demo [PR=worse|better|noise|bad-data|loosened]   play a pull request of the example"
	@echo "make test     run all tests"
	@echo "make e2e      the action in its container, from a workflow to the comment"
	@echo "make lint     formatting, lint, types"
	@echo "make bench    benchmarks: each prints its ratio"
	@echo "make proof [ONLY=coverage|alarms|published|agreement|speed]   measure what docs/proof.md claims, and write it"
	@echo "make lock     pin the dependencies anew"

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml scripts/python
	@scripts/python -m venv .venv || { echo "A virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "Installing the pinned dependencies into .venv (once; about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements/uv.txt requirements/dev.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# what GitHub publishes about itself: test data, held by a lock file
$(NPM): $(READY) tests/support/npm/package.json tests/support/npm/package-lock.json
	@mkdir -p .venv/npm
	@cp tests/support/npm/package.json tests/support/npm/package-lock.json tests/support/npm/.npmrc .venv/npm/
	@cd .venv/npm && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	@cd .venv/npm/node_modules/@octokit/openapi/generated && rm -f *.deref.json ghec.json ghes-*.json
	@touch $@

demo: $(READY)
	@$(BIN)/mlci demo --pr $(PR) --out $(OUT)

# what models are made with, without mlci; PyTorch's build for processors alone lies beside the others' index, so it is
# taken from where pip is told to look (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL), and its test is left out where it is not
$(FRAMEWORKS): $(READY) requirements/frameworks.txt
	@echo "Installing what models are made with into .venv/frameworks (once; about a minute)"
	@rm -rf .venv/frameworks && $(BIN)/uv venv --quiet --python $(BIN)/python .venv/frameworks
	@VIRTUAL_ENV=$(CURDIR)/.venv/frameworks $(BIN)/uv pip sync --quiet --require-hashes requirements/frameworks.txt
	@$(BIN)/python -m pip --python .venv/frameworks/bin/python install --quiet --disable-pip-version-check --no-deps $(TORCH) \
	  || echo "There is no $(TORCH) to be had here: its test is left out"
	@touch $@

test: $(READY) $(NPM) $(FRAMEWORKS)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

e2e: $(READY) $(NPM)
	@scripts/e2e

lint: $(READY) $(NPM)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@scripts/lint-workflows

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# the peers, apart from what mlci itself runs with: some of them change what others do
.venv/bench/.ready: $(READY) requirements/bench.txt
	@rm -rf .venv/bench && $(BIN)/uv venv --quiet .venv/bench
	@VIRTUAL_ENV=$(CURDIR)/.venv/bench $(BIN)/uv pip sync --quiet --require-hashes requirements/uv.txt requirements/bench.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv/bench $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

bench: $(READY) .venv/bench/.ready
	@$(BIN)/python bench/start.py
	@$(BIN)/python bench/wall.py
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/speed.py
	@.venv/bench/bin/python bench/validation/compare.py

proof: $(READY)
	@$(BIN)/python bench/proof/make.py $(if $(ONLY),--only $(ONLY))

lock: $(READY)
	@scripts/lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-out mlci-out
