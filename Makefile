# Thin names for what the modules do. `make help` lists them.
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/common:$(CURDIR)/proxy:$(CURDIR)/verify
BOOTSTRAP := $(firstword $(shell command -v python3 python3.13))
INSTALL := $(BOOTSTRAP) -m infra.setup.install
PYTHON := .local/venv/bin/python
UV := .local/uv/bin/uv
# `sam build` wants the Python of the functions on PATH, with pip: it is in uv's environment
SAM := PATH=$(CURDIR)/.local/uv/bin:$$PATH SAM_CLI_TELEMETRY=0 AWS_EC2_METADATA_DISABLED=true .local/sam/bin/sam
LOCKS := requirements/uv requirements/sam requirements/litellm requirements/focus layers/common/requirements layers/chain/requirements requirements/dev requirements/verify
NODE_KITS := infra/local/flare/node infra/local/litellm/query_engine tests/benchmarks/page frontend

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: doctor
doctor: ## what this machine must have, what is missing, how to get it
	@$(BOOTSTRAP) -m infra.setup.doctor

.PHONY: install
install: ## everything into .local/, for all targets; each other target installs what it needs by itself
	@$(INSTALL)

.PHONY: demo
demo: ## one real model call becomes one real charge, with a receipt (STOP=1: stop the stack afterwards)
	@$(INSTALL) stack
	@$(PYTHON) -m infra.local.demo $(if $(STOP),--stop)

.PHONY: key
key: ## a key to call models with, for a new account on the local stack
	@$(INSTALL) stack >&2
	@$(PYTHON) -m infra.local.demo.key

.PHONY: price-book
price-book: ## a price book from LiteLLM's cost map, and how it differs: MARGIN=1.2 UNIT=1 [ARGS='--allow-jumps ...']
	@$(INSTALL) python litellm
	@$(PYTHON) -m infra.price_book --margin $(or $(MARGIN),1.2) --unit $(or $(UNIT),1) $(ARGS)

.PHONY: openapi
openapi: ## docs/openapi.json, docs/problems.md, and the clients of page and command, from the handlers and template.yaml
	@$(INSTALL) python
	@$(PYTHON) -m infra.openapi

.PHONY: docs
docs: ## the API's document in Swagger UI, where it can be tried on the running stack
	@$(INSTALL) python
	@$(PYTHON) -m infra.local.swagger

.PHONY: up
up: ## start the local stack
	@$(INSTALL) stack
	@$(PYTHON) -m infra.local up

.PHONY: web
web: ## serve the page as it stands on the local stack, which is started first if need be, and print its address
	@$(INSTALL) stack
	@$(PYTHON) -m infra.local web

.PHONY: deploy
deploy: ## put the contracts onto a Flow network, or update them: NETWORK=emulator, testnet or mainnet
	@$(INSTALL) python
	@NETWORK='$(NETWORK)' $(PYTHON) -m $(if $(filter emulator,$(NETWORK)),infra.local.flow.deploy,infra.deploy)

.PHONY: publish-page
publish-page: ## build the page and put it into the bucket of a deployment on AWS: BUCKET=… (its output PageBucket)
	@$(INSTALL) page
	@$(PYTHON) -m infra.deploy.page $(BUCKET)

.PHONY: down
down: ## stop the servers that `up` started
	@$(PYTHON) -m infra.local down

.PHONY: status
status: ## which servers of the stack run, and where
	@$(PYTHON) -m infra.local status

.PHONY: logs
logs: ## the ends of all logs, or of one: make logs NAME=gateway
	@$(PYTHON) -m infra.local logs $(NAME)

.PHONY: books
books: ## compare the books of the running local stack with chain, statements and cases; print each difference
	@$(PYTHON) -m infra.local.books

.PHONY: verify
verify: ## check a bill of the running local stack with public sources: make verify SUB=1 [ARGS='--epoch N']
	@$(PYTHON) -m infra.local.verify verify $(SUB) $(ARGS)

