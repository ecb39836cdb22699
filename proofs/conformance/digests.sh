#!/usr/bin/env bash
# Computes the digests of what the proved machine does (Digest.v) and compares them with the committed ones, proofs/digests.txt,
# which `cargo test` compares with what the shipped machine does. With --update: commits what was computed to that file.
#
# Usage: proofs/conformance/digests.sh [--update] (from anywhere; needs coqc, see proofs/build.sh). Exit code 1 if they differ.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/digests
if ! command -v coqc > /dev/null; then
  echo "the digests need Coq: apt-get install coq" >&2
  exit 2
fi
[ code/Machine.vo -nt code/Machine.v ] || coqc -q -Q code Pool.code code/Machine.v
cp conformance/Digest.v build/digests/
(cd build/digests && coqc -q -Q ../../code Pool.code Digest.v) > build/digests/out.txt
{
  echo '# Seed and digest of what the proved machine does: written by `proofs/conformance/digests.sh --update`, not to be edited.'
  tr -d '=[]\n ' < build/digests/out.txt | sed 's/:.*//; s/%uint63//g' | tr ';' '\n' | awk '{ print NR " " $0 }'
} > build/digests/digests.txt
if [ "${1:-}" = --update ]; then
  cp build/digests/digests.txt digests.txt
fi
diff build/digests/digests.txt digests.txt || {
  echo "the committed digests are not those of the proved machine: if it changed on purpose, proofs/conformance/digests.sh --update" >&2
  exit 1
}
echo "$(grep -vc '^#' digests.txt) digests of the proved machine are the committed ones"
