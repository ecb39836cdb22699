(** LIVE-PROGRESS: while somebody waits, some move gives something back, and give-backs cannot go on for long without
    waking everybody.

    Two measures of a configuration do it. [owed + waiting] falls with every permit that comes back: it is swallowed, or it
    wakes somebody. And [3 * (owed + waiting) + 2 * held + dying] falls with every give-back at all: a resource that is not
    handed on goes from held to dying, from there to unreported, and then its permit comes back. *)
From stdpp Require Import prelude list.
From Coq Require Import Lia.
From Pool.code Require Import Machine Env.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Step Sound Invariant.

Section progress.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (c : config R W) (e : event R W) (x : step_result R W) (m : move R W).

  Lemma progress_enabled c : reachable c → queue (st c) ≠ [] → ∃ m c', gives_back m = true ∧ moves c m c'.
  Proof.
    intros [Hs [Hf Hsum] _ _ _]%inv_reachable Hq. destruct (nothing_idle _ Hs Hq) as [Hc Ha].
    pose proof (sound_capacity _ Hs) as Hpos. unfold idle in Hsum. rewrite Hc, Ha in Hsum. simpl in Hsum.
    (* All permits are out: something is held, or being created, or dying, or unreported. *)
    destruct (held c) as [|r held'] eqn:Hh.
    - destruct (dying c) as [|r dying'] eqn:Hd.
      + destruct (decide (0 < creating c)).
        * exists (Raise CreateFailed). eexists. split; [done|]. by apply m_raise, ho_failed.
        * exists (Raise (Freed 1)). eexists. split; [done|]. apply m_raise, ho_freed. simpl in *. lia.
      + exists (Vanished r). eexists. split; [done|]. eapply m_vanished. by rewrite Hd.
    - exists (Raise (Discard r)). eexists. split; [done|]. eapply m_raise, ho_discard. by rewrite Hh.
  Qed.

  Definition owed_and_waiting c : nat := owed (st c) + waiting (st c).
  Definition left_to_give c : nat := 3 * owed_and_waiting c + 2 * length (held c) + length (dying c).

  (** [brings_permit] of an event, the effect named apart. *)
  Definition brings e (o : option (effect R W)) : bool :=
    match e, o with
    | (Put _ _ | Return _), Some (Wake _ _) => true
    | (Freed _ | CreateFailed | Detach), _ => true
    | _, _ => false
    end.

  (** One give-back while somebody waits. *)
  Lemma give_back_measures c m c' : inv c → queue (st c) ≠ [] → gives_back m = true → moves c m c' →
    (if brings_permit c m then 1 else 0) + owed_and_waiting c' ≤ owed_and_waiting c ∧ S (left_to_give c') ≤ left_to_give c.
  Proof.
    intros Hi Hq Hg Hm. destruct Hm as [e c' Ho|r|r rest Hd]; [|done|].
    2:{ unfold left_to_give, owed_and_waiting. simpl. rewrite (Permutation_length Hd). simpl. lia. }
    destruct Hi as [Hs Hc _ _ _].
    assert (Hnr : ¬ refused (st c) e).
    { intros Hr. destruct (not_refused c e c' Hc Ho Hr) as [_ [[id ->]|[->| ->]]]; discriminate Hg. }
    assert (Hw : length (queue (st c)) ≠ 0) by by destruct (queue (st c)).
    assert (brings_permit c (Raise e) = brings e (effect_of (step (st c) e))) as -> by by destruct e.
    unfold left_to_give, owed_and_waiting, waiting.
    generalize (outcome_of_step (st c) e). generalize (step (st c) e). intros x Hx.
    destruct Hx; try discriminate Hg; try done.
    all: repeat match goal with
      | H : asks _ _ |- _ => destruct H
      | H : comes_back _ _ |- _ => destruct H
      | H : frees _ |- _ => destruct H
      | H : sets_free _ _ _ _ |- _ => destruct H
      end; try discriminate Hg; inversion Ho; subst; clear Ho; simpl in *.
    all: repeat match goal with
      | H : held _ ≡ₚ _ :: _ |- _ => rewrite (Permutation_length H); clear H
      | H : queue _ = _ |- _ => rewrite H, ?app_length in Hw; rewrite H; clear H
      | H : _ ∨ _ = [] |- _ => destruct H; subst
      | H : _ ∨ _ = [] ∧ _ |- _ => destruct H as [?|[? ?]]; subst
      end; rewrite ?delivered_wake_all, ?to_free_wake_all, ?app_length; simpl in *; try lia.
  Qed.

  Lemma gives_measures c c' n k : inv c → gives c n k c' →
    inv c' ∧ k + owed_and_waiting c' ≤ owed_and_waiting c ∧ n + left_to_give c' ≤ left_to_give c.
  Proof.
    intros Hi. induction 1 as [|n k m c1 c2 Hg (Hi1 & Hk & Hn) Hq Hb Hm]; [auto|].
    destruct (give_back_measures _ _ _ Hi1 Hq Hb Hm) as [? ?].
    split; [by eapply inv_moves|]. destruct (brings_permit c1 m); lia.
  Qed.

  Lemma progress_permits c c' n k : reachable c → gives c n k c' →
    k + owed (st c') + waiting (st c') ≤ owed (st c) + waiting (st c).
  Proof.
    intros Hi%inv_reachable Hg. destruct (gives_measures _ _ _ _ Hi Hg) as (_ & ? & _). unfold owed_and_waiting in *. lia.
  Qed.

  Lemma progress_moves c c' n k : reachable c → gives c n k c' →
    n ≤ 3 * (owed (st c) + waiting (st c)) + 2 * length (held c) + length (dying c).
  Proof.
    intros Hi%inv_reachable Hg. destruct (gives_measures _ _ _ _ Hi Hg) as (_ & _ & ?).
    unfold left_to_give, owed_and_waiting in *. lia.
  Qed.
End progress.
