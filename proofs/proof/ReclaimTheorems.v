(** The theorems of [spec/ReclaimSpec.v], read off the invariant. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.
From Pool.spec Require Import ReclaimSpec.
From Pool.proof Require Import ReclaimInv ReclaimModel ReclaimReach ReclaimWord.

Lemma no_ABA : RECLAIM_no_ABA.
Proof.
  intros limit x d n c p v Hx Ht E. apply inv_reachable in Hx as [own I]. apply elem_of_list_split in Ht as (l & r & Ht).
  rewrite Ht in I. by eapply inv_no_ABA.
Qed.

Lemma once : RECLAIM_once.
Proof.
  intros limit x Hx. apply inv_reachable in Hx as [own I]. destruct (i_once _ _ _ _ I) as [H1 H2].
  split; [done|]. by apply Forall_forall.
Qed.

Lemma count : RECLAIM_count.
Proof.
  intros limit x Hx. apply inv_reachable in Hx as [own I]. split; [by eapply i_limit|].
  intros d n c p v Ht E. apply elem_of_list_split in Ht as (l & r & Ht). rewrite Ht in I. by eapply current_count.
Qed.

Lemma no_leak : RECLAIM_no_leak.
Proof.
  intros limit x p Hx Hp. apply inv_reachable in Hx as [own I].
  destruct (i_complete _ _ _ _ I p Hp) as [|[a Ha]]; [by left|right].
  pose proof (i_nodes _ _ _ _ I a) as H. unfold node_ok in H. rewrite Ha in H. cbn [shape] in H.
  destruct H as (_ & HT & HR & _).
  assert (∃ t, t ∈ threads x ∧ (0 < reads a t ∨ 0 < replaces a t)) as (t & Ht & Hpos).
  { destruct (decide (total (replaces a) (threads x) = 0)) as [E|].
    - destruct (HR E) as [_ H]. apply total_some in H as (t & ? & ?). eauto.
    - destruct (total_some (replaces a) (threads x)) as (t & ? & ?); [lia|]. eauto. }
  exists t. split; [done|]. pose proof (i_threads _ _ _ _ I) as Hall. rewrite Forall_forall in Hall.
  destruct (Hall t Ht) as [_ Hg]. destruct t as [d g]. unfold holds. simpl in *.
  destruct g; simpl in *; try lia; unfold same in Hpos; (case_decide; [subst|lia]);
    destruct_and?; destruct_or?; congruence.
Qed.

Lemma stable_read : RECLAIM_stable_read.
Proof.
  intros limit x d n c p v Hx Ht. apply inv_reachable in Hx as [own I].
  pose proof (i_threads _ _ _ _ I) as Hall. rewrite Forall_forall in Hall. destruct (Hall _ Ht) as [_ [Hn Hv]].
  pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H.
  destruct Hn as [Hn|Hn]; rewrite Hn in H; cbn [shape] in H.
  - destruct H as ([w Hw] & _). exists w, 0%Z. split; [done|]. by rewrite Hv, Hw.
  - destruct H as ((w & k & Hw & _) & _). exists w, k. split; [done|]. by rewrite Hv, Hw.
Qed.

(** ** Who may touch a node, by its status *)

Lemma total_ge {A} (f : A → nat) l x : x ∈ l → f x ≤ total f l.
Proof. induction 1; simpl; lia. Qed.

Lemma in_spare n l : n ∈ l → 0 < total (λ m, same m n) l.
Proof. intros H. apply (total_ge (λ m, same m n)) in H. rewrite same_eq in H. lia. Qed.

Lemma nodup_of_total l : (∀ n, total (λ m, same m n) l ≤ 1) → NoDup l.
Proof.
  induction l as [|a l IH]; intros H; constructor.
  - intros Ha. apply in_spare in Ha. specialize (H a). simpl in H. rewrite same_eq in H. lia.
  - apply IH. intros n. specialize (H n). simpl in H. lia.
Qed.

Lemma owner_status limit own s ts n t :
  inv limit own s ts → t ∈ ts → owns n t →
  (own n = Drafted ∧ draft t = Some n) ∨ (own n = Recycled ∧ recycles n t = 1).
Proof.
  intros I Ht H. pose proof (i_threads _ _ _ _ I) as Hall. rewrite Forall_forall in Hall.
  destruct (Hall _ Ht) as [Hd Hg]. destruct H as [H|[p H]].
  - left. auto.
  - right. simpl. rewrite H in *. split; [done|]. simpl. apply same_eq.
Qed.

Lemma user_status limit own s ts n t :
  inv limit own s ts → t ∈ ts → uses n t → ∃ p, own n = Current p ∨ own n = Retired p.
Proof.
  intros I Ht H. pose proof (i_threads _ _ _ _ I) as Hall. rewrite Forall_forall in Hall.
  destruct (Hall _ Ht) as [_ Hg]. unfold uses in H. destruct (at_ t); try done; subst; [destruct Hg|..]; eauto.
Qed.

Lemma no_use_after_free : RECLAIM_no_use_after_free.
Proof.
  intros limit x t n Hx Ht Hu. apply inv_reachable in Hx as [own I].
  destruct (user_status _ _ _ _ _ _ I Ht Hu) as [p Hp].
  pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H. split_and!.
  - destruct Hp as [Hp|Hp]; rewrite Hp in H; cbn [shape] in H.
    + destruct H as ([w ->] & _). eauto.
    + destruct H as ((w & k & -> & _) & _). eauto.
  - intros Hs. apply in_spare in Hs. destruct Hp as [Hp|Hp]; rewrite Hp in H; cbn [shape] in H; lia.
  - intros u Hu' Ho. destruct (owner_status _ _ _ _ _ _ I Hu' Ho) as [[E _]|[E _]]; destruct Hp; congruence.
