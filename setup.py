"""Adds the packages to pyproject.toml, which cannot say that `model` installs as `eovseg_model`."""

from setuptools import find_packages, setup

setup(
    packages=["eovseg_model", *(f"eovseg_model.{name}" for name in find_packages("model"))],
    package_dir={"eovseg_model": "model"},
)
