(** Containers that do what [implements] asks make a machine that does what [code/Machine.v] does: one step, then any row of
    steps. Each transition is its own lemma; all have the same shape, [agrees]. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine Concrete.
From Pool.spec Require Import RefineSpec.
Import ListNotations.
Set Implicit Arguments.

Section refine.
  Context {R W : Type} (C : containers R W) (q_ok : nat -> queue_of C -> Prop) (k_ok : cache_of C -> Prop).
  Hypothesis I : implements C q_ok k_ok.
  Implicit Types (s : Concrete.stripe C).
  Notation abs := Concrete.abs.

  Definition ok s : Prop := q_ok (Concrete.next_id s) (Concrete.queue s) /\ k_ok (Concrete.cache s).

  (** A result of the concrete machine and one of the abstract are the same, and the containers are sound. *)
  Definition agrees (x : Concrete.step_result C) (y : step_result R W) : Prop :=
    abs (Concrete.after x) = after y /\ Concrete.effect_of x = effect_of y /\ Concrete.changed x = changed y
    /\ ok (Concrete.after x).

  Lemma agrees_intro s (t : stripe R W) o (b : bool) :
    ok s -> abs s = t -> agrees (Concrete.StepResult s o b) (StepResult t o b).
  Proof. intros. repeat split; auto; apply H. Qed.

  Lemma abs_idle s : ok s -> Concrete.idle s = idle (abs s).
  Proof. intros [_ H]. apply (i_k_len I _ H). Qed.

  Lemma abs_is_any_out s : ok s -> Concrete.is_any_out s = is_any_out (abs s).
  Proof. intros H. unfold Concrete.is_any_out, is_any_out. now rewrite <- abs_idle. Qed.

  Lemma serve_agrees s :
    ok s ->
    match Concrete.serve s, serve (abs s) with
    | Some (s1, r1), Some (s2, r2) => abs s1 = s2 /\ r1 = r2 /\ ok s1
    | None, None => True
    | _, _ => False
    end.
  Proof.
    intros [Hq Hk]. pose proof (i_k_pop I _ Hk) as H. unfold Concrete.serve, serve. simpl.
    destruct (k_pop C (Concrete.cache s)) as [[x k]|].
    - destruct H as [-> H]. repeat split; auto.
    - rewrite H. destruct (Concrete.closed s); [exact Logic.I|]. destruct (Concrete.available s); [exact Logic.I|].
      repeat split; auto.
  Qed.

  Lemma signal_agrees permits s :
    ok s ->
    let (s1, e1) := Concrete.signal permits s in
    let (s2, e2) := signal permits (abs s) in
    abs s1 = s2 /\ e1 = e2 /\ ok s1.
  Proof.
    intros [Hq Hk]. unfold Concrete.signal, signal. simpl.
    pose proof (i_q_take I _ (permits - Nat.min permits (Concrete.owed s)) _ Hq) as (H1 & H2 & H3).
    destruct (q_take_oldest C _ _) as [woken rest]. simpl in *. subst woken. rewrite <- H2. repeat split; auto.
  Qed.

  Lemma free_one_agrees r s : ok s -> agrees (Concrete.free_one r s) (free_one r (abs s)).
  Proof. intros H. now apply agrees_intro. Qed.

  Lemma free_idle_agrees count s : ok s -> agrees (Concrete.free_idle count s) (free_idle count (abs s)).
  Proof.
    intros H. destruct count as [|n]; [now apply agrees_intro|]. destruct H as [Hq Hk].
    unfold Concrete.free_idle, free_idle, idle. cbn [cache Concrete.abs]. set (count := S n).
    pose proof (i_k_take I count _ Hk) as (H1 & H2 & H3). destruct (k_take_oldest C count (Concrete.cache s)) as [oldest rest].
    cbn [fst snd] in *. rewrite <- H1. apply agrees_intro; [now split|]. unfold Concrete.abs. simpl. now rewrite H2.
  Qed.

  Lemma part_with_agrees r s :
    ok s ->
    match Concrete.part_with r s, part_with r (abs s) with
    | inl x, Some y => agrees x y
    | inr s', None => abs s' = abs s /\ ok s'
    | _, _ => False
    end.
  Proof.
    intros H. unfold Concrete.part_with, part_with. rewrite abs_is_any_out by assumption.
    destruct (negb _); [now apply agrees_intro|]. simpl.
    destruct (_ || _); [now apply free_one_agrees|]. destruct H as [Hq Hk].
    pose proof (i_q_pop I _ _ Hq) as (H1 & H2 & H3). destruct (q_pop C (Concrete.queue s)) as [oldest rest]. simpl in *.
    destruct (q_list C (Concrete.queue s)) as [|w ws] eqn:E; simpl in *; subst oldest.
    - split; [|now split]. unfold Concrete.abs. simpl. now rewrite H2, E.
    - apply agrees_intro; [now split|]. unfold Concrete.abs. simpl. now rewrite H2.
  Qed.

  Lemma take_agrees w s : ok s -> agrees (Concrete.take w s) (take w (abs s)).
  Proof.
    intros H. unfold Concrete.take, take. simpl. destruct (Concrete.closed s); [now apply agrees_intro|].
    pose proof (serve_agrees H) as S. destruct (Concrete.serve s) as [[s1 r1]|], (serve (abs s)) as [[s2 r2]|]; try contradiction.
    - destruct S as (<- & <- & S). now apply agrees_intro.
    - destruct H as [Hq Hk]. pose proof (i_q_push I _ w _ Hq) as [H1 H2]. apply agrees_intro; [now split|].
      unfold Concrete.abs, enqueue. simpl. now rewrite H2.
  Qed.

  Lemma try_take_agrees to s : ok s -> agrees (Concrete.try_take to s) (try_take to (abs s)).
  Proof.
    intros H. unfold Concrete.try_take, try_take.
    pose proof (serve_agrees H) as S. destruct (Concrete.serve s) as [[s1 r1]|], (serve (abs s)) as [[s2 r2]|]; try contradiction.
    - destruct S as (<- & <- & S). now apply agrees_intro.
    - now apply agrees_intro.
  Qed.

  Lemma put_agrees r now s : ok s -> agrees (Concrete.put r now s) (put r now (abs s)).
  Proof.
    intros H. unfold Concrete.put, put. pose proof (part_with_agrees r H) as P.
    destruct (Concrete.part_with r s) as [x|s'], (part_with r (abs s)) as [y|]; try contradiction; try exact P.
    destruct P as [E [Hq Hk]]. rewrite <- E. pose proof (i_k_push I r now _ Hk) as [H1 H2].
    apply agrees_intro; [now split|]. unfold Concrete.abs. simpl. now rewrite H2.
  Qed.

  Lemma give_back_agrees r s : ok s -> agrees (Concrete.give_back r s) (give_back r (abs s)).
  Proof.
    intros H. unfold Concrete.give_back, give_back. pose proof (part_with_agrees r H) as P.
    destruct (Concrete.part_with r s) as [x|s'], (part_with r (abs s)) as [y|]; try contradiction; try exact P.
    now apply agrees_intro.
  Qed.

  Lemma signal_changing permits s :
    ok s ->
    agrees (let (s', e) := Concrete.signal permits s in Concrete.changing s' e)
      (let (s', e) := signal permits (abs s) in changing s' e).
  Proof.
    intros H. pose proof (signal_agrees permits H) as S. destruct (Concrete.signal permits s), (signal permits (abs s)).
    destruct S as (<- & <- & S). now apply agrees_intro.
  Qed.

  Lemma freed_agrees count s : ok s -> agrees (Concrete.freed count s) (freed count (abs s)).
  Proof.
    intros H. unfold Concrete.freed, freed. simpl. destruct (_ || _); [now apply agrees_intro|].
    apply (@signal_changing count (Concrete.with_freeing (Concrete.freeing s - count) s)). exact H.
  Qed.

  Lemma permit_back_agrees s : ok s -> agrees (Concrete.permit_back s) (permit_back (abs s)).
  Proof.
    intros H. unfold Concrete.permit_back, permit_back. rewrite abs_is_any_out by assumption.
    destruct (is_any_out _); [now apply signal_changing|now apply agrees_intro].
  Qed.

  Lemma cancel_agrees id s : ok s -> agrees (Concrete.cancel id s) (cancel id (abs s)).
  Proof.
    intros H. unfold Concrete.cancel, cancel. simpl. destruct H as [Hq Hk]. pose proof (i_q_remove I _ id _ Hq) as H.
    destruct (q_remove C id (Concrete.queue s)) as [[w rest]|].
    - destruct H as [-> H]. apply agrees_intro; [now split|]. reflexivity.
    - rewrite H. apply agrees_intro; [now split|]. reflexivity.
  Qed.

  (** What [resize] and [close] make of a [free_idle]. *)
  Lemma agrees_changing x y :
    agrees x y ->
    agrees (Concrete.changing (Concrete.after x) (Concrete.effect_of x)) (changing (after y) (effect_of y)).
  Proof. intros (H1 & -> & _ & H2). now apply agrees_intro. Qed.

  Lemma resize_agrees to s : ok s -> agrees (Concrete.resize to s) (resize to (abs s)).
  Proof.
    intros H. unfold Concrete.resize, resize. cbn [capacity Concrete.abs].
    destruct (to =? 0); [now apply agrees_intro|]. destruct (to =? Concrete.capacity s); [now apply agrees_intro|].
    destruct (Concrete.capacity s <? to).
    - apply (@signal_changing (to - Concrete.capacity s) (Concrete.with_capacity to s)). exact H.
    - cbv zeta. apply agrees_changing.
      set (s' := Concrete.with_owed _ _). assert (ok s') as H' by exact H.
      rewrite (abs_idle H'). apply (free_idle_agrees _ H').
  Qed.

  Lemma close_agrees s : ok s -> agrees (Concrete.close s) (close (abs s)).
  Proof.
    intros H. unfold Concrete.close, close. cbn [closed queue Concrete.abs].
    destruct (Concrete.closed s); [now apply agrees_intro|]. cbv zeta.
    set (s' := Concrete.with_closed true (Concrete.with_queue (q_empty C) s)).
    destruct (i_q_empty I (Concrete.next_id s)) as [He El].
    assert (ok s') as H' by (split; [exact He|apply H]).
    assert (with_closed true (with_queue [] (abs s)) = abs s') as ->.
    { unfold Concrete.abs. simpl. now rewrite El. }
    rewrite (abs_idle H). pose proof (free_idle_agrees (idle (abs s)) H') as A.
    destruct (wake_all _ _); [|now apply agrees_changing]. destruct A as (A1 & _ & _ & A2). now apply agrees_intro.
  Qed.

  Theorem step_agrees s e : ok s -> agrees (Concrete.step s e) (step (abs s) e).
  Proof.
    intros H. destruct e; simpl.
    - now apply take_agrees.
    - now apply try_take_agrees.
    - now apply put_agrees.
    - now apply give_back_agrees.
    - unfold Concrete.discard, discard. rewrite abs_is_any_out by assumption.
      destruct (is_any_out _); [now apply free_one_agrees|now apply agrees_intro].
    - now apply freed_agrees.
    - now apply permit_back_agrees.
    - now apply permit_back_agrees.
    - now apply cancel_agrees.
    - rewrite (i_k_stale I) by apply H. rewrite (abs_idle H). now apply free_idle_agrees.
    - rewrite (abs_idle H). now apply free_idle_agrees.
    - now apply resize_agrees.
    - now apply close_agrees.
  Qed.

  Theorem step_refines : STEP_REFINES C q_ok k_ok.
  Proof. intros s e Hq Hk. destruct (step_agrees e (conj Hq Hk)) as (H1 & H2 & H3 & H4). repeat split; auto; apply H4. Qed.

  Lemma ok_new capacity : ok (Concrete.new C capacity) /\ abs (Concrete.new C capacity) = Machine.new capacity.
  Proof.
    destruct (i_q_empty I 0) as [Hq Eq]. destruct (i_k_empty I) as [Hk Ek]. split; [now split|].
    unfold Concrete.abs, Machine.new. simpl. now rewrite Eq, Ek.
  Qed.

  Lemma answers_agree s es :
    ok s ->
    let (xs, s') := concrete_answers s es in answers (abs s) es = (xs, abs s') /\ ok s'.
  Proof.
    revert s. induction es as [|e es IH]; intros s H; simpl; [auto|].
    destruct (step_agrees e H) as (H1 & H2 & H3 & H4). specialize (IH _ H4). rewrite <- H1, <- H2, <- H3.
    destruct (concrete_answers (Concrete.after (Concrete.step s e)) es) as [xs s']. destruct IH as [-> IH]. auto.
  Qed.

  Theorem run_refines : RUN_REFINES C.
  Proof.
    intros capacity es. destruct (ok_new capacity) as [H E]. pose proof (answers_agree es H) as A.
    destruct (concrete_answers _ es) as [xs s]. rewrite <- E. apply A.
  Qed.

  (** The containers are sound throughout. *)
  Theorem run_ok capacity es : ok (snd (concrete_answers (Concrete.new C capacity) es)).
  Proof.
    destruct (ok_new capacity) as [H _]. pose proof (answers_agree es H) as A.
    destruct (concrete_answers _ es) as [xs s]. apply A.
  Qed.
End refine.
