(** What a step keeps that the state alone can tell: nobody waits beside something to give, order of ids and stamps, what a
    closed or a shrinking stripe still has. No tokens are needed for these: they hold after any event at all. *)
From stdpp Require Import prelude list.
From Coq Require Import Sorted Lia.
From Pool.code Require Import Machine Env.
From Pool.proof Require Import Step.

(** ** Lists of which some leave *)

Lemma Forall_sublist {A} (P : A → Prop) l k : sublist l k → Forall P k → Forall P l.
Proof. induction 1; intros Hk; [done|apply Forall_cons in Hk as [? ?]; auto..]. Qed.

Lemma StronglySorted_sublist {A} (T : relation A) l k : sublist l k → StronglySorted T k → StronglySorted T l.
Proof.
  induction 1 as [|x l k Hsub IH|x l k Hsub IH]; intros Hk; [done|inversion_clear Hk; auto..].
  constructor; [auto|]. by eapply Forall_sublist.
Qed.

Lemma StronglySorted_snoc {A} (T : relation A) l x : StronglySorted T l → Forall (λ y, T y x) l → StronglySorted T (l ++ [x]).
Proof.
  induction 1 as [|y l Hl IH Hy]; intros Hx; simpl; [repeat constructor|].
  apply Forall_cons in Hx as [? ?]. constructor; [auto|]. apply Forall_app; auto.
Qed.

Lemma map_sublist {A B} (f : A → B) l k : sublist l k → sublist (map f l) (map f k).
Proof. induction 1; simpl; by constructor. Qed.

