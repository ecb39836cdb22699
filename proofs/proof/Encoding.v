(** Different states have different encodings, and a step that says so changes nothing: what the commit loop needs to know
    of the machine besides its code. *)
From iris.heap_lang Require Import lang notation.
From iris.prelude Require Import options.
From Pool.code Require Import StepHeap.

Lemma encode_list_inj {A} (f : A → val) : Inj (=) (=) f → Inj (=) (=) (encode_list f).
Proof. intros ? l. induction l as [|x l IH]; intros [|y k]; intros [=]; f_equal; auto. Qed.
Lemma encode_waiter_inj : Inj (=) (=) encode_waiter.
Proof. intros [??] [??] [= ??]; f_equal/=; lia. Qed.
Lemma encode_entry_inj : Inj (=) (=) encode_entry.
Proof. intros [??] [??] [= ??]; f_equal/=; lia. Qed.
Lemma encode_stripe_inj : Inj (=) (=) encode_stripe.
Proof.
  intros [c a o f n cl q k] [c' a' o' f' n' cl' q' k']. rewrite /encode_stripe /=. intros H.
  injection H as H1 H2 H3 H4 H5 H6 H7 H8.
  apply (encode_list_inj _ encode_waiter_inj) in H7. apply (encode_list_inj _ encode_entry_inj) in H8.
  f_equal; try done; lia.
Qed.

(** STEP-UNCHANGED, as the loop needs it. *)
Lemma unchanged_step (s : stripe nat nat) ev : changed (step s ev) = false → after (step s ev) = s.
Proof.
  destruct ev; simpl;
    rewrite /take /try_take /put /give_back /discard /freed /permit_back /cancel /resize /close /part_with
      /free_one /free_idle;
    intros H; repeat case_match; simplify_eq/=; try done.
Qed.

Global Instance pool_lawful : lawful pool.
Proof. split; [exact encode_stripe_inj|exact unchanged_step]. Qed.
