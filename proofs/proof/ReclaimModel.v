(** The invariant of [proof/ReclaimInv.v] holds at the start and is kept by every step. One lemma for each kind of step. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.
From Pool.proof Require Import ReclaimInv.

Lemma shape_eq o h now log a m R T P D C S R' T' P' D' C' S' :
  shape o h now log a m R T P D C S → R' = R → T' = T → P' = P → D' = D → C' = C → S' = S →
  shape o h now log a m R' T' P' D' C' S'.
Proof. by intros ? -> -> -> -> -> ->. Qed.

(** Sums over [l ++ t :: r], with [t] spelled out. *)
Ltac sums := unfold node_ok in *; rewrite ?total_app in *; simpl in *.
Ltac here := rewrite ?set_eq, ?store_eq, ?same_eq in *.
Ltac there := rewrite ?set_ne, ?store_ne in * by done; repeat rewrite same_ne in * by done.

Definition private (o : status) : Prop := o = Nowhere ∨ o = Spare ∨ o = Drafted ∨ o = Recycled.

Section steps.
  Context (limit : nat) (own : addr → status) (s : shared) (l r : list thread).

  (** A step inside memory that nobody else has to do with: only address [x] changes, from private to private. *)
  Lemma inv_private x o s' t t' :
    inv limit own s (l ++ t :: r) →
    private (own x) → private o →
    head s' = head s → serial s' = serial s → recycled s' = recycled s →
    (∀ b, b ≠ x → memory s' b = memory s b) →
    (∀ b, b ≠ x → node_ok own s (l ++ t :: r) b → node_ok (set x o own) s' (l ++ t' :: r) b) →
    node_ok (set x o own) s' (l ++ t' :: r) x →
    Forall (untouched x) (l ++ r) →
    thread_ok (set x o own) (memory s') t' →
    inv limit (set x o own) s' (l ++ t' :: r).
  Proof.
    intros [I1 I2 I3 I4 I5 I6 I7] Po Po' Eh En El Hm Hb Hx Hu Ht.
    assert (∀ a p, set x o own a = Retired p → own a = Retired p) as Back.
    { intros a p. unfold set. case_decide; [|done]. destruct Po' as [->|[->|[->| ->]]]; done. }
    split; rewrite ?Eh, ?En, ?El.
    - rewrite set_ne; [done|]. intros E. rewrite E in I1. rewrite I1 in Po. destruct Po as [|[|[|]]]; done.
    - intros b. destruct (decide (b = x)) as [->|]; [done|]. by apply Hb.
    - apply Forall_app in I3 as [Il Ir]. apply Forall_app in Hu as [Ul Ur]. inversion Ir; subst.
      apply Forall_app. split; [|constructor; [done|]]; (eapply frame; [eassumption|intros; by apply set_ne|done|done]).
    - done.
    - done.
    - intros a b p Ha Hb'. eauto.
    - intros p Hp. destruct (I7 p Hp) as [|[a Ha]]; [by left|right]. exists a. rewrite set_ne; [done|].
      intros ->. rewrite Ha in Po. destruct Po as [|[|[|]]]; done.
  Qed.

  (** Who is at [x] when its status is private: nobody, or the thread [t] alone. *)
  Lemma others_untouched x t :
    inv limit own s (l ++ t :: r) →
    (own x = Nowhere ∨ own x = Spare ∨ (own x = Drafted ∧ draft t = Some x) ∨ (own x = Recycled ∧ recycles x t = 1)) →
    Forall (untouched x) (l ++ r).
  Proof.
    intros I H. pose proof (i_nodes _ _ _ _ I x) as Hx. unfold node_ok in Hx.
    apply untouched_all; rewrite total_app; rewrite ?total_app in Hx; simpl in *;
      destruct H as [H|[H|[[H E]|[H E]]]]; rewrite H in Hx; simpl in Hx;
      try rewrite E in Hx; simpl in Hx; rewrite ?same_eq in Hx; lia.
  Qed.

  (** A step that changes no more than what its thread knows. *)
  Lemma inv_quiet t t' :
    inv limit own s (l ++ t :: r) →
    (∀ b, reads b t' = reads b t) → (∀ b, replaces b t' = replaces b t) → (∀ b, pending b t' = pending b t) →
    (∀ b, drafts b t' = drafts b t) → (∀ b, recycles b t' = recycles b t) →
    thread_ok own (memory s) t' →
    inv limit own s (l ++ t' :: r).
  Proof.
    intros [I1 I2 I3 I4 I5 I6 I7] H1 H2 H3 H4 H5 Ht. split; try done.
    - intros b. specialize (I2 b). unfold node_ok in *. rewrite !total_app in *. cbn [total] in *.
      by rewrite H1, H2, H3, H4, H5.
    - apply Forall_app in I3 as [Il Ir]. inversion Ir; subst. apply Forall_app. split; [done|]. by constructor.
  Qed.

  (** What the thread in the middle knows. *)
  Lemma inv_thread t : inv limit own s (l ++ t :: r) → thread_ok own (memory s) t.
  Proof. intros I. pose proof (i_threads _ _ _ _ I) as H. apply Forall_app in H as [_ H]. by inversion H. Qed.

  (** A reader of the address in the head reads the current publication. *)
  Lemma inv_no_ABA d n c p v :
    inv limit own s (l ++ Thread d (Reading n c p v) :: r) → fst (head s) = n →
    own n = Current p ∧ p = serial s.
  Proof.
    intros I E. destruct (inv_thread _ I) as [_ [H _]]. pose proof (i_head _ _ _ _ I) as Hh. rewrite E in Hh.
    rewrite Hh in *. destruct H as [H|H]; [|done]. injection H as <-. done.
  Qed.

  Lemma inv_lost d n c p v :
    inv limit own s (l ++ Thread d (Reading n c p v) :: r) → fst (head s) ≠ n → own n = Retired p.
  Proof.
    intros I E. destruct (inv_thread _ I) as [_ [[H|H] _]]; [|done].
    pose proof (i_nodes _ _ _ _ I n) as Hn. unfold node_ok in Hn. rewrite H in Hn. simpl in Hn. naive_solver.
  Qed.

  (** The count of the head changes by one, and so does the number of readers. *)
  Lemma inv_head t t' c :
    inv limit own s (l ++ t :: r) →
    let n := fst (head s) in
    c ≤ limit →
    reads n t' + snd (head s) = reads n t + c →
    (∀ b, b ≠ n → reads b t' = reads b t) → (∀ b, replaces b t' = replaces b t) → (∀ b, pending b t' = pending b t) →
    (∀ b, drafts b t' = drafts b t) → (∀ b, recycles b t' = recycles b t) →
    thread_ok own (memory s) t' →
    inv limit own (with_head (n, c) s) (l ++ t' :: r).
  Proof.
    intros [I1 I2 I3 I4 I5 I6 I7] n Hc Hr H1 H2 H3 H4 H5 Ht. split; try done.
    - intros b. specialize (I2 b). unfold node_ok in *. rewrite !total_app in *. cbn [total] in *.
      rewrite H2, H3, H4, H5. cbn [with_head head memory spare serial recycled] in *.
      destruct (decide (b = n)) as [->|Hb].
      + subst n. rewrite I1 in I2 |- *. cbn [shape fst snd] in *. destruct I2 as (? & ? & ?). split; [done|]. intuition lia.
      + rewrite H1 by done. destruct (own b); try done. cbn [shape fst snd] in *. exfalso. subst n. intuition congruence.
    - apply Forall_app in I3 as [Il Ir]. inversion Ir; subst. apply Forall_app. split; [done|]. by constructor.
  Qed.

  (** A debt changes, and the node stays retired. *)
  Lemma inv_debt n p v k k' t t' :
    inv limit own s (l ++ t :: r) →
    own n = Retired p → memory s n = Some (v, k) →
    let s' := with_memory (store n (Some (v, k')) (memory s)) s in
    (∀ b, b ≠ n → reads b t' = reads b t) → (∀ b, b ≠ n → replaces b t' = replaces b t) →
    (∀ b, b ≠ n → pending b t' = pending b t) →
    (∀ b, drafts b t' = drafts b t) → (∀ b, recycles b t' = recycles b t) →
    node_ok own s' (l ++ t' :: r) n →
    thread_ok own (memory s) t' →
    inv limit own s' (l ++ t' :: r).
  Proof.
    intros [I1 I2 I3 I4 I5 I6 I7] Hn Hm s' H1 H2 H3 H4 H5 Hx Ht. split; try done.
    - intros b. destruct (decide (b = n)) as [->|Hb]; [done|]. specialize (I2 b). unfold node_ok in *.
      rewrite !total_app in *. cbn [total] in *. rewrite H1, H2, H3, H4, H5 by done.
      subst s'. simpl in *. by rewrite store_ne.
    - subst s'. simpl. apply (frame_debt _ _ _ _ _ k); [done|].
      apply Forall_app in I3 as [Il Ir]. inversion Ir; subst. apply Forall_app. split; [done|]. by constructor.
  Qed.

  (** The last one to have to do with a retired node owns it. *)
  Lemma inv_last n p v m t d :
    inv limit own s (l ++ t :: r) →
    own n = Retired p → m n = Some (v, 0%Z) → (∀ b, b ≠ n → m b = memory s b) → draft t = d →
    let s' := with_recycled p (with_memory m s) in
    (∀ b, b ≠ n → reads b t = 0) → (∀ b, b ≠ n → replaces b t = 0) → (∀ b, b ≠ n → pending b t = 0) →
    (∀ b, recycles b t = 0) →
    total (reads n) (l ++ r) = 0 → total (replaces n) (l ++ r) = 0 → total (pending n) (l ++ r) = 0 →
    inv limit (set n Recycled own) s' (l ++ Thread d (Recycling n p) :: r).
  Proof.
    intros I Hn Hm Hm' Hd s' H1 H2 H3 H5 R0 T0 P0. pose proof (inv_thread _ I) as [Hdt _].
    destruct I as [I1 I2 I3 I4 I5 I6 I7]. pose proof (I2 n) as Nn. unfold node_ok in Nn. rewrite Hn in Nn.
    cbn [shape] in Nn. destruct Nn as (_ & _ & _ & D0 & C0 & S0 & Hp & Hlog).
    rewrite !total_app in D0, C0, R0, T0, P0. cbn [total] in *.
    subst s'. split; cbn [with_recycled with_memory head memory spare serial recycled] in *.
    - rewrite set_ne; [done|]. intros E. rewrite E in I1. congruence.
    - intros b. pose proof (I2 b) as Nb. unfold node_ok in *.
      cbn [with_recycled with_memory head memory spare serial recycled] in *. rewrite !total_app in *.
      cbn [total] in *. destruct (decide (b = n)) as [->|Hb].
      + rewrite set_eq, Hm. simpl. rewrite same_eq. simpl in *. rewrite Hd in *.
        split; [by exists v|]. lia.
      + rewrite set_ne, Hm' by done. rewrite H1, H2, H3, H5 in Nb by done. simpl in *. rewrite Hd in *.
        rewrite (same_ne n b) by done. destruct (own b) eqn:Eb; try done. cbn [shape] in *.
        assert (p0 ≠ p) by (intros ->; apply Hb; eauto).
        rewrite not_elem_of_cons. intuition.
    - apply Forall_app in I3 as [Il Ir]. inversion Ir; subst.
      assert (Forall (untouched n) (l ++ r)) as U by (apply untouched_all; rewrite total_app; lia).
      apply Forall_app in U as [Ul Ur]. apply Forall_app. split; [|constructor].
      + eapply frame; [exact Ul|intros; by apply set_ne|done|done].
      + split; simpl; [|by rewrite set_eq]. intros d' E. rewrite set_ne; [by apply Hdt|]. intros ->.
        apply Hdt in E. congruence.
      + eapply frame; [exact Ur|intros; by apply set_ne|done|done].
    - done.
    - destruct I5 as [? ?]. split; by constructor.
    - intros a b q. unfold set. repeat case_decide; try done. apply I6.
    - intros q Hq. destruct (I7 q Hq) as [|[a Ha]]; [left; by right|].
      destruct (decide (a = n)) as [->|]; [left|right; exists a; by rewrite set_ne].
      rewrite Hn in Ha. injection Ha as ->. left.
  Qed.
End steps.
