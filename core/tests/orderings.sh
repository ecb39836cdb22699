#!/usr/bin/env bash
# Weakens every atomic ordering of the runtime by one notch, one at a time, and runs the loom programs of the layers that have
# them and of the blocking pool (not those of the futures, which are many and add none): one must fail for each.
# First they must all pass with nothing weakened, and the table must name every acquire and every release.
# The table says which program saw it first. Usage: core/tests/orderings.sh (from anywhere; about 5 minutes).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$root" --exclude=target -cf - Cargo.toml Cargo.lock core model tests | tar -C "$work" -xf -
export CARGO_TARGET_DIR="${ORDERINGS_TARGET:-$work/target}" RUST_BACKTRACE=0

# id | file | what stands there, once | what to put there
mutants='
ORD-HEAD-PROTECT acquire|core/src/reclaim.rs|exchange_weak(word, counted, Ordering::Acquire|exchange_weak(word, counted, Ordering::Relaxed
ORD-HEAD-PUBLISH release|core/src/reclaim.rs|exchange(word, next, Ordering::AcqRel|exchange(word, next, Ordering::Acquire
ORD-HEAD-PUBLISH acquire|core/src/reclaim.rs|exchange(word, next, Ordering::AcqRel|exchange(word, next, Ordering::Release
ORD-HEAD-LEAVE release|core/src/reclaim.rs|exchange_weak(word, without, Ordering::Release|exchange_weak(word, without, Ordering::Relaxed
ORD-DEBT replacer release|core/src/reclaim.rs|fetch_add(others, Ordering::AcqRel|fetch_add(others, Ordering::Acquire
ORD-DEBT replacer acquire|core/src/reclaim.rs|fetch_add(others, Ordering::AcqRel|fetch_add(others, Ordering::Release
ORD-DEBT leaver release|core/src/reclaim.rs|fetch_sub(1, Ordering::AcqRel|fetch_sub(1, Ordering::Acquire
ORD-DEBT leaver acquire|core/src/reclaim.rs|fetch_sub(1, Ordering::AcqRel|fetch_sub(1, Ordering::Release
ORD-SLOT-PUBLISH release|core/src/runtime/slot.rs|fetch_or(RESULT, Ordering::AcqRel|fetch_or(RESULT, Ordering::Acquire
ORD-SLOT-PUBLISH acquire|core/src/runtime/slot.rs|fetch_or(RESULT, Ordering::AcqRel|fetch_or(RESULT, Ordering::Release
ORD-SLOT-TAKE acquire|core/src/runtime/slot.rs|state.load(Ordering::Acquire|state.load(Ordering::Relaxed
ORD-SLOT-REGISTER release|core/src/runtime/slot.rs|fetch_or(WAITING, Ordering::AcqRel|fetch_or(WAITING, Ordering::Acquire
ORD-SLOT-REGISTER acquire|core/src/runtime/slot.rs|fetch_or(WAITING, Ordering::AcqRel|fetch_or(WAITING, Ordering::Release
ORD-SLOT-RETRACT acquire|core/src/runtime/slot.rs|fetch_and(!WAITING, Ordering::Acquire|fetch_and(!WAITING, Ordering::Relaxed
ORD-SLOT-ABANDON acquire|core/src/runtime/slot.rs|fetch_or(ABANDONED, Ordering::Acquire|fetch_or(ABANDONED, Ordering::Relaxed
'
programs='reclaim:: slot:: cell:: pool:: pools::'
# Nothing in the sources acquires or releases that is not in the table, and nothing is ordered more strictly.
sources=$(cd "$root/core/src" && find . -name '*.rs' -exec cat {} + | grep -v '^ *//')
! grep 'SeqCst' <<<"$sources" || { echo "sequentially consistent: no ordering of the table"; exit 1; }
half=$(printf '%s\n' "$sources" | grep -oE 'Ordering::(Acquire|Release)' | wc -l)
whole=$(printf '%s\n' "$sources" | grep -oE 'Ordering::AcqRel' | wc -l)
rows=$(printf '%s' "$mutants" | grep -c .)
[ "$((half + 2 * whole))" = "$rows" ] || { echo "$half + 2 x $whole orderings, but $rows rows"; exit 1; }
# Whatever fails without a change proves nothing with one.
if ! output=$(cd "$work" && cargo test --quiet -p striped-pool --features loom --test loom -- $programs 2>&1); then
  printf '%s\n' "$output"
  echo "a program fails with all orderings in place"
  exit 1
fi
survivors=0
while IFS='|' read -r id file from to; do
  [ -n "$id" ] || continue
  cp "$root/$file" "$work/$file"
  count=$(grep -cF -- "$from" "$work/$file" || true)
  [ "$count" = 1 ] || { echo "$id: no longer applies ($count places in $file)"; exit 1; }
  FROM=$from TO=$to perl -pi -e 's/\Q$ENV{FROM}\E/$ENV{TO}/' "$work/$file"
  if output=$(cd "$work" && cargo test --quiet -p striped-pool --features loom --test loom -- $programs 2>&1); then
    verdict=SURVIVED
    survivors=$((survivors + 1))
  else
    verdict=$(printf '%s\n' "$output" | sed -n 's/^FAILED /caught by /p' | head -n 1)
    [ -n "$verdict" ] || { printf '%s\n' "$output"; echo "$id: did not run"; exit 1; }
  fi
  printf '%-28s %s\n' "$id" "$verdict"
  cp "$root/$file" "$work/$file"
done <<< "$mutants"
echo "$survivors survived"
[ "$survivors" = 0 ]
