#!/usr/bin/env bash
# Builds the checker: Coq extracts the proved machine, OCaml compiles it with checker.ml. Prints where the program is.
#
# Everything goes into proofs/build/conformance, Machine.v's compiled form too: it cannot get in the way of proofs/build.sh.
# Exit code 2 if Coq or OCaml are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v coqc > /dev/null || ! command -v ocamlfind > /dev/null; then
  echo "the checker needs Coq and OCaml: apt-get install coq ocaml-nox ocaml-findlib" >&2
  exit 2
fi
build=build/conformance
mkdir -p "$build/code"
cp code/Machine.v "$build/code/"
cp conformance/Extract.v conformance/checker.ml "$build/"
cd "$build"
{
  coqc -q -Q code Pool.code code/Machine.v
  # Here, because the extracted machine lands in the current folder.
  coqc -q -Q code Pool.code Extract.v
  ocamlfind ocamlopt -package unix -linkpkg machine.mli machine.ml checker.ml -o checker
} > build.log 2>&1 || {
  cat build.log >&2
  exit 1
}
echo "$PWD/checker"
