#!/usr/bin/env bash
# Compares what the core depends on, and what each feature adds, with docs/dependencies.md. Fails if the core without features
# needs more than a dozen crates on all platforms together, if one is not explained there or explained in vain, or if the table
# of what features add is not up to date. UPDATE=1 writes that table; explanations are written by hand.
# Usage: core/tests/dependencies.sh (from anywhere; seconds; builds nothing).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo=${CARGO:-cargo}
document=${DEPENDENCIES:-docs/dependencies.md}
most=12
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every platform that rustc knows, one by one. (`--target all` would list what no platform has: what a dependency would need on
# wasm, although the core does not ask for that dependency there.)
everywhere=$(rustc --print target-list | sed 's/^/--target /')
# What features add is the same on others, but for a few bindings.
usual="--target x86_64-unknown-linux-gnu --target aarch64-apple-darwin --target x86_64-pc-windows-msvc"

# FEATURES TARGETS: "crate dependent" for each that asks for another, without tests. Procedural macros and what builds count.
edges() {
  # shellcheck disable=SC2086 # several words
  $cargo tree -p striped-pool -e normal,build --no-default-features --features "$1" $2 --prefix depth --no-dedupe |
    sed -nE 's/^([0-9]+)([^ ]+) .*/\1 \2/p' |
    awk '{ at[$1] = $2; if ($1 > 0) print $2, at[$1 - 1] }' | sort -u
}
crates() { cut -d' ' -f1 | sort -u; }
# SECTION: the rows of the table below this heading as "a|b", if the third cell says something.
table() {
  awk -v section="## $1" '/^## / { is_in = ($0 == section) } is_in && /^\| `/' "$document" |
    sed -E 's/^\| //; s/ \|$//; s/ \| /|/g; s/`//g' | awk -F'|' 'NF == 3 && $3 ~ /[a-z]/ { print $1 "|" $2 }' | sort
}
failed=0
say() { echo "$document: $1" >&2; failed=1; }
# WHAT FOUND EXPLAINED: the same rows in both files.
same() {
  while read -r row; do say "$1 is not explained: | ${row/|/ | } |"; done < <(comm -23 "$2" "$3")
  while read -r row; do say "$1 is explained, and is none: | ${row/|/ | } |"; done < <(comm -13 "$2" "$3")
}

# The core alone: each crate with all who ask for it.
edges "" "$everywhere" > "$work/edges"
crates < "$work/edges" > "$work/core"
awk '{ by[$1] = by[$1] (by[$1] ? ", " : "") $2 } END { for (one in by) print one "|" by[one] }' "$work/edges" | sort > "$work/found"
table "Always" > "$work/explained"
same "a dependency of the core" "$work/found" "$work/explained"
count=$(wc -l < "$work/core")
[ "$count" -le "$most" ] || say "the core needs $count crates, more than $most: $(paste -sd' ' "$work/core")"

# Each feature, as cargo sees them (in the JSON only a package's own features are an object): what it asks for itself, and all that
# comes with it.
features=$($cargo metadata --no-deps --format-version 1 |
  sed -E 's/.*"name":"striped-pool","version":"[^"]*","id"//; s/"manifest_path".*//; s/.*"features":\{//' |
  grep -oE '"[^"]+":\[' | tr -d '":[' | grep -v '^default$')
: > "$work/found"
printf '%s\n' '| feature | crates | which |' '|---|---|---|' > "$work/all"
for name in $features; do
  edges "$name" "$usual" > "$work/edges"
  awk -v name="$name" '$2 == "striped-pool" { print name "|" $1 }' "$work/edges" |
    { grep -vxFf <(sed "s/^/$name|/" "$work/core") || true; } >> "$work/found"
  added=$(crates < "$work/edges" | comm -23 - "$work/core")
  number=$(printf '%s' "$added" | grep -c . || true)
  printf '| `%s` | %s | %s |\n' "$name" "$number" "$(printf '%s' "$added" | paste -sd, | sed 's/,/, /g')" >> "$work/all"
done
sort -o "$work/found" "$work/found"
table "With a feature" > "$work/explained"
same "a dependency of a feature" "$work/found" "$work/explained"

heading="## Everything that a feature adds"
if [ "${UPDATE:-0}" = 1 ]; then
  {
    sed "/^$heading\$/q" "$document"
    printf '\n%s\n\n' "Written by \`UPDATE=1 make dependencies\`; for Linux, macOS and Windows together."
    cat "$work/all"
  } > "$work/document"
  cp "$work/document" "$document"
elif ! changes=$(diff <(sed -n "/^$heading\$/,\$ { /^|/p }" "$document") "$work/all"); then
  printf '%s\n' "$changes" >&2
  say "what the features add has changed: look at it, then UPDATE=1 make dependencies"
fi
[ "$failed" = 0 ] || exit 1
echo "the core needs $count crates, at most $most allowed: $(paste -sd' ' "$work/core"); all are explained"
