(** What a successful publish does to the invariant of [proof/ReclaimInv.v], and what the invariant says of retired nodes. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.
From Pool.proof Require Import ReclaimInv ReclaimModel.

Section acts.
  Context (limit : nat) (own : addr → status) (s : shared) (l r : list thread).

  Lemma inv_drafted a g : inv limit own s (l ++ Thread (Some a) g :: r) → own a = Drafted.
  Proof. intros I. destruct (inv_thread _ _ _ _ _ _ I) as [H _]. by apply H. Qed.

  (** A successful publish: the draft becomes current with nobody counted in, the old node is retired, and its count, less
      the publisher, becomes what the publisher has still to add to the debt. *)
  Lemma inv_publish a n c p v :
    inv limit own s (l ++ Thread (Some a) (Reading n c p v) :: r) →
    head s = (n, c) →
    inv limit (set a (Current (S (serial s))) (set n (Retired p) own))
      (Shared (a, 0) (memory s) (spare s) (S (serial s)) (recycled s))
      (l ++ Thread None (Retiring n (c - 1) p) :: r).
  Proof.
    intros I E. pose proof (inv_drafted _ _ I) as Ha.
    destruct (inv_no_ABA _ _ _ _ _ _ _ _ _ _ I) as [Hn Hp]; [by rewrite E|].
    assert (a ≠ n) as Han by (intros ->; congruence).
    assert (Forall (untouched a) (l ++ r)) as Ua by (eapply others_untouched; [exact I|]; auto).
    destruct I as [I1 I2 I3 I4 [I5 I5'] I6 I7]. rewrite Forall_forall in I5'.
    assert (p ∉ recycled s) as Hlog by (intros H; apply I5' in H; lia).
    split; cbn [head memory spare serial recycled fst snd].
    - by rewrite set_eq.
    - intros b. specialize (I2 b). unfold node_ok in *. rewrite !total_app in *. rewrite E in *. simpl in *.
      destruct (decide (b = a)) as [->|Hba]; [|destruct (decide (b = n)) as [->|Hbn]].
      + rewrite set_eq. rewrite Ha in I2. cbn [shape fst snd] in *. rewrite same_eq, (same_ne n a) in * by done.
        destruct I2 as (? & ?). split; [done|]. lia.
      + rewrite set_ne, set_eq by done. rewrite Hn in I2. cbn [shape fst snd] in *.
        rewrite same_eq, (same_ne a n) in * by done.
        destruct I2 as ([w Hw] & ? & ? & ? & ? & ? & ? & ?). split; [exists w, 0%Z; split; [done|lia]|].
        split_and!; try lia. done.
      + rewrite !set_ne by done. rewrite (same_ne n b), (same_ne a b) in * by done. destruct (own b); try done.
        * cbn [shape fst snd] in *. exfalso. intuition congruence.
        * cbn [shape fst snd] in *. intuition lia.
    - assert (∀ t, untouched a t → thread_ok own (memory s) t →
        thread_ok (set a (Current (S (serial s))) (set n (Retired p) own)) (memory s) t) as Keep.
      { intros t U H. eapply (thread_frame (set n (Retired p) own) _ _ _ a);
          [done|intros; by apply set_ne|done|]. destruct H as [H1 H2]. split.
        - intros d Hd. rewrite set_ne; [by apply H1|]. intros ->. apply H1 in Hd. congruence.
        - destruct (at_ t) as [| |m ? q ?|m ? q|m q|m q]; try done.
          + destruct H2 as [H2 ?]. split; [|done]. destruct (decide (m = n)) as [->|]; [|by rewrite set_ne].
            rewrite set_eq. right. rewrite Hn in H2. destruct H2 as [H2|]; [|done]. congruence.
          + rewrite set_ne; [done|]. intros ->. congruence.
          + rewrite set_ne; [done|]. intros ->. congruence.
          + rewrite set_ne; [done|]. intros ->. congruence. }
      apply Forall_app in I3 as [Il Ir]. inversion Ir; subst. apply Forall_app in Ua as [Ul Ur].
      rewrite Forall_forall in Il, Ul, Ur. match goal with H : Forall _ r |- _ => rewrite Forall_forall in H end.
      apply Forall_app. split; [|constructor]; try (apply Forall_forall; intros; apply Keep; auto).
      split; simpl; [done|]. rewrite set_ne by done. by rewrite set_eq.
    - lia.
    - split; [done|]. apply Forall_forall. intros q Hq. apply I5' in Hq. lia.
    - assert (∀ b q, set a (Current (S (serial s))) (set n (Retired p) own) b = Retired q →
        (b = n ∧ q = p) ∨ (own b = Retired q ∧ q < serial s)) as Back.
      { intros b q. unfold set. repeat case_decide; intros Hq; try done; [left; split; congruence|].
        right. split; [done|]. specialize (I2 b). unfold node_ok in I2. rewrite Hq in I2. cbn [shape] in I2. tauto. }
      intros b b' q Hb Hb'. apply Back in Hb as [[-> ->]|[Hb ?]]; apply Back in Hb' as [[-> Hq]|[Hb' ?]]; try done; try lia.
      eauto.
    - intros q Hq. destruct (decide (q = p)) as [->|].
      + right. exists n. rewrite set_ne by done. apply set_eq.
      + destruct (I7 q) as [|[b Hb]]; [lia|by left|right]. exists b. rewrite !set_ne; [done| |]; intros ->; congruence.
  Qed.

  (** What is known of a retired node. *)
  Lemma inv_retired t n p v k :
    inv limit own s (l ++ t :: r) → own n = Retired p → memory s n = Some (v, k) →
    let R := total (reads n) (l ++ t :: r) in
    let T := total (replaces n) (l ++ t :: r) in
    let P := total (pending n) (l ++ t :: r) in
    (k + Z.of_nat P = Z.of_nat R)%Z ∧ (T = 1 → (k <= 0)%Z) ∧ T ≤ 1 ∧ (T = 0 → P = 0 ∧ 0 < R)
    ∧ total (drafts n) (l ++ t :: r) = 0 ∧ total (recycles n) (l ++ t :: r) = 0
    ∧ total (λ m, same m n) (spare s) = 0 ∧ p < serial s ∧ p ∉ recycled s.
  Proof.
    intros I Hn Hm. pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H. rewrite Hn, Hm in H.
    destruct H as ((v' & k' & E & ? & ?) & H). injection E as <- <-. by split_and!; destruct_and?.
  Qed.

  Lemma inv_pending_zero ts n : total (replaces n) ts = 0 → total (pending n) ts = 0.
  Proof.
    induction ts as [|[d g] ts IH]; simpl; [done|]. intros H. rewrite IH by lia. destruct g; simpl in *; try done.
    destruct (same n0 n); lia.
  Qed.
End acts.
