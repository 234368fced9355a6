# Everything needed is installed below this folder, in .tools and .venv; Python 3.11 or newer is all that must be there.
UV_VERSION = 0.13.9

# Bytecode is kept: else each of Warmline's processes compiles some eight hundred modules at every start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-to-run run test test-ops lint fuzz chaos simulate bench profile tone judge grades

help:
	@echo "make run    start Warmline here, with its own database and message streams; Ctrl-C stops it"
	@echo "            PORT=9000 (desk and API; else the next free one from 8080)  DATA=folder (else .data)"
	@echo "            PROCESSES=2 (of each service; else 1)"
	@echo "            WARMLINE_TOKEN=token (else one is made)  POLICY=file  DEMO=0 (without the demo community)"
	@echo "make test   run all tests that need nothing but Python; PYTEST=\"tests/triage -x\" chooses"
	@echo "make test-ops  run the tests that need more, as root: installs what of Debian they need, and fails where that"
	@echo "            is missing; OPS=\"browser root\" chooses of: $(OPS)"
	@echo "make fuzz   throw hostile input at every parser and every route, SECONDS=60 at each; FUZZ=cursor chooses"
	@echo "make chaos  break a Warmline of its own in every way that this machine allows, and see that nothing is lost"
	@echo "            SEED=1 (the same faults again; else any)  SECONDS=600 (else 120)  NODES=3 (NATS servers; else 1)"
	@echo "            CHAOS=\"--json FILE --logs FOLDER\"; CHAOS=--plan only says what would be done"
	@echo "make simulate  run schedules of faults in memory against a model, SECONDS=60 long from SEED=1 on"
	@echo "make bench  measure against the textbook way and bare loops, on servers of its own; minutes, and nothing passes"
	@echo "            ROWS=\"triage_throughput pages\" (else all)  ROUNDS=5  SECONDS=3 (each turn)  SIZES=EVENTS=100000"
	@echo "make profile  show where a service's time goes under load; SERVICE=triage, notifier, projections or ingest"
	@echo "make tone   measure how well tone is read on the labelled sets in DATA=folder, and write docs/judgement.md"
	@echo "make judge  replay the archives in DATA=folder (zulip*, discourse*, slack*, irc*) and write into"
	@echo "            docs/judgement.md how often people would have been asked for what; EVENTS=20000 of each"
	@echo "            SHEETS=folder (writes sheets there of what was flagged and what was not, to be graded blind)"
	@echo "make grades  keep the grades in SHEETS=folder and write into docs/judgement.md how well triage chooses"
	@echo "make lint   check style, types and layers, Dockerfile and docker-compose.yml"

install:
	@sh infra/install.sh $(UV_VERSION)

# What tests and lint need as well stays where it is.
install-to-run:
	@sh infra/install.sh $(UV_VERSION) --no-default-groups --inexact

# `exec`: Ctrl-C and SIGTERM reach Warmline itself, and make waits until it has stopped.
run: install-to-run
	@exec .venv/bin/warmline up

# More workers than cores: most tests wait for a process, a lease or a deadline. The order is that of tests/conftest.py.
# What an earlier run left is forgotten: what has failed since is all that is tried again.
RUN_TESTS = rm -f .pytest_cache/v/cache/lastfailed; \
	.venv/bin/pytest -n 4 --dist loadfile --no-loadscope-reorder --durations 25

# Where processors are few a test may be starved by the others: each file in which one failed is run once more, whole, for
# it may be a story, and with nothing beside it. Only what fails then as well is red. Both runs are told, so that somebody
# looks at what passes alone only.
AGAIN_ALONE = || { code=$$?; [ $$code = 1 ] || exit $$code; echo "Where tests failed, the whole file is run once more, alone:"; \
	exec .venv/bin/pytest --failed-files --exitfirst

test: install
	@$(RUN_TESTS) $(PYTEST) $(AGAIN_ALONE) $(PYTEST); }

# The groups of tests/machine_needs.py.
OPS = browser node prometheus root docker
test-ops: install
	@sh tests/ops/install.sh $(OPS)
	@$(RUN_TESTS) --ops "$(OPS)" $(PYTEST) $(AGAIN_ALONE) --ops "$(OPS)" $(PYTEST); }

# What it finds is printed with the bytes; kept as a file in tests/fuzzing/corpus it is tried by every run of the tests.
fuzz: install
	@FUZZ_SECONDS=$(or $(SECONDS),60) exec .venv/bin/pytest tests/fuzzing -v --timeout 0 -k "$(FUZZ)"

chaos: install
	@exec .venv/bin/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(NODES),--nodes $(NODES)) $(CHAOS)

simulate: install
	@exec .venv/bin/python -m tests.simulation --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

bench: install
	@exec .venv/bin/python -m benchmarks $(ROWS) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(foreach size,$(SIZES),--size $(size)) $(BENCH)

profile: install
	@exec .venv/bin/python -m benchmarks.profile $(SERVICE) $(if $(SECONDS),--seconds $(SECONDS)) $(PROFILE)

tone: install
	@exec .venv/bin/python -m benchmarks.tone --data "$(or $(DATA),.data/tone)"

judge: install
	@exec .venv/bin/python -m benchmarks.judge --data "$(or $(DATA),.data/judge)" $(if $(EVENTS),--events $(EVENTS)) \
		$(if $(SHEETS),--sheets "$(SHEETS)")

grades: install
	@exec .venv/bin/python -m benchmarks.judge.grades --sheets "$(or $(SHEETS),.data/sheets)"

lint: install
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/hadolint infra/Dockerfile
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
