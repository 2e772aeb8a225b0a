#!/bin/sh
# Prints the path of the Python that .venv is made from: the one that it was made from before, else the first of the
# list that has its venv module and headers, else the first that runs at all (tools/setup_env.py says what it lacks).
# Prints nothing where there is none. A name alone proves nothing: pyenv has commands for versions that are not active.
RIGHT_VERSION='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
COMPLETE='import ensurepip, venv, os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))'

before=$(sed -n 's/^executable = //p' "$(dirname "$0")/../.venv/pyvenv.cfg" 2>/dev/null)
first=
for python in "$before" python3.12 python3.13 python3.11 python3; do
    [ -n "$python" ] && "$python" -c "$RIGHT_VERSION" 2>/dev/null || continue
    path=$(command -v "$python")
    if "$python" -c "$COMPLETE" 2>/dev/null; then
        echo "$path"
        exit
    fi
    first=${first:-$path}
done
echo "$first"
