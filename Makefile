# Everything a developer runs, each a line or a few. "make" alone lists it.
.DEFAULT_GOAL := help
.PHONY: help build test lint generate bench bench-hands bench-mirror bench-sessions demo fuzz browsers chromium app-wordpress test-apps test-editors test-pages test-mirror test-faults soak test-webkit test-firefox test-axe axe

FUZZTIME ?= 3s
MORE ?= 20
MINUTES ?= 30
SESSIONS ?= 100

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/tandem
	go build -trimpath -o bin/tandem ./cmd/tandem

demo: build ## a server, a shop and a session on this machine; prints two links
	./bin/tandem demo

# One package at a time: several start browsers, which get slow beside each other.
test: browsers axe ## all tests (or those named by ONLY, a pattern), with the race detector and in real browsers
	go test -race -p 1 -timeout 60m $(if $(ONLY),-run '$(ONLY)') ./...; status=$$?; \
	cd session/oidctest && go test -race $(if $(ONLY),-run '$(ONLY)') ./... && exit $$status

# Without Node there is no axe-core, and its tests are skipped.
axe:
	@[ -e static/node_modules/axe-core/axe.min.js ] || ! command -v npm >/dev/null || (cd static && npm ci --no-audit --no-fund --loglevel=error >/dev/null)

test-axe: chromium axe ## axe-core on every page of ours in every state, language, colour scheme and width; SHOTS=DIR keeps pictures
	TANDEM_TEST_AXE=1 TANDEM_SHOTS="$(SHOTS)" go test -count 1 -timeout 20m -run '^TestScenario40' -v ./static

lint: ## gofmt, vet, staticcheck, the type checker for static/src, and that static/dist is a fresh build
	@echo "gofmt";       files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "not formatted:" $$files; exit 1; fi
	@echo "vet";         go vet ./...
	@echo "staticcheck"; go tool staticcheck ./...
	@echo "typecheck";   cd static && npm ci --no-audit --no-fund --loglevel=error >/dev/null && npm run --silent typecheck
	@echo "dist";        go test -count 1 ./static/bundle >/dev/null || { echo "static/dist is not what static/src builds to: run make generate"; exit 1; }

generate: ## what is generated and committed: static/dist and the tables shared with TypeScript
	go generate ./...

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

corpus: chromium ## the script rewriter against some 490 real files from npm (300 MB), in Chromium
	go run ./rewrite/corpus

bench-mirror: chromium ## the mirror beside rrweb (from npm), and its own goals; 15 minutes on a machine at rest
	TANDEM_BENCH_MIRROR=1 go test -count 1 -timeout 60m -run '^TestBenchMirror' -v ./cmd/tandem

bench-hands: chromium ## how long an agent's key takes to the visitor's screen and back; needs no npm
	TANDEM_BENCH_HANDS=1 go test -count 1 -timeout 10m -run '^TestBenchHands$$' -v ./cmd/tandem

bench-sessions: ## SESSIONS (100) at once on a server with one processor: how long messages take, and what it needs; needs Linux
	TANDEM_BENCH_SESSIONS=$(SESSIONS) go test -count 1 -timeout 20m -run '^TestBenchSessionsScenario33$$' -v ./cmd/tandem

fuzz: ## every fuzz target for FUZZTIME (3s)
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | grep -v node_modules | sed 's/:func / /' | \
	while read -r file name; do \
		echo "fuzz $$name ($$(dirname $$file))"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)" >.fuzz.log 2>&1 </dev/null || \
		{ ! grep -q 'Failing input' .fuzz.log && grep -q 'context deadline exceeded' .fuzz.log; } || { cat .fuzz.log; exit 1; }; \
	done; status=$$?; rm -f .fuzz.log; exit $$status

chromium:
	@for name in "$${CHROMIUM:-}" chromium chromium-browser google-chrome; do [ -z "$$name" ] || ! command -v "$$name" >/dev/null || exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing Chromium"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	else echo "The tests need Chromium: apt-get install chromium (as root), or name another one in CHROMIUM" >&2; exit 1; fi

browsers: chromium
	@for name in "$${FIREFOX:-}" firefox-esr firefox; do [ -z "$$name" ] || ! command -v "$$name" >/dev/null || exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing Firefox"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends firefox-esr >/dev/null && exit 0; \
	fi; echo "No Firefox: its tests are skipped. To run them: apt-get install firefox-esr (as root), or name one in FIREFOX" >&2

app-wordpress: ## WordPress on loopback, from Debian's packages (installs them when root)
	./cmd/tandem/apps/wordpress.sh

test-apps: chromium ## real applications, each used by two people; needs npm, and for WordPress Debian
	TANDEM_TEST_APPS=1 go test -count 1 -timeout 45m -run '^TestApp' -v ./cmd/tandem

test-editors: chromium ## forms of four frameworks and eight editors from npm, used by an agent; and 200 keys into a slow page
	TANDEM_TEST_EDITORS=1 go test -count 1 -timeout 30m -run '^Test(Editors|SlowPage)$$' -v ./cmd/tandem

test-pages: chromium ## pages as sites build them, with libraries from npm, compared at two people's in every step
	TANDEM_TEST_PAGES=1 go test -count 1 -timeout 30m -run '^TestPages$$' -v ./cmd/tandem

test-mirror: browsers ## the mirror for longer: random operations on MORE (20) new seeds, all operations in Firefox, outages
	TANDEM_TEST_MIRROR=$(MORE) go test -count 1 -timeout 60m -run '^Test(Random|OperationsFirefox|Scenario27Outages)$$' -v ./cmd/tandem

test-faults: ## the server killed in the middle of everything, and its disk full or not writable; needs Linux
	TANDEM_TEST_FAULTS=1 go test -race -count 1 -timeout 15m -run '^TestFault' -v ./proxy ./cmd/tandem

soak: chromium ## a server in use for MINUTES (30): what it needs has to level off, and be given back; needs Linux
	cd cmd/tandem && TANDEM_TEST_SOAK=$(MINUTES) go test -count 1 -timeout 0 -run "^TestSoak$$"

test-firefox: browsers ## mouse, keys, fields, chat and dialogs, with Firefox at one of two people
	TANDEM_TEST_FIREFOX=1 go test -count 1 -timeout 20m -run '^TestFirefoxHands$$' -v ./cmd/tandem

test-webkit: ## what has to hold in every browser, in WebKitGTK (installs it when root)
	@if ! command -v WebKitWebDriver >/dev/null || ! command -v Xvfb >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing WebKitGTK"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends webkit2gtk-driver libwebkit2gtk-4.1-0 xvfb >/dev/null; \
		else echo "No WebKitGTK: apt-get install webkit2gtk-driver libwebkit2gtk-4.1-0 xvfb (as root)" >&2; exit 1; fi; fi
	TANDEM_TEST_WEBKIT=1 go test -count 1 -timeout 20m -run '^Test(Engines.*|Contain.*)$$/^webkit$$' -v ./cmd/tandem
