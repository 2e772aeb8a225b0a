# Everything runs in .venv with a ROS 2 of its own (wheels from PyPI), never in a sourced ROS.
PYTHON ?= $(shell tools/find_python.sh)
PYTEST_ARGS ?=
export TORCH_INDEX
RUN := . build/env.sh &&

.PHONY: help setup demo test lint pins clean
.DEFAULT_GOAL := help

help:  ## this list
	@echo "make TARGET, with nothing before it:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-7s %s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  PYTHON=/path/to/python   the Python that .venv is made from: 3.11, 3.12 or 3.13"
	@echo "  TORCH_INDEX=pypi         PyPI's CUDA build of torch, also where there is no NVIDIA device"
	@echo "  TORCH_INDEX=URL          a package index to look for torch in, beside PyPI"
	@echo "  PYTEST_ARGS='-k name'    handed on to pytest"

setup:  ## make .venv, build the messages, write build/env.sh; quick where all that is there
	@test -n "$(PYTHON)" || { echo "set-up: Python 3.11, 3.12 or 3.13 is needed with its venv module and headers:" \
		"sudo apt-get install python3-venv python3-dev (Ubuntu 22.04: python3.11-venv python3.11-dev);" \
		"or make PYTHON=/path/to/python3 with one that has them, such as 'uv python install 3.12' gets" >&2; exit 1; }
	@"$(PYTHON)" tools/setup_env.py

demo: setup  ## a camera and the node for a minute; leaves pictures and a video
	@$(RUN) exec python -m eovseg_ros.demo

test: setup  ## all tests but the slow ones
	@$(RUN) exec python tools/run_tests.py $(PYTEST_ARGS)

lint: setup  ## ruff and mypy
	@$(RUN) ruff check . && ruff format --check --quiet . && exec mypy

pins: setup  ## resolve constraints.txt anew, for the oldest patch release of each Python
	@$(RUN) exec python tools/pin_versions.py

clean:  ## remove what make has made, .venv too
	rm -rf .venv build
