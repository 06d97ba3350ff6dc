# What each target proves is said beside it; `make check` is what CI runs.

GO ?= go
FUZZTIME ?= 30s
SEEDS ?= 1000

.PHONY: check test lint race fuzz bench torture cover demo build

check: lint test race fuzz torture-short ## everything that CI requires

build: ## the binary, in this folder
	$(GO) build -o chatbridge ./cmd/chatbridge

test: ## needs nothing but Go
	$(GO) test ./...

lint: ## formatting, vet, staticcheck, a tidy go.mod
	@test -z "$$(gofmt -l cmd migrate mapping reports)" || { gofmt -l cmd migrate mapping reports; echo "gofmt would change the files above: gofmt -w cmd migrate mapping reports"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

race: ## the same tests under the race detector, in another order each time
	$(GO) test -race -shuffle=on ./...

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "fuzz $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p; \
	  done; done

bench: ## speed and memory
	$(GO) test -run '^$$' -bench . -benchmem ./...

demo: ## a migration against the emulator, on loopback
	$(GO) run ./cmd/chatbridge demo
