(** The theorems of [spec/ReclaimSpec.v] do not hold for want of runs: addresses do come back, debts do go below 0, and a
    leaver does recycle. Two threads, [t] and [u]; each example is one run, step by step. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.

Lemma first limit s t u s' t' :
  reachable limit (State s [t; u]) → act limit t s t' s' → reachable limit (State s' [t'; u]).
Proof. intros R A. eapply reach_step; [exact R|]. by apply (step_of _ _ [] t [u] t' s'). Qed.
Lemma second limit s t u s' u' :
  reachable limit (State s [t; u]) → act limit u s u' s' → reachable limit (State s' [t; u']).
Proof. intros R A. eapply reach_step; [exact R|]. by apply (step_of _ _ [t] u [] u' s'). Qed.

Definition init : shared := common (start 0 7 2).

Lemma begin : reachable 2 (State init [Thread None Out; Thread None Out]).
Proof. apply (reach_start 2 0 7 2). Qed.

(** The first thread has loaded the head. The second replaces the node, twice, and the second time with the address that it
    recycled after the first. The head is again what the first thread saw, two publications later. *)
Lemma address_comes_back : ∃ s,
  reachable 2 (State s [Thread None (Guess (0, 0)); Thread None Out])
  ∧ head s = (0, 0) ∧ serial s = 2 ∧ recycled s = [1; 0].
Proof.
  pose proof begin as R.
  eapply first in R; [|apply a_load].
  eapply second in R; [|apply a_load].
  eapply second in R; [|eapply a_protect; [reflexivity|lia]].
  eapply second in R; [|apply (a_allocate _ _ _ 1 8); reflexivity].
  eapply second in R; [|eapply a_publish_alone; [reflexivity|lia]].
  eapply second in R; [|apply a_recycle].
  eapply second in R; [|apply a_load].
  eapply second in R; [|eapply a_protect; [reflexivity|lia]].
  eapply second in R; [|apply (a_take _ _ _ 0 [] []); reflexivity].
  eapply second in R; [|eapply a_publish_alone; [reflexivity|lia]].
  eapply second in R; [|apply a_recycle].
  eexists. split; [exact R|]. done.
Qed.

(** Both are counted in, the second with a draft publishes. The state before anybody settles. *)
Lemma one_retires_one_reads : ∃ s,
  reachable 2 (State s [Thread None (Reading 0 1 0 (Some 7)); Thread None (Retiring 0 1 0)])
  ∧ head s = (1, 0) ∧ memory s 0 = Some (7, 0%Z) ∧ recycled s = [].
Proof.
  pose proof begin as R.
  eapply first in R; [|apply a_load].
  eapply first in R; [|eapply a_protect; [reflexivity|lia]].
  eapply second in R; [|apply a_load].
  eapply second in R; [|eapply a_protect; [reflexivity|lia]].
  eapply second in R; [|apply (a_allocate _ _ _ 1 8); reflexivity].
  eapply second in R; [|eapply a_publish; [reflexivity|lia]].
  eexists. split; [exact R|]. done.
Qed.

(** The leaver comes first: the debt is -1 until the replacer adds, and the replacer recycles. *)
Lemma debt_below_zero : ∃ s,
  reachable 2 (State s [Thread None Out; Thread None (Retiring 0 1 0)])
  ∧ memory s 0 = Some (7, (-1)%Z) ∧ recycled s = [].
Proof.
  destruct one_retires_one_reads as (s & R & Hh & Hm & Hr).
  eapply first in R; [|apply a_lost; by rewrite Hh].
  eapply first in R; [|eapply a_leave; [exact Hm|done]].
  eexists. split; [exact R|]. by split.
Qed.

(** The replacer comes first: it adds 1, and the leaver recycles. *)
Lemma leaver_recycles : ∃ s,
  reachable 2 (State s [Thread None (Recycling 0 0); Thread None Out]) ∧ recycled s = [0].
Proof.
  destruct one_retires_one_reads as (s & R & Hh & Hm & Hr).
  eapply second in R; [|eapply a_retire; [exact Hm|done]].
  eapply first in R; [|apply a_lost; simpl; by rewrite Hh].
  eapply first in R; [|eapply a_leave_last; [reflexivity|done]].
  eexists. split; [exact R|]. simpl. by rewrite Hr.
Qed.
