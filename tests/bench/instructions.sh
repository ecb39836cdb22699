#!/usr/bin/env bash
# Instructions for one round trip, counted by valgrind's callgrind: the figure that no load on the machine changes. Of a thread
# and of a task that find something idle (W1, W4), and of one of a hundred tasks on eight resources, to which it is handed over.
# Each pool runs twice, with different numbers of round trips, so that what starts and ends a program cancels out.
# Ours are compared with tests/bench/instructions.txt; UPDATE=1 writes them there instead.
# Exit code: 1 if one of ours takes more than what is committed and the tolerance; 2 if nothing could be counted.
# Usage: tests/bench/instructions.sh (from anywhere; half a minute, and a build).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
committed="${INSTRUCTIONS:-$here/instructions.txt}"
tolerance=3 # per cent
few=2000 many=12000

command -v valgrind >/dev/null || { echo "valgrind is not installed: it does the counting (package valgrind)" >&2; exit 2; }
${CARGO:-cargo} build --release --locked --manifest-path "$here/Cargo.toml" --bin instructions
program="${CARGO_TARGET_DIR:-$here/target}/release/instructions"
compiler=$(rustc --version | cut -d' ' -f2)

# How many instructions the whole program takes for so many round trips.
count() {
  local output
  output=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1) || { echo "$output" >&2; exit 2; }
  sed -n 's/^==[0-9]*== Collected *: *\([0-9]*\).*/\1/p' <<<"$output" | grep . || { echo "valgrind counted nothing: $output" >&2; exit 2; }
}

counted=$(mktemp)
trap 'rm -f "$counted"' EXIT
"$program" | while read -r pool; do
  low=$(count "$pool" "$few")
  high=$(count "$pool" "$many")
  awk -v low="$low" -v high="$high" -v trips=$((many - few)) -v pool="$pool" \
    'BEGIN { printf "%s|%.1f\n", pool, (high - low) / trips }'
done >"$counted"

if [ "${UPDATE:-0}" = 1 ]; then
  {
    echo "# Instructions for one round trip, by callgrind; written by UPDATE=1 make bench-instructions."
    echo "# make bench-instructions fails if one of ours takes more than $tolerance % more; the others are for comparison."
    echo "rustc|$compiler"
    cat "$counted"
  } >"$committed"
fi
before=$(sed -n 's/^rustc|//p' "$committed")
awk -F'|' -v tolerance="$tolerance" -v before="$before" -v compiler="$compiler" '
  FNR == 1 { file++ }
  /^#/ || $1 == "rustc" { next }
  file == 1 { committed[$1] = $2; next }
  FNR == 1 { printf "%-32s %12s %12s %9s\n", "instructions for a round trip", "counted", "committed", "change" }
  {
    if (!($1 in committed)) { printf "%-32s %12s %12s\n", $1, $2, "-"; missing = missing " " $1; next }
    change = ($2 / committed[$1] - 1) * 100
    printf "%-32s %12s %12s %+8.1f%%\n", $1, $2, committed[$1], change
    if ($1 !~ /^striped-pool/) next
    if (change > tolerance) worse = worse "\n  " $1
    if (change < -tolerance) better = better "\n  " $1
  }
  END {
    if (better != "") print "better by more than " tolerance " %: commit it with UPDATE=1 make bench-instructions" better
    if (missing != "") print "not in the committed list, add with UPDATE=1:" missing
    if (worse == "") exit 0
    if (before != compiler) { print "warning: more instructions, but with rustc " compiler " instead of " before ": update both together" worse; exit 0 }
    print "WORSE by more than " tolerance " %:" worse
    exit 1
  }' "$committed" "$counted"
