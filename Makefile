# Everything a developer runs. `make quickstart` and `make test` work on a fresh machine: each makes
# its own virtual environment first, once, and again only when the dependencies change.
#
#   PYTHON=python3.12 make test     another interpreter (3.11 or later)
#   VENV=/somewhere make test       another place for the environment
#   SEEDS=1000 ROUNDS=9 make torture  longer than 200 simulated seeds and 3 real rounds of each kind
#   FUZZ_SECONDS=600 make fuzz      longer, per reader

PYTHON ?= python3
SEEDS ?= 200
ROUNDS ?= 3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_ML := $(VENV)/.installed-ml
INSTALLED_FUZZ := $(VENV)/.installed-fuzz
FUZZ_SECONDS ?= 60
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt

# Ray decides on token authentication by this variable; left unset, `ray start` and `ray.init` differ.
export RAY_AUTH_MODE ?= disabled

.DEFAULT_GOAL := help
.PHONY: help install quickstart test test-ml fuzz torture test-cluster lint format bench clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED)  ## make the virtual environment

quickstart: $(INSTALLED)  ## the main job on real data
	$(BIN)/graphray quickstart

test: $(INSTALLED)  ## the test suite, doctests included
	$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0

test-ml: $(INSTALLED_ML)  ## the tests that need PyTorch, which this installs
	$(BIN)/python -m pytest -m torch

fuzz: $(INSTALLED_FUZZ)  ## every reader of files, by atheris, a minute each
	$(BIN)/python -m tests.fuzz all -max_total_time=$(FUZZ_SECONDS)

torture: $(INSTALLED)  ## replication under faults, simulated and real, long; rewrites docs/guarantees.md
	$(BIN)/python -m tests.simulation.torture --seeds $(SEEDS)
	$(BIN)/python -m tests.torture.torture --rounds $(ROUNDS)

test-cluster: $(INSTALLED)  ## ray up on hosts made of namespaces, and their network broken; as root
	$(BIN)/python -m pytest -m cluster_hosts --rewrite-tables -rs tests/cluster

lint: $(INSTALLED)  ## style, types, and which layer imports which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## rewrite the code in the one style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED)  ## every benchmark, at full size; `python -m benchmarks --list` names them
	for name in $$($(BIN)/python -m benchmarks --names); do \
		$(BIN)/python -m benchmarks $$name || exit 1; \
	done

clean:  ## remove what builds and tests leave behind, and the environment
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "GraphRay needs Python 3.11 or later; choose one: PYTHON=python3.12 make ..."; exit 1; }
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing GraphRay and its tools into $(VENV) (a few minutes where packages have to be downloaded)"
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $@

# A CPU build of PyTorch suffices and is a tenth of the default one's size: set PIP_EXTRA_INDEX_URL
# to PyTorch's CPU index to get it.
$(INSTALLED_ML): $(INSTALLED)
	@echo "installing PyTorch into $(VENV)"
	@$(PIP_INSTALL) -e '.[torch,train]'
	@touch $@

$(INSTALLED_FUZZ): $(INSTALLED)
	@echo "installing atheris into $(VENV)"
	@$(PIP_INSTALL) -e '.[fuzz]'
	@touch $@
