(** The word of the head round-trips, and its count does not spill into the address: division with remainder. *)
From stdpp Require Import prelude.
From Coq Require Import Lia PeanoNat.
From Pool.code Require Import ReclaimWord.
From Pool.spec Require Import ReclaimSpec.

Lemma word_round_trip : RECLAIM_word_round_trip.
Proof.
  intros k a c Hc. unfold unpack, pack. simpl. f_equal.
  - rewrite Nat.div_add_l by lia. rewrite Nat.div_small by done. lia.
  - rewrite Nat.add_comm, Nat.mod_add by lia. by apply Nat.mod_small.
Qed.

Lemma word_equal : RECLAIM_word_equal.
Proof.
  intros k [a c] [a' c'] Hc Hc' H.
  rewrite <- (word_round_trip k a c Hc), <- (word_round_trip k a' c' Hc'). by rewrite H.
Qed.

Lemma word_count : RECLAIM_word_count.
Proof.
  intros k a c Hc. split.
  - replace (pack k (a, c) + 1) with (pack k (a, S c)) by (unfold pack; simpl; lia). by apply word_round_trip.
  - replace (pack k (a, S c) - 1) with (pack k (a, c)) by (unfold pack; simpl; lia). apply word_round_trip. lia.
Qed.

Print Assumptions word_round_trip.
Print Assumptions word_equal.
Print Assumptions word_count.
