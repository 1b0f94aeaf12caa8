# One command each; `make` alone lists them. Everything works from a fresh checkout: what is missing is set up first.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench bench-quick price package smoke clean
SHELL := /bin/bash
python := .venv/bin/python

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## make .venv and node_modules what the requirements say
	@local/setup.sh

run: setup ## start the whole stack, drive two demo operators through it, serve until Ctrl-C
	@exec $(python) -m local.stack --demo

test: setup ## run the tests, all but the long ones
	@$(python) -m pytest -m "not long"

check: setup ## run exactly what CI runs: format, lint, types, all tests
	@$(python) -m ruff format --check .
	@$(python) -m ruff check .
	@$(python) -m mypy .
	@$(python) -m pytest

bench: setup ## run the benchmarks and write bench/results.json
	@$(python) -m bench

bench-quick: setup ## the same in under a minute
	@$(python) -m bench --quick

price: setup ## price an OCPI CDR: TARIFF=t.json CDR=c.json [TIMEZONE=Europe/Oslo] [SPOT_PRICES=s.json]
	@if [ -z "$(TARIFF)" ] || [ -z "$(CDR)" ]; then echo 'usage: make price TARIFF=t.json CDR=c.json [TIMEZONE=Europe/Oslo] [SPOT_PRICES=s.json]' >&2; exit 2; fi
	@$(python) -m local.price "$(TARIFF)" "$(CDR)" $(if $(TIMEZONE),--timezone "$(TIMEZONE)") $(if $(SPOT_PRICES),--spot-prices "$(SPOT_PRICES)")

package: setup ## build and list the package that is deployed: .local/package/connector.zip
	@$(python) -m local.package

smoke: setup ## one contract event and one session, in rehearsal, through a running app: URL=https://... [NAMESPACE= TOPIC= VAULT= BUILD=]
	@$(python) -m local.smoke $(if $(URL),--url "$(URL)") $(if $(NAMESPACE),--namespace "$(NAMESPACE)") $(if $(TOPIC),--topic "$(TOPIC)") $(if $(VAULT),--vault "$(VAULT)") $(if $(BUILD),--build "$(BUILD)")

clean: ## remove all that setup, run and the tests made, local state too
	@rm -rf .venv node_modules .local .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/results.json
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
