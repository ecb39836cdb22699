(** The seed's queue, seen through [live], is a plain FIFO: tombstones do not show.

    All is said of the lists in order, and of how [skip] consumes a prefix of them: the tombstones that it forgets are of
    that prefix, so who stands behind it is as dead or alive as before. *)
From Coq Require Import List Arith Bool Lia Sorted.
From Pool.code Require Import Machine Tombstones.
Import ListNotations.
Set Implicit Arguments.

Section tombstones.
  Context {W : Type}.
  Implicit Types (q : Tombstones.t W) (w : waiter W) (ws xs ys : list (waiter W)) (set : list nat).
  Import Tombstones.
  Notation ids := (map waiter_id).

  (** Ids increase and are below [n]; every tombstone is of somebody in the lists. *)
  Definition tombstones_ok (n : nat) q : Prop :=
    StronglySorted lt (ids (in_order q))
    /\ (forall i, In i (ids (in_order q)) -> i < n)
    /\ (forall i, In i (cancelled q) -> In i (ids (in_order q))).

  Lemma contains_spec set i : contains set i = true <-> In i set.
  Proof.
    unfold contains. rewrite existsb_exists. split.
    - now intros (j & H & <-%Nat.eqb_eq).
    - intros H. exists i. now rewrite Nat.eqb_refl.
  Qed.

  Lemma without_spec set i j : In j (without i set) <-> In j set /\ i <> j.
  Proof. unfold without. now rewrite filter_In, negb_true_iff, Nat.eqb_neq. Qed.

  (** Whether somebody is alive depends only on whether his own id is in the set. *)
  Lemma alive_ext set set' ws : (forall i, In i (ids ws) -> In i set <-> In i set') -> alive set ws = alive set' ws.
  Proof.
    intros H. apply filter_ext_in. intros w Hw. f_equal. apply eq_true_iff_eq. rewrite !contains_spec.
    apply H. now apply in_map.
  Qed.

  Lemma alive_app set xs ys : alive set (xs ++ ys) = alive set xs ++ alive set ys.
  Proof. apply filter_app. Qed.

  Lemma in_alive set w ws : In w (alive set ws) <-> In w ws /\ ~ In (waiter_id w) set.
  Proof. unfold alive. rewrite filter_In, negb_true_iff, <- contains_spec. destruct (contains _ _); intuition congruence. Qed.

  Lemma skip_spec set ws :
    NoDup (ids ws) ->
    let '(oldest, rest, set') := skip set ws in
    oldest = hd_error (alive set ws) /\ alive set' rest = tl (alive set ws) /\ (oldest = None -> rest = [])
    /\ exists passed, ws = passed ++ rest /\ forall i, In i set' <-> In i set /\ ~ In i (ids passed).
  Proof.
    revert set. induction ws as [|w ws IH]; intros set; simpl.
    { intros _. repeat split; auto. exists []. simpl. intuition. }
    intros [Hw Hd]%NoDup_cons_iff. destruct (contains set (waiter_id w)) eqn:E; simpl.
    - specialize (IH (without (waiter_id w) set) Hd). destruct (skip _ ws) as [[oldest rest] set'].
      assert (alive (without (waiter_id w) set) ws = alive set ws) as Ea.
      { apply alive_ext. intros i Hi. rewrite without_spec. intuition congruence. }
      rewrite Ea in IH. destruct IH as (H1 & H2 & H3 & passed & -> & H4). repeat split; auto.
      exists (w :: passed). split; [reflexivity|]. intros i. rewrite H4, without_spec. simpl. intuition.
    - repeat split; [discriminate|]. exists [w]. split; [reflexivity|]. intros i. simpl.
      split; [|tauto]. intros H. split; [assumption|]. intros [<-|[]]. apply contains_spec in H. congruence.
  Qed.

  Lemma sorted_nodup (is : list nat) : StronglySorted lt is -> NoDup is.
  Proof.
    induction 1 as [|i is H IH F]; constructor; auto. rewrite Forall_forall in F. intros Hi. specialize (F _ Hi). lia.
  Qed.

  Lemma sorted_suffix (is js : list nat) : StronglySorted lt (is ++ js) -> StronglySorted lt js.
  Proof. induction is as [|i is IH]; simpl; auto. intros [H _]%StronglySorted_inv. auto. Qed.

  Lemma nodup_apart (is js : list nat) i : NoDup (is ++ js) -> In i is -> ~ In i js.
  Proof.
    induction is as [|j is IH]; simpl; [easy|]. intros [Hj H]%NoDup_cons_iff [->|Hi]; auto.
    intros Hi. apply Hj, in_or_app. auto.
  Qed.

  (** What is left of sound lists after a prefix was passed, and its tombstones forgotten. *)
  Lemma ok_behind n q q' passed :
    tombstones_ok n q -> in_order q = passed ++ in_order q' ->
    (forall i, In i (cancelled q') <-> In i (cancelled q) /\ ~ In i (ids passed)) -> tombstones_ok n q'.
  Proof.
    unfold tombstones_ok. intros (H1 & H2 & H3) E Hc. rewrite E, map_app in *. repeat split.
    - now apply sorted_suffix in H1.
    - intros i Hi. apply H2, in_or_app. auto.
    - intros i [Hi Hn]%Hc. apply H3, in_app_or in Hi. tauto.
  Qed.

  (** ** The operations *)

  Lemma tombstones_empty n : tombstones_ok n empty /\ live (W := W) empty = [].
  Proof. repeat split; simpl; try easy. constructor. Qed.

  Theorem tombstones_push n (slot : W) q :
    tombstones_ok n q ->
    tombstones_ok (S n) (push (Waiter n slot) q) /\ live (push (Waiter n slot) q) = live q ++ [Waiter n slot].
  Proof.
    intros (H1 & H2 & H3). set (w := Waiter n slot).
    assert (in_order (push w q) = in_order q ++ [w]) as E by (unfold in_order; simpl; now rewrite app_assoc).
    unfold tombstones_ok, live. rewrite E, map_app, alive_app. simpl. repeat split.
    - clear H3 E. induction (ids (in_order q)) as [|i is IH]; simpl; [repeat constructor|].
      apply StronglySorted_inv in H1 as [H1 F]. constructor; [apply IH; simpl in H2; auto|].
      apply Forall_app. split; [assumption|]. constructor; [apply H2; simpl; auto|constructor].
    - intros i [Hi|[<-|[]]]%in_app_or; [|lia]. specialize (H2 i Hi). lia.
    - intros i Hi. apply in_or_app. left. auto.
    - f_equal. destruct (contains (cancelled q) n) eqn:C; [|reflexivity].
      apply contains_spec, H3, H2 in C. lia.
  Qed.

  (** Two lists are skipped as one would be. *)
  Lemma skip_app set xs ys :
    skip set (xs ++ ys) =
      match skip set xs with
      | (Some w, rest, set') => (Some w, rest ++ ys, set')
      | (None, _, set') => skip set' ys
      end.
  Proof. revert set. induction xs as [|x xs IH]; intros set; simpl; [reflexivity|]. now destruct (contains _ _). Qed.

  Lemma dequeue_skip q :
    let (oldest, q') := dequeue q in skip (cancelled q) (in_order q) = (oldest, in_order q', cancelled q').
  Proof.
    unfold dequeue, in_order. rewrite skip_app. destruct (skip _ (queue q)) as [[[w|] rest] set]; [reflexivity|].
    destruct (skip set _) as [[oldest rest'] set']. simpl. now rewrite app_nil_r.
  Qed.

  Theorem tombstones_dequeue n q :
    tombstones_ok n q ->
    fst (dequeue q) = hd_error (live q) /\ live (snd (dequeue q)) = tl (live q) /\ tombstones_ok n (snd (dequeue q)).
  Proof.
    intros H. pose proof (dequeue_skip q) as D. destruct (dequeue q) as [oldest q']. simpl.
    pose proof (skip_spec (cancelled q) (in_order q)) as S. rewrite D in S.
    destruct S as (H1 & H2 & _ & passed & H3 & H4); [apply sorted_nodup, H|].
    repeat split; auto; eapply ok_behind; eauto.
  Qed.

  Theorem tombstones_dequeue_many n count q :
    tombstones_ok n q ->
    fst (dequeue_many count q) = firstn count (live q) /\ live (snd (dequeue_many count q)) = skipn count (live q)
    /\ tombstones_ok n (snd (dequeue_many count q)).
  Proof.
    revert q. induction count as [|count IH]; intros q H; simpl; [auto|].
    destruct (tombstones_dequeue H) as (H1 & H2 & H3). destruct (dequeue q) as [oldest q']. simpl in *. subst oldest.
    destruct (live q) as [|w ws]; simpl in *; [auto|].
    destruct (IH q' H3) as (I1 & I2 & I3). destruct (dequeue_many count q') as [ws' rest]. simpl in *.
    rewrite I1, I2, H2. auto.
  Qed.

  (** The one who is cancelled is the one whom a plain removal finds, and it leaves the others. *)
  Lemma remove_find id ws :
    NoDup (ids ws) ->
    Machine.remove id ws =
      match find (fun w => waiter_id w =? id) ws with
      | Some w => Some (w, filter (fun w => negb (waiter_id w =? id)) ws)
      | None => None
      end.
  Proof.
    induction ws as [|w ws IH]; simpl; [reflexivity|]. intros [Hw Hd]%NoDup_cons_iff.
    destruct (Nat.eqb_spec (waiter_id w) id) as [<-|N]; simpl.
    - f_equal. f_equal. clear IH Hd. induction ws as [|x ws IH]; simpl in *; [reflexivity|].
      destruct (Nat.eqb_spec (waiter_id x) (waiter_id w)); [exfalso; apply Hw; auto|]. simpl. f_equal. apply IH. tauto.
    - rewrite (IH Hd). now destruct (find _ ws).
  Qed.

  Lemma nodup_filter (holds : waiter W -> bool) ws : NoDup (ids ws) -> NoDup (ids (filter holds ws)).
  Proof.
    induction ws as [|w ws IH]; simpl; [auto|]. intros [Hw Hd]%NoDup_cons_iff. destruct (holds w); simpl; auto.
    constructor; auto. intros (x & E & Hx)%in_map_iff. apply filter_In in Hx as [Hx _]. apply Hw. rewrite <- E.
    now apply in_map.
  Qed.

  Theorem tombstones_cancel n id q :
    tombstones_ok n q ->
    match cancel id q with
    | Some (w, q') => Machine.remove id (live q) = Some (w, live q') /\ tombstones_ok n q'
    | None => Machine.remove id (live q) = None
    end.
  Proof.
    intros H. unfold cancel. rewrite remove_find by (apply nodup_filter, sorted_nodup, H).
    destruct (find _ (live q)) as [w|] eqn:F; [|reflexivity]. apply find_some in F as [F <-%Nat.eqb_eq].
    split.
    - f_equal. f_equal. unfold live, alive, in_order. simpl. fold (in_order q).
      induction (in_order q) as [|x xs IH]; simpl; [reflexivity|].
      destruct (contains (cancelled q) (waiter_id x)); simpl; rewrite ?orb_true_r, ?orb_false_r; simpl; [exact IH|].
      destruct (waiter_id x =? waiter_id w); simpl; congruence.
    - destruct H as (H1 & H2 & H3). split; [assumption|]. split; [assumption|]. simpl.
      intros i [<-|Hi]; [|now apply H3]. apply in_alive in F as [F _]. now apply in_map.
  Qed.
End tombstones.
