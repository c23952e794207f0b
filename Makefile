# The verbs of this repository. `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-locks
LOCKS := requirements/base.lock requirements/dev.lock requirements/bench.lock
# Locked each by itself: these are never installed together, nor beside the product.
JUDGES := substrate async

# What a machine may lack. `make test` leaves these out and says how many; `make ci` runs them, where a missing tool is an error.
NEEDS := needs_root needs_systemd needs_tmux needs_node needs_judges needs_browser needs_promtool needs_faketime
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)
NEEDS_ANY := $(subst $(SPACE), or ,$(NEEDS))
# One more than there are cores, since many tests wait for a clock; more than eight gain nothing.
WORKERS := $(shell n=$$(( $$(nproc) + 1 )); echo $$(( n > 8 ? 8 : n )))
BENCHES := $(filter-out frame _%,$(basename $(notdir $(wildcard benchmarks/*.py))))

.PHONY: help setup lock docs proto test check rooted interop browser fuzz fuzz-quick faults-quick faults bench-quick bench fresh-check ci demo clean

help: ## print the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv from the locks (Python >= 3.11 and pip alone)

$(STAMP): pyproject.toml $(LOCKS)
	@if ! test -x $(BIN)/python; then
	  found=
	  for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11; do
	    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi
	  done
	  if test -z "$$found"; then
	    echo "error: no Python >= 3.11 with venv and ensurepip was found" >&2
	    echo "hint: apt-get install python3 python3-venv, or make setup PYTHON=/path/to/python3" >&2
	    exit 2
	  fi
	  "$$found" -m venv $(VENV)
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(LOCKS:%=-r %)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# One resolution of everything comes first and constrains the three files, so that they install together.
# Known versions stay unless UPGRADE=1 is given.
lock: setup ## write requirements/*.lock from pyproject.toml (UPGRADE=1: newest versions)
	@scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	compile="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate"
	cat $(LOCKS) > "$$scratch/all.lock"
	$$compile $(if $(UPGRADE),--upgrade) --group dev --group bench pyproject.toml -o "$$scratch/all.lock"
	$$compile -c "$$scratch/all.lock" pyproject.toml -o requirements/base.lock
	$$compile -c "$$scratch/all.lock" --group dev -o requirements/dev.lock
	$$compile -c "$$scratch/all.lock" --group bench -o requirements/bench.lock
	for judge in $(JUDGES); do
	  $$compile $(if $(UPGRADE),--upgrade) --group judge-$$judge -o requirements/judge-$$judge.lock
	done

docs: setup ## write the pages of docs/ that are made from the code
	$(BIN)/python -m docs.generate

proto: setup ## write the code of edge_node/wire/proto that is made from its .proto files
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. edge_node/wire/proto/*.proto

test: setup ## every test that wants Python only
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not faults and not fuzz and not ($(NEEDS_ANY))"

check: setup ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Exit code 5 says that no test matched, which is no failure here.
rooted: setup ## the tests that want root or a tool, outside tests/faults
	EDGE_NODE_CI=1 $(BIN)/python -m pytest --ignore=tests/faults -m "not faults and (needs_root or needs_systemd or needs_tmux or needs_promtool)" || test $$? -eq 5

# What others wrote is installed once per lock, into .interop.
interop: setup ## others' clients on a real node and a real chain: the npm SDK, polkadot-js, smoldot, grpcio, substrate-interface
	EDGE_NODE_CI=1 $(BIN)/python -m pytest tests/interop

browser: setup ## a real Chromium on a real node: websites, players, and hostile pages that reach nothing
	EDGE_NODE_CI=1 $(BIN)/python -m pytest tests/browser

faults-quick: setup ## the fault campaign in under five minutes
	EDGE_NODE_CI=1 $(BIN)/python -m pytest tests/faults -m "not faults"

faults: setup ## the whole fault campaign: 200 kills of a journal and of a node
	EDGE_NODE_CI=1 EDGE_NODE_KILL_ROUNDS=200 $(BIN)/python -m pytest tests/faults

fuzz: setup ## changed inputs at frames, tokens and messages for EDGE_NODE_FUZZ_S seconds (600)
	EDGE_NODE_CI=1 EDGE_NODE_FUZZ_S=$${EDGE_NODE_FUZZ_S:-600} $(BIN)/python -m pytest tests/fuzz -m fuzz

fuzz-quick: ## the same for 20 seconds
	@EDGE_NODE_FUZZ_S=20 $(MAKE) fuzz

bench-quick: setup ## every benchmark at a smaller load, one JSON line per case
	@status=0
	for name in $(BENCHES); do $(BIN)/python -m benchmarks.$$name --quick --json || status=1; done
	exit $$status

bench: setup ## every benchmark at its promised size
	@status=0
	for name in $(BENCHES); do $(BIN)/python -m benchmarks.$$name --json || status=1; done
	exit $$status

fresh-check: ## clone into an empty directory with an empty HOME and run the README's commands
	@bash .ci/fresh-check

ci: check interop browser fuzz-quick faults-quick rooted bench-quick ## what must pass besides `make test`

demo: setup ## a live local system under the terminal UI (ONCE=1: no terminal, proves what it prints)
	@$(BIN)/edge-node devnet demo $(if $(ONCE),--once)

clean: ## remove what the other verbs made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .interop dist build
