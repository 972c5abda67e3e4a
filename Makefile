# Two commands set everything up from a clean clone: make serve, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SECONDS ?= 60
SOAKED ?= 300

.PHONY: serve test build bench bench-scale fuzz soak lint screenshots lock messages validators clean

# What the scripts of the pages are built from, and the file that says that they are built.
FRONTEND := $(shell find server/frontend -type f -not -path '*/node_modules/*')
SCRIPTS := server/stancegraph/web/built/manifest.json

serve: $(VENV)/.run-installed $(SCRIPTS)
	$(BIN)/stancegraph build
	$(BIN)/stancegraph serve --port $(PORT)

build: $(VENV)/.run-installed
	$(BIN)/stancegraph build

$(SCRIPTS): $(VENV)/.run-installed $(FRONTEND)
	$(BIN)/python server/frontend/build.py

# A process a core, each with modules of its own, so that what a module starts is started once.
test: export BEGUN := $(shell date +%s)
test: $(VENV)/.dev-installed $(SCRIPTS) lint
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 \
	    --dist loadscope --no-loadscope-reorder
	@echo "make test: all well after $$(($$(date +%s) - BEGUN)) s"

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check server tests bench deploy
	$(BIN)/ruff format --check server tests bench deploy
	$(BIN)/mypy
	$(BIN)/python server/frontend/build.py --check

# A picture of each kind of page in docs/screenshots/, as a browser shows it.
screenshots: $(VENV)/.dev-installed $(SCRIPTS)
	$(BIN)/stancegraph build --quiet
	$(BIN)/python -m tests.browser.screenshots
	$(BIN)/stancegraph export networks co-voting --format graphml --to build/networks --quiet
	$(BIN)/python -m tests.browser.network build/networks/co-voting.graphml

# The notebooks in docs/notebooks, run anew, with what comes out.
.PHONY: notebooks
notebooks: $(VENV)/.dev-installed $(SCRIPTS)
	$(BIN)/stancegraph build --quiet
	$(BIN)/python -m tests.notebooks

# What reads strangers' bytes, fuzzed for SECONDS each: make fuzz SECONDS=600 READERS="tokens wire".
fuzz: $(VENV)/.fuzz-installed
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(READERS)

# A server under mixed load while releases are switched, for SOAKED seconds: memory must stay flat.
soak: $(VENV)/.dev-installed $(SCRIPTS)
	$(BIN)/python -m tests.soak --seconds $(SOAKED)

# This program beside other SPARQL servers; writes docs/benchmarks.md: make bench BENCH=--help.
bench: $(SCRIPTS)
	bench/install.sh .bench
	PYTHONPATH=$(CURDIR)/server .bench/python/bin/python -m bench $(BENCH)

# How builds and answers grow with the graph; writes docs/scale.md: make bench-scale SCALE=--help.
bench-scale: $(SCRIPTS)
	bench/install.sh .bench
	PYTHONPATH=$(CURDIR)/server .bench/python/bin/python -m bench.scale $(SCALE)

# Pinned versions with hashes; ranges are in pyproject.toml. Run after changing those.
lock: $(VENV)/.dev-installed
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	    --output-file requirements/run.txt requirements/build.in pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --extra dev --extra export \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	    --output-file requirements/dev.txt requirements/build.in pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	    --output-file requirements/fuzz.txt requirements/fuzz.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	    --output-file requirements/validators.txt requirements/validators.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	    --output-file requirements/bench.txt requirements/bench.in pyproject.toml

# The texts of the pages that can be translated, for whoever starts or updates a language.
messages: $(VENV)/.dev-installed
	$(BIN)/pybabel --quiet extract --mapping babel.cfg --no-location --omit-header --sort-output \
	    --output server/stancegraph/web/locale/stancegraph.pot server

# What tests of packages hold these against, in a venv of its own.
validators: .validators/.installed

.validators/.installed: requirements/validators.txt
	test -x .validators/bin/python || $(PYTHON) -m venv .validators
	.validators/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/validators.txt
	touch $@

# Never built from source, which takes a compiler of its own.
$(VENV)/.fuzz-installed: $(VENV)/.dev-installed requirements/fuzz.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/fuzz.txt \
	    || { echo "atheris has no wheel for this system: try a CPython from 3.11 to 3.13 on Linux, or pytest tests/unit/test_readers.py" >&2; false; }
	touch $@

$(VENV)/.run-installed: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev-installed: $(VENV)/.run-installed requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

clean:
	rm -rf $(VENV) .bench .validators build dist releases server/frontend/node_modules $(dir $(SCRIPTS)) tests/clients/node_modules tests/conformance/.suites
