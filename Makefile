# What each target proves is said beside it; `make check` is the core of what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c # a pipe fails where any part of it does

GO ?= go
FUZZTIME ?= 30s
FUZZLOG ?= $(or $(TMPDIR),/tmp)/chatbridge-fuzz.log
SEEDS ?= 5000
ENGINE ?= ./migrate/replay ./migrate/origin ./migrate/pace ./migrate/verify ./migrate/undo ./migrate/audit ./migrate/inplace ./migrate/internal/count ./migrate/internal/drain ./migrate/internal/push
MUTANTS ?= 300
MUTANTSEED ?= 0
HISTORIES ?= 100000
BENCHSIZE ?=
ONLY ?=

# A release says of itself what git says of the checkout: the tag, or without one
# the time of the commit, in a form that every packager sorts before v0.0.1. The environment has no say.
GORELEASER ?= github.com/goreleaser/goreleaser/v2@v2.16.0
CYCLONEDX ?= github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
commit = $(shell TZ=UTC0 git show -s --format=%cd --date=format-local:$(1) HEAD 2>/dev/null)
TAG = $(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null)
VERSION = $(or $(TAG),v0.0.0-pre$(call commit,%Y%m%d%H%M%S))
REVISION = $(shell git rev-parse HEAD 2>/dev/null)
DATE = $(call commit,%Y-%m-%dT%H:%M:%SZ)
MODIFIED = $(if $(shell git status --porcelain 2>/dev/null),true)
BUILDFLAGS = -trimpath -buildvcs=false # the same bytes from every kind of checkout
LDFLAGS = -s -w -X main.linkedVersion=$(VERSION) -X main.linkedRevision=$(REVISION) -X main.linkedDate=$(DATE) -X main.linkedModified=$(MODIFIED)
ARCHIVE = chatbridge_$(VERSION:v%=%)_$(shell $(GO) env GOOS)_$(shell $(GO) env GOARCH)

.PHONY: check build test lint race fuzz torture torture-many histories sweep kill faults mutants bench bench-workers benchmarks demo pages archive release

check: lint test race fuzz ## everything that CI requires

build: ## the binary, in this folder
	$(GO) build -o chatbridge ./cmd/chatbridge

test: ## needs nothing but Go
	$(GO) test ./...

lint: ## formatting, vet (for Windows too), staticcheck, a tidy go.mod
	@test -z "$$(gofmt -l cmd migrate mapping reports)" || { gofmt -l cmd migrate mapping reports; echo "gofmt would change the files above: gofmt -w cmd migrate mapping reports"; exit 1; }
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

race: ## the same tests under the race detector, in another order each time
	$(GO) test -race -shuffle=on -timeout 25m ./...

# On a busy machine go test can miss its own deadline by a moment, and says so
# without a failing input: then that target runs once more.
fuzz: ## each fuzz target for FUZZTIME
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "fuzz $$p $$f"; fuzz() { $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p 2>&1 | tee $(FUZZLOG); }; \
	    fuzz || { grep -q 'context deadline exceeded' $(FUZZLOG) && ! grep -q 'Failing input' $(FUZZLOG) && fuzz; } || exit 1; \
	  done; done

torture: ## SEEDS unkind worlds of each part: harmless, transient, lies (nightly; CI: SEEDS=50)
	$(GO) test ./migrate/replay/torture -count=1 -timeout 4h -v -seeds $(SEEDS) | grep -v -e '^=== ' -e '^    --- PASS'

torture-many: ## SEEDS worlds in which three workers share a ledger (nightly: SEEDS=300; CI: 10)
	$(GO) test ./migrate/replay/torture -run '^TestTortureMany$$' -count=1 -timeout 4h -v -seeds $(SEEDS) | grep -v -e '^=== ' -e '^    --- PASS'

histories: ## HISTORIES drawn histories of each mix, of whose message is whose (nightly)
	$(GO) test ./migrate/origin -run TestHistories -count=1 -timeout 2h -v -histories $(HISTORIES) | grep -v -e '^=== '

sweep: ## every call of a run refused, drained and cancelled, one at a time (nightly)
	$(GO) test ./migrate/replay -run '^Test(NoAnswerIsIgnored|NoWriteAfterADrain|Cancelled)$$' -count=1 -timeout 1h -sweep

