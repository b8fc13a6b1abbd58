# Everything a person does here, by name. `make help` lists it.
# `setup` makes .venv from requirements.lock (hashes required); the other targets call it first.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test e2e lint dev bench compat docs lock kafka-up kafka-down soak clean

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 3000
SECONDS ?= 3600
KAFKA_PORT ?= 9092
BIN := .venv/bin
READY := .venv/.ready

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: $(READY) ## make .venv with everything pinned in requirements.lock

$(READY): requirements.lock pyproject.toml Makefile
	@PYTHON='$(PYTHON)' bash scripts/setup.sh
	@touch $@

demo: $(READY) ## synthetic topics -> warehouse -> reports -> local site, offline
	@$(BIN)/journey demo

test: $(READY) ## run the tests (TESTS=tests/sql for some; JOURNEY_REQUIRE_ALL=1 turns skips into failures)
	$(BIN)/pytest $(TESTS)

e2e: $(READY) ## nights, a backfill and a power cut in a real Dagster (minutes; CI leaves it out)
	$(BIN)/pytest -m e2e tests/e2e

lint: $(READY) ## ruff and strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --level error

dev: $(READY) ## open the Dagster UI on http://127.0.0.1:3000 (PORT=... for another)
	@DAGSTER_HOME="$$($(BIN)/journey dagster-home)" PYTHONWARNINGS='ignore:Function' \
		$(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(PORT)

bench: kafka-up ## measure: ratios side by side in one run (starts Kafka)
	$(BIN)/python bench/pipeline.py
	$(BIN)/python bench/kafka.py
	$(BIN)/python bench/journeys.py
	$(BIN)/python bench/day.py
	$(BIN)/python bench/friction.py
	$(BIN)/python bench/insights.py
	$(BIN)/python bench/first_view.py
	$(BIN)/python bench/backfill.py
	$(BIN)/python bench/night.py
	$(BIN)/python bench/reports.py

compat: $(READY) ## open the analysts' copy of a demo with older and newer versions of DuckDB (from PyPI)
	$(BIN)/python scripts/compat.py

docs: $(READY) ## renew the generated reference
	$(BIN)/python scripts/reference.py

lock: $(READY) ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra dev \
		--no-annotate --upgrade --custom-compile-command "make lock" pyproject.toml -o requirements.lock

kafka-up: $(READY) ## start a real Kafka on 127.0.0.1:9092 that stays (KAFKA_PORT=... for another)
	@$(BIN)/python scripts/kafka.py up --port $(KAFKA_PORT)

kafka-down: $(READY) ## stop it and keep its data
	@$(BIN)/python scripts/kafka.py down --port $(KAFKA_PORT)

soak: $(READY) ## kill the ingest of a topic again and again (SECONDS=3600, JOURNEY_SEED=... to repeat)
	$(BIN)/python tests/kafka/crashes.py --seconds $(SECONDS)

clean: ## remove the environment and what the demo made
	rm -rf .venv .uv .dagster .pytest_cache .ruff_cache .hypothesis
	find warehouse -mindepth 1 ! -name README.md -delete
