(** The inductive invariant: what is true of a stripe and of everything that it ever handed out, at the start and after
    every move. INV-CAPACITY to INV-SHRINK are read off its fields in [proof/Theorems.v].

    One lemma for each group of fields: the counters, the answers, the order, the owners. Each goes through the outcomes of
    [proof/Step.v]; an event that needs a token finds it counted, so it cannot have been refused. *)
From stdpp Require Import prelude list.
From Coq Require Import Sorted Lia.
From Pool.code Require Import Machine Env.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Step Sound.

Section invariant.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (c : config R W) (e : event R W) (x : step_result R W) (m : move R W).

  Definition counted c : Prop :=
    freeing (st c) = length (dying c) + unreported c
    ∧ idle (st c) + length (held c) + creating c + freeing (st c) + available (st c) = capacity (st c) + owed (st c).

  Definition answered c : Prop :=
    NoDup (taken c) ∧ taken c ≡ₚ woken c ++ map waiter_wake (queue (st c)).

  Definition ordered c : Prop :=
    NoDup (enqueued c) ∧ (∀ w, w ∈ enqueued c → w ∈ taken c)
    ∧ sublist (granted c ++ map waiter_wake (queue (st c))) (enqueued c).

  Definition owned c : Prop :=
    NoDup (made c) ∧ made c ≡ₚ alive c ++ gone c ++ detached c.

  Record inv c : Prop := Inv {
    inv_sound : sound (st c);
    inv_counted : counted c;
    inv_answered : answered c;
    inv_ordered : ordered c;
    inv_owned : owned c;
  }.

  Lemma inv_start n : inv (start n).
  Proof.
    split.
    - apply sound_new.
    - split; simpl; lia.
    - split; simpl; [constructor|done].
    - split_and!; simpl; [constructor|done|constructor].
    - split; simpl; [constructor|done].
  Qed.

  (** ** Who holds a token is not refused *)

  Lemma is_any_out_counted c : counted c → 0 < length (held c) + creating c → is_any_out (st c) = true.
  Proof. intros [? ?] ?. unfold is_any_out. apply Nat.ltb_lt. lia. Qed.

  Lemma length_of_held c r rest : held c ≡ₚ r :: rest → length (held c) = S (length rest).
  Proof. by intros ->. Qed.

  Lemma not_refused c e c' : counted c → hands_over c e c' → refused (st c) e →
    c' = c ∧ ((∃ id, e = Cancel id) ∨ e = Resize 0 ∨ e = Close).
  Proof.
    intros Hc Ho Hr. pose proof (is_any_out_counted c Hc) as Hany. destruct Hc as [Hfree Hsum].
    destruct Ho as [| | |? ? ? Hh|? ? Hh|? ? Hh| | |? ? Hh| | | | |]; simpl in *; try done;
      try (apply length_of_held in Hh; rewrite Hany in Hr; [done|lia]).
    - lia.
    - rewrite Hany in Hr; [done|lia].
    - split; [done|]. left. by eexists.
    - subst. auto.
    - auto.
  Qed.

  (** ** The cases of a step that is raised with the tokens it needs *)

  Ltac effects := rewrite ?delivered_wake_all, ?delivered_wake_all_cancelled, ?permits_wake_all,
    ?permits_wake_all_cancelled, ?to_free_wake_all, ?slots_wake_all, ?is_cancelled_wake_all, ?is_cancelled_free_all,
    ?delivered_free_all, ?permits_free_all, ?to_free_free_all, ?slots_free_all.

  Ltac lengths := repeat match goal with
    | H : held _ ≡ₚ _ :: _ |- _ => apply Permutation_length in H; simpl in H
    | H : cache _ = _ |- _ => apply (f_equal length) in H; rewrite ?app_length in H; simpl in H
    end.

  Ltac tokens Ho :=
    repeat match goal with
    | H : asks _ _ |- _ => destruct H
    | H : comes_back _ _ |- _ => destruct H
    | H : frees _ |- _ => destruct H
    | H : sets_free _ _ _ _ |- _ => destruct H
    end; inversion Ho; subst; clear Ho; simpl in *.

  (** INV-WORK, the other way round: so [close] has either somebody to wake or something to free. *)
  Lemma nothing_idle s : sound s → queue s ≠ [] → cache s = [] ∧ available s = 0.
  Proof.
    intros [_ Hw _ _ _ _] Hq. split.
    - destruct (cache s); [done|]. destruct Hq. by apply Hw; left.
    - destruct (available s); [done|]. destruct Hq. apply Hw. right. lia.
  Qed.

  Lemma counted_raise c e c' x : inv c → hands_over c e c' → outcome (st c) e x → counted (absorb c' e x).
  Proof.
    intros [Hs Hc _ _ _] Ho Hx. pose proof (not_refused c e c' Hc Ho) as Hnr. pose proof (nothing_idle _ Hs) as Hw.
    destruct Hx; try (destruct (Hnr ltac:(done)) as [-> _]; exact Hc).
    all: destruct Hc as [Hf Hsum]; unfold counted, idle in *; simpl in *.
    all: try match goal with H : queue _ ≠ [] |- _ => destruct (Hw H) as [? _] end.
    all: clear Hnr; tokens Ho; effects; lengths; rewrite ?app_length, ?map_length; simpl; try lia.
  Qed.

  (** Answers: a slot is new when a take brings it, and leaves the queue when an effect answers it. *)
  Lemma answered_raise c e c' x : inv c → hands_over c e c' → outcome (st c) e x → answered (absorb c' e x).
  Proof.
    intros [Hs Hc [Hnd Ha] _ _] Ho Hx. pose proof (not_refused c e c' Hc Ho) as Hnr.
    assert (Hnew : ∀ w, w ∉ taken c → NoDup (taken c ++ [w])).
    { intros w Hw. apply NoDup_app. split_and!; [done| |apply NoDup_singleton].
      intros v Hv ->%elem_of_list_singleton. done. }
    destruct Hx; try (destruct (Hnr ltac:(done)) as [-> _]; unfold answered; simpl; by rewrite app_nil_r).
    all: clear Hnr; unfold answered; simpl; tokens Ho; effects; simpl; rewrite ?app_nil_r.
    all: try match goal with H : queue _ = _ |- _ => rewrite H in Ha; rewrite ?H end; rewrite ?map_app in *; simpl in *.
    all: split; [by auto|rewrite Ha; solve_Permutation].
  Qed.

  (** Order: who comes last is enqueued last; who is given something is the oldest; who is cancelled is skipped. *)
  Lemma ordered_raise c e c' x : inv c → hands_over c e c' → outcome (st c) e x → ordered (absorb c' e x).
  Proof.
    intros [Hs Hc _ (Hnd & Ht & Hsub) _] Ho Hx. pose proof (not_refused c e c' Hc Ho) as Hnr.
    destruct Hx; try (destruct (Hnr ltac:(done)) as [-> _]; unfold ordered; simpl).
    all: unfold ordered; simpl.
    all: clear Hnr; tokens Ho; effects; simpl; rewrite ?app_nil_r.
    all: try match goal with H : queue _ = _ |- _ => rewrite H in Hsub; rewrite ?H end; rewrite ?map_app in *; simpl in *.
    all: rewrite <- ?app_assoc; simpl; try done.
    all: try (split_and!; [done| |done]; intros v Hv; apply elem_of_app; by auto).
    - (* enqueued *)
      split_and!.
      + apply NoDup_app. split_and!; [done| |apply NoDup_singleton].
        intros v Hv ->%elem_of_list_singleton. by auto.
      + intros v. rewrite !elem_of_app. intros [?|?]; auto.
      + rewrite app_assoc. by apply sublist_app.
    - (* cancelled *)
      split_and!; [done..|]. etrans; [|exact Hsub]. apply sublist_app; [done|]. apply sublist_app; [done|]. by constructor.
    - (* closed, with somebody waiting *)
      rewrite is_cancelled_wake_all_cancelled by done. rewrite app_nil_r.
      split_and!; [done..|]. etrans; [|exact Hsub]. by apply sublist_inserts_r.
    - (* closed, with nobody waiting *)
      rewrite app_nil_r in Hsub. done.
  Qed.

  (** Owners: the effect names what leaves the state, the event what leaves the hands; the rest stays where it was. *)
  Lemma owned_raise c e c' x : inv c → hands_over c e c' → outcome (st c) e x → owned (absorb c' e x).
  Proof.
    intros [Hs Hc _ _ [Hnd Hm]] Ho Hx. pose proof (not_refused c e c' Hc Ho) as Hnr. pose proof (nothing_idle _ Hs) as Hw.
    destruct Hx; try (destruct (Hnr ltac:(done)) as [-> _]; unfold owned, alive; simpl; by auto).
    all: try match goal with H : queue _ ≠ [] |- _ => destruct (Hw H) as [? _] end.
    all: clear Hnr Hw; unfold owned, alive in *; simpl; tokens Ho; effects; simpl; rewrite ?app_nil_r.
    all: try match goal with H : cache _ = _ |- _ => rewrite H in Hm; rewrite ?H end; rewrite ?map_app in *; simpl in *.
    all: try match goal with H : held _ ≡ₚ _ |- _ => rewrite H in Hm end.
    all: split; [done|rewrite Hm; simpl; solve_Permutation].
  Qed.

  (** ** Every move *)

  Lemma inv_raise c e c' : inv c → hands_over c e c' → inv (absorb c' e (step (st c) e)).
  Proof.
    intros Hi Ho. pose proof (outcome_of_step (st c) e) as Hx. split.
    - simpl. apply (sound_after _ _ _ Hx). apply Hi.
    - by eapply counted_raise.
    - by eapply answered_raise.
    - by eapply ordered_raise.
    - by eapply owned_raise.
  Qed.

  Lemma inv_moves c m c' : inv c → moves c m c' → inv c'.
  Proof.
    intros Hi Hm. destruct Hm as [e c' Ho|r Hcr Hr|r rest Hd]; [by apply inv_raise| |].
    - (* a permit becomes a resource *)
      destruct Hi as [Hs [Hf Hsum] Ha Ho [Hnd Hmd]]. split; [done| |done|done|]; split; simpl; try done.
      + lia.
      + by apply NoDup_cons.
      + unfold alive in *. simpl. rewrite Hmd. solve_Permutation.
    - (* the outside no longer has a resource *)
      destruct Hi as [Hs [Hf Hsum] Ha Ho [Hnd Hmd]]. split; [done| |done|done|]; split; simpl; try done.
      + apply Permutation_length in Hd. simpl in Hd. lia.
      + unfold alive in *. simpl. rewrite Hmd, Hd. solve_Permutation.
  Qed.

  Lemma inv_run n ms c : run (start n) ms c → inv c.
  Proof.
    induction 1 as [|ms m c1 c2 Hr IH Hm]; [apply inv_start|by eapply inv_moves].
  Qed.

  Theorem inv_reachable c : reachable c → inv c.
  Proof. intros (n & ms & Hr). by eapply inv_run. Qed.
End invariant.
