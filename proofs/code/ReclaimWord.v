(** The head as one word: [k] low bits count readers, the rest is the address, as a multiple of 2^k ([COUNT_MASK] in
    [core/src/reclaim.rs]: k = 8). It owns the packing only; [code/ReclaimModel.v] works with the pair. *)
From stdpp Require Import prelude.

Definition pack (k : nat) (w : nat * nat) : nat := fst w * 2 ^ k + snd w.
Definition unpack (k : nat) (x : nat) : nat * nat := (x / 2 ^ k, x mod 2 ^ k).
