(** The theorems: each statement of [spec/Spec.v] under its own name with [_holds], for all resources and wake slots, and
    what each rests on: nothing, as [Print Assumptions] says. The work is in the files that this one imports. *)
From stdpp Require Import prelude list.
From Coq Require Import Sorted Lia.
From Pool.code Require Import Machine Env.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Step Sound Invariant Steps Progress.

Section theorems.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (c : config R W) (e : event R W).

  (** ** Of every state *)

  Theorem INV_CAPACITY_holds c : reachable c → INV_CAPACITY c.
  Proof.
    intros [Hs [Hf Hsum] _ _ _]%inv_reachable. pose proof (sound_capacity _ Hs).
    unfold INV_CAPACITY, out. split_and!; lia.
  Qed.

  Theorem INV_WORK_holds c : reachable c → INV_WORK c.
  Proof. intros [Hs _ _ _ _]%inv_reachable. exact (sound_work _ Hs). Qed.

  Theorem INV_ONE_WAKE_holds c : reachable c → INV_ONE_WAKE c.
  Proof.
    intros [_ _ [Hnd Ha] _ _]%inv_reachable. split; [|done].
    rewrite Ha in Hnd. by apply NoDup_app in Hnd as [? _].
  Qed.

  Theorem INV_FIFO_holds c : reachable c → INV_FIFO c.
  Proof. intros [_ _ _ (? & _ & ?) _]%inv_reachable. by split. Qed.

  Theorem INV_OWNER_holds c : reachable c → INV_OWNER c.
  Proof. intros [_ _ _ _ Ho]%inv_reachable. exact Ho. Qed.

  Theorem INV_BOUNDED_holds c : reachable c → INV_BOUNDED c.
  Proof.
    intros [_ [_ Hsum] [Hnd Ha] _ _]%inv_reachable. split; [lia|].
    intros w Hq Hw. rewrite Ha in Hnd. apply NoDup_app in Hnd as (_ & Hnd & _). by apply (Hnd w).
  Qed.

  Theorem INV_IDS_holds c : reachable c → INV_IDS c.
  Proof. intros [Hs _ _ _ _]%inv_reachable. exact (sound_ids _ Hs). Qed.

  Theorem INV_RECENCY_holds c : reachable c → INV_RECENCY c.
  Proof. intros [Hs _ _ _ _]%inv_reachable. exact (sound_recency _ Hs). Qed.

  Theorem INV_CLOSED_holds c : reachable c → INV_CLOSED c.
  Proof. intros [Hs _ _ _ _]%inv_reachable. exact (sound_closed _ Hs). Qed.

  Theorem INV_FREE_FIRST_holds c : reachable c → INV_FREE_FIRST c.
  Proof.
    intros [_ [Hf Hsum] _ _ _]%inv_reachable. split; [done|].
    unfold alive, idle in *. rewrite !app_length, map_length. lia.
  Qed.

  Theorem INV_SHRINK_holds c : reachable c → INV_SHRINK c.
  Proof. intros [Hs _ _ _ _]%inv_reachable. exact (sound_shrink _ Hs). Qed.

  (** ** Of every step *)

  Theorem INV_FIFO_no_overtaking_holds : INV_FIFO_no_overtaking (R := R) (W := W).
  Proof. exact no_overtaking. Qed.
  Theorem INV_CLOSED_for_good_holds : INV_CLOSED_for_good (R := R) (W := W).
  Proof. exact closed_for_good. Qed.
  Theorem INV_CLOSED_frees_holds : INV_CLOSED_frees (R := R) (W := W).
  Proof. exact closed_frees. Qed.
  Theorem INV_SHRINK_put_holds : INV_SHRINK_put (R := R) (W := W).
  Proof. exact shrink_put. Qed.
  Theorem INV_SHRINK_resize_holds : INV_SHRINK_resize (R := R) (W := W).
  Proof. exact shrink_resize. Qed.
  Theorem INV_FREE_FIRST_outside_holds : INV_FREE_FIRST_outside (R := R) (W := W).
  Proof. exact capacity_bounds_outside. Qed.
  Theorem owed_is_of_a_shrink_holds : owed_is_of_a_shrink (R := R) (W := W).
  Proof. exact owed_without_resize. Qed.
  Theorem COUNTERS_step_holds : COUNTERS_step (R := R) (W := W).
  Proof. exact counters_step. Qed.
  Theorem COUNTERS_holds : COUNTERS (R := R) (W := W).
  Proof. exact counters. Qed.
  Theorem STEP_REJECT_holds : STEP_REJECT (R := R) (W := W).
  Proof. exact rejected_is_unchanged. Qed.
  Theorem STEP_REJECT_never_a_token_holds : STEP_REJECT_never_a_token (R := R) (W := W).
  Proof. exact never_a_token. Qed.
  Theorem STEP_UNCHANGED_holds : STEP_UNCHANGED (R := R) (W := W).
  Proof. exact unchanged_is_unchanged. Qed.

  (** ** LIVE-PROGRESS *)

  Theorem LIVE_PROGRESS_enabled_holds : LIVE_PROGRESS_enabled (R := R) (W := W).
  Proof. exact progress_enabled. Qed.
  Theorem LIVE_PROGRESS_permits_holds : LIVE_PROGRESS_permits (R := R) (W := W).
  Proof. exact progress_permits. Qed.
  Theorem LIVE_PROGRESS_moves_holds : LIVE_PROGRESS_moves (R := R) (W := W).
  Proof. exact progress_moves. Qed.
End theorems.

Print Assumptions INV_CAPACITY_holds.
Print Assumptions INV_WORK_holds.
Print Assumptions INV_ONE_WAKE_holds.
Print Assumptions INV_FIFO_holds.
Print Assumptions INV_OWNER_holds.
Print Assumptions INV_BOUNDED_holds.
Print Assumptions INV_IDS_holds.
Print Assumptions INV_RECENCY_holds.
Print Assumptions INV_CLOSED_holds.
Print Assumptions INV_FREE_FIRST_holds.
Print Assumptions INV_SHRINK_holds.
Print Assumptions INV_FIFO_no_overtaking_holds.
Print Assumptions INV_CLOSED_for_good_holds.
Print Assumptions INV_CLOSED_frees_holds.
Print Assumptions INV_SHRINK_put_holds.
Print Assumptions INV_SHRINK_resize_holds.
Print Assumptions INV_FREE_FIRST_outside_holds.
Print Assumptions owed_is_of_a_shrink_holds.
Print Assumptions COUNTERS_step_holds.
Print Assumptions COUNTERS_holds.
Print Assumptions STEP_REJECT_holds.
Print Assumptions STEP_REJECT_never_a_token_holds.
Print Assumptions STEP_UNCHANGED_holds.
Print Assumptions LIVE_PROGRESS_enabled_holds.
Print Assumptions LIVE_PROGRESS_permits_holds.
Print Assumptions LIVE_PROGRESS_moves_holds.
