#!/usr/bin/env bash
# Checks all proofs: compiles them, prints what each theorem rests on, and has coqchk check the compiled files again.
# Compares the committed digests (digests.txt) with the proved machine. Fails on any axiom, on anything admitted, and on a theorem that proofs/README.md names and nothing proves.
#
# Usage: proofs/build.sh (from anywhere). Needs Coq 8.16, Iris 4.0 and stdpp, which Debian 12 has as packages; installs them if
# it may (as root, with apt-get). Exit code 2 if they are missing and cannot be installed.
set -euo pipefail
cd "$(dirname "$0")"
packages=(coq libcoq-iris libcoq-stdpp ocaml-nox ocaml-findlib)
jobs=${JOBS:-2}
mkdir -p build

has_all() {
  command -v coqc > /dev/null && command -v coqchk > /dev/null && command -v ocamlfind > /dev/null &&
    [ -d "$(coqc -where)/user-contrib/iris" ] && [ -d "$(coqc -where)/user-contrib/stdpp" ]
}
if ! has_all; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing ${packages[*]}"
    apt-get update > build/apt.log 2>&1 &&
      apt-get install -y --no-install-recommends "${packages[@]}" >> build/apt.log 2>&1 || true
  fi
  if ! has_all; then
    echo "the proofs need Coq, Iris and stdpp: apt-get install ${packages[*]} (Debian 12; see proofs/build/apt.log if that failed)" >&2
    exit 2
  fi
fi

if grep -nwE 'Admitted|admit|Axiom|Axioms|Conjecture|Parameter|Parameters|Abort|give_up|bypass_check' \
  code/*.v spec/*.v proof/*.v; then
  echo "the lines above have no place in a finished proof" >&2
  exit 1
fi
if long=$(wc -l code/*.v spec/*.v proof/*.v | awk '$2 != "total" && $1 > 600'); [ -n "$long" ]; then
  echo "longer than 600 lines: $long" >&2
  exit 1
fi

files=(code/*.v spec/*.v proof/*.v)
echo "compiling ${#files[@]} files"
coq_makefile -f _CoqProject "${files[@]}" -o CoqMakefile > /dev/null
if ! make -f CoqMakefile -j"$jobs" --no-print-directory 2> build/errors.log | tee build/make.log | grep --line-buffered '^COQC'; then
  if [ -s build/errors.log ]; then
    cat build/errors.log >&2
    exit 1
  fi
  echo "nothing to compile: all is as before"
fi
if [ -s build/errors.log ]; then
  cat build/errors.log >&2
  echo "the lines above are warnings or errors: there must be none" >&2
  exit 1
fi

# Each theorem that its file prints the assumptions of, with its file.
named=$(for file in proof/*.v; do
  module=$(basename "$file" .v)
  sed -n "s/^Print Assumptions \([A-Za-z0-9_]*\)\.$/Pool.proof.$module.\1/p" "$file"
done)
{
  echo "$named" | cut -d . -f 1-3 | sort -u | sed 's/^\(.*\)$/Require \1./'
  echo "$named" | sed 's/^\(.*\)$/Print Assumptions \1./'
} > build/Assumptions.v
(cd build && coqc -q -Q ../code Pool.code -Q ../spec Pool.spec -Q ../proof Pool.proof Assumptions.v) > build/assumptions.log
paste -d ' ' build/assumptions.log <(echo "$named")
count=$(echo "$named" | wc -l)
if [ "$(grep -cx 'Closed under the global context' build/assumptions.log)" != "$count" ] || grep -q 'Axioms' build/assumptions.log; then
  echo "not every theorem is closed" >&2
  exit 1
fi
for theorem in $(grep -oE '`[A-Z][A-Za-z]*\.[A-Za-z_]+`' README.md | tr -d '`' | grep -vE '\.(v|rs|md)$' | sort -u); do
  if ! grep -qx "Pool.proof.$theorem" <<< "$named"; then
    echo "README.md names $theorem, which no file proves and prints the assumptions of" >&2
    exit 1
  fi
done
for theorem in $named; do
  if ! grep -q "\`${theorem#Pool.proof.}\`" README.md; then
    echo "README.md does not name ${theorem#Pool.proof.}" >&2
    exit 1
  fi
done

conformance/digests.sh

echo "coqchk"
modules=$(for file in proof/*.v; do echo "Pool.proof.$(basename "$file" .v)"; done)
# shellcheck disable=SC2086
coqchk -silent -o -Q code Pool.code -Q spec Pool.spec -Q proof Pool.proof $modules > build/coqchk.log 2>&1 || {
  cat build/coqchk.log >&2
  exit 1
}
axioms=$(awk '/^\* Axioms:/ { found = 1 } /^\* Constants/ { found = 0 } found' build/coqchk.log)
echo "$axioms"
[ "$(echo "$axioms" | tr -d ' \n')" = '*Axioms:<none>' ]
echo "$count theorems, each closed under the global context"
