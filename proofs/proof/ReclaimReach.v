(** The steps on the head and on debts keep the invariant, so all steps do, so every reachable state has it. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.
From Pool.proof Require Import ReclaimInv ReclaimModel ReclaimSteps ReclaimKeep.

(** [fetch_add] of the replacer: afterwards the debt is the number of readers left; with none left the node is its own. *)
Lemma keep_retire limit own s l r d n others p v k :
  inv limit own s (l ++ Thread d (Retiring n others p) :: r) → memory s n = Some (v, k) →
  let m := store n (Some (v, (k + Z.of_nat others)%Z)) (memory s) in
  ((k + Z.of_nat others ≠ 0)%Z → inv limit own (with_memory m s) (l ++ Thread d Out :: r))
  ∧ ((k + Z.of_nat others = 0)%Z →
     inv limit (set n Recycled own) (with_recycled p (with_memory m s)) (l ++ Thread d (Recycling n p) :: r)).
Proof.
  intros I Hm m. pose proof (inv_thread _ _ _ _ _ _ I) as [Hd Hn]. simpl in Hn.
  pose proof (inv_retired _ _ _ _ _ _ _ _ _ _ I Hn Hm) as (HP & HT & HT1 & HT0 & HD & HC & HS & Hp & Hlog).
  rewrite !total_app in *. simpl in *. rewrite same_eq in *.
  assert (total (replaces n) (l ++ r) = 0) as T0 by (rewrite total_app; lia).
  pose proof (inv_pending_zero _ _ T0) as P0. rewrite total_app in T0, P0. split; intros Hk.
  - apply (inv_debt _ _ _ _ _ n p v k _ (Thread d (Retiring n others p))); try done; simpl;
      try (by intros b Hb; rewrite same_ne).
    unfold node_ok. rewrite Hn, !total_app. simpl. rewrite store_eq.
    split; [exists v, (k + Z.of_nat others)%Z; split; [done|lia]|]. split_and!; try lia. done.
  - apply (inv_last _ _ _ _ _ n p v _ (Thread d (Retiring n others p))); try done; simpl;
      rewrite ?total_app; try lia; try (by intros b Hb; rewrite same_ne).
    + subst m. rewrite store_eq. by rewrite Hk.
    + intros. by apply store_ne.
Qed.

(** [fetch_sub] of a leaver: it finds 1 only if the replacer has added and everybody else has left. *)
Lemma keep_leave limit own s l r d n p v k :
  inv limit own s (l ++ Thread d (Leaving n p) :: r) → memory s n = Some (v, k) →
  let m := store n (Some (v, (k - 1)%Z)) (memory s) in
  (k ≠ 1%Z → inv limit own (with_memory m s) (l ++ Thread d Out :: r))
  ∧ (k = 1%Z → inv limit (set n Recycled own) (with_recycled p (with_memory m s)) (l ++ Thread d (Recycling n p) :: r)).
Proof.
  intros I Hm m. pose proof (inv_thread _ _ _ _ _ _ I) as [Hd Hn]. simpl in Hn.
  pose proof (inv_retired _ _ _ _ _ _ _ _ _ _ I Hn Hm) as (HP & HT & HT1 & HT0 & HD & HC & HS & Hp & Hlog).
  rewrite !total_app in *. simpl in *. rewrite same_eq in *. split; intros Hk.
  - apply (inv_debt _ _ _ _ _ n p v k _ (Thread d (Leaving n p))); try done; simpl;
      try (by intros b Hb; rewrite same_ne).
    unfold node_ok. rewrite Hn, !total_app. simpl. rewrite store_eq.
    split; [exists v, (k - 1)%Z; split; [done|lia]|]. split_and!; try lia. done.
  - assert (total (replaces n) l + total (replaces n) r = 0) as T0 by lia.
    apply (inv_last _ _ _ _ _ n p v _ (Thread d (Leaving n p))); try done; simpl;
      rewrite ?total_app; try lia; try (by intros b Hb; rewrite same_ne).
    + subst m. rewrite store_eq. by rewrite Hk.
    + intros. by apply store_ne.
Qed.

(** Counting in, and counting out, where the head still has the node. *)
Lemma keep_protect limit own s l r d n c :
  inv limit own s (l ++ Thread d (Guess (n, c)) :: r) → head s = (n, c) → c < limit →
  inv limit own (with_head (n, S c) s) (l ++ Thread d (Reading n (S c) (serial s) (fst <$> memory s n)) :: r).
Proof.
  intros I E Hc.
  pose proof (inv_head limit own s l r _ (Thread d (Reading n (S c) (serial s) (fst <$> memory s n))) (S c) I) as H.
  pose proof (i_head _ _ _ _ I) as Hh. pose proof (inv_thread _ _ _ _ _ _ I) as [Hd _].
  rewrite E in H, Hh. simpl in H, Hh. apply H; try done; try lia.
  - rewrite same_eq. lia.
  - intros b Hb. by apply same_ne.
  - split; [done|]. simpl. auto.
Qed.

Lemma current_count limit own s l r d n c p v :
  inv limit own s (l ++ Thread d (Reading n c p v) :: r) → fst (head s) = n → 1 ≤ snd (head s).
Proof.
  intros I E. destruct (inv_no_ABA _ _ _ _ _ _ _ _ _ _ I E) as [Hn _].
  pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H. rewrite Hn, total_app in H. simpl in H.
  rewrite same_eq in H. lia.
Qed.

Lemma keep_drop limit own s l r d n c p v :
  inv limit own s (l ++ Thread d (Reading n c p v) :: r) → head s = (n, c) →
  inv limit own (with_head (n, c - 1) s) (l ++ Thread d Out :: r).
Proof.
  intros I E. pose proof (current_count _ _ _ _ _ _ _ _ _ _ I) as Hc. rewrite E in Hc. specialize (Hc eq_refl).
  pose proof (inv_head limit own s l r _ (Thread d Out) (c - 1) I) as H.
  pose proof (inv_thread _ _ _ _ _ _ I) as [Hd _]. pose proof (i_limit _ _ _ _ I) as Hl.
  rewrite E in H, Hl. simpl in *. apply H; try done; try lia.
  - rewrite same_eq. lia.
  - intros b Hb. by rewrite same_ne.
Qed.

(** With nobody else counted in, the publisher owns the old node at once. *)
Lemma keep_publish_alone limit own s l r a n c p v :
  inv limit own s (l ++ Thread (Some a) (Reading n c p v) :: r) → head s = (n, c) → c ≤ 1 →
  inv limit (set n Recycled (set a (Current (S (serial s))) (set n (Retired p) own)))
    (Shared (a, 0) (memory s) (spare s) (S (serial s)) (p :: recycled s)) (l ++ Thread None (Recycling n p) :: r).
Proof.
  intros I E Hc. pose proof (inv_drafted _ _ _ _ _ _ _ I) as Ha.
  destruct (inv_no_ABA _ _ _ _ _ _ _ _ _ _ I) as [Hn Hp]; [by rewrite E|].
  assert (a ≠ n) as Han by (intros ->; congruence).
  pose proof (inv_publish _ _ _ _ _ _ _ _ _ _ I E) as I'.
  pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H. rewrite Hn, E, total_app in H. simpl in H.
  rewrite same_eq in H. destruct H as ([w Hw] & HR & HT & HP & HD & HC & HS & _).
  rewrite !total_app in *. simpl in *.
  refine (inv_last _ _ _ _ _ n p w (memory s) _ None I' _ _ _ _ _ _ _ _ _ _ _); try done; simpl;
    rewrite ?total_app; try lia; try (by intros b Hb; rewrite same_ne).
  rewrite set_ne by done. apply set_eq.
Qed.

Lemma keep_act limit own s l r t s' t' :
  inv limit own s (l ++ t :: r) → act limit t s t' s' → ∃ own', inv limit own' s' (l ++ t' :: r).
Proof.
  intros I H. destruct H.
  - eexists. by eapply keep_take.
  - eexists. by eapply keep_allocate.
  - eexists. by eapply keep_write.
  - eexists. by eapply keep_drop_draft.
  - eexists. by eapply keep_free.
  - exists own. eapply inv_quiet; [exact I|done..|]. split; [|done]. by apply (inv_thread _ _ _ _ _ _ I).
  - exists own. by apply keep_protect.
  - exists own. eapply inv_quiet; [exact I|done..|]. split; [|done]. by apply (inv_thread _ _ _ _ _ _ I).
  - exists own. eapply inv_quiet; [exact I|done..|]. exact (inv_thread _ _ _ _ _ _ I).
  - eexists. by eapply inv_publish.
  - eexists. by eapply keep_publish_alone.
  - exists own. by eapply keep_drop.
  - exists own. eapply inv_quiet; [exact I|done..|]. split; [apply (inv_thread _ _ _ _ _ _ I)|].
    simpl. by eapply inv_lost.
  - exists own. by eapply (proj1 (keep_retire _ _ _ _ _ _ _ _ _ _ _ I H)).
  - eexists. by eapply (proj2 (keep_retire _ _ _ _ _ _ _ _ _ _ _ I H)).
  - exists own. by eapply (proj1 (keep_leave _ _ _ _ _ _ _ _ _ _ I H)).
  - eexists. by eapply (proj2 (keep_leave _ _ _ _ _ _ _ _ _ _ I H)).
  - eexists. by eapply keep_blank.
  - eexists. by eapply keep_recycle.
Qed.

Lemma total_replicate {A} (f : A → nat) k x : f x = 0 → total f (replicate k x) = 0.
Proof. intros H. induction k; simpl; lia. Qed.

Lemma inv_start limit a v k :
  inv limit (set a (Current 0) (λ _, Nowhere)) (common (start a v k)) (threads (start a v k)).
Proof.
  split; simpl.
  - apply set_eq.
  - intros b. unfold node_ok. simpl. rewrite !total_replicate by done. unfold set, store. case_decide; subst; simpl.
    + split; [by exists v|]. done.
    + done.
  - apply Forall_replicate. by split.
  - lia.
  - split; constructor.
  - intros b b' p. unfold set. repeat case_decide; done.
  - lia.
Qed.

Lemma inv_reachable limit x : reachable limit x → ∃ own, inv limit own (common x) (threads x).
Proof.
  induction 1 as [a v k|x y _ [own I] Hs].
  - eexists. apply inv_start.
  - destruct Hs as [l t r t' s' E Ha]. rewrite E in I. by eapply keep_act.
Qed.