Section sound.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (e : event R W) (x : step_result R W).

  Record sound s : Prop := Sound {
    sound_capacity : 0 < capacity s;
    sound_work : cache s ≠ [] ∨ 0 < available s → queue s = [];
    sound_ids : StronglySorted lt (map waiter_id (queue s)) ∧ Forall (λ i, i < next_id s) (map waiter_id (queue s));
    sound_recency : StronglySorted ge (map entry_last_used (cache s));
    sound_closed : closed s = true → queue s = [] ∧ cache s = [];
    sound_shrink : (available s = 0 ∨ owed s = 0) ∧ (cache s = [] ∨ owed s ≤ freeing s);
  }.

  Lemma sound_new n : sound (new n).
  Proof. split; simpl; [lia|done|split; constructor|constructor|done|auto]. Qed.

  Lemma capacity_after s e x : outcome s e x → 0 < capacity s → 0 < capacity (after x).
  Proof.
    destruct 1 as [| | | | | | | | | | | | |e n s0 sw wk rest sp Hf| | | | |]; simpl; try done; try lia.
    destruct Hf; simpl; lia.
  Qed.

  (** The queue changes in two ways: some leave, or one comes last, under the next id. *)
  Lemma queue_after s e x : outcome s e x →
    sublist (queue (after x)) (queue s) ∧ next_id (after x) = next_id s
    ∨ ∃ w, queue (after x) = queue s ++ [Waiter (next_id s) w] ∧ next_id (after x) = S (next_id s).
  Proof.
    destruct 1 as [| | | | | | | | | |e r w rest ? Hq| | |e n s0 sw wk rest sp Hf ? ? ? Hq|w b a Hq| | | |]; simpl;
      try (left; by split).
    - right. by eexists.
    - left. split; [|done]. rewrite Hq. by constructor.
    - left. split; [|by destruct Hf]. rewrite Hq. by apply sublist_inserts_l.
    - left. split; [|done]. rewrite Hq. apply sublist_app; [done|by constructor].
    - left. split; [|done]. apply sublist_nil_l.
    - left. split; [|done]. apply sublist_nil_l.
  Qed.

  Lemma ids_after s e x : outcome s e x →
    StronglySorted lt (map waiter_id (queue s)) ∧ Forall (λ i, i < next_id s) (map waiter_id (queue s)) →
    StronglySorted lt (map waiter_id (queue (after x)))
    ∧ Forall (λ i, i < next_id (after x)) (map waiter_id (queue (after x))).
  Proof.
    intros Ho [Hs Hf]. destruct (queue_after _ _ _ Ho) as [[Hsub ->]|(w & -> & ->)].
    - apply (map_sublist waiter_id) in Hsub. split; [by eapply StronglySorted_sublist|by eapply Forall_sublist].
    - rewrite map_app. simpl. split; [by apply StronglySorted_snoc|].
      apply Forall_app. split; [|repeat constructor]. eapply Forall_impl; [done|]. simpl. lia.
  Qed.

  (** The cache changes in two ways: some leave, or one comes first, not older than the newest. *)
  Lemma cache_after s e x : outcome s e x →
    sublist (cache (after x)) (cache s) ∨ ∃ r now, cache (after x) = Entry r (stamp now (cache s)) :: cache s.
  Proof.
    destruct 1 as [| | | | |e to en rest ? Hc| | | | | | | |e n s0 sw wk rest sp Hf| |e k o ? Hc|to u m k o ? ? ? ? Hc| |]; simpl;
      try (by left); try (left; apply sublist_nil_l).
    - left. rewrite Hc. by constructor.
    - right. by eexists _, _.
    - left. by destruct Hf.
    - left. rewrite Hc. by apply sublist_inserts_r.
    - left. rewrite Hc. by apply sublist_inserts_r.
  Qed.

  Lemma recency_after s e x : outcome s e x →
    StronglySorted ge (map entry_last_used (cache s)) → StronglySorted ge (map entry_last_used (cache (after x))).
  Proof.
    intros Ho Hs. destruct (cache_after _ _ _ Ho) as [Hsub|(r & now & ->)].
    - apply (map_sublist entry_last_used) in Hsub. by eapply StronglySorted_sublist.
    - simpl. constructor; [done|]. destruct (cache s) as [|en l]; simpl in *; [constructor|].
      apply StronglySorted_inv in Hs as [_ Hs]. constructor; [lia|].
      eapply Forall_impl; [done|]. simpl. lia.
  Qed.

  (** INV-WORK: what comes back goes to whoever waits, and only if nobody is left it stays. *)
  Lemma work_after s e x : outcome s e x → (cache s ≠ [] ∨ 0 < available s → queue s = []) →
    cache (after x) ≠ [] ∨ 0 < available (after x) → queue (after x) = [].
  Proof.
    destruct 1 as [| | | | |e to en rest ? Hc|e to a ? ? Hc Ha|w ? Hc Ha| | |e r w rest ? Hq|r now ? ? Hq| |
      e n s0 sw wk rest sp Hf ? ? ? Hq Hsp|w b a Hq|e k o ? Hc|to u m k o ? ? ? ? Hc| |]; simpl; intros Hw; try done.
    - intros _. apply Hw. left. by rewrite Hc.
    - intros _. apply Hw. right. lia.
    - rewrite Hc, Ha. intros [?|?]; [done|lia].
    - intros Hx. apply Hw in Hx. congruence.
    - destruct Hsp as [->| ->]; [|done]. rewrite Nat.add_0_r. intros Hx.
      assert (queue s = []) as Hn by (apply Hw; by destruct Hf). rewrite Hq in Hn. by apply app_eq_nil in Hn as [_ ?].
    - intros Hx. apply Hw in Hx. rewrite Hq in Hx. by destruct b.
    - intros Hx. apply Hw. rewrite Hc. destruct Hx as [Hx|Hx]; [left|by right]. by destruct k.
    - intros Hx. apply Hw. rewrite Hc. destruct Hx as [Hx|Hx]; [left; by destruct k|right; lia].
  Qed.

  (** INV-CLOSED: on a closed stripe, what comes back is freed and nobody is queued. *)
  Lemma closed_after s e x : outcome s e x → (closed s = true → queue s = [] ∧ cache s = []) →
    closed (after x) = true → queue (after x) = [] ∧ cache (after x) = [].
  Proof.
    destruct 1 as [| | | | |e to en rest ? Hc|e to a ? ? Hc Ha|w ? Hc Ha| | |e r w rest ? Hq|r now ? ? Hq| |
      e n s0 sw wk rest sp Hf ? ? ? Hq Hsp|w b a Hq|e k o ? Hc|to u m k o ? ? ? ? Hc| |]; simpl; intros Hcl; try done;
      try congruence; intros Hx.
    - destruct (Hcl Hx). congruence.
    - destruct (Hcl Hx). congruence.
    - assert (queue s = [] ∧ cache s = []) as [Hn ?] by (apply Hcl; by destruct Hf).
      rewrite Hq in Hn. apply app_eq_nil in Hn as [_ ->]. by destruct Hf.
    - destruct (Hcl Hx) as [Hn _]. rewrite Hq in Hn. by destruct b.
    - destruct (Hcl Hx) as [? Hn]. rewrite Hc in Hn. by apply app_eq_nil in Hn as [-> _].
    - destruct (Hcl Hx) as [? Hn]. rewrite Hc in Hn. by apply app_eq_nil in Hn as [-> _].
  Qed.

  (** INV-SHRINK: while permits are owed none is available, and what is idle is needed. *)
  Lemma shrink_after s e x : outcome s e x →
    (available s = 0 ∨ owed s = 0) ∧ (cache s = [] ∨ owed s ≤ freeing s) →
    (available (after x) = 0 ∨ owed (after x) = 0) ∧ (cache (after x) = [] ∨ owed (after x) ≤ freeing (after x)).
  Proof.
    destruct 1 as [| | | | |e to en rest ? Hc|e to a ? ? Hc Ha|w ? Hc Ha| | |e r w rest ? Hq|r now ? ? Hq| |
      e n s0 sw wk rest sp Hf ? ? Hsw Hq Hsp|w b a Hq|e k o ? Hc|to u m k o ? ? ? ? Hc| |]; simpl; intros [Hav Hca]; try done;
      try (split; [lia|]; (right; lia) || by left).
    - split; [lia|]. rewrite Hc in Hca. destruct Hca; [done|right; lia].
    - split; [lia|]. destruct Hca; [by left|right; lia].
    - split; [lia|]. destruct Hca; [by left|right; lia].
    - destruct Hsw as [?|[-> ->]]; (split; [lia|]); destruct Hf; simpl in *; destruct Hca; (by left) || (right; lia).
    - split; [lia|]. rewrite Hc in Hca. destruct Hca as [Hca|Hca]; [left; by apply app_eq_nil in Hca as [-> _]|right; lia].
    - split; [lia|done].
  Qed.

  Theorem sound_after s e x : outcome s e x → sound s → sound (after x).
  Proof.
    intros Ho []. split.
    - by eapply capacity_after.
    - by eapply work_after.
    - by eapply ids_after.
    - by eapply recency_after.
    - by eapply closed_after.
    - by eapply shrink_after.
  Qed.
End sound.
