#!/usr/bin/env bash
# Checks all proofs: compiles them, prints what each theorem rests on, and has coqchk check the compiled files again.
# Fails on any axiom, on anything admitted, and on a theorem of proofs/theorems.txt that does not exist.
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

echo "compiling $(grep -c '\.v$' _CoqProject) files"
coq_makefile -f _CoqProject -o CoqMakefile > /dev/null
if ! make -f CoqMakefile -j"$jobs" --no-print-directory 2> build/errors.log | tee build/make.log | grep --line-buffered '^COQC'; then
  cat build/errors.log >&2
  exit 1
fi
cat build/errors.log >&2

# One line for each theorem, in the order of theorems.txt, which is what proofs/README.md speaks of.
{
  echo 'From Pool.proof Require Import All.'
  while read -r theorem; do
    printf 'Print Assumptions %s.\n' "$theorem"
  done < theorems.txt
} > build/Assumptions.v
coqc -q -Q code Pool.code -Q spec Pool.spec -Q proof Pool.proof build/Assumptions.v > build/assumptions.log
paste -d ' ' <(cat build/assumptions.log) theorems.txt
if [ "$(grep -cx 'Closed under the global context' build/assumptions.log)" != "$(wc -l < theorems.txt)" ] ||
  grep -q 'Axioms' build/assumptions.log; then
  echo "not every theorem is closed" >&2
  exit 1
fi

echo "coqchk"
modules=$(sed -n 's/^proof\/\(.*\)\.v$/Pool.proof.\1/p' _CoqProject)
# shellcheck disable=SC2086
coqchk -silent -o -Q code Pool.code -Q spec Pool.spec -Q proof Pool.proof $modules > build/coqchk.log 2>&1 || {
  cat build/coqchk.log >&2
  exit 1
}
axioms=$(awk '/^\* Axioms:/ { found = 1 } /^\* Constants/ { found = 0 } found' build/coqchk.log)
echo "$axioms"
[ "$(echo "$axioms" | tr -d ' \n')" = '*Axioms:<none>' ]
echo "$(wc -l < theorems.txt) theorems, each closed under the global context"
