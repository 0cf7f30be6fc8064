# Two commands do everything: `make run` and `make test`. The second time they are quick. They write
# nothing outside this folder except system packages.

# tox's name for its own Python: py311 for 3.11.
VERSION = $$(.cache/tox/bin/python -c 'import sys; print("py%d%d" % sys.version_info[:2])')

export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET ?= 1
export VIRTUALENV_OVERRIDE_APP_DATA := $(CURDIR)/.cache/virtualenv

.PHONY: help run test develop package clean

help:
	@echo "make run      open napari with the Enhance dock and a dark photo (no display: write a PNG)"
	@echo "make test     run the whole test suite through tox"
	@echo "make develop  fill .venv with everything a developer needs, and install the git hooks"
	@echo "make package  build sdist and wheel in dist, check them, and try them in empty environments"
	@echo "make clean    remove all files that these commands made here"

run: .venv/ready
	@[ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] || scripts/system-packages window
	@.venv/bin/python scripts/in_clone.py .venv/bin/python scripts/run_demo.py

test: .cache/tox/ready
	@scripts/system-packages window virtual-screen
	@.cache/tox/bin/tox run-parallel --parallel auto -e lint,types,headless,$(VERSION)

develop: .venv/ready
	@echo "Installing the developers' tools in .venv ..."
	@.venv/bin/python -m pip install --upgrade 'pip>=25.1'
	@.venv/bin/python -m pip install -c constraints.txt --group dev
	@.venv/bin/pre-commit install

package: .cache/tox/ready
	@scripts/system-packages window
	@.cache/tox/bin/tox run -e package

clean:
	rm -rf .cache .mypy_cache .pytest_cache .ruff_cache .tox .venv build dist notes.md output pictures

.venv/ready: pyproject.toml constraints.txt
	@scripts/system-packages environments
	@echo "Setting up .venv with napari, torch and this package (minutes, the first time; PIP_QUIET=0 tells more) ..."
	@"$$(scripts/find-python)" -m venv .venv
	@.venv/bin/python -m pip install -c constraints.txt --editable . 'napari[pyqt6]'
	@touch $@

.cache/tox/ready: constraints.txt
	@scripts/system-packages environments
	@"$$(scripts/find-python)" -m venv .cache/tox
	@.cache/tox/bin/python -m pip install -c constraints.txt tox
	@touch $@
