#!/usr/bin/env bash
# Checks the core (clippy, warnings denied) with each set of features that somebody may ask for: none; each alone; each with
# `trace`; all that people use, with `trace` and without. `loom` and `shuttle` replace std, so they are never together with others,
# but for `trace`. The features are read from the manifest: a new one is included by itself.
# Usage: core/tests/features.sh (from anywhere).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo=${CARGO:-cargo}

# Their names as cargo sees them, with those that optional dependencies make: out of the JSON, where only a package's own features
# are an object.
features=$($cargo metadata --no-deps --format-version 1 |
  sed -E 's/.*"name":"striped-pool","version":"[^"]*","id"//; s/"manifest_path".*//; s/.*"features":\{//' |
  grep -oE '"[^"]+":\[' | tr -d '":[')
shipped=
for name in $features; do
  case $name in
    default | loom | shuttle | trace) known="${known:-} $name" ;;
    *) shipped="${shipped:+$shipped,}$name" ;;
  esac
done
[ "${known:-}" = " default loom shuttle trace" ] || { echo "not the features that this script knows:${known:-}" >&2; exit 1; }

{
  echo ""
  echo trace
  for name in loom shuttle ${shipped//,/ }; do printf '%s\n' "$name" "$name,trace"; done
  [ -z "$shipped" ] || printf '%s\n' "$shipped" "$shipped,trace"
} | {
  failed=0 sets=0
  while IFS= read -r set; do
    sets=$((sets + 1))
    if output=$($cargo clippy --quiet -p striped-pool --lib --no-default-features --features "$set" -- -D warnings 2>&1); then
      printf 'builds  %s\n' "${set:-(none)}"
    else
      printf '%s\nFAILS   %s\n' "$output" "${set:-(none)}"
      failed=$((failed + 1))
    fi
  done
  echo "$sets sets of features, $failed fail"
  [ "$failed" = 0 ]
}
