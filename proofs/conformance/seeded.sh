#!/usr/bin/env bash
# Would it be noticed? Seeds wrong rules in a copy of the machine and of its containers, one at a time; for each a short random run must
# differ from the proved machine, and so must the digests. Prints the line that the checker names.
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
# By what it does, not by an assertion that it meets on the way.
export CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false
digests() { (cd "$copy" && cargo test --locked --quiet -p striped-pool-model --test conformance > "$copy/digests" 2>&1); }
digests || {
  echo "the digests differ before anything is changed: see proofs/conformance/digests.sh" >&2
  tail -n 20 "$copy/digests" >&2
  exit 1
}

# A name, a file of the core, the line as it is, and as it is wrong.
seed() {
  local name=$1 file=core/src/$2 right=$3 wrong=$4 ends
  if [ "$(grep -cF "$right" "$file")" != 1 ]; then
    echo "$name: this must be in $file once, so that it can be changed: $right" >&2
    exit 2
  fi
  # `@` is in none of the lines; brackets, dots and the like stand for themselves.
  sed -i "s@$(sed 's/[][\.*^$]/\\&/g' <<< "$right")@${wrong//&/\\&}@" "$copy/$file"
  if [ "$(diff "$file" "$copy/$file" | grep -c '^>')" != 1 ]; then
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
  if digests || ! grep -q 'the shipped machine and the proved one differ' "$copy/digests"; then
    echo "$name: NOT NOTICED by the digests" >&2
    tail -n 20 "$copy/digests" >&2
    exit 1
  fi
  echo "$name: noticed by both"
  head -n 3 "$copy/said" | cut -c 1-160 | sed 's/^/  /'
  cp "$file" "$copy/$file"
}

# A resource that comes back is then freed although nothing has to shrink.
seed 'owed and freeing compared wrongly' stripe.rs 'self.closed || self.owed > self.freeing' 'self.closed || self.owed >= self.freeing'
# A free that never happened then gives permits.
seed 'frees that were not announced' stripe.rs 'if count == 0 || count > self.freeing {' 'if count == 0 {'
# Somebody who was woken is then told that nobody of this id ever waited.
seed 'the last waiter forgotten' stripe.rs 'None if id < self.next_id' 'None if id < WaiterId(self.next_id.0.saturating_sub(1))'
# A shrink then owes also what it took of the free permits.
seed 'a shrink that is paid twice' stripe.rs 'self.owed = add(self.owed, sub(shrink, unused));' 'self.owed = add(self.owed, shrink);'
# A line that grows longer than its ends then loses one.
seed 'a waiter lost on the way into the tree' stripe/queue.rs 'let rest = Seq::of(back.iter().copied(), back.len());' 'let rest = Seq::of(back.iter().copied().skip(1), back.len());'
# What is taken out from the old end then lacks what lies in the block.
seed 'idle ones that stay when all older are taken' stripe/cache.rs 'let inline = count.saturating_sub(taken.older.len());' 'let inline = 0;'
