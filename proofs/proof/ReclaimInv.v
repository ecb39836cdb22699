(** The invariant of reclamation, and what it is made of.

    The idea: give each address one status, and say for each status what all threads together have to do with the address.
    These sums are what the protocol is about: a current node has as many readers as the head counts; a replaced one has as
    many as its debt and what its replacer has still to add. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith Lia.
From Pool.code Require Import ReclaimModel.

Inductive status := Nowhere | Spare | Drafted | Recycled | Current (p : nat) | Retired (p : nat).

Definition same (n a : addr) : nat := if decide (n = a) then 1 else 0.

(** What one thread has to do with address [a]. *)
Definition role_reads (a : addr) (g : role) : nat :=
  match g with Reading n _ _ _ | Leaving n _ => same n a | _ => 0 end.
Definition role_replaces (a : addr) (g : role) : nat :=
  match g with Retiring n _ _ => same n a | _ => 0 end.
Definition role_pending (a : addr) (g : role) : nat :=
  match g with Retiring n others _ => same n a * others | _ => 0 end.
Definition role_recycles (a : addr) (g : role) : nat :=
  match g with Recycling n _ => same n a | _ => 0 end.
Definition draft_is (a : addr) (d : option addr) : nat :=
  match d with Some n => same n a | None => 0 end.

Definition reads (a : addr) (t : thread) : nat := role_reads a (at_ t).
Definition replaces (a : addr) (t : thread) : nat := role_replaces a (at_ t).
Definition pending (a : addr) (t : thread) : nat := role_pending a (at_ t).
Definition recycles (a : addr) (t : thread) : nat := role_recycles a (at_ t).
Definition drafts (a : addr) (t : thread) : nat := draft_is a (draft t).
Global Arguments reads _ _ /.
Global Arguments replaces _ _ /.
Global Arguments pending _ _ /.
Global Arguments recycles _ _ /.
Global Arguments drafts _ _ /.

Fixpoint total {A} (f : A → nat) (l : list A) : nat :=
  match l with [] => 0 | x :: l => f x + total f l end.

Lemma total_app {A} (f : A → nat) l r : total f (l ++ r) = total f l + total f r.
Proof. induction l; simpl; lia. Qed.

Lemma total_zero {A} (f : A → nat) l x : total f l = 0 → x ∈ l → f x = 0.
Proof.
  induction l; simpl; intros H Hx; [by apply elem_of_nil in Hx|].
  apply elem_of_cons in Hx as [->|]; [lia|]. apply IHl; [lia|done].
Qed.

Lemma total_some {A} (f : A → nat) l : 0 < total f l → ∃ x, x ∈ l ∧ 0 < f x.
Proof.
  induction l as [|y l IH]; simpl; [lia|]. intros H. destruct (decide (f y = 0)).
  - destruct IH as (x & ? & ?); [lia|]. exists x. split; [by right|done].
  - exists y. split; [left|lia].
Qed.

(** Status, and sums: readers [R], replacers before their [fetch_add] [T], what they will add [P], drafts [D], recyclers [C],
    places in the lists [S]. *)
Definition shape (o : status) (h : word) (now : nat) (log : list nat) (a : addr) (m : option node) (R T P D C S : nat) : Prop :=
  match o with
  | Nowhere => m = None ∧ R = 0 ∧ T = 0 ∧ P = 0 ∧ D = 0 ∧ C = 0 ∧ S = 0
  | Spare => (∃ v, m = Some (v, 0%Z)) ∧ R = 0 ∧ T = 0 ∧ P = 0 ∧ D = 0 ∧ C = 0 ∧ S = 1
  | Drafted => (∃ v, m = Some (v, 0%Z)) ∧ R = 0 ∧ T = 0 ∧ P = 0 ∧ D = 1 ∧ C = 0 ∧ S = 0
  | Recycled => (∃ v, m = Some (v, 0%Z)) ∧ R = 0 ∧ T = 0 ∧ P = 0 ∧ D = 0 ∧ C = 1 ∧ S = 0
  | Current p => (∃ v, m = Some (v, 0%Z)) ∧ R = snd h ∧ T = 0 ∧ P = 0 ∧ D = 0 ∧ C = 0 ∧ S = 0 ∧ fst h = a ∧ p = now
  | Retired p =>
      (∃ v k, m = Some (v, k) ∧ (k + Z.of_nat P = Z.of_nat R)%Z ∧ (T = 1 → (k <= 0)%Z))
      ∧ T ≤ 1 ∧ (T = 0 → P = 0 ∧ 0 < R) ∧ D = 0 ∧ C = 0 ∧ S = 0 ∧ p < now ∧ p ∉ log
  end.

Definition node_ok (own : addr → status) (s : shared) (ts : list thread) (a : addr) : Prop :=
  shape (own a) (head s) (serial s) (recycled s) a (memory s a) (total (reads a) ts) (total (replaces a) ts)
    (total (pending a) ts) (total (drafts a) ts) (total (recycles a) ts) (total (λ n, same n a) (spare s)).

(** What one thread knows. *)
Definition thread_ok (own : addr → status) (m : addr → option node) (t : thread) : Prop :=
  (∀ d, draft t = Some d → own d = Drafted)
  ∧ match at_ t with
    | Reading n _ p v => (own n = Current p ∨ own n = Retired p) ∧ v = fst <$> m n
    | Retiring n _ p | Leaving n p => own n = Retired p
    | Recycling n p => own n = Recycled
    | Out | Guess _ => True
    end.

Record inv (limit : nat) (own : addr → status) (s : shared) (ts : list thread) : Prop := Inv {
  i_head : own (fst (head s)) = Current (serial s);
  i_nodes : ∀ a, node_ok own s ts a;
  i_threads : Forall (thread_ok own (memory s)) ts;
  i_limit : snd (head s) ≤ limit;
  i_once : NoDup (recycled s) ∧ Forall (λ p, p < serial s) (recycled s);
  i_unique : ∀ a b p, own a = Retired p → own b = Retired p → a = b;
  i_complete : ∀ p, p < serial s → p ∈ recycled s ∨ ∃ a, own a = Retired p;
}.

(** ** Framing: a thread that has nothing to do with [x] does not mind what becomes of it. *)
Definition untouched (x : addr) (t : thread) : Prop :=
  draft t ≠ Some x
  ∧ match at_ t with
    | Reading n _ _ _ | Retiring n _ _ | Leaving n _ | Recycling n _ => n ≠ x
    | Out | Guess _ => True
    end.

Lemma same_zero n a : same n a = 0 → n ≠ a.
Proof. unfold same. by case_decide. Qed.
Lemma same_eq a : same a a = 1.
Proof. unfold same. by rewrite decide_True. Qed.
Lemma same_ne n a : a ≠ n → same n a = 0.
Proof. intros. unfold same. by rewrite decide_False. Qed.

Lemma untouched_all x ts :
  total (reads x) ts = 0 → total (replaces x) ts = 0 → total (drafts x) ts = 0 → total (recycles x) ts = 0 →
  Forall (untouched x) ts.
Proof.
  intros HR HT HD HC. apply Forall_forall. intros [d g] Hu.
  pose proof (total_zero _ _ _ HR Hu) as R0. pose proof (total_zero _ _ _ HT Hu) as T0.
  pose proof (total_zero _ _ _ HD Hu) as D0. pose proof (total_zero _ _ _ HC Hu) as C0.
  simpl in *. split; simpl.
  - intros ->. by apply same_zero in D0.
  - destruct g; eauto using same_zero.
Qed.

Definition set (a : addr) (o : status) (own : addr → status) : addr → status :=
  λ b, if decide (b = a) then o else own b.

Lemma set_eq a o own : set a o own a = o.
Proof. unfold set. by rewrite decide_True. Qed.
Lemma set_ne a b o own : b ≠ a → set a o own b = own b.
Proof. intros. unfold set. by rewrite decide_False. Qed.
Lemma store_eq a x m : store a x m a = x.
Proof. unfold store. by rewrite decide_True. Qed.
Lemma store_ne a b x m : b ≠ a → store a x m b = m b.
Proof. intros. unfold store. by rewrite decide_False. Qed.

Lemma thread_frame own own' m m' x t :
  untouched x t → (∀ a, a ≠ x → own' a = own a) → (∀ a, a ≠ x → m' a = m a) →
  thread_ok own m t → thread_ok own' m' t.
Proof.
  intros [Hd Hg] Ho Hm [H1 H2]. split.
  - intros d E. rewrite Ho; [by apply H1|]. intros ->. done.
  - destruct (at_ t); try done; rewrite !Ho by done; try done. by rewrite Hm by done.
Qed.

Lemma frame own own' m m' x ts :
  Forall (untouched x) ts → (∀ a, a ≠ x → own' a = own a) → (∀ a, a ≠ x → m' a = m a) →
  Forall (thread_ok own m) ts → Forall (thread_ok own' m') ts.
Proof.
  intros Hu Ho Hm H. rewrite Forall_forall in *. intros t Ht. eapply thread_frame; eauto.
Qed.

(** A change of a debt is no change of a content. *)
Lemma frame_debt own m ts n v k k' :
  m n = Some (v, k) → Forall (thread_ok own m) ts → Forall (thread_ok own (store n (Some (v, k')) m)) ts.
Proof.
  intros E H. eapply Forall_impl; [done|]. intros t [H1 H2]. split; [done|].
  destruct (at_ t) as [| |a c p w| | |]; try done. destruct H2 as [H2 ->]. split; [done|].
  destruct (decide (a = n)) as [->|]; [rewrite store_eq, E|rewrite store_ne by done]; done.
Qed.
