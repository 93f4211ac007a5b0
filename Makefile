# Every target is one line: a script of hatch.toml, or a word of make's own. Nothing leaves the
# checkout: hatch lives in .tools, its environments in .hatch, one of each per Python version.

PYTHON ?= python3
PACKAGE ?=
ARGS ?=
URL ?=

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
TOOLS := .tools/$(or $(VERSION),none)
HATCH := $(TOOLS)/bin/hatch run
READY := $(TOOLS)/.ready

export HATCH_DATA_DIR := $(CURDIR)/.hatch/$(VERSION)
export HATCH_CONFIG := $(CURDIR)/$(TOOLS)/hatch.toml
export VIRTUALENV_OVERRIDE_APP_DATA := $(CURDIR)/.hatch/virtualenv
# Errors still show; what pip has to say about its indexes does not.
export PIP_QUIET ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-compiled lint format wheels build compile bench fuzz fuzz-compiled clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(READY) ## Show whimbrel at work against a server of its own, or fetch URL=https://...
	@$(HATCH) run $(if $(URL),"$(URL)")

test: $(READY) ## Run all tests, or those of PACKAGE=cookies (ARGS="..." goes to pytest)
	@$(HATCH) test $(PACKAGE) $(ARGS)

test-all: ## Run the tests on every Python from 3.10 to 3.14 that stands here
	@$(MAKE) --no-print-directory --keep-going $(addprefix test-3.,10 11 12 13 14)

test-3.%:
	@if python3.$* -c '' 2>/dev/null; then $(MAKE) --no-print-directory test PYTHON=python3.$*; else echo "python3.$* is not here: skipped"; fi

test-compiled: $(READY) ## Like wheels, but with all that can be compiled compiled (needs a C compiler)
	@$(HATCH) build:compiled $(PACKAGE)

lint: $(READY) ## Check style (ruff), types (mypy --strict), arrows and circles (import-linter) and the count of Any
	@$(HATCH) lint:lint

format: $(READY) ## Let ruff mend what it can
	@$(HATCH) lint:format

wheels: $(READY) ## Build every wheel and prove each alone in an empty environment, or only PACKAGE=cookies
	@$(HATCH) build:alone $(PACKAGE)

build: $(READY) ## Build every package's sdist and plain wheel into dist/
	@$(HATCH) build:build $(PACKAGE)

compile: $(READY) ## Build the compiled wheels into dist/ (needs a C compiler)
	@$(HATCH) build:compile

bench: compile ## Measure whole clients against each other (ARGS="--rounds 3 GET"), or the benches of PACKAGE=cookies
	@$(HATCH) bench:$(if $(PACKAGE),parts $(PACKAGE),clients $(ARGS))

fuzz: $(READY) ## Fuzz the parser for a minute per target (ARGS="response --seconds 10")
	@$(HATCH) fuzz:fuzz $(ARGS)

fuzz-compiled: compile ## Like fuzz, but of the compiled parser
	@$(HATCH) fuzz-compiled:fuzz $(ARGS)

torture: $(READY) ## Cancel 100,000 requests at random moments on each event loop (ARGS="--count 1000")
	@$(HATCH) torture $(ARGS)

clean: ## Remove all that these targets made
	@git clean -fdXq -- . ':!.venv'

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit("whimbrel needs Python 3.10 or later" if sys.version_info < (3, 10) else 0)'
	@echo "Installing hatch into $(TOOLS); the first run of each target also installs what it needs."
	@$(PYTHON) -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/pip install 'hatch==1.18.*'
	@touch $(HATCH_CONFIG) $@
