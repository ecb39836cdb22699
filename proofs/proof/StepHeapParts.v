(** The HeapLang helpers of [code/StepHeap.v] compute what their namesakes in [code/Machine.v] do: numbers, lists, and the
    parts of transitions. Each lemma says: whoever is content with the encoded value of the Coq function is content with
    the run of the code. *)
From iris.heap_lang Require Import proofmode.
From Pool.spec Require Import CommitSpec.
From iris.prelude Require Import options.
From Pool.code Require Export StepHeap.

Lemma ltb_of_Z a b : bool_decide (Z.of_nat a < Z.of_nat b)%Z = (a <? b).
Proof. destruct (Nat.ltb_spec a b); [rewrite bool_decide_eq_true_2|rewrite bool_decide_eq_false_2]; auto; lia. Qed.
Lemma leb_of_Z a b : bool_decide (Z.of_nat a ≤ Z.of_nat b)%Z = (a <=? b).
Proof. destruct (Nat.leb_spec a b); [rewrite bool_decide_eq_true_2|rewrite bool_decide_eq_false_2]; auto; lia. Qed.
Lemma eqb_of_Z (a b : nat) : bool_decide ((#a : val) = #b) = (a =? b).
Proof.
  destruct (Nat.eqb_spec a b) as [->|]; [by rewrite bool_decide_eq_true_2|].
  rewrite bool_decide_eq_false_2 //. intros [= ?]. lia.
Qed.
Lemma eqb0_of_Z (a : nat) : bool_decide ((#a : val) = #0) = (a =? 0).
Proof. exact (eqb_of_Z a 0). Qed.
Lemma int_eq (a b : Z) : a = b → (#a : val) = #b.
Proof. by intros ->. Qed.

(** Two encodings of the same thing, up to arithmetic. *)
Ltac same := repeat first [reflexivity | apply int_eq; lia | f_equal].

Lemma content {Σ} (Φ : val → iProp Σ) v w : v = w → Φ v -∗ Φ w.
Proof. intros ->. by iIntros. Qed.
Ltac ends H := iApply (content with H); rewrite /encode_step /encode_stripe /=; same.

Section parts.
  Context `{!heapGS Σ}.
  Implicit Types (Φ : val → iProp Σ) (s : stripe nat nat).

  Lemma h_sub_spec (a b : nat) Φ : Φ #(a - b)%nat -∗ WP h_sub #a #b {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite ltb_of_Z. destruct (Nat.ltb_spec a b); wp_pures; ends "HΦ".
  Qed.
  Lemma h_min_spec (a b : nat) Φ : Φ #(Nat.min a b) -∗ WP h_min #a #b {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite ltb_of_Z. destruct (Nat.ltb_spec a b); wp_pures; ends "HΦ".
  Qed.
  Lemma h_max_spec (a b : nat) Φ : Φ #(Nat.max a b) -∗ WP h_max #a #b {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite ltb_of_Z. destruct (Nat.ltb_spec a b); wp_pures; ends "HΦ".
  Qed.

  Lemma h_length_spec {A} (f : A → val) l Φ : Φ #(length l) -∗ WP h_length (encode_list f l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|x l] "IH" forall (Φ); wp_rec; wp_pures; [done|].
    wp_apply "IH". wp_pures. ends "HΦ".
  Qed.
  Lemma h_snoc_spec {A} (f : A → val) l x Φ :
    Φ (encode_list f (l ++ [x])) -∗ WP h_snoc (encode_list f l) (f x) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (Φ); wp_rec; wp_pures; [done|].
    wp_apply "IH". wp_pures. done.
  Qed.
  Lemma h_firstn_spec {A} (f : A → val) (n : nat) l Φ :
    Φ (encode_list f (firstn n l)) -∗ WP h_firstn #n (encode_list f l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (n Φ); wp_rec; wp_pures; rewrite eqb0_of_Z;
      destruct n as [|n]; wp_pures; try done.
    replace (S n - 1)%Z with (n : Z) by lia. wp_apply "IH". wp_pures. done.
  Qed.
  Lemma h_skipn_spec {A} (f : A → val) (n : nat) l Φ :
    Φ (encode_list f (skipn n l)) -∗ WP h_skipn #n (encode_list f l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (n Φ); wp_rec; wp_pures; rewrite eqb0_of_Z;
      destruct n as [|n]; wp_pures; try done.
    replace (S n - 1)%Z with (n : Z) by lia. wp_apply "IH". done.
  Qed.
  Lemma h_resources_spec l Φ :
    Φ (encode_list encode_nat (map entry_resource l)) -∗ WP h_resources (encode_list encode_entry l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (Φ); wp_rec; wp_pures; [done|].
    wp_apply "IH". wp_pures. done.
  Qed.
  Lemma h_count_stale_spec (now ttl : nat) l Φ :
    Φ #(count_stale now ttl l) -∗ WP h_count_stale #now #ttl (encode_list encode_entry l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (Φ); wp_rec; wp_pures; [done|].
    wp_apply "IH". wp_pures. wp_apply h_sub_spec. wp_pures. rewrite leb_of_Z.
    rewrite /count_stale /= /is_stale. destruct (ttl <=? now - entry_last_used y); wp_pures; ends "HΦ".
  Qed.
  Lemma h_remove_spec (id : nat) l Φ :
    Φ (encode_option encode_removed (remove id l)) -∗ WP h_remove #id (encode_list encode_waiter l) {{ Φ }}.
  Proof.
    iIntros "HΦ". iInduction l as [|y l] "IH" forall (Φ); wp_rec; wp_pures; [done|].
    rewrite eqb_of_Z /=. destruct (waiter_id y =? id); wp_pures; [done|].
    wp_apply "IH". destruct (remove id l) as [[w rest]|]; simpl; wp_pures; done.
  Qed.

  Lemma h_is_any_out_spec s Φ : Φ #(is_any_out s) -∗ WP h_is_any_out (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". rewrite /encode_stripe. wp_lam. wp_pures. wp_apply h_length_spec. wp_pures.
    rewrite /is_any_out /idle -ltb_of_Z. iApply (content with "HΦ"). do 2 f_equal.
    apply bool_decide_ext. lia.
  Qed.
  Lemma h_wake_all_spec ws res Φ :
    Φ (encode_effects (wake_all ws res)) -∗
    WP h_wake_all (encode_list encode_waiter ws) (encode_result res) {{ Φ }}.
  Proof. iIntros "HΦ". destruct ws as [|w [|w' ws]]; wp_lam; wp_pures; done. Qed.
  Lemma h_serve_spec s Φ :
    Φ (encode_option encode_served (serve s)) -∗ WP h_serve (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". destruct s as [c a o f n cl q [|e k]]; rewrite /encode_stripe /serve /=; wp_lam; wp_pures; [|done].
    destruct cl; wp_pures; [done|]. rewrite eqb0_of_Z. destruct a as [|a]; wp_pures; [done|].
    iApply (content with "HΦ"). rewrite /= /encode_served /encode_stripe /=. same.
  Qed.
  Lemma h_signal_spec (permits : nat) s Φ :
    Φ (encode_stripe (signal permits s).1, encode_effects (signal permits s).2)%V -∗
    WP h_signal #permits (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". destruct s as [c a o f n cl q k]. rewrite /encode_stripe /signal /=.
    wp_lam. wp_pures. wp_apply h_min_spec. wp_pures. wp_apply h_sub_spec. wp_pures.
    wp_apply h_firstn_spec. wp_pures. wp_apply h_skipn_spec. wp_pures. wp_apply h_length_spec. wp_apply h_sub_spec.
    wp_pures. wp_apply h_sub_spec. wp_pures.
    wp_apply (h_wake_all_spec _ Create). wp_pures. iApply (content with "HΦ"). simpl. same.
  Qed.
  Lemma h_free_one_spec (r : nat) s Φ : Φ (encode_step (free_one r s)) -∗ WP h_free_one #r (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=. wp_lam. wp_pures. ends "HΦ".
  Qed.
  Lemma h_free_idle_spec (count : nat) s Φ :
    Φ (encode_step (free_idle count s)) -∗ WP h_free_idle #count (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. rewrite eqb0_of_Z. destruct count as [|count]; wp_pures; [done|].
    destruct s as [c a o f n cl q k]. rewrite /encode_stripe /free_idle /idle /=. wp_pures.
    wp_apply h_length_spec. wp_apply (h_sub_spec _ (S count)). wp_pures. wp_apply h_skipn_spec. wp_pures.
    wp_apply h_length_spec. wp_pures. wp_apply h_firstn_spec. wp_pures. wp_apply h_resources_spec. wp_pures.
    ends "HΦ".
  Qed.
  Lemma h_part_with_spec (r : nat) s Φ :
    Φ (encode_option encode_step (part_with r s)) -∗ WP h_part_with #r (encode_stripe s) {{ Φ }}.
  Proof.
    iIntros "HΦ". wp_lam. wp_pures. wp_apply h_is_any_out_spec. rewrite /part_with.
    destruct (is_any_out s); wp_pures; last first.
    { wp_lam. wp_pures. done. }
    destruct s as [c a o f n cl q k]. rewrite /encode_stripe /=.
    destruct cl; wp_pures.
    { wp_apply (h_free_one_spec r (Stripe c a o f n true q k)). wp_pures. done. }
    rewrite ltb_of_Z. destruct (f <? o); wp_pures.
    { wp_apply (h_free_one_spec r (Stripe c a o f n false q k)). wp_pures. done. }
    destruct q as [|w q]; wp_pures; done.
  Qed.
End parts.
