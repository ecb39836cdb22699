(** The transitions in HeapLang, and all thirteen events together: [h_step] computes [step]. So the machine is an instance
    of the commit loop, and [commit] on it is atomic with [step] as what it does. *)
From iris.heap_lang Require Import proofmode.
From Pool.spec Require Import CommitSpec.
From iris.prelude Require Import options.
From Pool.proof Require Import Encoding CommitLoop Effects.
From Pool.proof Require Export StepHeapParts.
From Pool.code Require Import StepHeap.

Local Arguments signal : simpl never.
Local Arguments free_idle : simpl never.
Local Arguments part_with : simpl never.
Local Arguments serve : simpl never.
Local Arguments remove : simpl never.
Local Arguments is_any_out : simpl never.
Local Arguments count_stale : simpl never.

Local Arguments freed : simpl never.
Local Arguments resize : simpl never.
Local Arguments close : simpl never.
Local Arguments wake_all : simpl never.

(** Shows the fields of a state that is written out, and computes nothing else. *)
Ltac fields := rewrite ?/encode_stripe; cbn [capacity available owed freeing next_id closed queue cache].

Section transitions.
  Context `{!heapGS Σ}.
  Implicit Types (Φ : val → iProp Σ) (s : stripe nat nat).

  Lemma h_unchanged_spec s e Φ :
    Φ (encode_step (unchanged s e)) -∗ WP h_unchanged (encode_stripe s) (encode_effect e) {{ Φ }}.
  Proof. iIntros "HΦ". wp_lam. wp_pures. done. Qed.
  Lemma h_reject_spec s why Φ :
    Φ (encode_step (unchanged s (Reject why))) -∗ WP h_reject (encode_stripe s) (encode_reject why) {{ Φ }}.
  Proof. iIntros "HΦ". wp_lam. wp_pures. done. Qed.

  (** As [h_signal_spec], with the result named, so that no tactic computes it. *)
  Lemma h_signal_eq (permits : nat) s s' e Φ :
    signal permits s = (s', e) →
    Φ (encode_stripe s', encode_effects e)%V -∗ WP h_signal #permits (encode_stripe s) {{ Φ }}.
  Proof. iIntros (Heq) "HΦ". iApply h_signal_spec. by rewrite Heq. Qed.

  Lemma h_take_spec (w : nat) s Φ : Φ (encode_step (take w s)) -∗ WP h_take #w (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /take. destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=. wp_lam. wp_pures.
    destruct cl; wp_pures.
    { wp_apply (h_unchanged_spec (Stripe c a o f n true q k) (Wake (Slot w) Cancelled)). done. }
    wp_apply (h_serve_spec (Stripe c a o f n false q k)).
    destruct (serve (Stripe c a o f n false q k)) as [[s' res]|]; simpl; wp_pures; [done|].
    wp_apply (h_snoc_spec encode_waiter q (Waiter n w)). wp_pures. rewrite /enqueue /=. ends "HΦ".
  Qed.
  Lemma h_try_take_spec to s Φ :
    Φ (encode_step (try_take to s)) -∗ WP h_try_take (encode_recipient to) (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /try_take. wp_lam. wp_pures. wp_apply h_serve_spec.
    destruct (serve s) as [[s' res]|]; simpl; wp_pures; [done|].
    wp_apply (h_unchanged_spec s (Wake to Cancelled)). done.
  Qed.
  Lemma h_put_spec (r now : nat) s Φ :
    Φ (encode_step (put r now s)) -∗ WP h_put #r #now (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /put. wp_lam. wp_pures. wp_apply h_part_with_spec.
    destruct (part_with r s) as [x|]; simpl; wp_pures; [done|].
    destruct s as [c a o f n cl q [|e k]]; rewrite /encode_stripe /=; wp_pures; [done|].
    wp_apply h_max_spec. wp_pures. done.
  Qed.
  Lemma h_give_back_spec (r : nat) s Φ :
    Φ (encode_step (give_back r s)) -∗ WP h_give_back #r (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /give_back. wp_lam. wp_pures. wp_apply h_part_with_spec.
    destruct (part_with r s) as [x|]; simpl; wp_pures; [done|].
    wp_apply (h_unchanged_spec s (InsertWithTimestamp r)). done.
  Qed.
  Lemma h_discard_spec (r : nat) s Φ :
    Φ (encode_step (discard r s)) -∗ WP h_discard #r (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /discard. wp_lam. wp_pures. wp_apply h_is_any_out_spec.
    destruct (is_any_out s); wp_pures; [by wp_apply h_free_one_spec|]. by wp_apply (h_reject_spec s NothingOut).
  Qed.
  Lemma h_freed_spec (count : nat) s Φ :
    Φ (encode_step (freed count s)) -∗ WP h_freed #count (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite eqb0_of_Z. destruct (count =? 0) eqn:E0; wp_pures.
    { wp_apply (h_reject_spec s NotFreeing). iApply (content with "HΦ"). by rewrite /freed E0. }
    destruct s as [c a o f n cl q k]. fields. wp_pures. rewrite ltb_of_Z. destruct (f <? count) eqn:E1; wp_pures.
    { wp_apply (h_reject_spec (Stripe c a o f n cl q k) NotFreeing). iApply (content with "HΦ").
      by rewrite /freed E0; cbn [freeing orb]; rewrite E1. }
    wp_apply h_sub_spec. wp_pures.
    destruct (signal count (Stripe c a o (f - count) n cl q k)) as [s' e] eqn:E.
    wp_apply (h_signal_eq count (Stripe c a o (f - count) n cl q k) _ _ _ E). wp_pures.
    iApply (content with "HΦ"). rewrite /freed E0; cbn [freeing orb]; rewrite E1.
    rewrite /with_freeing; fields. by rewrite E.
  Qed.
  Lemma h_permit_back_spec s Φ :
    Φ (encode_step (permit_back s)) -∗ WP h_permit_back (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /permit_back. wp_lam. wp_pures. wp_apply h_is_any_out_spec.
    destruct (is_any_out s); wp_pures.
    - destruct (signal 1 s) as [s' e] eqn:E. wp_apply (h_signal_eq 1 _ _ _ _ E). wp_pures. done.
    - wp_apply (h_reject_spec s NothingOut). done.
  Qed.
  Lemma h_cancel_spec (id : nat) s Φ :
    Φ (encode_step (cancel id s)) -∗ WP h_cancel #id (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /cancel. destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=. wp_lam. wp_pures.
    wp_apply h_remove_spec. destruct (remove id q) as [[w rest]|]; simpl; wp_pures; [done|].
    rewrite ltb_of_Z. destruct (id <? n); wp_pures.
    - by wp_apply (h_reject_spec (Stripe c a o f n cl q k) AlreadyWoken).
    - by wp_apply (h_reject_spec (Stripe c a o f n cl q k) NeverQueued).
  Qed.
  Lemma h_resize_spec (to : nat) s Φ :
    Φ (encode_step (resize to s)) -∗ WP h_resize #to (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite eqb0_of_Z. destruct (to =? 0) eqn:E0; wp_pures.
    { wp_apply (h_reject_spec s ZeroCapacity). iApply (content with "HΦ"). by rewrite /resize E0. }
    destruct s as [c a o f n cl q k]. fields. wp_pures. rewrite eqb_of_Z.
    destruct (to =? c) eqn:E1; wp_pures.
    { iApply (content with "HΦ"). rewrite /resize E0; fields. by rewrite E1. }
    rewrite ltb_of_Z. destruct (c <? to) eqn:E2; wp_pures.
    - wp_apply h_sub_spec. wp_pures.
      destruct (signal (to - c) (Stripe to a o f n cl q k)) as [s' e] eqn:E.
      wp_apply (h_signal_eq _ (Stripe to a o f n cl q k) _ _ _ E). wp_pures.
      iApply (content with "HΦ"). rewrite /resize E0; fields. rewrite E1 E2 /with_capacity; fields. by rewrite E.
    - wp_apply h_sub_spec. wp_pures. wp_apply h_min_spec. wp_pures. wp_apply h_sub_spec. wp_pures.
      wp_apply h_sub_spec. wp_pures. rewrite -Nat2Z.inj_add. wp_apply h_sub_spec. wp_pures.
      wp_apply h_length_spec. wp_apply h_min_spec. wp_pures.
      wp_apply (h_free_idle_spec _
        (Stripe to (a - Nat.min (c - to) a) (o + (c - to - Nat.min (c - to) a)) f n cl q k)).
      rewrite {1}/encode_step. wp_pures.
      iApply (content with "HΦ"). rewrite /resize E0; fields. by rewrite E1 E2.
  Qed.
  Lemma h_close_spec s Φ : Φ (encode_step (close s)) -∗ WP h_close (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". destruct s as [c a o f n cl q k]. fields. wp_lam. wp_pures.
    destruct cl; wp_pures.
    { by wp_apply (h_reject_spec (Stripe c a o f n true q k) AlreadyClosed). }
    wp_apply h_length_spec. wp_apply (h_free_idle_spec _ (Stripe c a o f n true [] k)).
    rewrite {1}/encode_step. wp_pures. wp_apply (h_wake_all_spec q Cancelled).
    destruct (wake_all q Cancelled) eqn:E; rewrite /encode_effects /=; wp_pures;
      iApply (content with "HΦ"); rewrite /close; fields; by rewrite E.
  Qed.
  Lemma h_reap_spec (now ttl keep : nat) s Φ :
    Φ (encode_step (step s (Reap now ttl keep))) -∗ WP h_reap #now #ttl #keep (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=. wp_lam. wp_pures.
    wp_apply h_count_stale_spec. wp_pures. wp_apply h_length_spec. wp_apply h_sub_spec. wp_pures.
    wp_apply h_min_spec. wp_apply (h_free_idle_spec _ (Stripe c a o f n cl q k)). done.
  Qed.

  Lemma h_step_spec s ev Φ :
    ▷ Φ (encode_step (step s ev)) -∗ WP h_step (encode_stripe s) (encode_event ev) {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. destruct ev; rewrite /encode_event; wp_pures.
    - by wp_apply h_take_spec.
    - by wp_apply h_try_take_spec.
    - by wp_apply h_put_spec.
    - by wp_apply h_give_back_spec.
    - by wp_apply h_discard_spec.
    - by wp_apply h_freed_spec.
    - by wp_apply h_permit_back_spec.
    - by wp_apply h_permit_back_spec.
    - by wp_apply h_cancel_spec.
    - by wp_apply h_reap_spec.
    - destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=. wp_pures. wp_apply h_length_spec.
      by wp_apply (h_free_idle_spec _ (Stripe c a o f n cl q k)).
    - by wp_apply h_resize_spec.
    - by wp_apply h_close_spec.
  Qed.

  Theorem pool_code_ok : code_ok pool.
  Proof.
    intros s ev. iIntros (Φ) "!> _ HΦ". simpl. wp_apply h_step_spec. by iApply "HΦ".
  Qed.

  (** The commit loop over the whole machine. *)
  Theorem pool_commit_atomic `{!stripeG pool Σ} N : COMMIT_ATOMIC pool N.
  Proof. exact (commit_atomic pool pool_lawful pool_code_ok N). Qed.
  Theorem pool_effect_one_token `{!stripeG pool Σ} N s0 : INV_EFFECT_one_token pool N s0.
  Proof. exact (effect_one_token pool pool_lawful pool_code_ok N s0). Qed.
End transitions.

Print Assumptions pool_commit_atomic.
Print Assumptions pool_effect_one_token.
