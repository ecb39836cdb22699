(** Each operation of [code/Queue.v] is the plain list operation of [code/Machine.v], and keeps the rules of
    [core/src/stripe/queue.rs]: the front is empty only if the queue is, blocks hold at most eight, the tree is balanced.

    Finding a waiter by its id needs the ids to increase along the queue, which the machine sees to (INV-IDS). *)
From Coq Require Import List Arith Bool Lia Sorted.
From Pool.code Require Import Machine Block Queue.
From Pool.code Require Seq.
From Pool.spec Require Import RefineSpec.
From Pool.proof Require Import Seq Balance.
Import ListNotations.
Set Implicit Arguments.

Section queue.
  Context {W : Type}.
  Implicit Types (q : Queue.t W) (w : waiter W) (ws : list (waiter W)).
  Import Queue.

  (** What every function but [settle] needs and keeps. *)
  Definition parts_ok q : Prop := length (front q) <= Block.size /\ ok (middle q) /\ length (back q) <= Block.size.

  Definition queue_ok q : Prop := parts_ok q /\ (front q = [] -> to_list q = []).

  Lemma queue_ok_empty : queue_ok empty.
  Proof. repeat split; simpl; auto; lia. Qed.

  (** ** Rule 1 *)

  Lemma settle_spec q : parts_ok q -> queue_ok (settle q) /\ to_list (settle q) = to_list q.
  Proof.
    destruct q as [f m b]. unfold queue_ok, parts_ok, to_list, settle. simpl. intros (Hf & Hm & Hb).
    destruct f as [|w ws]; simpl.
    2:{ split; [|reflexivity]. split; [|discriminate]. auto. }
    destruct (Seq.is_empty m) eqn:E; simpl.
    - apply is_empty_to_list in E. rewrite E, app_nil_r. simpl. repeat split; auto; try apply Hm; lia.
    - pose proof (split_at_to_list Block.size _ (proj1 Hm)) as [H1 H2]. pose proof (ok_split_at Block.size Hm) as [O1 O2].
      destruct (Seq.split_at Block.size m) as [oldest rest]. cbn [fst snd front middle back] in *.
      unfold Block.of_list. rewrite H1, H2, firstn_firstn, Nat.min_id, app_assoc, firstn_skipn.
      split; [|reflexivity]. split; [split; [rewrite firstn_length; lia|auto]|].
      intros N. destruct (Seq.to_list m) as [|x xs] eqn:L; [|discriminate].
      apply is_empty_to_list in L. congruence.
  Qed.

  (** ** Push *)

  Lemma spill_spec q :
    parts_ok q ->
    parts_ok (spill q) /\ to_list (spill q) = to_list q /\ back (spill q) = [] /\ front (spill q) = front q.
  Proof.
    destruct q as [f m b]. unfold parts_ok, spill, to_list. simpl. intros (Hf & Hm & Hb).
    destruct b as [|w ws]; simpl; [auto|]. unfold Seq.of_list.
    rewrite to_list_join, to_list_build, app_nil_r by lia. repeat split; auto; try lia; apply ok_join; auto; now apply ok_build.
  Qed.

  Lemma is_full_false b : Block.is_full (A := waiter W) b = false -> length b < Block.size.
  Proof. apply Nat.leb_gt. Qed.

  Theorem queue_push w q : queue_ok q -> queue_ok (push w q) /\ to_list (push w q) = to_list q ++ [w].
  Proof.
    intros [H Hr]. unfold push. destruct (_ && _ && _) eqn:E.
    - apply andb_true_iff in E as [[E1 E2]%andb_true_iff E3%negb_true_iff]. destruct q as [f m b]. simpl in *.
      destruct b; [|discriminate]. apply is_empty_to_list in E1. destruct H as (Hf & Hm & Hb).
      unfold queue_ok, parts_ok, to_list, Block.push in *. simpl in *. rewrite E3. apply is_full_false in E3.
      rewrite E1, app_length, !app_nil_r. simpl. repeat split; auto; try apply Hm. lia.
    - assert (front q <> []) as Hn.
      { intros N. specialize (Hr N). destruct q as [f m b]. unfold to_list in Hr. simpl in *. subst f. simpl in *.
        apply app_eq_nil in Hr as [M%is_empty_to_list ->]. rewrite M in E. discriminate. }
      set (q' := if Block.is_full (back q) then spill q else q).
      assert (parts_ok q' /\ to_list q' = to_list q /\ length (back q') < Block.size /\ front q' = front q)
        as (H1 & H2 & H3 & H4).
      { subst q'. destruct (Block.is_full (back q)) eqn:F.
        - destruct (spill_spec H) as (? & ? & -> & ?). repeat split; try apply H0; auto. simpl. unfold Block.size. lia.
        - apply is_full_false in F. auto. }
      rewrite <- H2. destruct q' as [f m b]. unfold queue_ok, parts_ok, to_list, Block.push in *. simpl in *.
      destruct (Block.is_full b) eqn:F; [apply Nat.leb_le in F; lia|]. rewrite app_length. simpl.
      split; [|now rewrite <- !app_assoc]. split; [intuition lia|]. congruence.
  Qed.

  (** ** Pop, length *)

  Theorem queue_pop q :
    queue_ok q ->
    match to_list q with
    | [] => pop q = None
    | w :: rest => exists q', pop q = Some (w, q') /\ to_list q' = rest /\ queue_ok q'
    end.
  Proof.
    destruct q as [f m b]. unfold queue_ok, parts_ok. simpl. intros [(Hf & Hm & Hb) Hr].
    destruct f as [|w ws]; [now rewrite Hr|]. unfold to_list. simpl in *. eexists. split; [reflexivity|].
    assert (parts_ok (Queue ws m b)) as [H1 H2]%settle_spec; [|auto]. repeat split; try apply Hm; auto. simpl. lia.
  Qed.

  Theorem queue_is_empty q : queue_ok q -> is_empty q = true <-> to_list q = [].
  Proof.
    destruct q as [f m b]. unfold queue_ok, is_empty, to_list. simpl. intros [_ Hr]. destruct f; [tauto|easy].
  Qed.

  Theorem queue_len q : queue_ok q -> len q = length (to_list q).
  Proof.
    intros H. unfold len. destruct (is_empty q) eqn:E.
    - apply (queue_is_empty H) in E. now rewrite E.
    - destruct q as [f m b], H as [(_ & Hm & _) _]. unfold to_list. simpl in *. rewrite !app_length, (ok_len Hm). lia.
  Qed.

  (** ** Removal by id *)

  Lemma remove_position ws id :
    Machine.remove id ws = match position ws id with Some at_ => Block.remove at_ ws | None => None end.
  Proof.
    induction ws as [|w ws IH]; simpl; [reflexivity|]. destruct (waiter_id w =? id); [reflexivity|].
    rewrite IH. unfold Block.remove. destruct (position ws id) as [k|]; simpl; [|reflexivity].
    destruct (nth_error ws k); reflexivity.
  Qed.

  Lemma remove_app id xs ys :
    Machine.remove (W := W) id (xs ++ ys) =
      match Machine.remove id xs with
      | Some (w, rest) => Some (w, rest ++ ys)
      | None => option_map (fun p => (fst p, xs ++ snd p)) (Machine.remove id ys)
      end.
  Proof.
    induction xs as [|x xs IH]; simpl.
    { now destruct (Machine.remove id ys) as [[]|]. }
    destruct (waiter_id x =? id); [reflexivity|]. rewrite IH.
    destruct (Machine.remove id xs) as [[]|]; [reflexivity|]. now destruct (Machine.remove id ys) as [[]|].
  Qed.

  Lemma remove_some_in id ws w rest : Machine.remove id ws = Some (w, rest) -> In id (map waiter_id ws).
  Proof.
    revert rest. induction ws as [|x ws IH]; simpl; [discriminate|]. intros rest.
    destruct (Nat.eqb_spec (waiter_id x) id); [auto|]. destruct (Machine.remove id ws) as [[]|]; [|discriminate].
    intros [= <- <-]. eauto.
  Qed.

  Lemma remove_not_in id ws : ~ In id (map waiter_id ws) -> Machine.remove id ws = None.
  Proof.
    intros H. destruct (Machine.remove id ws) as [[w rest]|] eqn:E; auto. apply remove_some_in in E. contradiction.
  Qed.

  Definition sorted ws : Prop := StronglySorted lt (map waiter_id ws).

  Lemma sorted_app xs ys :
    sorted (xs ++ ys) ->
    sorted xs /\ sorted ys /\ forall i j, In i (map waiter_id xs) -> In j (map waiter_id ys) -> i < j.
  Proof.
    unfold sorted. rewrite map_app. induction (map waiter_id xs) as [|i is IH]; simpl.
    { intros H. split; [constructor|]. split; [assumption|]. easy. }
    intros [H F]%StronglySorted_inv. destruct (IH H) as (H1 & H2 & H3). rewrite Forall_app in F. destruct F as [F1 F2].
    split; [now constructor|]. split; [assumption|]. intros a b [->|Ha] Hb; auto. rewrite Forall_forall in F2. auto.
  Qed.

  Lemma prefix_of_sorted id ws : sorted ws -> prefix_of (fun w => waiter_id w <? id) ws.
  Proof.
    induction ws as [|w ws IH]; [constructor|]. intros [H F]%StronglySorted_inv.
    destruct (waiter_id w <? id) eqn:E; [apply prefix_of_true; auto|]. apply prefix_of_false; auto.
    intros y Hy. apply Nat.ltb_ge in E. apply Nat.ltb_ge. rewrite Forall_forall in F.
    specialize (F (waiter_id y) (in_map _ _ _ Hy)). lia.
  Qed.

  (** A search for the place of [id] finds the waiter, if it is there. *)
  Lemma remove_sorted id ws :
    sorted ws ->
    let rank := length (filter (fun w => waiter_id w <? id) ws) in
    Machine.remove id ws =
      match nth_error ws rank with
      | Some w => if waiter_id w =? id then remove_nth rank ws else None
      | None => None
      end.
  Proof.
    cbv zeta. induction ws as [|w ws IH]; simpl; [reflexivity|]. intros [H F]%StronglySorted_inv.
    destruct (Nat.eqb_spec (waiter_id w) id) as [<-|N].
    - rewrite Nat.ltb_irrefl, filter_none; simpl; [now rewrite Nat.eqb_refl|].
      intros y Hy. rewrite Forall_forall in F. specialize (F _ (in_map _ _ _ Hy)). apply Nat.ltb_ge. lia.
    - destruct (Nat.ltb_spec (waiter_id w) id) as [L|L]; cbn [length nth_error].
      + rewrite (IH H). unfold remove_nth. cbn [nth_error].
        destruct (nth_error ws _) as [x|]; [|reflexivity]. now destruct (waiter_id x =? id).
      + rewrite remove_not_in, filter_none; simpl.
        * now apply Nat.eqb_neq in N as ->.
        * intros y Hy. rewrite Forall_forall in F. specialize (F _ (in_map _ _ _ Hy)). apply Nat.ltb_ge. lia.
        * intros Hi. rewrite Forall_forall in F. specialize (F _ Hi). lia.
  Qed.

  Lemma remove_middle_spec id m :
    ok m -> sorted (Seq.to_list m) ->
    option_map (fun p => (fst p, Seq.to_list (snd p))) (remove_middle id m) = Machine.remove id (Seq.to_list m)
    /\ (forall w m', remove_middle id m = Some (w, m') -> ok m').
  Proof.
    intros Hm Hs. unfold remove_middle.
    rewrite partition_point_to_list by (apply Hm || now apply prefix_of_sorted).
    rewrite get_to_list by apply Hm. rewrite remove_sorted by assumption.
    destruct (nth_error _ _) as [w|]; [|split; easy]. destruct (waiter_id w =? id); [|split; easy].
    rewrite <- remove_to_list by apply Hm. split; [reflexivity|]. intros x m' E. now apply (ok_remove _ Hm E).
  Qed.

  Lemma block_remove_length (b : list (waiter W)) k w rest : Block.remove k b = Some (w, rest) -> length rest <= length b.
  Proof.
    unfold Block.remove. destruct (nth_error b k); [|discriminate]. intros E.
    assert (rest = firstn k b ++ skipn (S k) b) as -> by congruence.
    rewrite app_length, firstn_length, skipn_length. lia.
  Qed.

  Lemma position_some b id k : position b id = Some k -> exists w rest, Block.remove (A := waiter W) k b = Some (w, rest).
  Proof.
    unfold Block.remove. revert k. induction b as [|w b IH]; simpl; [discriminate|]. intros k.
    destruct (waiter_id w =? id); [intros [= <-]; simpl; eauto|]. destruct (position b id) as [j|]; [|discriminate].
    intros [= <-]. simpl. destruct (IH j eq_refl) as (x & rest & E). destruct (nth_error b j); [|discriminate]. eauto.
  Qed.

  (** In the front; else in the back, and then not in the middle, since ids are sorted; else in the middle. *)
  Theorem queue_remove id q :
    queue_ok q -> sorted (to_list q) ->
    option_map (fun p => (fst p, to_list (snd p))) (remove id q) = Machine.remove id (to_list q)
    /\ (forall w q', remove id q = Some (w, q') -> queue_ok q').
  Proof.
    destruct q as [f m b]. unfold queue_ok, parts_ok, remove. cbn [front middle back]. intros [(Hf & Hm & Hb) Hr] Hs.
    change (to_list (Queue f m b)) with (f ++ Seq.to_list m ++ b) in *.
    rewrite !remove_app, (remove_position f). destruct (position f id) as [k|] eqn:Pf.
    { destruct (position_some _ _ Pf) as (w & rest & E). rewrite E. cbn [option_map fst snd].
      assert (parts_ok (Queue rest m b)) as [H1 H2]%settle_spec.
      { apply block_remove_length in E. repeat split; simpl; try apply Hm; lia. }
      rewrite H2. split; [reflexivity|]. now intros ? ? [= _ <-]. }
    apply sorted_app in Hs as (_ & Hs & _). apply sorted_app in Hs as (Hsm & _ & Hlt).
    assert (f = [] -> Seq.to_list m = [] /\ b = []) as Hr'.
    { intros N. apply app_eq_nil. specialize (Hr N). subst f. exact Hr. }
    rewrite (remove_position b). destruct (position b id) as [k|] eqn:Pb.
    - destruct (position_some _ _ Pb) as (w & rest & E). rewrite E. rewrite remove_not_in.
      + simpl. split; [reflexivity|]. intros ? ? [= _ <-]. simpl. apply block_remove_length in E.
        split; [intuition lia|]. intros N. destruct (Hr' N) as [_ ->]. now destruct k.
      + intros Hi. assert (In id (map waiter_id b)) as Hj.
        { eapply remove_some_in. rewrite remove_position, Pb. exact E. }
        specialize (Hlt _ _ Hi Hj). lia.
    - destruct (remove_middle_spec id Hm Hsm) as [R H2]. rewrite <- R.
      destruct (remove_middle id m) as [[w m']|] eqn:Em; simpl in *.
      + split; [reflexivity|]. intros ? ? [= _ <-]. simpl. split; [split; [assumption|]; split; [eauto|assumption]|].
        intros N. destruct (Hr' N) as [M _]. rewrite M in R. discriminate.
      + split; easy.
  Qed.

  (** ** The oldest *)

  Theorem queue_take_oldest count q :
    queue_ok q ->
    let (taken, rest) := take_oldest count q in
    to_list taken = firstn count (to_list q) /\ to_list rest = skipn count (to_list q)
    /\ queue_ok taken /\ queue_ok rest.
  Proof.
    intros H. unfold take_oldest. destruct (Nat.eqb_spec count 0) as [->|Hc]; simpl; [auto using queue_ok_empty|].
    destruct (is_empty q) eqn:En.
    { apply (queue_is_empty H) in En. rewrite En, firstn_nil, skipn_nil. simpl. auto using queue_ok_empty. }
    destruct H as [(Hf & Hm & Hb) _]. destruct q as [f m b]. unfold is_empty in En. simpl in *.
    set (c1 := count - length (firstn count f)).
    destruct (split_at_to_list c1 _ (proj1 Hm)) as [H1 H2]. destruct (ok_split_at c1 Hm) as [O1 O2].
    destruct (Seq.split_at c1 m) as [m1 m2]. cbn [fst snd] in *. set (c2 := c1 - Seq.len m1).
    assert (queue_ok (Queue (firstn count f) m1 (firstn c2 b))) as T.
    { split; [repeat split; simpl; try apply O1; rewrite firstn_length; lia|].
      destruct f; [discriminate|]. now destruct count. }
    assert (parts_ok (Queue (skipn count f) m2 (skipn c2 b))) as [R1 R2]%settle_spec.
    { repeat split; simpl; try apply O2; rewrite skipn_length; lia. }
    rewrite R2. split; [|split; [|auto]]; unfold to_list; simpl; rewrite ?firstn_app, ?skipn_app, ?H1, ?H2;
      assert (c1 = count - length f) as E1 by (subst c1; rewrite firstn_length; lia);
      assert (c2 = c1 - length (Seq.to_list m)) as E2 by (subst c2; rewrite (ok_len O1), H1, firstn_length; lia);
      rewrite E2, E1; reflexivity.
  Qed.
End queue.
