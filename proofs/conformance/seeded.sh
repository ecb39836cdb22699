#!/usr/bin/env bash
# Would it be noticed? Seeds three wrong rules in a copy of the machine, one at a time; for each a short random run must differ from the
# proved machine, and the test of the committed digests must fail. Prints the line that the checker names.
#
# Usage: proofs/conformance/seeded.sh (from anywhere). Needs what run.sh needs. Exit code 1 if a wrong rule is not noticed.
set -euo pipefail
cd "$(dirname "$0")/../.."
checker=$(proofs/conformance/build-checker.sh)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# The whole workspace without what was built from it; it is small.
tar -c --exclude=./target --exclude=./.git --exclude=./proofs --exclude=./tests/bench/target . | tar -x -C "$copy"
mkdir "$copy/proofs"
cp proofs/digests.txt "$copy/proofs"
export CARGO_TARGET_DIR=$copy/target CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_DEV_OPT_LEVEL=0
digests() { (cd "$copy" && cargo test --locked --quiet -p striped-pool-model --test conformance > "$copy/digests" 2>&1); }
digests || {
  echo "the digests differ before anything is changed: see proofs/conformance/digests.sh" >&2
  tail -n 20 "$copy/digests" >&2
  exit 1
}
stripe=$copy/core/src/stripe.rs
cp "$stripe" "$copy/stripe.rs.right"

# A name, the line as it is, and as it is wrong.
seed() {
  local name=$1 right=$2 wrong=$3 ends
  cp "$copy/stripe.rs.right" "$stripe"
  if [ "$(grep -cF "$right" "$stripe")" != 1 ]; then
    echo "$name: this must be in core/src/stripe.rs once, so that it can be changed: $right" >&2
    exit 2
  fi
  # `@` is in none of the lines; brackets, dots and the like stand for themselves.
  sed -i "s@$(sed 's/[][\.*^$]/\\&/g' <<< "$right")@${wrong//&/\\&}@" "$stripe"
  if [ "$(diff "$copy/stripe.rs.right" "$stripe" | grep -c '^>')" != 1 ]; then
    echo "$name: not one line was changed" >&2
    exit 2
  fi
  (cd "$copy" && cargo build --release --locked --quiet -p striped-pool-model)
  # Both ends are looked at here: the producer's pipe is closed early when the checker stops.
  set +e
  "$copy/target/release/striped-pool-model" transitions --random 200000 2> /dev/null | "$checker" > "$copy/said"
  ends=("${PIPESTATUS[@]}")
  set -e
  if [ "${ends[1]}" != 1 ]; then
    echo "$name: NOT NOTICED; the producer ended with ${ends[0]}, the checker with ${ends[1]}" >&2
    cat "$copy/said" >&2
    exit 1
  fi
  if digests || ! grep -q '^test result: FAILED' "$copy/digests"; then
    echo "$name: NOT NOTICED by the digests" >&2
    tail -n 20 "$copy/digests" >&2
    exit 1
  fi
  echo "$name: noticed by both"
  head -n 3 "$copy/said" | cut -c 1-160 | sed 's/^/  /'
}

# A resource that comes back is then freed although nothing has to shrink.
seed 'owed and freeing compared wrongly' 'self.closed || self.owed > self.freeing' 'self.closed || self.owed >= self.freeing'
# A free that never happened then gives permits.
seed 'frees that were not announced' 'if count == 0 || count > self.freeing {' 'if count == 0 {'
# Somebody who was woken is then told that nobody of this id ever waited.
seed 'the last waiter forgotten' 'None if id < self.next_id' 'None if id < WaiterId(self.next_id.0.saturating_sub(1))'
