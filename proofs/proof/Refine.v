(** The statements of [spec/RefineSpec.v], proved: the tree, and the machine over the shipped containers and over the seed's
    queue. What is printed at the end says that nothing is assumed. *)
From Coq Require Import List Arith Bool Lia Sorted.
From Pool.code Require Import Machine Block Queue Cache Tombstones Concrete.
From Pool.code Require Seq.
From Pool.spec Require Import RefineSpec.
From Pool.proof Require Import Seq Balance Queue Cache Tombstones Containers.
Import ListNotations.
Set Implicit Arguments.

(** ** The tree *)

Section seq.
  Context {A : Type}.

  Theorem seq_refines : @SEQ_REFINES A.
  Proof.
    intros t [Hs Hb]%ok_is_well_formed.
    split; [now apply len_to_list|]. split; [intros; now apply get_to_list|]. split; [now apply first_to_list|].
    split; [now apply last_to_list|]. split; [intros; apply to_list_push_back|]. split; [intros; apply to_list_push_front|].
    split.
    { destruct (Seq.pop_front t) as [[x t']|] eqn:E; [now apply to_list_pop_front|].
      now apply pop_front_none in E as ->. }
    split.
    { destruct (Seq.pop_back t) as [[x t']|] eqn:E; [now apply to_list_pop_back|].
      now apply pop_back_none in E as ->. }
    split; [intros; apply to_list_join|]. split; [intros; now apply split_at_to_list|].
    split; [intros; now apply remove_to_list|]. intros; now apply partition_point_to_list.
  Qed.

  Theorem seq_sound : @SEQ_SOUND A.
  Proof.
    split; [reflexivity|].
    split; [intros xs; split; [now apply ok_is_well_formed, ok_build|now apply to_list_build]|].
    intros t H. pose proof (proj1 (ok_is_well_formed t) H) as Ho.
    split; [intros; now apply ok_is_well_formed, ok_push_back|]. split; [intros; now apply ok_is_well_formed, ok_push_front|].
    split; [intros x t' E; apply ok_is_well_formed; now apply (ok_pop_front Ho E)|].
    split; [intros x t' E; apply ok_is_well_formed; now apply (ok_pop_back Ho E)|].
    split; [intros x t' H'; apply ok_is_well_formed; apply ok_join; auto; now apply ok_is_well_formed|].
    split; [intros rank; split; apply ok_is_well_formed; now apply ok_split_at|].
    intros rank x t' E. apply ok_is_well_formed. now apply (ok_remove rank Ho E).
  Qed.

  Theorem inv_cost_seq : @INV_COST_seq A.
  Proof. intros t H%ok_is_well_formed. rewrite <- (ok_len H). now apply depth_log. Qed.
End seq.

(** ** The shipped containers *)

Section shipped.
  Context {R W : Type}.

  Definition q_ok (n : nat) (q : Queue.t W) : Prop :=
    queue_ok q /\ sorted (Queue.to_list q) /\ forall i, In i (map waiter_id (Queue.to_list q)) -> i < n.
  Definition k_ok (c : Cache.t R) : Prop := cache_ok c /\ newest_first (Cache.to_list c).

  Lemma sorted_snoc n w (ws : list (waiter W)) :
    sorted ws -> (forall i, In i (map waiter_id ws) -> i < n) -> sorted (ws ++ [Waiter n w]).
  Proof.
    unfold sorted. rewrite map_app. simpl. induction (map waiter_id ws) as [|i is IH]; simpl; intros H Hn.
    { repeat constructor. }
    apply StronglySorted_inv in H as [H F]. constructor; [apply IH; auto|].
    apply Forall_app. split; [assumption|]. constructor; [auto|constructor].
  Qed.

  Lemma sorted_remove id (ws : list (waiter W)) w rest :
    sorted ws -> Machine.remove id ws = Some (w, rest) ->
    sorted rest /\ forall i, In i (map waiter_id rest) -> In i (map waiter_id ws).
  Proof.
    revert rest. induction ws as [|x ws IH]; simpl; [discriminate|]. intros rest [H F]%StronglySorted_inv.
    destruct (waiter_id x =? id); [intros [= <- <-]; auto|].
    destruct (Machine.remove id ws) as [[y ys]|]; [|discriminate]. intros [= <- <-].
    destruct (IH ys H eq_refl) as [H1 H2]. split.
    - constructor; [assumption|]. rewrite Forall_forall in *. auto.
    - simpl. intros i [->|Hi]; auto.
  Qed.

  Lemma sorted_skipn count n (ws : list (waiter W)) :
    sorted ws -> (forall i, In i (map waiter_id ws) -> i < n) ->
    sorted (skipn count ws) /\ forall i, In i (map waiter_id (skipn count ws)) -> i < n.
  Proof.
    intros H Hn. rewrite <- (firstn_skipn count ws) in H. split; [now apply sorted_app in H|].
    intros i Hi. apply Hn. rewrite <- (firstn_skipn count ws), map_app. apply in_or_app. auto.
  Qed.

  Lemma newest_first_firstn count (es : list (entry R)) : newest_first es -> newest_first (firstn count es).
  Proof.
    unfold newest_first. revert count. induction es as [|e es IH]; intros [|count]; simpl; auto using SSorted_nil.
    intros [H F]%StronglySorted_inv. constructor; auto. rewrite Forall_forall in *. intros i Hi. apply F.
    rewrite <- (firstn_skipn count es), map_app. apply in_or_app. auto.
  Qed.

  Lemma newest_first_push r now (es : list (entry R)) : newest_first es -> newest_first (Entry r (stamp now es) :: es).
  Proof.
    unfold newest_first. intros H. constructor; [assumption|]. destruct es as [|e es]; simpl; [constructor|].
    apply StronglySorted_inv in H as [_ F]. constructor; [lia|].
    eapply Forall_impl; [|exact F]. intros i Hi. simpl in *. lia.
  Qed.

  Lemma shipped_implements : implements (shipped R W) q_ok k_ok.
  Proof.
    split; simpl.
    - intros n. repeat split; simpl; try easy; try lia. constructor.
    - intros n w q (H1 & H2 & H3). destruct (queue_push (Waiter n w) H1) as [P1 P2]. split; [|assumption].
      split; [assumption|]. rewrite P2. split; [now apply sorted_snoc|].
      intros i. rewrite map_app. intros [Hi|[<-|[]]]%in_app_or; simpl; [specialize (H3 i Hi)|]; lia.
    - intros n q (H1 & H2 & H3). pose proof (queue_pop H1) as P. destruct (Queue.to_list q) as [|w ws] eqn:E.
      + rewrite P. split; [reflexivity|]. split; [assumption|]. split; [assumption|]. simpl. now rewrite E.
      + destruct P as (q' & -> & P1 & P2). simpl. split; [reflexivity|]. split; [assumption|]. split; [assumption|].
        rewrite P1. split.
        * now apply StronglySorted_inv in H2.
        * intros i Hi. apply H3. simpl. auto.
    - intros n id q (H1 & H2 & H3). destruct (queue_remove id H1 H2) as [P1 P2].
      destruct (Queue.remove id q) as [[w q']|]; simpl in P1; [|now symmetry]. symmetry in P1. split; [assumption|].
      destruct (sorted_remove _ H2 P1) as [P3 P4]. split; [eauto|]. auto.
    - intros n count q (H1 & H2 & H3). pose proof (queue_take_oldest count H1) as P.
      destruct (Queue.take_oldest count q) as [taken rest]. simpl. destruct P as (P1 & P2 & P3 & P4).
      split; [assumption|]. split; [assumption|]. split; [assumption|]. rewrite P2. now apply sorted_skipn.
    - split; [|reflexivity]. split; [apply cache_ok_empty|]. constructor.
    - intros k [H _]. now apply cache_len.
    - intros r now k [H1 H2]. destruct (cache_push r now H1) as [P1 P2]. split; [|assumption]. split; [assumption|].
      rewrite P2. now apply newest_first_push.
    - intros k [H1 H2]. pose proof (cache_pop H1) as P. destruct (Cache.to_list k) as [|e es] eqn:E; [now rewrite P|].
      destruct P as (k' & -> & P1 & P2). rewrite P1. split; [reflexivity|]. split; [assumption|]. rewrite P1.
      now apply StronglySorted_inv in H2.
    - intros now ttl k [H1 H2]. now apply cache_count_stale.
    - intros count k [H1 H2]. pose proof (cache_take_oldest count H1) as P. rewrite (cache_len H1) in P.
      destruct (Cache.take_oldest count k) as [taken rest]. simpl. destruct P as (P1 & P2 & P3 & P4).
      split; [assumption|]. split; [assumption|]. split; [assumption|]. rewrite P2. now apply newest_first_firstn.
  Qed.

  Theorem shipped_refines_step : STEP_REFINES (shipped R W) q_ok k_ok.
  Proof. exact (step_refines shipped_implements). Qed.

  Theorem shipped_refines : RUN_REFINES (shipped R W).
  Proof. exact (run_refines shipped_implements). Qed.

  Theorem queue_copy : @QUEUE_COPY W.
  Proof.
    assert (forall into source : Queue.t W, front_first into -> front_first source ->
            Queue.to_list (Queue.copy_from into source) = Queue.to_list source) as H.
    { intros into source Hi Hs. unfold Queue.copy_from, Queue.is_empty, Block.is_empty.
      destruct (Queue.front into) eqn:Ei; [|reflexivity]. destruct (Queue.front source) eqn:Es; [|reflexivity].
      simpl. now rewrite Hi, Hs. }
    intros into source Hi Hs. split; [now apply H|]. apply H; [|assumption].
    intros E. specialize (Hi E). unfold Queue.to_list in *. simpl in *.
    apply app_eq_nil in Hi as [_ [_ ->]%app_eq_nil]. now rewrite E.
  Qed.

  Theorem inv_cost : @INV_COST R W.
  Proof.
    intros capacity es s. pose proof (run_ok shipped_implements capacity es) as [(Hq & _) [Hk _]]. fold s in Hq, Hk.
    split.
    - destruct Hq as [(_ & Hm & _) _]. unfold waiting, Concrete.abs. simpl. unfold Queue.to_list.
      etransitivity; [now apply depth_log|]. rewrite !app_length, (ok_len Hm). lia.
    - destruct Hk as (_ & Ho & _). unfold idle, Concrete.abs, Cache.to_list, Cache.in_order. simpl.
      etransitivity; [now apply depth_log|]. unfold Cache.to_list, Cache.in_order.
      rewrite rev_length, app_length, (ok_len Ho). lia.
  Qed.
End shipped.

(** ** The seed's queue *)

Section seed.
  Context {R W : Type}.

  Lemma seed_implements : implements (seed R W) (@tombstones_ok W) (fun _ => True).
  Proof.
    split; simpl.
    - apply tombstones_empty.
    - intros. now apply tombstones_push.
    - intros. now apply tombstones_dequeue.
    - intros. now apply tombstones_cancel.
    - intros. now apply tombstones_dequeue_many.
    - auto.
    - auto.
    - auto.
    - intros [|e es]; auto.
    - auto.
    - auto.
  Qed.

  Theorem seed_refines_step : STEP_REFINES (seed R W) (@tombstones_ok W) (fun _ => True).
  Proof. exact (step_refines seed_implements). Qed.

  Theorem seed_refines : RUN_REFINES (seed R W).
  Proof. exact (run_refines seed_implements). Qed.
End seed.

Print Assumptions seq_refines.
Print Assumptions seq_sound.
Print Assumptions inv_cost_seq.
Print Assumptions shipped_refines_step.
Print Assumptions shipped_refines.
Print Assumptions queue_copy.
Print Assumptions inv_cost.
Print Assumptions seed_refines_step.
Print Assumptions seed_refines.
