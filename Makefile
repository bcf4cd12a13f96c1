# Everything that is done to mayfly is done from here; `make help` lists it.
SHELL := /bin/bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOLS := $(CURDIR)/bin/tools
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
FUZZTIME ?= 60s

.PHONY: help build test race script lint fmt tidy-check cover bench fuzz conformance assumptions page demo acceptance dist vet-platforms table clean

help: ## list what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/mayfly
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/mayfly ./cmd/mayfly

test: ## run all tests
	go test -timeout 30m ./...

# A program under the race detector sleeps a second before it ends; the tests start thousands.
race: ## run the tests under the race detector, but for those that only take long
	GORACE=atexit_sleep_ms=20 go test -race -short -timeout 30m -parallel 4 ./...

script: ## run the learners' journeys alone; -u in FLAGS updates their golden files
	go test ./cmd/mayfly -run TestScripts $(FLAGS)

$(TOOLS)/golangci-lint: .ci/tools/go.mod
	cd .ci/tools && GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint

lint: $(TOOLS)/golangci-lint ## run the linters
	$(TOOLS)/golangci-lint run ./...

fmt: $(TOOLS)/golangci-lint ## format the code
	$(TOOLS)/golangci-lint fmt ./...

tidy-check: ## fail where go.mod is not tidy
	go mod tidy -diff
	go mod verify

cover: ## show how much the tests reach
	go test -coverpkg=./... -coverprofile=bin/cover.out ./... && go tool cover -func=bin/cover.out | tail -1

bench: ## measure the table of docs/performance.md; MAYFLY_BENCH_FULL=1 builds the sample application too
	go test ./internal/bench -count 1 -run '^$$' -bench . -benchtime 1x -timeout 30m -v

fuzz: ## fuzz each decoder for FUZZTIME, two at a time
	@for package in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  go test -list '^Fuzz' $$package | sed -n "s|^Fuzz|$$package Fuzz|p"; \
	done | xargs -P 2 -L 1 sh -c 'echo "== $$0 $$1"; exec go test $$0 -run "^$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -parallel 1'

conformance: ## drive localaws with the clients that people use: the AWS CLI, boto3, the SDK for JavaScript, git
	localaws/conformance/run

assumptions: ## write docs/assumptions.md again
	go test ./localaws/conformance -run TestDocument -update

page: ## write the generated part of docs/localaws.md again
	go test ./localaws -run TestPage -update

demo: ## record the terminal session of the README again: docs/demo.cast and docs/demo.svg
	MAYFLY_DEMO=$(CURDIR)/docs go test ./cmd/mayfly -count 1 -run '^TestDemo$$'
	go test ./cmd/mayfly -count 1 -run '^TestDemo'

acceptance: ## the assumptions and the workshop against a real account: costs money, needs MAYFLY_ACCOUNT
	@test -n "$$MAYFLY_ACCOUNT" || { echo "set MAYFLY_ACCOUNT to the account that may be used"; exit 2; }
	MAYFLY_ASSUME_ON_ACCOUNT="$$MAYFLY_ACCOUNT" go test ./localaws/conformance -count 1 -run TestAssumptions -timeout 3h -v
	go run ./cmd/mayfly run --target aws --account "$$MAYFLY_ACCOUNT" --env acceptance --yes --teardown --json

dist: ## static binaries for linux, darwin and windows
	@set -e; for platform in $(PLATFORMS); do \
	  os=$${platform%/*}; arch=$${platform#*/}; suffix=; [ $$os = windows ] && suffix=.exe; \
	  echo "dist/mayfly-$$os-$$arch$$suffix"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o dist/mayfly-$$os-$$arch$$suffix ./cmd/mayfly; \
	done

vet-platforms: ## compile and vet for darwin and windows
	@set -e; for os in darwin windows; do echo "vet $$os"; CGO_ENABLED=0 GOOS=$$os go vet ./...; done

table: ## make the wire table again from botocore's service models
	go generate ./localaws/internal/wire

clean: ## remove what was made here
	rm -rf bin dist