Qed.

Lemma no_double_free : RECLAIM_no_double_free.
Proof.
  intros limit x Hx. apply inv_reachable in Hx as [own I]. pose proof (i_head _ _ _ _ I) as Hh. split_and!.
  - apply nodup_of_total. intros n. pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H.
    destruct (own n); cbn [shape] in H; lia.
  - intros n Hn. apply in_spare in Hn. pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H.
    destruct (own n) eqn:E; cbn [shape] in H; try lia. split; [intros ->; congruence|]. tauto.
  - intros l t r n E Ho. assert (t ∈ threads x) as Ht by (rewrite E; apply elem_of_app; right; left).
    pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H.
    pose proof (owner_status _ _ _ _ _ _ I Ht Ho) as Hs.
    assert (∀ u, u ∈ l ++ r → ¬ owns n u) as Alone.
    { intros u Hu Hou. assert (u ∈ threads x) as Hu' by (rewrite E; set_solver).
      pose proof (owner_status _ _ _ _ _ _ I Hu' Hou) as Hs'. rewrite E, !total_app in H.
      pose proof (total_ge (drafts n) _ _ Hu) as G1. pose proof (total_ge (recycles n) _ _ Hu) as G2.
      rewrite total_app in G1, G2.
      destruct Hs as [[S D]|[S D]], Hs' as [[S' D']|[S' D']]; try congruence; rewrite S in H; simpl in *;
        rewrite D, D' in *; simpl in *; rewrite ?same_eq in *; lia. }
    split_and!; try done.
    + intros Hn. apply in_spare in Hn. destruct Hs as [[S _]|[S _]]; rewrite S in H; cbn [shape] in H; lia.
    + intros ->. destruct Hs as [[S _]|[S _]]; congruence.
    + destruct Hs as [[S _]|[S _]]; rewrite S in H; cbn [shape] in H; tauto.
    + intros [D [p R]]. pose proof (i_threads _ _ _ _ I) as Hall. rewrite Forall_forall in Hall.
      destruct (Hall _ Ht) as [Hd Hg]. rewrite R in Hg. apply Hd in D. congruence.
Qed.

(** Words seen were heads once, or come from a count below [limit]. *)
Lemma seen : RECLAIM_seen.
Proof.
  intros limit x t Hx. revert t. induction Hx as [a v k|x y Hx IH [l t r t' s' E H]]; intros u Hu.
  - simpl in Hu. apply elem_of_replicate in Hu as [-> _]. done.
  - pose proof (proj1 (count _ _ Hx)) as Hc. simpl in Hu. rewrite E in IH.
    apply elem_of_app in Hu as [Hu|Hu]; [apply IH; set_solver|].
    apply elem_of_cons in Hu as [->|Hu]; [|apply IH; set_solver].
    assert (t ∈ l ++ t :: r) as Ht by set_solver. specialize (IH t Ht).
    destruct H; simpl in *; try done; try lia.
    + by destruct (head _).
    + by destruct (head _).
    + match goal with H : head _ = _ |- _ => rewrite H in Hc end. done.
Qed.

Lemma total_none {A} (f : A → nat) l : (∀ x, x ∈ l → f x = 0) → total f l = 0.
Proof.
  induction l as [|a l IH]; intros H; simpl; [done|].
  rewrite (H a) by left. apply IH. intros x Hx. apply H. by right.
Qed.

Lemma quiescent : RECLAIM_quiescent.
Proof.
  intros limit x Hx Hq. apply inv_reachable in Hx as [own I]. pose proof (i_head _ _ _ _ I) as Hh.
  assert (∀ n, total (reads n) (threads x) = 0) as R0 by (intros n; apply total_none; by intros t ->%Hq).
  assert (∀ n, total (replaces n) (threads x) = 0) as T0 by (intros n; apply total_none; by intros t ->%Hq).
  assert (∀ n, total (drafts n) (threads x) = 0) as D0 by (intros n; apply total_none; by intros t ->%Hq).
  assert (∀ n, total (recycles n) (threads x) = 0) as C0 by (intros n; apply total_none; by intros t ->%Hq).
  split.
  - pose proof (i_nodes _ _ _ _ I (fst (head (common x)))) as H. unfold node_ok in H.
    rewrite Hh, R0 in H. cbn [shape] in H. lia.
  - intros n [w Hw]. pose proof (i_nodes _ _ _ _ I n) as H. unfold node_ok in H.
    rewrite R0, T0, D0, C0, Hw in H. destruct (own n); cbn [shape] in H.
    + by destruct H.
    + right. destruct (total_some (λ m, same m n) (spare (common x))) as (m & Hm & Hs); [lia|].
      unfold same in Hs. case_decide; [by subst|lia].
    + lia.
    + lia.
    + left. symmetry. tauto.
    + destruct H as (_ & _ & H & _). specialize (H eq_refl). lia.
Qed.

(** No axioms. *)
Print Assumptions no_use_after_free.
Print Assumptions stable_read.
Print Assumptions no_double_free.
Print Assumptions no_ABA.
Print Assumptions once.
Print Assumptions no_leak.
Print Assumptions count.
Print Assumptions seen.
Print Assumptions quiescent.