kill: ## the real program killed at every pair of steps, and resumed; a key without each right (nightly)
	$(GO) test ./cmd/chatbridge -run '^(TestKilled|TestAKeyThatMayNot|TestRehearseContentKilledAtEachRequest)$$' -count=1 -timeout 1h -kills

faults: ## each request and call of an undo, a repair and a rehearsal fails once, and not one in ten (nightly)
	$(GO) test ./migrate/undo ./migrate/verify ./migrate/rehearse -count=1 -timeout 1h -faults

mutants: ## MUTANTS changes to the packages of ENGINE, each of which a test must notice (nightly)
	$(GO) run ./migrate/internal/mutants -packages '$(ENGINE)' -tests ./migrate/... -n $(MUTANTS) -seed $(MUTANTSEED) \
	  -args=-seeds=20 -allow testdata/mutants/accepted.txt -budget 50m

# The table is printed by a test, since only a test may have a virtual clock.
bench-workers: ## 40 accounts at 100 ms on 1 and on 4 workers, and on SQLite (about ten minutes, needs PostgreSQL)
	$(GO) test ./cmd/chatbridge -run '^TestWorkersBench$$' -count=1 -timeout 1h -v -args -workers-bench 40 | grep -v '^=== '

bench: ## how close to the limits, how fast and how large a migration is, as a table and in .build/bench.json; BENCHSIZE=full: 1M messages, 100,000 channels
	@mkdir -p .build && CGO_ENABLED=0 $(GO) build -o .build/plain/chatbridge ./cmd/chatbridge && $(GO) test -c -o .build/bench.test ./migrate/internal/bench
	@.build/bench.test -test.run '^TestTable$$' -test.timeout 6h -table .build/bench.json -only '$(ONLY)' -binary .build/plain/chatbridge -size '$(BENCHSIZE)'

benchmarks: ## what single functions take
	$(GO) test -run '^$$' -bench . -benchmem ./...

demo: ## a migration against the emulator, on loopback
	$(GO) run ./cmd/chatbridge demo

pages: ## manual pages and completions, in .build/share
	CGO_ENABLED=0 $(GO) build $(BUILDFLAGS) -ldflags '$(LDFLAGS)' -o .build/plain/chatbridge ./cmd/chatbridge
	rm -rf .build/share && mkdir -p .build/share/completions .build/share/man.gz
	.build/plain/chatbridge man .build/share/man
	for page in .build/share/man/*.1; do gzip -9n < $$page > .build/share/man.gz/$$(basename $$page).gz || exit 1; done
	.build/plain/chatbridge completion bash > .build/share/completions/chatbridge.bash
	.build/plain/chatbridge completion fish > .build/share/completions/chatbridge.fish
	.build/plain/chatbridge completion zsh > .build/share/completions/_chatbridge
	.build/plain/chatbridge completion powershell > .build/share/completions/chatbridge.ps1

archive: pages ## the archive of this platform as a release has it, by Go and GNU tar alone
	rm -rf .build/archive && mkdir -p .build/archive/$(ARCHIVE)
	cp -r .build/plain/chatbridge LICENSE README.md .build/share/man .build/share/completions .build/archive/$(ARCHIVE)
	tar -C .build/archive --sort=name --mtime='$(DATE)' --owner=root:0 --group=root:0 --mode=u=rwX,go=rX -cf - $(ARCHIVE) | gzip -9n > .build/$(ARCHIVE).tar.gz
	@ls -l .build/$(ARCHIVE).tar.gz

# For goreleaser it is always a snapshot, of the version that is chosen here: a tag
# would make it ask for a remote, of which a release that is not published needs none.
release: export VERSION := $(VERSION)
release: export LDFLAGS := $(LDFLAGS)
release: export DATE := $(DATE)
release: export EPOCH = $(shell git show -s --format=%ct HEAD)
release: export CYCLONEDX := $(CYCLONEDX)
release: ## archives, packages, SBOMs and checksums, in .build/dist; of the tag of this commit, or of its time
	@test -z '$(and $(TAG),$(MODIFIED))' || { echo "this is not $(TAG): there are changes that are not committed, see git status"; exit 1; }
	$(GO) run $(GORELEASER) release --clean --snapshot --skip=publish
