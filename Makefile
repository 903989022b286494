# Every target sets up what it needs first, so one command is enough on a fresh machine.
RECIPE ?= instruct
CONFIG ?= laptop
ROOT   ?= runs/$(RECIPE)
STAGE  ?=
DOCS   ?=
REPO   ?=
ARGS   ?=
PYTHON ?= python3
BIN    := .venv/bin
WHAT   := $(RECIPE) --config $(CONFIG) --root $(ROOT) $(if $(DOCS),--docs '$(DOCS)')
# make itself always ends with 2 when a command fails, so the command's own exit code is said.
SAYING  = || { code=$$?; echo "academe ended with exit code $$code (make turns it into 2)" >&2; exit $$code; }
RUN    := $(BIN)/academe run $(WHAT)

.PHONY: help setup dataset stage status plan report push test check golden trainers clean

help:  ## this list
	@grep -E '^[a-z]+: *.*##' Makefile | sed -E 's/^([a-z]+):.*## */\1 # /' | awk -F' # ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup:  ## install into .venv: vLLM for CPUs, or for the GPU that is here (2 to 5 minutes, once)
	@PYTHON=$(PYTHON) scripts/setup.sh

dataset: setup  ## everything, end to end; again = go on   [RECIPE= DOCS= CONFIG= ROOT= ARGS=]
	@$(RUN) $(ARGS) $(SAYING)

stage: setup  ## run again from one step: make stage STAGE=answers
	@test -n "$(STAGE)" || { echo "make stage needs a step: make stage STAGE=answers (make status lists them)" >&2; exit 2; }
	@$(RUN) --from $(STAGE) $(ARGS) $(SAYING)

status: setup  ## rows in, kept and rejected at every step
	@$(BIN)/academe status --root $(ROOT) $(SAYING)

plan: setup  ## what a run would do and ask; starts nothing
	@$(BIN)/academe plan $(WHAT) $(ARGS) $(SAYING)

report: setup  ## write report.html and report.json anew   [ROOT=]
	@$(BIN)/academe report --root $(ROOT) $(ARGS) $(SAYING)

push: setup  ## publish the dataset to the Hub: make push REPO=user/name, with HF_TOKEN   [ROOT= ARGS=]
	@test -n "$(REPO)" || { echo "make push needs a repository: make push REPO=user/name" >&2; exit 2; }
	$(BIN)/academe publish $(REPO) --root $(ROOT) $(ARGS) $(SAYING)

test: setup  ## the test suite, with one real vLLM server
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: setup  ## ruff, its formatter, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

golden: setup  ## rewrite tests/golden; review the diff like code
	ACADEME_GOLDEN=write $(BIN)/python -m pytest tests/test_golden.py

trainers:  ## install axolotl and LLaMA-Factory, for the tests that train with them (10 GB)
	@PYTHON=$(PYTHON) scripts/trainers.sh

clean:  ## remove .venv and caches; runs/ stays
	rm -rf .venv .trainers .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	find . -name __pycache__ -prune -exec rm -rf {} +
