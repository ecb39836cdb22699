(** The statements about one step: nobody overtakes, closed is for good, shrinking takes no more than it must, and what is
    refused changes nothing. Those that speak of any state read the outcomes alone; the others the invariant as well. *)
From stdpp Require Import prelude list.
From Coq Require Import Lia.
From Pool.code Require Import Machine Env.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Step Sound Invariant.

Section steps.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (c : config R W) (e : event R W) (x : step_result R W).

  (** Where somebody waits nothing is idle and no permit is available, so a take has nothing to be served. *)
  Lemma no_overtaking c e : reachable c → is_take e = true → queue (st c) ≠ [] →
    delivered (effect_of (step (st c) e)) = [] ∧ permits (effect_of (step (st c) e)) = 0.
  Proof.
    intros [Hs _ _ _ _]%inv_reachable He Hq. destruct (nothing_idle _ Hs Hq) as [Hc Ha].
    destruct (outcome_of_step (st c) e); try done; try congruence.
    all: try match goal with H : asks _ _ |- _ => destruct H end.
    all: repeat match goal with
      | H : comes_back _ _ |- _ => destruct H
      | H : frees _ |- _ => destruct H
      | H : sets_free _ _ _ _ |- _ => destruct H
      end; done.
  Qed.

  Lemma closed_for_good s e : closed s = true → closed (after (step s e)) = true.
  Proof.
    intros Hc. destruct (outcome_of_step s e); try done.
    by match goal with H : sets_free _ _ _ _ |- _ => destruct H end.
  Qed.

  Lemma closed_frees c c' e r :
    reachable c → closed (st c) = true → hands_over c e c' →
    (e = Return r ∨ e = Discard r ∨ ∃ now, e = Put r now) →
    effect_of (step (st c) e) = Some (FreeMany [r]).
  Proof.
    intros [_ Hn _ _ _]%inv_reachable Hcl Ho He.
    assert (is_any_out (st c) = true) as Hany.
    { apply is_any_out_counted; [done|].
      destruct He as [->|[->|[now ->]]]; inversion Ho as [| | |? ? ? Hh|? ? Hh|? ? Hh| | | | | | | |]; subst;
        apply length_of_held in Hh; lia. }
    destruct He as [->|[->|[now ->]]]; simpl; unfold put, give_back, discard, part_with; by rewrite Hany, ?Hcl.
  Qed.

  Lemma shrink_put s e r rs :
    (e = Return r ∨ ∃ now, e = Put r now) →
    effect_of (step s e) = Some (FreeMany rs) → closed s = false → freeing s < owed s ∧ rs = [r].
  Proof.
    intros He Hx Hcl.
    assert (∀ o, part_with r s = Some o → effect_of o = Some (FreeMany rs) → freeing s < owed s ∧ rs = [r]) as Hp.
    { intros o. unfold part_with. rewrite Hcl. destruct (is_any_out s); simpl; [|by intros [= <-]].
      destruct (Nat.ltb_spec (freeing s) (owed s)); [by intros [= <-] [= <-]|].
      destruct (queue s); [done|by intros [= <-]]. }
    destruct He as [->|[now ->]]; simpl in Hx; unfold give_back, put in Hx; destruct (part_with r s) eqn:Hpw;
      [by eapply Hp|done|by eapply Hp|done].
  Qed.

  Lemma shrink_resize s n rs :
    effect_of (step s (Resize n)) = Some (FreeMany rs) →
    freeing s + length rs ≤ owed (after (step s (Resize n))).
  Proof.
    intros Hx. pose proof (outcome_of_step s (Resize n)) as Ho.
    remember (Resize n) as e eqn:He. destruct Ho; try discriminate He; simpl in Hx; try discriminate Hx.
    all: try by match goal with
      | H : comes_back _ _ |- _ => destruct H
      | H : frees _ |- _ => destruct H
      | H : _ = Some (FreeMany _) |- _ => apply wake_all_is_no_free in H
      end.
    unfold free_all in Hx. destruct old; [done|]. injection Hx as <-. simpl in *. rewrite map_length.
    match goal with H : _ ∨ _ ≤ owed s + more |- _ => destruct H; [done|lia] end.
  Qed.

  Lemma rejected_is_unchanged s e : is_rejected (effect_of (step s e)) = true → after (step s e) = s.
  Proof.
    destruct (outcome_of_step s e); simpl; rewrite ?is_rejected_wake_all, ?is_rejected_free_all; done.
  Qed.

  Lemma rejected_is_refused s e : is_rejected (effect_of (step s e)) = true → refused s e.
  Proof.
    destruct (outcome_of_step s e); simpl; rewrite ?is_rejected_wake_all, ?is_rejected_free_all; done.
  Qed.

  Lemma unchanged_is_unchanged s e : changed (step s e) = false → after (step s e) = s.
  Proof. destruct (outcome_of_step s e); simpl; done. Qed.

  Lemma never_a_token c c' e :
    reachable c → hands_over c e c' → is_rejected (effect_of (step (st c) e)) = true →
    (∃ id, e = Cancel id) ∨ e = Resize 0 ∨ e = Close.
  Proof.
    intros [_ Hn _ _ _]%inv_reachable Ho Hr%rejected_is_refused. by eapply not_refused.
  Qed.

  Lemma capacity_bounds_outside c : reachable c → length (alive c) + creating c ≤ capacity (st c) + owed (st c).
  Proof.
    intros [_ [Hf Hsum] _ _ _]%inv_reachable. unfold alive, idle in *. rewrite !app_length, map_length. lia.
  Qed.

  (** Only a resize adds to what is owed. *)
  Lemma owed_after s e x : outcome s e x → (∀ n, e ≠ Resize n) → owed s = 0 → owed (after x) = 0.
  Proof.
    destruct 1; simpl; intros He Ho; try done.
    - lia.
    - by edestruct He.
  Qed.

  Lemma owed_without_resize n ms c :
    run (start n) ms c → (∀ k, Raise (Resize k) ∉ ms) → owed (st c) = 0.
  Proof.
    induction 1 as [|ms m c1 c2 Hr IH Hm]; intros Hno; [done|].
    assert (owed (st c1) = 0) as H1. { apply IH. intros k Hk. apply (Hno k), elem_of_app. by left. }
    destruct Hm as [e c' Ho| |]; [|done..]. simpl. eapply owed_after; [apply outcome_of_step| |done].
    intros k ->. apply (Hno k), elem_of_app. right. by apply elem_of_list_singleton.
  Qed.

  (** Only a resize sets a capacity: what it takes away is owed, and what it adds is swallowed first. *)
  Lemma total_after s e x : outcome s e x →
    capacity (after x) + owed (after x) ≤ Nat.max (capacity s + owed s) (match e with Resize n => n | _ => 0 end).
  Proof.
    destruct 1 as [| | | | | | | | | | | | |e n s0 swallowed woken rest spare Hs Hn Hle Hor Hq Hrest| | | | |]; simpl; try lia.
    destruct Hs; simpl in *; destruct Hor as [->|[-> ->]]; simpl in *; lia.
  Qed.

  Lemma counters_step s e :
    capacity (after (step s e)) + owed (after (step s e))
    ≤ Nat.max (capacity s + owed s) (match e with Resize n => n | _ => 0 end).
  Proof. apply total_after, outcome_of_step. Qed.

  Lemma counters n largest ms c :
    run (start n) ms c → Nat.max n 1 ≤ largest → (∀ k, Raise (Resize k) ∈ ms → k ≤ largest) →
    capacity (st c) + owed (st c) ≤ largest.
  Proof.
    induction 1 as [|ms m c1 c2 Hr IH Hm]; intros Hn Hall; [simpl; lia|].
    assert (capacity (st c1) + owed (st c1) ≤ largest) as H1.
    { apply IH; [done|]. intros k Hk. apply Hall, elem_of_app. by left. }
    destruct Hm as [e c' Ho| |]; [|done..]. simpl. pose proof (counters_step (st c1) e) as Hstep.
    destruct e as [| | | | | | | | | | |k|]; try lia.
    enough (k ≤ largest) by lia. apply Hall, elem_of_app. right. by apply elem_of_list_singleton.
  Qed.
End steps.
