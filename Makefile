# Everything here is thin over the installed package (`difflab`, `difflab report`) and pytest.
# Needs GNU make and Python >= 3.11; each main target makes its own environment under .venv/.

PYTHON ?= python3
ARGS ?=
PROBLEM ?=
FUNCTION ?=
AT ?=

# Another environment's settings must not leak into ours.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX UV_PROJECT_ENVIRONMENT

TARGET = $(or $(FUNCTION),$(PROBLEM),roe_flux_1d)

.PHONY: help lab demo test bench notebooks widgets clean
help:
	@echo "make lab         open JupyterLab on the tour           ARGS=--no-browser prints the address"
	@echo "make demo        the same work as text and report.html PROBLEM=name | FUNCTION=module:name AT='expr, expr'"
	@echo "make test        everything that can be checked        ARGS='--only unit' | ARGS=--list"
	@echo "make bench       the benchmark table"
	@echo "make notebooks   run the notebooks and refresh their outputs"
	@echo "make widgets     rebuild difflab/static from widgets/ (needs node)"
	@echo "make clean       remove the environments"
	@echo "PYTHON=python3.12 chooses the interpreter"

lab: .venv/lab/.installed
	@.venv/lab/bin/difflab lab $(ARGS)

demo: .venv/demo/.installed
	@.venv/demo/bin/difflab report '$(TARGET)' $(if $(AT),--at '$(AT)') $(ARGS)

test: .venv/test/.installed
	@.venv/test/bin/python tests/run.py $(ARGS)

bench: .venv/test/.installed
	@MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456 .venv/test/bin/python -m pytest -o addopts=--import-mode=importlib tests/benchmarks -q -s $(ARGS)

notebooks: .venv/test/.installed
	@.venv/test/bin/python -m tests.notebooks.refresh $(ARGS)

widgets:
	@command -v npm >/dev/null || { echo "make widgets needs node and npm (Debian: apt install nodejs npm); users need neither" >&2; exit 1; }
	cd widgets && npm ci --no-audit --no-fund && npm run build

clean:
	rm -rf .venv

.venv/lab/.installed: EXTRAS = [lab]
.venv/test/.installed: EXTRAS = [lab,test]
.venv/newest/.installed: EXTRAS = [lab,test]

# The stamp is newer than pyproject.toml once the installation went well. uv is fast; pip also does it.
.venv/%/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "difflab needs Python >= 3.11, and there is no $(PYTHON): name yours, as in make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "difflab needs Python >= 3.11, and $(PYTHON) is $$($(PYTHON) -V 2>&1): name a newer one, as in make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "setting up .venv/$*, once"
	@$(PYTHON) -m venv --clear .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null \
	    && .venv/$*/bin/uv pip install --quiet --python .venv/$*/bin/python --editable '.$(EXTRAS)' \
	    || .venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --editable '.$(EXTRAS)'
	@touch $@
