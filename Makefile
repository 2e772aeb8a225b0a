# Everything runs in .venv with a ROS 2 of its own (wheels from PyPI), never in a sourced ROS.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PYTEST_ARGS ?=
export TORCH_INDEX
RUN := . build/env.sh &&

.PHONY: help setup demo test lint clean
.DEFAULT_GOAL := help

help:  ## this list
	@echo "make TARGET, nothing needed before it:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables:"
	@echo "  PYTHON=/path/to/python3.11   the Python that .venv is made from"
	@echo "  TORCH_INDEX=URL              where else to look for torch; PyPI's is the CUDA build of several GB. Without"
	@echo "                               a GPU take https://download.pytorch.org/whl/cpu"
	@echo "  PYTEST_ARGS='-k name'        what to hand to pytest"

setup:  ## make .venv, build the messages, write build/env.sh; nothing to do the second time
	@if [ -z "$(PYTHON)" ]; then echo "set-up: Python 3.11 is needed: sudo apt-get install python3.11 python3.11-venv python3.11-dev"; exit 1; fi
	@"$(PYTHON)" tools/setup_env.py

demo: setup  ## simulated camera + node for a minute, pictures in demo_output/
	@$(RUN) exec python -m eovseg_ros.demo

test: setup  ## all tests
	@$(RUN) exec python -m pytest test --timeout 900 $(PYTEST_ARGS)

lint: setup  ## ruff and mypy
	@$(RUN) ruff check . && exec mypy

clean:  ## remove what make has made, .venv too
	rm -rf .venv build
