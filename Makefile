# The commands of this project; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

CACHE := $(or $(RANCHER_HA_CACHE),$(HOME)/.cache/rancher-ha)
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(CACHE)/go/bin:$(PATH)
RESULTS := .out/results
JEST := node --no-warnings --experimental-vm-modules node_modules/jest/bin/jest.js
E2E := $(JEST) -c jest.e2e.config.js --runInBand --json

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo demo-down
demo: lab-up ## a highly available Rancher on this machine, by the committed action; a second time: nothing to do
	node lab/demo.ts up

demo-down: setup ## takes the demo and the lab away
	node lab/demo.ts down

.PHONY: test test-fast
test: setup clean-results lab-up check unit programs cloud scenarios e2e-life e2e-sample ## everything a change must pass; ends with how many passed
	node scripts/tally.ts $(RESULTS)

test-fast: setup clean-results lint types unit scenarios ## what needs no lab: format, lint, types, unit and scenario tests
	node scripts/tally.ts $(RESULTS)

.PHONY: check lint types dist readme workflows go-test
check: setup lint types dist readme workflows go-test ## format, lint, types, dist, README, workflows, the lab's Go programs

lint: setup
	scripts/step.sh lint biome ci --colors=off --error-on-warnings .

types: setup
	scripts/step.sh types tsc -p tsconfig.json --noEmit

dist: setup
	scripts/step.sh dist node scripts/check-dist.ts

readme: setup
	scripts/step.sh readme node scripts/readme.ts --check
	scripts/step.sh action-types node scripts/action-types.ts --check
	scripts/step.sh troubleshooting node scripts/troubleshooting.ts --check
	scripts/step.sh pictures node scripts/pictures.ts --check

workflows: setup
	scripts/step.sh workflows scripts/lint-workflows.sh

go-test: setup ## format, vet and tests of the lab's Go programs
	scripts/step.sh go scripts/go-test.sh

.PHONY: unit programs scenarios
unit: setup ## unit, property and contract tests
	@scripts/setup.sh tests
	$(JEST) --json --outputFile=$(RESULTS)/unit.json --selectProjects unit contract

programs: lab-up ## what is decided here, held against the real programs of the lab
	@scripts/setup.sh tests
	$(JEST) --json --outputFile=$(RESULTS)/programs.json --selectProjects programs

scenarios: setup ## the committed bundle as a process, as the runner starts it
	$(JEST) --json --outputFile=$(RESULTS)/scenarios.json --selectProjects scenarios

.PHONY: cloud cloud-setup
cloud: setup cloud-setup ## provider aws against a stand-in for the API of AWS, without machines
	$(JEST) --json --outputFile=$(RESULTS)/cloud.json --maxWorkers=3 --selectProjects cloud

cloud-setup: setup
	@scripts/cloud-setup.sh

.PHONY: e2e e2e-life e2e-sample soak
e2e: e2e-sample ## end-to-end cases from the pool: ONLY=<part of a name> chooses them, SEED=<n> repeats a sample

e2e-life: lab-up ## one life of a stack, end to end
	$(E2E) --outputFile=$(RESULTS)/life.json life

e2e-sample: lab-up cloud-setup
	$(E2E) --outputFile=$(RESULTS)/sample.json sample

soak: lab-up cloud-setup ## the life, every end-to-end case that has not passed on this dist/ yet (SOAK=all: every one), a look by a browser, and the mutation tests; hours
	$(E2E) --outputFile=$(RESULTS)/soak-life.json life
	RECORD=1 SOAK=$(or $(SOAK),1) $(E2E) --outputFile=$(RESULTS)/soak.json sample
	$(MAKE) look mutation

.PHONY: mutation
mutation: setup ## changes the pure core in small ways and counts which changes no test sees; writes bench/MUTATION.md; minutes; ROOM=<name or file> for a part
	nice -n 19 node scripts/mutation.ts $(ROOM)

.PHONY: look
look: setup ## the README and the newest summary as a browser shows them, light and dark: screenshots in .out/look
	@scripts/setup.sh browser
	node scripts/look.ts

.PHONY: bench
bench: setup ## measures and writes bench/RESULTS.md: NAME=startup|again|first|pulled|upgrade|ways-back|quorum|aws, all but the first in the lab
	node bench/bench.ts $(NAME)

.PHONY: figures
figures: setup ## measures and writes bench/FIGURES.md: size, start-up by mode, lines of code, coverage; LOG=<file of .out/runs> counts its lines
	@scripts/setup.sh tests
	node bench/figures.ts $(if $(LOG),--log $(LOG))

.PHONY: lab-up lab-down
lab-up: setup ## the lab: its Docker, its machines' image, the air-gap bundle
	node lab/lab.ts up
	node lab/bundle/build.ts

lab-down: setup ## takes the lab away, with all stacks on it
	node lab/lab.ts down

.PHONY: bundle
bundle: setup ## writes dist/ from src/, and what the docs take from the code
	node scripts/bundle.ts
	npm run readme

.PHONY: setup clean-results
setup:
	@scripts/setup.sh
	@mkdir -p $(RESULTS)

clean-results:
	@rm -rf $(RESULTS)
	@mkdir -p $(RESULTS)