.PHONY: test
test: ## all tests
	@$(INSTALL) test
	@$(PYTHON) -m pytest
	@$(PYTHON) -m tests.mutants --sample 12
	@$(MAKE) test-web

.PHONY: test-web
test-web: ## the page's clients of live messages and of the API: compiled by TypeScript, tried by Node's test runner
	@npm install --prefix frontend --no-save --silent
	@npm test --prefix frontend --silent

# each worker and each program that a test starts compiles all code again, unless what is compiled is kept
.PHONY: test-unit
test-unit: ## the tests that need no server, on all processors
	@$(INSTALL) unit
	@PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.local/pycache $(PYTHON) -m pytest -n auto --dist loadfile tests/unit

.PHONY: mutants
mutants: ## make each fault of tests/mutants and see a test fail; only those named metering-...: make mutants-metering
	@$(INSTALL) stack
	@$(PYTHON) -m tests.mutants
mutants-%:
	@$(INSTALL) stack
	@$(PYTHON) -m tests.mutants $*

.PHONY: mutants-metering
mutants-metering: ## the faults of all of metering: gate, records, rows, pairing, storage, comparison; one line each
	@$(INSTALL) stack
	@$(PYTHON) -m tests.mutants gate records witnesses storage litellm metering

.PHONY: bench
bench: ## measure metering and what the gate adds to a call, into .local/bench/metering.json and gate.json (some minutes)
	@$(INSTALL) stack
	@$(PYTHON) -m tests.benchmarks.metering
	@$(PYTHON) -m tests.benchmarks.gate

.PHONY: bench-chain-events
bench-chain-events: ## measure how chain_events catches up with 100,000 events, into .local/bench/chain_events.json (some minutes)
	@$(INSTALL) stack
	@$(PYTHON) -m tests.benchmarks.chain_events

.PHONY: bench-imports
bench-imports: ## measure how long each function takes to import, into .local/bench/imports.json (two minutes)
	@$(INSTALL) python
	@$(PYTHON) -m tests.benchmarks.imports

.PHONY: bench-realtime
bench-realtime: ## how soon usage is on 200 WebSockets at 20 calls a second, into .local/bench/realtime.json (some minutes)
	@$(INSTALL) stack
	@$(PYTHON) -m tests.benchmarks.realtime

.PHONY: bench-page
bench-page: ## measure the page with Lighthouse, on a phone with a slow network, into .local/bench/page.json (some minutes)
	@$(INSTALL) bench-page
	@$(PYTHON) -m tests.benchmarks.page

.PHONY: cheat
cheat: ## try every known trick at the gate and on LiteLLM alone, and print what each let through (some minutes)
	@$(INSTALL) stack
	@$(PYTHON) -m pytest -q tests/e2e/cheat

.PHONY: bench-contracts
bench-contracts: ## measure what the contracts cost, into docs/contract-costs.md (some minutes)
	@$(INSTALL) stack
	@$(PYTHON) -m tests.benchmarks.contract_costs

.PHONY: check
check: ## format, lint, types, Cadence, template
	@$(INSTALL) check
	@$(PYTHON) -m infra.setup.check

.PHONY: format
format: ## format the code
	@$(INSTALL) python
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

.PHONY: lock
lock: ## renew all lock files from their inputs
	@$(INSTALL) python
	@for lock in $(LOCKS); do \
	  $(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.13 --custom-compile-command 'make lock' \
	    $$([ -f $$lock.overrides ] && echo --override $$lock.overrides) $$lock.in --output-file $$lock.txt; done
	@for kit in $(NODE_KITS); do npm install --prefix $$kit --package-lock-only; done

.PHONY: sam-build
sam-build: ## build what would be deployed to AWS, into .aws-sam/
	@$(INSTALL) sam
	@$(SAM) build

.PHONY: sam-local
sam-local: sam-build ## one poll in Lambda's container, against the running stack
	@infra/local/aws/lambda_image.sh
	@$(PYTHON) -m infra.local.aws.sam_local UsagePollingFunction tests/events/usage_polling.json
