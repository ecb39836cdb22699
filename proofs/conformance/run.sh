#!/usr/bin/env bash
# Runs the proved machine beside the shipped one, over 10 million transitions: every event in small states, long random runs,
# and what real threads committed on real stripes. Fails if one transition differs, and shows it.
#
# Usage: proofs/conformance/run.sh [SEED] (from anywhere; the seed of the random runs, default 0).
# Exit code 1: a transition differs. 2: Coq or OCaml are missing, or something is malformed.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=10000001
recorded=200000
seed=${1:-0}
checker=$(proofs/conformance/build-checker.sh)
cargo build --release --locked --quiet -p striped-pool-model --features trace
producer=${CARGO_TARGET_DIR:-target}/release/striped-pool-model
said=$(mktemp)
trap 'rm -f "$said" "$said.producer"' EXIT

total=0
printf '%-12s%14s%10s%12s\n' kind transitions seconds mismatches
# One kind, with the options that make the producer write it.
compare() {
  local kind=$1 start=$EPOCHREALTIME ends count seconds
  shift
  # Both must succeed; whoever fails says why.
  set +e
  "$producer" transitions "$@" --seed "$seed" 2> "$said.producer" | "$checker" > "$said"
  ends=("${PIPESTATUS[@]}")
  set -e
  seconds=$(awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
  if [ "${ends[1]}" = 1 ]; then
    printf '%-12s%14s%10s%12s\n' "$kind" "" "$seconds" 1
    cat "$said"
    exit 1
  fi
  if [ "${ends[0]}" != 0 ] || [ "${ends[1]}" != 0 ]; then
    echo "$kind: the producer ended with ${ends[0]}, the checker with ${ends[1]}" >&2
    cat "$said.producer" "$said" >&2
    exit 2
  fi
  count=$(cut -d ' ' -f 1 "$said")
  total=$((total + count))
  printf '%-12s%14s%10s%12s\n' "$kind" "$count" "$seconds" 0
}

compare exhaustive --exhaustive
compare recorded --recorded "$recorded"
compare random --random $((total < wanted ? wanted - total : 1))
printf '%-12s%14s\n' all "$total"
