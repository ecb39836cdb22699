(** Each operation of [code/Seq.v] is the plain operation on the list of elements, and keeps the sizes right.

    Nothing here speaks of balance: rotations are right wherever they are made. [proof/Balance.v] says that they keep the
    tree shallow. *)
From Coq Require Import List Arith Bool Lia.
From Pool.code Require Import Seq.
From Pool.spec Require Import RefineSpec.
Import ListNotations.
Set Implicit Arguments.

Section seq.
  Context {A : Type}.
  Implicit Types t l r : tree A.

  Fixpoint size_ok t : Prop :=
    match t with Leaf => True | Node n l _ r => n = S (len l + len r) /\ size_ok l /\ size_ok r end.

  Lemma len_to_list t : size_ok t -> len t = length (to_list t).
  Proof.
    induction t as [|n l IHl x r IHr]; simpl; auto.
    intros (-> & Hl & Hr). rewrite app_length, IHl, IHr by auto. simpl. lia.
  Qed.

  Lemma is_empty_to_list t : is_empty t = true <-> to_list t = [].
  Proof. destruct t as [|n l x r]; simpl; split; auto; try discriminate. now destruct (to_list l). Qed.

  (** ** Balancing changes neither the order nor the sizes *)

  Lemma to_list_balance l x r : to_list (balance l x r) = to_list l ++ x :: to_list r.
  Proof.
    unfold balance, rotate_left, rotate_right.
    repeat (simpl; match goal with
      | |- context [if ?b then _ else _] => destruct b
      | |- context [match ?t with Leaf => _ | Node _ _ _ _ => _ end] => destruct t
      end);
      simpl; rewrite <- ?app_assoc; simpl; rewrite <- ?app_assoc; reflexivity.
  Qed.

  Lemma size_ok_balance l x r : size_ok l -> size_ok r -> size_ok (balance l x r).
  Proof.
    unfold balance, rotate_left, rotate_right. intros Hl Hr.
    repeat (simpl in *; match goal with
      | |- context [if ?b then _ else _] => destruct b
      | |- context [match ?t with Leaf => _ | Node _ _ _ _ => _ end] => destruct t
      end); simpl in *; intuition lia.
  Qed.

  (** ** Both ends *)

  Lemma to_list_build fuel (xs : list A) : length xs <= fuel -> to_list (build fuel xs) = xs.
  Proof.
    revert xs. induction fuel as [|fuel IH]; intros xs H; cbn [build].
    { now destruct xs. }
    pose proof (firstn_skipn (length xs / 2) xs) as E. pose proof (skipn_length (length xs / 2) xs) as L.
    pose proof (Nat.div_mod_eq (length xs) 2) as D. pose proof (Nat.mod_upper_bound (length xs) 2 ltac:(discriminate)) as M.
    destruct (skipn (length xs / 2) xs) as [|x after]; cbn [length] in L.
    { assert (length xs = 0) as N by lia. now destruct xs. }
    unfold bin. cbn [to_list]. rewrite IH by (rewrite firstn_length; lia). rewrite IH by lia. assumption.
  Qed.

  Lemma size_ok_build fuel (xs : list A) : size_ok (build fuel xs).
  Proof.
    revert xs. induction fuel as [|fuel IH]; intros xs; cbn [build]; [exact I|].
    destruct (skipn (length xs / 2) xs) as [|x after]; [exact I|]. simpl. auto.
  Qed.

  Lemma to_list_push_back x t : to_list (push_back x t) = to_list t ++ [x].
  Proof.
    induction t as [|n l _ y r IH]; simpl; auto. rewrite to_list_balance, IH, <- app_assoc. reflexivity.
  Qed.

  Lemma size_ok_push_back x t : size_ok t -> size_ok (push_back x t).
  Proof. induction t; simpl; intuition auto using size_ok_balance. Qed.

  Lemma to_list_push_front x t : to_list (push_front x t) = x :: to_list t.
  Proof. induction t as [|n l IH y r _]; simpl; auto. now rewrite to_list_balance, IH. Qed.

  Lemma size_ok_push_front x t : size_ok t -> size_ok (push_front x t).
  Proof. induction t; simpl; intuition auto using size_ok_balance. Qed.

  Lemma pop_front_none t : pop_front t = None -> t = Leaf.
  Proof. destruct t as [|n l x r]; simpl; auto. now destruct (pop_front l) as [[]|]. Qed.

  Lemma pop_back_none t : pop_back t = None -> t = Leaf.
  Proof. destruct t as [|n l x r]; simpl; auto. now destruct (pop_back r) as [[]|]. Qed.

  Lemma to_list_pop_front t y t' : pop_front t = Some (y, t') -> to_list t = y :: to_list t'.
  Proof.
    revert y t'. induction t as [|n l IH x r _]; simpl; [discriminate|]. intros y t'.
    destruct (pop_front l) as [[z l']|] eqn:E; intros [= <- <-].
    - rewrite (IH _ _ eq_refl), to_list_balance. reflexivity.
    - now apply pop_front_none in E as ->.
  Qed.

  Lemma size_ok_pop_front t y t' : size_ok t -> pop_front t = Some (y, t') -> size_ok t'.
  Proof.
    revert y t'. induction t as [|n l IH x r _]; simpl; [discriminate|]. intros y t' (_ & Hl & Hr).
    destruct (pop_front l) as [[z l']|]; intros [= <- <-]; eauto using size_ok_balance.
  Qed.

  Lemma to_list_pop_back t y t' : pop_back t = Some (y, t') -> to_list t = to_list t' ++ [y].
  Proof.
    revert y t'. induction t as [|n l _ x r IH]; simpl; [discriminate|]. intros y t'.
    destruct (pop_back r) as [[z r']|] eqn:E; intros [= <- <-].
    - rewrite (IH _ _ eq_refl), to_list_balance, <- app_assoc. reflexivity.
    - now apply pop_back_none in E as ->.
  Qed.

  Lemma size_ok_pop_back t y t' : size_ok t -> pop_back t = Some (y, t') -> size_ok t'.
  Proof.
    revert y t'. induction t as [|n l _ x r IH]; simpl; [discriminate|]. intros y t' (_ & Hl & Hr).
    destruct (pop_back r) as [[z r']|]; intros [= <- <-]; eauto using size_ok_balance.
  Qed.

  (** ** Join *)

  (** One unfolding of [join] between two nodes: it does not reduce by itself. *)
  Lemma join_nodes sl (ll lr : tree A) lx x sr (rl rr : tree A) rx :
    let l := Node sl ll lx lr in
    let r := Node sr rl rx rr in
    join l x r =
      if delta * sl <? sr then balance (join l x rl) rx rr else
      if delta * sr <? sl then balance ll lx (join lr x r) else
      bin l x r.
  Proof. reflexivity. Qed.

  Lemma join_leaf_l x r : join Leaf x r = push_front x r.
  Proof. now destruct r. Qed.

  Lemma join_leaf_r x l : join l x Leaf = push_back x l.
  Proof. now destruct l. Qed.

  Lemma to_list_join l x r : to_list (join l x r) = to_list l ++ x :: to_list r.
  Proof.
    revert r. induction l as [|sl ll IHll lx lr IHlr].
    { intros r. rewrite join_leaf_l. apply to_list_push_front. }
    induction r as [|sr rl IHrl rx rr _].
    { rewrite join_leaf_r. apply to_list_push_back. }
    rewrite join_nodes. destruct (_ <? _); [|destruct (_ <? _)]; [| |reflexivity]; rewrite to_list_balance.
    - rewrite IHrl. simpl. rewrite <- ?app_assoc. simpl. now rewrite <- ?app_assoc.
    - rewrite IHlr. simpl. now rewrite <- ?app_assoc.
  Qed.

  Lemma size_ok_join l x r : size_ok l -> size_ok r -> size_ok (join l x r).
  Proof.
    revert r. induction l as [|sl ll IHll lx lr IHlr].
    { intros r _. rewrite join_leaf_l. apply size_ok_push_front. }
    induction r as [|sr rl IHrl rx rr _]; intros Hl Hr.
    { rewrite join_leaf_r. now apply size_ok_push_back. }
    rewrite join_nodes. simpl in Hl, Hr.
    destruct (_ <? _); [|destruct (_ <? _)]; [| |simpl; intuition lia]; apply size_ok_balance; try tauto.
    - apply IHrl; simpl; tauto.
    - apply IHlr; simpl; tauto.
  Qed.

  (** ** By position *)

  Lemma split_at_to_list rank t :
    size_ok t ->
    to_list (fst (split_at rank t)) = firstn rank (to_list t) /\ to_list (snd (split_at rank t)) = skipn rank (to_list t).
  Proof.
    revert rank. induction t as [|n l IHl x r IHr]; intros rank; simpl.
    { now rewrite firstn_nil, skipn_nil. }
    intros (_ & Hl & Hr). pose proof (len_to_list _ Hl) as E.
    rewrite firstn_app, skipn_app, <- E. destruct (Nat.leb_spec rank (len l)) as [Hle|Hgt].
    - destruct (IHl rank Hl) as [H1 H2]. destruct (split_at rank l) as [before after]; simpl in *.
      replace (rank - len l) with 0 by lia. rewrite to_list_join, H1, H2. simpl. now rewrite app_nil_r.
    - destruct (IHr (rank - S (len l)) Hr) as [H1 H2]. destruct (split_at _ r) as [before after]; simpl in *.
      replace (rank - len l) with (S (rank - S (len l))) by lia. rewrite to_list_join, H1, H2. simpl.
      rewrite (firstn_all2 (to_list l)), (skipn_all2 (to_list l)) by lia. auto.
  Qed.

  Lemma size_ok_split_at rank t :
    size_ok t -> size_ok (fst (split_at rank t)) /\ size_ok (snd (split_at rank t)).
  Proof.
    revert rank. induction t as [|n l IHl x r IHr]; intros rank; simpl; auto. intros (_ & Hl & Hr).
    destruct (rank <=? len l).
    - specialize (IHl rank Hl). destruct (split_at rank l); simpl in *. intuition auto using size_ok_join.
    - specialize (IHr (rank - S (len l)) Hr). destruct (split_at _ r); simpl in *. intuition auto using size_ok_join.
  Qed.

  Lemma get_to_list rank t : size_ok t -> get rank t = nth_error (to_list t) rank.
  Proof.
    revert rank. induction t as [|n l IHl x r IHr]; intros rank; simpl.
    { now destruct rank. }
    intros (_ & Hl & Hr). pose proof (len_to_list _ Hl) as E. destruct (Nat.compare_spec rank (len l)) as [->|H|H].
    - now rewrite nth_error_app2, E, Nat.sub_diag by lia.
    - rewrite nth_error_app1 by lia. auto.
    - rewrite nth_error_app2, <- E by lia. replace (rank - len l) with (S (rank - S (len l))) by lia. simpl. auto.
  Qed.

  Lemma first_to_list t : size_ok t -> first t = hd_error (to_list t).
  Proof. intros H. unfold first. rewrite get_to_list by auto. now destruct (to_list t). Qed.

  Lemma last_to_list t : size_ok t -> last t = hd_error (rev (to_list t)).
  Proof.
    intros H. unfold last. rewrite (len_to_list _ H).
    destruct (to_list t) as [|x xs] eqn:E using rev_ind; [reflexivity|]. clear IHxs.
    rewrite app_length, Nat.add_1_r, get_to_list, E, rev_app_distr by auto. simpl.
    rewrite nth_error_app2, Nat.sub_diag by lia. reflexivity.
  Qed.

  Lemma remove_to_list rank t :
    size_ok t ->
    option_map (fun p => (fst p, to_list (snd p))) (remove rank t) = remove_nth rank (to_list t).
  Proof.
    unfold remove_nth. revert rank. induction t as [|n l IHl x r IHr]; intros rank; cbn [remove to_list size_ok].
    { now destruct rank. }
    intros (_ & Hl & Hr). pose proof (len_to_list _ Hl) as E.
    rewrite firstn_app, skipn_app, <- E. destruct (Nat.compare_spec rank (len l)) as [->|H|H].
    - rewrite nth_error_app2, E, Nat.sub_diag by lia. cbn [nth_error option_map fst snd]. f_equal. f_equal.
      rewrite firstn_all, skipn_all2 by lia. replace (S _ - _) with 1 by lia. cbn [firstn skipn app].
      rewrite app_nil_r. destruct (pop_front r) as [[y r']|] eqn:P.
      + now rewrite to_list_balance, (to_list_pop_front _ P).
      + apply pop_front_none in P as ->. now rewrite app_nil_r.
    - rewrite nth_error_app1 by lia. specialize (IHl rank Hl).
      destruct (remove rank l) as [[y l']|], (nth_error (to_list l) rank); try discriminate; [|reflexivity].
      cbn [option_map fst snd] in *. injection IHl as -> E'. rewrite to_list_balance, E', <- app_assoc.
      replace (rank - len l) with 0 by lia. replace (S rank - len l) with 0 by lia. now rewrite app_nil_r.
    - rewrite nth_error_app2, <- E by lia. specialize (IHr (rank - S (len l)) Hr).
      replace (rank - len l) with (S (rank - S (len l))) by lia. cbn [nth_error].
      destruct (remove _ r) as [[y r']|], (nth_error (to_list r) _); try discriminate; [|reflexivity].
      cbn [option_map fst snd] in *. injection IHr as -> E'. rewrite to_list_balance, E'.
      rewrite (firstn_all2 (to_list l)), (skipn_all2 (to_list l)) by lia.
      replace (S rank - len l) with (S (S (rank - S (len l)))) by lia. now rewrite <- app_assoc.
  Qed.

  Lemma size_ok_remove rank t y t' : size_ok t -> remove rank t = Some (y, t') -> size_ok t'.
  Proof.
    revert rank y t'. induction t as [|n l IHl x r IHr]; intros rank y t'; simpl; [discriminate|].
    intros (_ & Hl & Hr). destruct (Nat.compare rank (len l)).
    - destruct (pop_front r) as [[z r']|] eqn:P; intros [= <- <-]; auto.
      eauto using size_ok_balance, size_ok_pop_front.
    - destruct (remove rank l) as [[z l']|] eqn:P; intros [= <- <-]. eauto using size_ok_balance.
    - destruct (remove _ r) as [[z r']|] eqn:P; intros [= <- <-]. eauto using size_ok_balance.
  Qed.

  (** ** By a predicate that is true of a prefix and false of the rest *)

  Lemma filter_none (holds : A -> bool) xs : (forall y, In y xs -> holds y = false) -> filter holds xs = [].
  Proof. induction xs as [|x xs IH]; simpl; intros H; auto. rewrite (H x); auto. Qed.

  Lemma filter_all (holds : A -> bool) xs : (forall y, In y xs -> holds y = true) -> filter holds xs = xs.
  Proof. induction xs as [|x xs IH]; simpl; intros H; auto. rewrite (H x), IH; auto. Qed.

  Lemma prefix_of_app (holds : A -> bool) xs ys :
    prefix_of holds (xs ++ ys) ->
    prefix_of holds xs /\ prefix_of holds ys
    /\ ((exists y, In y ys /\ holds y = true) -> forall x, In x xs -> holds x = true)
    /\ ((exists x, In x xs /\ holds x = false) -> forall y, In y ys -> holds y = false).
  Proof.
    induction xs as [|x xs IH]; simpl.
    { intros H. split; [constructor|]. split; [exact H|]. split; [easy|]. intros (? & [] & _). }
    intros H. inversion H as [|? ? Hx Hxs|? ? Hx Hxs]; subst.
    - destruct (IH Hxs) as (H1 & H2 & H3 & H4). repeat split; auto.
      + now apply prefix_of_true.
      + intros E y [->|Hy]; auto.
      + intros (y & [->|Hy] & E); [congruence|]. eauto.
    - assert (forall z, In z xs \/ In z ys -> holds z = false) as Hf by (intros; apply Hxs, in_or_app; auto).
      repeat split.
      + apply prefix_of_false; auto.
      + destruct ys as [|z zs]; [constructor|]. apply prefix_of_false; intros; apply Hf; simpl; auto.
      + intros (y & Hy & E). rewrite Hf in E by auto. discriminate.
      + auto.
  Qed.

  Lemma partition_point_to_list holds t :
    size_ok t -> prefix_of holds (to_list t) -> partition_point holds t = length (filter holds (to_list t)).
  Proof.
    induction t as [|n l IHl x r IHr]; simpl; auto. intros (_ & Hl & Hr) H.
    destruct (prefix_of_app _ _ H) as (H1 & H2 & H3 & _).
    rewrite filter_app, app_length. simpl. destruct (holds x) eqn:E.
    - inversion H2; [|congruence]; subst. rewrite IHr, (filter_all _ (to_list l)), <- len_to_list by eauto using in_eq.
      simpl. lia.
    - inversion H2; [congruence|]; subst. rewrite IHl, (filter_none _ (to_list r)) by auto. simpl. lia.
  Qed.
End seq.
