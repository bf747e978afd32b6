# Everything here works on a fresh machine: what a target needs is set up first, once.

VENV := .venv
BIN := $(VENV)/bin
# CODER is a coder's command line, for the demo.
CODER ?=
DEMO ?= chimera-demo$(if $(CODER),-own-coder)
ARGS ?=
# More than a processor has cores: tests wait for browsers and servers most of the time.
WORKERS ?= 3

# PYTHON is the interpreter that the environment is made with: yours, else the first that is new enough.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)

# What pip says is shown a line at a time, by .ci/told.
PIP := --progress-bar off --no-color

# Compiled files are kept, whatever the machine says: most of the tests start interpreters.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:  ## show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo 'PYTHON=python3.12 chooses the interpreter, ARGS="-k judge" goes to pytest, DEMO=FOLDER says where the demo goes,'
	@echo 'CODER="my-agent --brief {brief}" who builds its features.'

.PHONY: demo
demo: export CODER := $(CODER)
demo: $(VENV)/.installed browser  ## a real application gets three features, each proved in a real browser
	@$(BIN)/python -m pytest_chimera demo "$(DEMO)" $(if $(CODER),--coder "$$CODER")

.PHONY: test
test: $(VENV)/.installed browser  ## the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

.PHONY: lint
lint: $(VENV)/.installed  ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(VENV)/.installed  ## mypy, strict
	$(BIN)/mypy

.PHONY: format
format: $(VENV)/.installed  ## ruff: fix and reformat
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: browser
browser: $(VENV)/.installed  ## install a browser if there is none
	@.ci/browser $(BIN)/python

.PHONY: clean
clean:  ## remove everything created here: the environment, the demo, caches and builds
	rm -rf $(VENV) chimera-demo chimera-demo-own-coder dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find pytest_chimera tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed. Install it, or name one: make PYTHON=/path/to/python3'; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo '$(PYTHON) is not a Python 3.11 or newer. Name another one: make PYTHON=/path/to/python3'; exit 1; }
	@test -x $(BIN)/python || .ci/told 'Making the environment in $(VENV) (1 of 3)' "$(PYTHON)" -m venv $(VENV) \
		|| { rm -rf $(VENV); echo 'The environment could not be made: on Debian and Ubuntu, apt-get install python3-venv'; exit 1; }
	@.ci/told 'Bringing its pip up to date (2 of 3)' \
		$(BIN)/python -m pip install $(PIP) --disable-pip-version-check --upgrade 'pip>=25.1'
	@.ci/told 'Installing pytest-chimera and what it needs (3 of 3): one to three minutes the first time' \
		$(BIN)/python -m pip install $(PIP) --editable . --group dev
	@touch $@
