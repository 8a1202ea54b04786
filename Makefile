# Thin names for what the modules do. `make help` lists them.
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/common
BOOTSTRAP := $(firstword $(shell command -v python3 python3.13))
PYTHON := .local/venv/bin/python
UV := .local/uv/bin/uv
# `sam build` wants the Python of the functions on PATH, with pip: it is in uv's environment
SAM := PATH=$(CURDIR)/.local/uv/bin:$$PATH SAM_CLI_TELEMETRY=0 AWS_EC2_METADATA_DISABLED=true .local/sam/bin/sam
LOCKS := requirements/uv requirements/sam requirements/litellm layers/common/requirements layers/chain/requirements requirements/dev
NODE_KITS := infra/local/flare/node infra/local/litellm

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: doctor
doctor: ## what this machine must have, what is missing, how to get it
	@$(BOOTSTRAP) -m infra.setup.doctor

.PHONY: install
install: ## everything that is needed, into .local/ (nothing to do the second time)
	@$(BOOTSTRAP) -m infra.setup.install

.PHONY: demo
demo: install ## one real call becomes one real charge, with a receipt (STOP=1: stop the stack afterwards)
	@$(PYTHON) -m infra.local.demo $(if $(STOP),--stop)

.PHONY: key
key: install ## a key to call models with, for a new account on the local stack
	@$(PYTHON) -m infra.local.demo.key

.PHONY: up
up: install ## start the local stack
	@$(PYTHON) -m infra.local up

.PHONY: deploy
deploy: install ## the contracts onto a Flow network, or their update: make deploy NETWORK=emulator|testnet|mainnet
	@NETWORK='$(NETWORK)' $(PYTHON) -m $(if $(filter emulator,$(NETWORK)),infra.local.flow.deploy,infra.deploy)

.PHONY: down
down: ## stop exactly what `up` started
	@$(PYTHON) -m infra.local down

.PHONY: status
status: ## what of the stack runs, and where
	@$(PYTHON) -m infra.local status

.PHONY: logs
logs: ## the end of all logs, or of one: make logs NAME=gateway
	@$(PYTHON) -m infra.local logs $(NAME)

.PHONY: test
test: install ## all tests, and that they notice a sample of the faults of tests/mutants
	@$(PYTHON) -m pytest
	@$(PYTHON) -m tests.mutants --sample 12

.PHONY: test-unit
test-unit: install ## the tests that need no server
	@$(PYTHON) -m pytest tests/unit

.PHONY: mutants
mutants: install ## make each fault of tests/mutants and see a test fail; of some only: make mutants NAME=metering
	@$(PYTHON) -m tests.mutants $(NAME)

.PHONY: bench-contracts
bench-contracts: install ## what the contracts cost, into docs/contract-costs.md (some minutes)
	@$(PYTHON) -m tests.benchmarks.contract_costs

.PHONY: check
check: install ## format, lint, types, Cadence, template
	@$(PYTHON) -m infra.setup.check

.PHONY: format
format: install ## put the code into its form
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

.PHONY: lock
lock: install ## renew all locks from what they are made of
	@for lock in $(LOCKS); do \
	  $(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.13 --custom-compile-command 'make lock' \
	    $$lock.in --output-file $$lock.txt; done
	@for kit in $(NODE_KITS); do npm install --prefix $$kit --package-lock-only; done

.PHONY: sam-build
sam-build: install ## what would be deployed, into .aws-sam/
	@$(SAM) build

.PHONY: sam-local
sam-local: sam-build ## one poll in Lambda's container, against the running stack
	@infra/local/aws/lambda_image.sh
	@$(PYTHON) -m infra.local.aws.sam_local UsagePollingFunction tests/events/usage_polling.json
