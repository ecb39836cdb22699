(** The proved machine as an OCaml program, for [checker.ml], which runs it beside the shipped Rust.

    Nothing is proved here. What the step from [Machine.v] to the program assumes, beyond Coq's extraction and OCaml's compiler:
    - [ExtrOcamlNatInt]: naturals become OCaml's ints, 63 bits wide, and no operation checks for overflow. The checker reads no
      number of more than 18 digits, which is less than 2^60, and no transition multiplies, so no sum comes near 2^62;
    - that library maps addition, subtraction (which stops at zero) and comparisons to OCaml's; the maximum and the minimum are
      mapped here, because Coq's count down to zero, which takes too long for readings of a clock;
    - [ExtrOcamlBasic]: booleans, pairs, options and lists become OCaml's own.
    Resources and wake slots stay type variables; the checker puts ints there. *)
From Coq Require Extraction.
From Coq Require Import PeanoNat ExtrOcamlBasic ExtrOcamlNatInt.
From Pool.code Require Import Machine.

Extraction Language OCaml.
Extract Inlined Constant Nat.max => "(fun (n : int) m -> if n < m then m else n)".
Extract Inlined Constant Nat.min => "(fun (n : int) m -> if n < m then n else m)".
(* Into the folder in which coqc runs. *)
Extraction "machine.ml" Machine.step Machine.new.
