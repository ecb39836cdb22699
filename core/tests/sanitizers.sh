#!/usr/bin/env bash
# The core's tests on real threads under AddressSanitizer with LeakSanitizer (memory used after it was freed, freed twice, never
# freed) and under ThreadSanitizer (accesses that no ordering puts in order): what loom shows of small programs, of all that the tests do,
# and of the resources in their boxes, which loom does not see. First each must notice the faults seeded below, then nothing else.
#
# Usage: core/tests/sanitizers.sh [address|thread] (from anywhere; both without an argument; about 4 minutes). Needs rustup's nightly
# toolchain, because the flags are not stable. The standard library is the one that comes with it, built without the sanitizer:
# core/tests/sanitizers/races.txt says what is not believed for that reason.
# Exit code: 0 if all is well, 1 if something was reported or a seeded fault was not, 2 for a wrong argument or no nightly.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cargo +nightly --version > /dev/null 2>&1 || { echo 'no nightly toolchain: rustup toolchain install nightly'; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tests"
cp -r "$root/Cargo.toml" "$root/Cargo.lock" "$root/core" "$root/model" "$work"
cp -r "$root/tests/Cargo.toml" "$root/tests/src" "$root/tests/tests" "$root/tests/examples" "$work/tests"
target=$(rustc +nightly -vV | sed -n 's/^host: //p')
export ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS="print_suppressions=0:suppressions=$work/core/tests/sanitizers/leaks.txt"
export TSAN_OPTIONS="print_suppressions=0:suppressions=$work/core/tests/sanitizers/races.txt"

# sanitizer | fault | file | what stands there, once | what to put there, with # for |
faults='
address|a spare node is freed|core/src/reclaim.rs|if !SPARE.try_with(|if SPARE.try_with(
address|spare nodes outlive their thread|core/src/reclaim/spare.rs|while let Some(node) = self.pop()|while let Some(node) = self.pop().filter(#_# false)
address|a resource taken out of its box is dropped with it|core/src/runtime/handle.rs|        boxed.value|        unsafe { core::ptr::read(&raw const boxed.value) }
thread|a publish does not release|core/src/reclaim.rs|exchange(word, next, Ordering::AcqRel|exchange(word, next, Ordering::Acquire
thread|a reader that leaves does not release|core/src/reclaim.rs|exchange_weak(word, without, Ordering::Release|exchange_weak(word, without, Ordering::Relaxed
thread|a result does not release|core/src/runtime/slot.rs|fetch_or(RESULT, Ordering::AcqRel|fetch_or(RESULT, Ordering::Acquire
'

# SANITIZER TARGETS…: these tests, under it.
tests() {
  local sanitizer=$1
  shift
  (cd "$work" && RUSTFLAGS="-Zsanitizer=$sanitizer -Cunsafe-allow-abi-mismatch=sanitizer" \
    CARGO_TARGET_DIR="${SANITIZERS_TARGET:-$root/target/sanitizers}/$sanitizer" \
    cargo +nightly test --no-fail-fast --target "$target" -p striped-pool "$@" 2>&1)
}

# SANITIZER: the faults that it must notice, then the tests as they are.
run() {
  local sanitizer fault file from to output targets=(--test pool --test behaviours)
  # What these do on threads besides, they do with the tests' mutexes (races.txt).
  [ "$1" = thread ] || targets+=(--lib --test panics --test managed)
  printf '%-8s three faults, then the tests: half a minute for each line, the first with what is to be built\n' "$1"
  while IFS='|' read -r sanitizer fault file from to; do
    [ "$sanitizer" = "$1" ] || continue
    [ "$(grep -cF -- "$from" "$work/$file")" = 1 ] || { echo "$fault: no longer applies to $file"; exit 1; }
    FROM=$from TO=${to//#/|} perl -pi -e 's/\Q$ENV{FROM}\E/$ENV{TO}/' "$work/$file"
    if output=$(tests "$1" --test pool) || ! grep -q 'Sanitizer: ' <<< "$output"; then
      printf '%s\n' "$output" | tail -n 20
      echo "$1: not noticed: $fault"
      exit 1
    fi
    printf '%-8s noticed: %-55s %s\n' "$1" "$fault" "$(grep -oE 'heap-use-after-free|memory leaks|data race' <<< "$output" | head -n 1)"
    cp "$root/$file" "$work/$file"
  done <<< "$faults"
  if ! output=$(tests "$1" "${targets[@]}"); then
    printf '%s\n' "$output"
    echo "$1: reported"
    exit 1
  fi
  printf '%-8s nothing reported: %s tests\n' "$1" "$(grep -oE '^test result: ok. [0-9]+' <<< "$output" | awk '{ n += $4 } END { print n }')"
}

case "${1:-all}" in
  address | thread) run "$1" ;;
  all)
    run address
    run thread
    ;;
  *) sed -n 's/^# Usage: /usage: /p' "$0"; exit 2 ;;
esac
