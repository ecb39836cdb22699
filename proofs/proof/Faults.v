(** The invariants notice: each machine with a fault reaches a state in which the invariant it breaks is false.

    The invariants are those of [spec/Spec.v], the surroundings those of [code/Env.v]; only the step differs. Each run is
    one that the right machine would take without harm, as [noticed] says: after the same moves the invariant holds. *)
From stdpp Require Import prelude list option.
From Coq Require Import Sorted Lia.
From Pool.code Require Import Machine Env Replay Faults.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Replay Examples Theorems.

(** From the start with [n], the faulty machine [f] goes through [ms] to a state without [P], and [step] goes through the
    same moves. *)
Definition noticed (f : stripe nat nat → event nat nat → step_result nat nat) n ms (P : config nat nat → Prop) : Prop :=
  (∃ c, run_with f (start n) ms c ∧ ¬ P c) ∧ ∃ c, run (start n) ms c ∧ P c.

Lemma noticed_replay f n ms (P : config nat nat → Prop) :
  (∀ c, reachable c → P c) →
  is_Some (replay step (start n) ms) →
  match replay f (start n) ms with Some c => ¬ P c | None => False end →
  noticed f n ms P.
Proof.
  intros HP [c Hc] Hf. split.
  - destruct (replay f (start n) ms) as [c'|] eqn:Hr; [|done]. exists c'. split; [by apply replay_runs|done].
  - apply replay_step in Hc. exists c. split; [done|]. apply HP. by exists n, ms.
Qed.

(** Runs both machines; what is left is that the invariant is false where the faulty one arrives. *)
Ltac run_both := vm_compute; eexists; reflexivity.

Theorem CAPACITY_notices : noticed step_leaks_permit 1 (try_takes 1 ++ [Raise CreateFailed]) INV_CAPACITY.
Proof.
  apply noticed_replay; [apply INV_CAPACITY_holds|run_both|].
  vm_compute. intros (_ & Hout & _). discriminate Hout.
Qed.

Theorem WORK_notices : noticed step_forgets_waiters 1 (lend [1] ++ take_slots [7] ++ [Raise (Put 1 0)]) INV_WORK.
Proof.
  apply noticed_replay; [apply INV_WORK_holds|run_both|].
  vm_compute. intros Hw. assert (H : [Waiter 0 7] = []) by (apply Hw; by left). discriminate H.
Qed.

(** The one who was woken uses what it got, and gives it back. *)
Theorem ONE_WAKE_notices :
  noticed step_wakes_twice 1 (lend [1] ++ take_slots [7] ++ [Raise (Put 1 0); Raise (Put 1 0)]) INV_ONE_WAKE.
Proof.
  apply noticed_replay; [apply INV_ONE_WAKE_holds|run_both|].
  vm_compute. intros [Hnd _]. inversion_clear Hnd as [|? ? Hin _]. apply Hin. constructor.
Qed.

Theorem FIFO_notices : noticed step_wakes_newest 1 (lend [1] ++ take_slots [7; 8] ++ [Raise (Put 1 0)]) INV_FIFO.
Proof.
  apply noticed_replay; [apply INV_FIFO_holds|run_both|].
  vm_compute. intros [_ Hsub]. repeat match goal with H : sublist _ _ |- _ => inversion_clear H end.
Qed.

Theorem OWNER_notices : noticed step_lends_twice 2 (lend [1] ++ [Raise (Put 1 0)] ++ try_takes 1) INV_OWNER.
Proof.
  apply noticed_replay; [apply INV_OWNER_holds|run_both|].
  vm_compute. intros [_ Hp]. apply Permutation_length in Hp. discriminate Hp.
Qed.

Theorem BOUNDED_notices : noticed step_keeps_cancelled 1 (try_takes 1 ++ take_slots [7] ++ [Raise (Cancel 0)]) INV_BOUNDED.
Proof.
  apply noticed_replay; [apply INV_BOUNDED_holds|run_both|].
  vm_compute. intros [_ Hw]. apply (Hw 7); constructor.
Qed.

Theorem IDS_notices :
  noticed step_reuses_ids 1 (try_takes 1 ++ take_slots [7; 8] ++ [Raise CreateFailed] ++ take_slots [9]) INV_IDS.
Proof.
  apply noticed_replay; [apply INV_IDS_holds|run_both|].
  vm_compute. intros [Hs _]. apply StronglySorted_inv in Hs as [_ Hs]. apply Forall_inv in Hs. lia.
Qed.

Theorem RECENCY_notices : noticed step_trusts_clock 2 (lend [1; 2] ++ [Raise (Put 1 9); Raise (Put 2 5)]) INV_RECENCY.
Proof.
  apply noticed_replay; [apply INV_RECENCY_holds|run_both|].
  vm_compute. intros Hs. apply StronglySorted_inv in Hs as [_ Hs]. apply Forall_inv in Hs. lia.
Qed.

Theorem CLOSED_notices : noticed step_keeps_in_closed 1 (lend [1] ++ [Raise Close; Raise (Put 1 0)]) INV_CLOSED.
Proof.
  apply noticed_replay; [apply INV_CLOSED_holds|run_both|].
  vm_compute. intros Hc. destruct (Hc eq_refl) as [_ Hcache]. discriminate Hcache.
Qed.

Theorem FREE_FIRST_notices : noticed step_frees_late 1 (lend [1] ++ [Raise (Discard 1)]) INV_FREE_FIRST.
Proof.
  apply noticed_replay; [apply INV_FREE_FIRST_holds|run_both|].
  vm_compute. intros [Hf _]. discriminate Hf.
Qed.

Theorem SHRINK_notices : noticed step_shrinks_late 2 (lend [1; 2] ++ [Raise (Put 1 0); Raise (Resize 1)]) INV_SHRINK.
Proof.
  apply noticed_replay; [apply INV_SHRINK_holds|run_both|].
  vm_compute. intros [_ [Hc|Ho]]; [discriminate Hc|lia].
Qed.
