# Every command of the project. `make` alone prints this help.
# Times: 2 cores, usual; "cold" with an empty target folder.

CARGO ?= cargo

.PHONY: help test examples explore loom loom-deep sample orderings sanitizers mutants cargo-mutants check fmt lint doc features dependencies demo validate proofs conformance bench bench-quick bench-check bench-instructions clean

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the pool at work: a bank in SQLite under faults, with checks (10 s; 2 min cold)
	$(CARGO) run --release -p striped-pool-tests --bin demo -- $(DEMO)

validate: ## the same, with every transition replayed through the pure machine (10 s; 2 min cold)
	$(CARGO) run --release -p striped-pool-tests --features trace --bin demo -- --validate $(DEMO)

test: ## all tests: unit, doc, end-to-end, search, random, sampled, then loom (7 min; 12 min cold)
	$(CARGO) test --workspace
	$(CARGO) test -p striped-pool --features metrics,tracing,r2d2,bb8,deadpool --test adapters --test observe
	$(CARGO) test -p striped-pool --features trace --test trace
	$(CARGO) test -p striped-pool-tests --features trace --test validate
	$(CARGO) test -p striped-pool-model --features trace --test program --test sample --test history --test judge
	$(CARGO) test -p striped-pool-model --features shuttle --test shuttle
	$(CARGO) test --workspace --features loom
	$(CARGO) test -p striped-pool --features loom --test loom
	$(MAKE) examples

examples: ## each example, run (5 s; 1 min cold)
	$(CARGO) run -p striped-pool --example own_pool
	$(CARGO) run -p striped-pool --features r2d2 --example from_r2d2
	$(CARGO) run -p striped-pool-tests --example sqlite
	$(CARGO) run -p striped-pool-tests --example postgres

explore: ## every state of the machine within bounds, alone and beside two others; the specimens refuted (1 min; 5 min cold)
	$(CARGO) run --release -p striped-pool-model -- explore --clients 5 --max-capacity 3 --all-facts
	$(CARGO) run --release -p striped-pool-model -- explore --clients 5 --max-capacity 3 --all-facts --machine all
	$(CARGO) run --release -p striped-pool-model -- check

loom: ## only the loom programs: named ones, then generated ones with every history replayed (2 min; 4 min cold)
	$(CARGO) test -p striped-pool --features loom --test loom
	$(CARGO) test -p striped-pool --features loom,trace --test loom
	$(CARGO) test -p striped-pool-model --features loom --test generated

loom-deep: ## a seeded sample of larger generated programs, 10 minutes; DEEP="--minutes 60 --seed 7" for another
	$(CARGO) test -p striped-pool-model --features loom --test generated -- --deep $(DEEP)

sample: ## random programs, longer than loom's: on real threads, then on shuttle's schedules (1 min; 4 min cold)
	$(CARGO) test -p striped-pool-model --features trace --test sample
	$(CARGO) test -p striped-pool-model --features shuttle --test shuttle

orderings: ## weakens each atomic ordering in turn: a loom program must fail for each (5 min)
	core/tests/orderings.sh

sanitizers: ## the core's tests on real threads under Address-, Leak- and ThreadSanitizer, after seeded faults; needs rustup's nightly (4 min; 7 min cold)
	core/tests/sanitizers.sh

mutants: ## seeds bugs that real pools had, one at a time: the check that each names must fail (9 to 17 min alone; more beside other work)
	$(CARGO) run -p striped-pool-model -- mutants $(if $(TABLE),--table $(TABLE)) $(MUTANTS)

cargo-mutants: ## changes every operator and result in machine, runtime and reclamation; writes docs/cargo-mutants.md (hours)
	core/tests/cargo-mutants.sh

# All programs are built: the benchmark runs the one that counts memory.
BENCH_BUILD = $(CARGO) build --release --locked --manifest-path tests/bench/Cargo.toml
BENCH_RUN = $(CARGO) run --release --locked --manifest-path tests/bench/Cargo.toml --

proofs: ## checks the Coq and Iris proofs, and prints what each theorem rests on; installs Debian's coq if it may (5 min)
	proofs/build.sh

conformance: ## ten million transitions of the shipped machine beside the proved one; then seeded faults (4 min; 7 min cold)
	proofs/conformance/run.sh
	proofs/conformance/seeded.sh

bench: ## beside other pools on the same work; writes docs/bench.md and docs/bench-*.svg; nothing else should run (15 min; 19 min cold)
	$(BENCH_BUILD)
	$(BENCH_RUN) --out docs $(BENCH)

bench-quick: ## the same in short, printed only; BENCH="--only w1,w3" for some (2 min; 6 min cold)
	$(BENCH_BUILD)
	$(BENCH_RUN) --quick $(BENCH)

bench-instructions: ## instructions for a round trip, also awaited and handed over, by valgrind, beside the committed ones; UPDATE=1 commits them (30 s; 4 min cold)
	tests/bench/instructions.sh

bench-check: ## formatting, lints and tests of the benchmark, whose peers nothing else builds, and the README's figures beside docs/bench.md; UPDATE=1 writes those (1 min; 4 min cold)
	$(CARGO) fmt --manifest-path tests/bench/Cargo.toml --check
	$(CARGO) clippy --locked --manifest-path tests/bench/Cargo.toml --all-targets -- -D warnings
	$(CARGO) test --locked --manifest-path tests/bench/Cargo.toml

check: fmt lint doc features dependencies ## rustfmt, clippy over every feature set, rustdoc, all with warnings denied; what is depended on (1 min; 4 min cold)

fmt: ## formatting only
	$(CARGO) fmt --all --check

lint: ## clippy only
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --workspace --all-targets --features loom -- -D warnings
	$(CARGO) clippy --workspace --all-targets --features trace -- -D warnings
	$(CARGO) clippy -p striped-pool --all-targets --features loom -- -D warnings
	$(CARGO) clippy -p striped-pool -p striped-pool-model --lib --test shuttle --features striped-pool-model/shuttle -- -D warnings

features: ## the core with each set of features that somebody may ask for, warnings denied (10 s; 1 min cold)
	core/tests/features.sh

dependencies: ## what the core and its features depend on, beside docs/dependencies.md; UPDATE=1 writes what features add (5 s)
	core/tests/dependencies.sh

doc: ## rustdoc only
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

clean: ## removes what was built
	$(CARGO) clean
