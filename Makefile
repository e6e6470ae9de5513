# `make help` lists what there is; every target works on a fresh clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check bench chaos simulate fuzz defects mutants image format docs lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "leadops needs Python 3.11 or later as $(PYTHON); name another with PYTHON=..." >&2; exit 3; }
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "installing the locked dependencies into .venv" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: .venv/.installed ## the main job on a local stack, with sample data; ends with tables and var/summary.json
	@$(BIN)/leadops demo

test: .venv/.installed ## all tests that this machine can run; ends with counts and var/test-report.json
	@$(BIN)/python -m tests.run

check: .venv/.installed ## static checks: format, lint, types
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

bench: .venv/.installed ## benchmarks, both sides of each ratio in one run; var/bench.json; [BESIDE=commit] the whole path against that commit's
	@$(BIN)/python -m tests.bench $(if $(BESIDE),--beside $(BESIDE))

chaos: .venv/.installed ## real processes, real faults: [SEED=n] [MINUTES=n]; var/chaos.json
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

simulate: .venv/.installed ## the seeded simulator: 500 seeds or [SEEDS=n] [SEED=n] [DEFECT=name]
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) $(if $(DEFECT),--defect $(DEFECT))

fuzz: .venv/.installed ## hostile records: [RECORDS=n] [SEED=n]; what became of them; var/fuzz.json
	@$(BIN)/python -m tests.fuzz $(if $(RECORDS),--records $(RECORDS)) $(if $(SEED),--seed $(SEED))

defects: .venv/.installed ## every planted defect in turn: caught by which invariant, after how many seeds
	@$(BIN)/python -m tests.simulation --defects

mutants: .venv/.installed ## small mistakes in the pure modules and the loop: which no test notices: [SEED=n] [MOST=n] [ONLY=path] [KEEP=directory, to go on there]; var/mutants.json
	@nice -n 10 $(BIN)/python -m tests.mutants $(if $(SEED),--seed $(SEED)) $(if $(MOST),--most $(MOST)) $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep $(KEEP))

image: .venv/.installed ## the services' image where builds can't reach a package index: wheels come from this machine
	@$(BIN)/python -m deploy.image

format: .venv/.installed ## format and fix what can be fixed
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: .venv/.installed ## docs/commands.md, from the contracts and their golden samples
	@$(BIN)/python -m tests.contract.command_reference

lock: ## pin the dependencies anew; needs uv
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml -c requirements.lock --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o deploy/image.lock

clean: ## forget what was built and run here
	rm -rf .venv var .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
