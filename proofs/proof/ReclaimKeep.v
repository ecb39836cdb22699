(** The steps inside memory that one thread owns: drafts, the lists, the allocator. Each keeps the invariant. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.
From Pool.proof Require Import ReclaimInv ReclaimModel ReclaimSteps.

Section keep.
  Context (limit : nat) (own : addr → status) (s : shared) (l r : list thread).

  (** Sums away from the address that a private step is about. *)
  Ltac away := intros b Hb H; unfold node_ok in *; rewrite ?set_ne by done;
    cbn [with_memory with_spare head memory spare serial recycled] in *; rewrite ?store_ne by done;
    eapply shape_eq; [exact H|..];
    repeat match goal with E : spare _ = _ |- _ => rewrite E; clear E end;
    rewrite ?total_app; simpl; rewrite ?(same_ne _ b) by done; lia.

  (** Sums at that address: [H] says what they were. *)
  Ltac at_it I x Hx := pose proof (i_nodes _ _ _ _ I x) as H; unfold node_ok in *; rewrite Hx in H; rewrite set_eq;
    cbn [with_memory with_spare head memory spare serial recycled] in *; rewrite ?store_eq;
    repeat match goal with E : spare _ = _ |- _ => rewrite E in *; clear E end;
    rewrite ?total_app in *; simpl in *; rewrite ?same_eq in *.

  Lemma draft_frame d m' g x o :
    thread_ok own (memory s) (Thread (Some d) g) ∨ thread_ok own (memory s) (Thread None g) →
    (match g with Reading n _ _ _ | Retiring n _ _ | Leaving n _ | Recycling n _ => n ≠ x | _ => True end) →
    (∀ b, b ≠ x → m' b = memory s b) →
    thread_ok (set x o own) m' (Thread None g).
  Proof.
    intros H Hg Hm. apply (thread_frame own _ (memory s) _ x); [by split|intros; by apply set_ne|done|].
    destruct H as [[_ H]|H]; [|done]. by split.
  Qed.

  (** The role of a thread is elsewhere than at an address of another status. *)
  Lemma role_elsewhere d g x :
    inv limit own s (l ++ Thread d g :: r) → own x = Nowhere ∨ own x = Spare ∨ own x = Drafted →
    match g with Reading n _ _ _ | Retiring n _ _ | Leaving n _ | Recycling n _ => n ≠ x | _ => True end.
  Proof.
    intros I H. destruct (inv_thread _ _ _ _ _ _ I) as [_ Hg]. simpl in Hg.
    destruct g; try done; intros ->; destruct_and?; destruct_or?; congruence.
  Qed.

  Lemma spare_at x l1 l2 t : inv limit own s (l ++ t :: r) → spare s = l1 ++ x :: l2 → own x = Spare.
  Proof.
    intros I E. pose proof (i_nodes _ _ _ _ I x) as H. unfold node_ok in H. rewrite E in H.
    rewrite !total_app in H. simpl in H. rewrite same_eq in H.
    destruct (own x); simpl in H; destruct_and?; try lia; done.
  Qed.

  Lemma nowhere_at x t : inv limit own s (l ++ t :: r) → memory s x = None → own x = Nowhere.
  Proof.
    intros I E. pose proof (i_nodes _ _ _ _ I x) as H. unfold node_ok in H. rewrite E in H.
    destruct (own x); simpl in H; naive_solver.
  Qed.

  (** A thread with a draft at [x] from now on. *)
  Lemma drafted_ok m' g x :
    thread_ok (set x Drafted own) m' (Thread None g) → thread_ok (set x Drafted own) m' (Thread (Some x) g).
  Proof. intros [_ H]. split; [|done]. simpl. intros d [= <-]. apply set_eq. Qed.

  Lemma keep_take x g l1 l2 :
    inv limit own s (l ++ Thread None g :: r) → spare s = l1 ++ x :: l2 →
    inv limit (set x Drafted own) (with_spare (l1 ++ l2) s) (l ++ Thread (Some x) g :: r).
  Proof.
    intros I E. pose proof (spare_at _ _ _ _ I E) as Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread None g)); try done; try (unfold private; by auto).
    - away.
    - at_it I x Hx. simpl. destruct_and?. split; [done|]. lia.
    - eapply others_untouched; eauto.
    - apply drafted_ok. eapply (draft_frame x); [right; by eapply inv_thread|eapply role_elsewhere; eauto|done].
  Qed.

  Lemma keep_allocate x v g :
    inv limit own s (l ++ Thread None g :: r) → memory s x = None →
    inv limit (set x Drafted own) (with_memory (store x (Some (v, 0%Z)) (memory s)) s) (l ++ Thread (Some x) g :: r).
  Proof.
    intros I E. pose proof (nowhere_at _ _ I E) as Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread None g)); try done; try (unfold private; by auto).
    - intros. by apply store_ne.
    - away.
    - at_it I x Hx. simpl. destruct_and?. split; [by exists v|]. lia.
    - eapply others_untouched; eauto.
    - apply drafted_ok. eapply (draft_frame x); [right; by eapply inv_thread|eapply role_elsewhere; eauto|].
      intros. by apply store_ne.
  Qed.

  Lemma keep_write x v v' k g :
    inv limit own s (l ++ Thread (Some x) g :: r) → memory s x = Some (v, k) →
    inv limit (set x Drafted own) (with_memory (store x (Some (v', k)) (memory s)) s) (l ++ Thread (Some x) g :: r).
  Proof.
    intros I E. pose proof (inv_drafted _ _ _ _ _ _ _ I) as Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread (Some x) g)); try done; try (unfold private; by auto).
    - intros. by apply store_ne.
    - away.
    - at_it I x Hx. simpl. destruct H as [[w Hw] ?]. split; [exists v'; congruence|]. lia.
    - eapply others_untouched; eauto.
    - apply drafted_ok. eapply (draft_frame x); [left; by eapply inv_thread|eapply role_elsewhere; eauto|].
      intros. by apply store_ne.
  Qed.

  Lemma keep_drop_draft x g :
    inv limit own s (l ++ Thread (Some x) g :: r) →
    inv limit (set x Spare own) (with_spare (x :: spare s) s) (l ++ Thread None g :: r).
  Proof.
    intros I. pose proof (inv_drafted _ _ _ _ _ _ _ I) as Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread (Some x) g)); try done; try (unfold private; by auto).
    - away.
    - at_it I x Hx. simpl. destruct_and?. split; [done|]. lia.
    - eapply others_untouched; eauto.
    - eapply (draft_frame x); [left; by eapply inv_thread|eapply role_elsewhere; eauto|done].
  Qed.

  Lemma keep_free x t l1 l2 :
    inv limit own s (l ++ t :: r) → spare s = l1 ++ x :: l2 →
    inv limit (set x Nowhere own) (with_memory (store x None (memory s)) (with_spare (l1 ++ l2) s)) (l ++ t :: r).
  Proof.
    intros I E. pose proof (spare_at _ _ _ _ I E) as Hx. destruct t as [d g].
    apply (inv_private _ _ s _ _ _ _ _ (Thread d g)); try done; try (unfold private; by auto).
    - intros. by apply store_ne.
    - away.
    - at_it I x Hx. simpl. destruct_and?. split; [done|]. lia.
    - eapply others_untouched; eauto.
    - pose proof (inv_thread _ _ _ _ _ _ I) as Ht.
      apply (thread_frame own _ (memory s) _ x); [|intros; by apply set_ne|intros; by apply store_ne|done].
      split; [|eapply role_elsewhere; eauto]. intros Hd. apply Ht in Hd. congruence.
  Qed.

  Lemma keep_blank x p v v' k d :
    inv limit own s (l ++ Thread d (Recycling x p) :: r) → memory s x = Some (v, k) →
    inv limit (set x Recycled own) (with_memory (store x (Some (v', k)) (memory s)) s) (l ++ Thread d (Recycling x p) :: r).
  Proof.
    intros I E. destruct (inv_thread _ _ _ _ _ _ I) as [Hd Hx]. simpl in Hd, Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread d (Recycling x p))); try done; try (unfold private; by auto).
    - intros. by apply store_ne.
    - away.
    - at_it I x Hx. simpl. destruct H as [[w Hw] ?]. split; [exists v'; congruence|]. lia.
    - eapply others_untouched; eauto. simpl. rewrite same_eq. auto.
    - split; simpl; [|apply set_eq]. intros d' E'. rewrite set_ne; [auto|]. intros ->. apply Hd in E'. congruence.
  Qed.

  Lemma keep_recycle x p d :
    inv limit own s (l ++ Thread d (Recycling x p) :: r) →
    inv limit (set x Spare own) (with_spare (x :: spare s) s) (l ++ Thread d Out :: r).
  Proof.
    intros I. destruct (inv_thread _ _ _ _ _ _ I) as [Hd Hx]. simpl in Hd, Hx.
    apply (inv_private _ _ s _ _ _ _ _ (Thread d (Recycling x p))); try done; try (unfold private; by auto).
    - away.
    - at_it I x Hx. simpl. destruct_and?. split; [done|]. lia.
    - eapply others_untouched; eauto. simpl. rewrite same_eq. auto.
    - split; simpl; [|done]. intros d' E'. rewrite set_ne; [auto|]. intros ->. apply Hd in E'. congruence.
  Qed.
End keep.
