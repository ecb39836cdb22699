(** Replaying is right: where [replay] arrives, a run arrives. And with [step] itself, [moves_with] is [moves]. *)
From stdpp Require Import prelude list option.
From Pool.code Require Import Machine Env Replay.
From Pool.spec Require Import Spec.

Section replay.
  Context {R W : Type}.
  Implicit Types (c : config R W) (m : move R W) (ms : list (move R W)).

  Theorem moves_with_step c m c' : moves_with step c m c' ↔ moves c m c'.
  Proof.
    split.
    - destruct 1; [by apply m_raise|done|done].
    - intros Hm. destruct Hm; [by apply mw_raise|apply mw_created|apply mw_vanished]; by econstructor.
  Qed.

  Theorem run_with_step c ms c' : run_with step c ms c' ↔ run c ms c'.
  Proof. split; (induction 1; [constructor|econstructor; [done|by apply moves_with_step]]). Qed.

  Context `{EqDecision R, EqDecision W}.

  Lemma without_spec (r : R) l rest : without r l = Some rest → l ≡ₚ r :: rest.
  Proof.
    revert rest. induction l as [|r' l IH]; intros rest; simpl; [done|].
    destruct (decide (r = r')) as [->|]; [by intros [= ->]|].
    destruct (without r l) as [rest'|]; [|done]. intros [= <-]. rewrite (IH rest') by done. by apply perm_swap.
  Qed.

  Lemma hand_over_spec c e c' : hand_over c e = Some c' → hands_over c e c'.
  Proof.
    destruct e as [w|[|w]|r now|r|r|n| | | | | | |]; simpl; intros Hh.
    all: repeat match goal with
      | H : Some _ = Some _ |- _ => injection H as <-
      | H : None = Some _ |- _ => discriminate H
      | H : (if decide ?P then _ else _) = _ |- _ => destruct (decide P)
      | H : without ?r ?l ≫= _ = _ |- _ => destruct (without r l) eqn:Hw; simpl in H; [apply without_spec in Hw|]
      | H : match ?h with _ => _ end = _ |- _ => destruct h eqn:Hl
      end; try by constructor.
    apply ho_detach. by rewrite Hl.
  Qed.

  Lemma replay_move_spec f c m c' : replay_move f c m = Some c' → moves_with f c m c'.
  Proof.
    destruct m as [e|r|r]; simpl.
    - destruct (hand_over c e) eqn:Hh; simpl; [|done]. intros [= <-]. by apply mw_raise, hand_over_spec.
    - destruct (decide _) as [[? ?]|]; [|done]. intros [= <-]. by apply mw_created, m_created.
    - destruct (without r (dying c)) eqn:Hw; simpl; [|done]. intros [= <-].
      apply mw_vanished, m_vanished. by apply without_spec.
  Qed.

  Theorem replay_runs f c ms c' : replay f c ms = Some c' → run_with f c ms c'.
  Proof.
    unfold replay. revert c'. induction ms as [|m ms IH] using rev_ind; intros c'; [intros [= <-]; constructor|].
    rewrite foldl_app. simpl. destruct (foldl _ _ ms) as [c1|]; simpl; [|done]. intros Hm.
    econstructor; [by apply IH|by apply replay_move_spec].
  Qed.

  Theorem replay_step c ms c' : replay step c ms = Some c' → run c ms c'.
  Proof. intros. by apply run_with_step, replay_runs. Qed.

  Theorem replay_gives_gives c ms c' n k : replay_gives c ms = Some (c', n, k) → gives c n k c'.
  Proof.
    unfold replay_gives. revert c' n k.
    induction ms as [|m ms IH] using rev_ind; intros c' n k; [intros [= <- <- <-]; constructor|].
    rewrite foldl_app. simpl. destruct (foldl _ _ ms) as [[[c1 n1] k1]|]; simpl; [|done].
    destruct (queue (st c1)) eqn:Hq; [done|]. destruct (gives_back m) eqn:Hg; [|done].
    destruct (replay_move step c1 m) as [c2|] eqn:Hm; simpl; [|done]. intros [= <- <- <-].
    econstructor; [by apply IH|by rewrite Hq|done|]. by apply moves_with_step, replay_move_spec.
  Qed.
End replay.
