(** Each operation of [code/Cache.v] is the plain stack operation of [code/Machine.v], listed newest first, and keeps the
    rules of [core/src/stripe/cache.rs]: the block holds at most eight, the tree is balanced and, if the block is empty, so
    is the tree.

    Counting the stale needs the entries to be sorted, which the machine sees to (INV-RECENCY). *)
From Coq Require Import List Arith Bool Lia Sorted.
From Pool.code Require Import Machine Block Cache.
From Pool.code Require Seq.
From Pool.spec Require Import RefineSpec.
From Pool.proof Require Import Seq Balance.
Import ListNotations.
Set Implicit Arguments.

Section cache.
  Context {R : Type}.
  Implicit Types (c : Cache.t R) (e : entry R) (es : list (entry R)).
  Import Cache.

  Definition cache_ok c : Prop :=
    length (recent c) <= Block.size /\ ok (older c) /\ (recent c = [] -> Seq.to_list (older c) = []).

  Lemma cache_ok_empty : cache_ok empty.
  Proof. repeat split; simpl; auto. lia. Qed.

  Theorem cache_len c : cache_ok c -> len c = length (to_list c).
  Proof.
    intros (_ & H & _). unfold len, to_list, in_order. rewrite rev_length, app_length, (ok_len H). lia.
  Qed.

  Theorem cache_is_empty c : cache_ok c -> is_empty c = true <-> to_list c = [].
  Proof.
    intros (_ & _ & H). unfold is_empty, to_list, in_order. destruct (recent c) as [|e es]; simpl.
    - rewrite H by auto. easy.
    - rewrite rev_app_distr. simpl. destruct (rev es); easy.
  Qed.

  Lemma fold_push_older es (t : Seq.tree (entry R)) :
    ok t ->
    ok (fold_left (fun older e => Seq.push_back e older) es t)
    /\ Seq.to_list (fold_left (fun older e => Seq.push_back e older) es t) = Seq.to_list t ++ es.
  Proof.
    revert t. induction es as [|e es IH]; intros t Ht; simpl; [now rewrite app_nil_r|].
    destruct (IH _ (proj1 (ok_push_back e Ht))) as [H1 H2]. split; auto.
    rewrite H2, to_list_push_back, <- app_assoc. reflexivity.
  Qed.

  (** ** Push *)

  Lemma spill_spec c :
    cache_ok c -> Block.is_full (recent c) = true ->
    cache_ok (spill c) /\ in_order (spill c) = in_order c /\ length (recent (spill c)) < Block.size.
  Proof.
    destruct c as [r o]. unfold cache_ok, spill, in_order, Block.take_first, Block.is_full. cbn [recent older].
    intros (Hr & Ho & _) F%Nat.leb_le. unfold Block.size in *.
    destruct (fold_push_older (firstn half r) Ho) as [H1 H2]. cbn [recent older] in *.
    rewrite H2, <- app_assoc, firstn_skipn, skipn_length. unfold half. repeat split; try apply H1; try lia.
    intros E. apply (f_equal (@length _)) in E. rewrite skipn_length in E. unfold half in E. simpl in E. lia.
  Qed.

  (** The newest is the top of the stack. *)
  Lemma newest_spec c : cache_ok c -> newest c = hd_error (to_list c).
  Proof.
    destruct c as [r o]. unfold cache_ok, newest, to_list, in_order, Block.last. simpl. intros (_ & _ & H).
    rewrite rev_app_distr. destruct (rev r) as [|e es] eqn:E; [|reflexivity].
    assert (r = []) as -> by (rewrite <- (rev_involutive r), E; reflexivity). now rewrite H.
  Qed.

  Theorem cache_push r now c :
    cache_ok c ->
    cache_ok (push r now c) /\ to_list (push r now c) = Entry r (stamp now (to_list c)) :: to_list c.
  Proof.
    intros H. unfold push.
    set (last_used := match newest c with None => now | Some e => Nat.max now (entry_last_used e) end).
    assert (last_used = stamp now (to_list c)) as ->.
    { subst last_used. rewrite (newest_spec H). now destruct (to_list c). }
    set (c' := if Block.is_full (recent c) then spill c else c).
    assert (cache_ok c' /\ in_order c' = in_order c /\ length (recent c') < Block.size) as ((H1 & H2 & H3) & H4 & H5).
    { subst c'. destruct (Block.is_full (recent c)) eqn:F; [now apply spill_spec|]. split; [assumption|].
      split; [reflexivity|]. now apply Nat.leb_gt. }
    unfold to_list. rewrite <- H4. destruct c' as [rs o]. unfold cache_ok, in_order, Block.push in *. simpl in *.
    destruct (Block.is_full rs) eqn:F; [apply Nat.leb_le in F; lia|].
    split; [|now rewrite app_assoc, rev_app_distr]. rewrite app_length. simpl.
    split; [lia|]. split; [assumption|]. now destruct rs.
  Qed.

  (** ** Pop *)

  (** An empty block is filled from the tree. *)
  Lemma refill_spec c :
    recent c = [] -> ok (older c) -> cache_ok (refill c) /\ in_order (refill c) = in_order c.
  Proof.
    destruct c as [r o]. unfold cache_ok, refill, in_order. simpl. intros -> Ho. rewrite app_nil_r.
    set (keep := Seq.len o - half).
    destruct (split_at_to_list keep _ (proj1 Ho)) as [H1 H2]. destruct (ok_split_at keep Ho) as [O1 O2].
    destruct (Seq.split_at keep o) as [o' n]. cbn [fst snd recent older] in *. unfold Block.of_list.
    assert (length (Seq.to_list n) <= Block.size) as Hn.
    { rewrite H2, skipn_length, <- (ok_len Ho). subst keep. unfold Block.size, half. lia. }
    rewrite firstn_all2 by exact Hn. split; [|now rewrite H1, H2, firstn_skipn].
    repeat split; try apply O1; auto. intros E. rewrite H1. rewrite E in H2.
    apply (f_equal (@length _)) in H2. rewrite skipn_length, <- (ok_len Ho) in H2.
    replace keep with 0; [reflexivity|]. subst keep. unfold half in *. simpl in H2. lia.
  Qed.

  Theorem cache_pop c :
    cache_ok c ->
    match to_list c with
    | [] => pop c = None
    | e :: rest => exists c', pop c = Some (e, c') /\ to_list c' = rest /\ cache_ok c'
    end.
  Proof.
    destruct c as [r o]. unfold cache_ok, pop, to_list, in_order, Block.pop. simpl. intros (Hr & Ho & Hn).
    rewrite rev_app_distr. destruct (rev r) as [|e es] eqn:E; simpl.
    { assert (r = []) as -> by (rewrite <- (rev_involutive r), E; reflexivity). now rewrite Hn. }
    assert (length es < Block.size) as Hl.
    { apply (f_equal (@length _)) in E. rewrite rev_length in E. simpl in E. lia. }
    set (c1 := Cache (rev es) o). exists (if Block.is_empty (rev es) && negb (Seq.is_empty o) then refill c1 else c1).
    split; [reflexivity|].
    assert (rev (in_order c1) = es ++ rev (Seq.to_list o)) as L.
    { unfold in_order. simpl. now rewrite rev_app_distr, rev_involutive. }
    destruct (_ && _) eqn:B.
    - apply andb_true_iff in B as [B _]. assert (recent c1 = []) as N by (simpl; now destruct (rev es)).
      destruct (@refill_spec c1 N Ho) as [H1 H2]. unfold in_order in H2, L. rewrite H2. auto.
    - split; [exact L|]. unfold cache_ok, c1. simpl. rewrite rev_length. split; [lia|]. split; [exact Ho|].
      intros N. rewrite N in B. simpl in B. apply negb_false_iff in B. now apply is_empty_to_list.
  Qed.

  (** ** The stale *)

  Lemma filter_rev_length (holds : entry R -> bool) es : length (filter holds (rev es)) = length (filter holds es).
  Proof.
    induction es as [|e es IH]; simpl; [reflexivity|]. rewrite filter_app, app_length, IH. simpl.
    destruct (holds e); simpl; lia.
  Qed.

  Lemma filter_shorter (holds : entry R -> bool) es :
    length (filter holds es) < length es -> exists e, In e es /\ holds e = false.
  Proof.
    induction es as [|e es IH]; simpl; [lia|]. destruct (holds e) eqn:E; [|eauto]. simpl. intros H.
    destruct IH as (x & ? & ?); [lia|]. eauto.
  Qed.

  Lemma filter_as_long (holds : entry R -> bool) es : length (filter holds es) <= length es.
  Proof. induction es as [|e es IH]; simpl; [lia|]. destruct (holds e); simpl; lia. Qed.

  Definition newest_first es : Prop := StronglySorted ge (map entry_last_used es).

  Lemma newest_first_snoc es e :
    newest_first (es ++ [e]) -> newest_first es /\ forall x, In x es -> entry_last_used x >= entry_last_used e.
  Proof.
    unfold newest_first. induction es as [|y es IH]; simpl; [intros _; split; [constructor|easy]|].
    intros [H F]%StronglySorted_inv. destruct (IH H) as [H1 H2]. rewrite map_app, Forall_app in F. destruct F as [F1 F2].
    split; [now constructor|]. intros x [->|Hx]; auto. now apply Forall_inv in F2.
  Qed.

  Lemma prefix_of_stale now ttl es : newest_first (rev es) -> prefix_of (is_stale now ttl) es.
  Proof.
    induction es as [|e es IH]; simpl; [constructor|]. intros [H1 H2]%newest_first_snoc.
    destruct (is_stale now ttl e) eqn:E; [now apply prefix_of_true; auto|]. apply prefix_of_false; auto.
    intros y Hy. apply in_rev, H2 in Hy. unfold is_stale in *. apply Nat.leb_gt in E. apply Nat.leb_gt. lia.
  Qed.

  (** If somebody in the tree is not stale, nobody newer is. *)
  Theorem cache_count_stale now ttl c :
    cache_ok c -> newest_first (to_list c) -> count_stale now ttl c = Machine.count_stale now ttl (to_list c).
  Proof.
    intros (_ & Ho & _) Hs. unfold count_stale, Machine.count_stale. unfold to_list in *. rewrite filter_rev_length.
    apply (prefix_of_stale now ttl) in Hs. unfold in_order in *.
    destruct (prefix_of_app _ _ Hs) as (H1 & _ & _ & H4).
    rewrite partition_point_to_list by (apply Ho || assumption). rewrite filter_app, app_length, (ok_len Ho).
    destruct (Nat.ltb_spec (length (filter (is_stale now ttl) (Seq.to_list (older c)))) (length (Seq.to_list (older c)))).
    - rewrite (filter_none _ (recent c)); [simpl; lia|]. now apply H4, filter_shorter.
    - reflexivity.
  Qed.

  (** ** The oldest *)

  Theorem cache_take_oldest count c :
    cache_ok c ->
    let (taken, rest) := take_oldest count c in
    to_list taken = skipn (len c - count) (to_list c) /\ to_list rest = firstn (len c - count) (to_list c)
    /\ cache_ok taken /\ cache_ok rest.
  Proof.
    intros H. unfold take_oldest. destruct (Nat.leb_spec (len c) count) as [Hc|Hc].
    { replace (len c - count) with 0 by lia. simpl. auto using cache_ok_empty. }
    pose proof (cache_len H) as L. unfold to_list in L. rewrite rev_length in L.
    unfold to_list. rewrite skipn_rev, firstn_rev, <- L.
    replace (len c - (len c - count)) with count by lia.
    destruct c as [r o]. destruct H as (Hr & Ho & Hn). unfold in_order, len in *. simpl in *.
    destruct (split_at_to_list count _ (proj1 Ho)) as [H1 H2]. destruct (ok_split_at count Ho) as [O1 O2].
    destruct (Seq.split_at count o) as [o1 o2]. cbn [fst snd] in *. unfold Block.take_first.
    set (k := count - Seq.len o1).
    assert (k = count - length (Seq.to_list o)) as Ek by (subst k; rewrite (ok_len O1), H1, firstn_length; lia).
    rewrite firstn_app, skipn_app, <- Ek, <- H1, <- H2.
    set (taken := Cache (firstn k r) o1).
    assert (cache_ok (if Block.is_empty (firstn k r) then refill taken else taken)
      /\ in_order (if Block.is_empty (firstn k r) then refill taken else taken) = in_order taken) as [T1 T2].
    { destruct (firstn k r) as [|e es] eqn:F; simpl.
      - now apply refill_spec.
      - split; [|reflexivity]. subst taken. split; [|split; [exact O1|discriminate]]. simpl recent.
        rewrite <- F, firstn_length. lia. }
    unfold in_order in T2. rewrite T2. simpl. repeat split; auto; try apply T1; try apply O2; simpl.
    - rewrite skipn_length. lia.
    - (* A block that is empty now was empty before, or everything had been taken. *)
      intros E. apply (f_equal (@length _)) in E. rewrite skipn_length in E. cbn [length] in E.
      destruct r as [|e es]; [rewrite H2, Hn by auto; apply skipn_nil|]. rewrite (ok_len Ho) in Hc. cbn [length] in *.
      rewrite H2. apply skipn_all2. lia.
  Qed.
End cache.
