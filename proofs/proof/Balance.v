(** The tree stays balanced, so it is shallow: the half of INV-COST that concerns [core/src/stripe/seq.rs].

    Every operation walks one path from the root down (join walks one on one of the two sides), so its cost is a constant
    times the depth, and the depth is logarithmic in the number of elements.

    The scheme (a rotation if one side is more than [delta] times heavier than the other, a double one by [ratio]) is of
    Hirai and Yamamoto, JFP 21(3), 2011. All arithmetic is linear; [lia] does it. *)
From Coq Require Import List Arith Bool Lia.
From Pool.code Require Import Seq.
From Pool.proof Require Import Seq.
Import ListNotations.
Set Implicit Arguments.

(** [is_balanced], of weights, as a proposition. *)
Definition fair (a b : nat) : Prop := a + b <= 1 \/ (b <= 3 * a /\ a <= 3 * b).

Lemma is_balanced_spec a b : reflect (fair a b) (is_balanced a b).
Proof.
  apply iff_reflect. unfold is_balanced, fair, delta.
  rewrite orb_true_iff, andb_true_iff, !Nat.leb_le. lia.
Qed.

Lemma fair_sym a b : fair a b -> fair b a.
Proof. unfold fair. lia. Qed.

(** How far out of balance [balance] can mend: the heavier side is up to 13/3 of the other, which is what [join] makes of
    it at worst, and a little more where both are small. *)
Definition mendable (a b : nat) : Prop := fair a b \/ (3 * a <= 13 * b + 9 /\ 3 * b <= 13 * a + 9).

(** Splits a fair goal into atoms: [lia] is slow at disjunctions. *)
Ltac fairly := unfold fair; match goal with |- ?s <= 1 \/ _ => destruct (le_lt_dec s 1); [left; assumption|right; split] end.

(** One rotation mends a heavy left side of [ll] and [lr] beside [r]. *)
Lemma single_fair ll lr r :
  fair ll lr -> 3 * r < S (ll + lr) -> 1 < S (ll + lr) + r -> 3 * S (ll + lr) <= 13 * r + 9 -> lr < 2 * ll ->
  fair lr r /\ fair ll (S (lr + r)).
Proof. intros [H|H] H1 H2 H3 H4; split; fairly; lia. Qed.

(** Two mend a left side of [ll] and the heavier [a], [b]. *)
Lemma double_fair ll a b r :
  fair ll (S (a + b)) -> fair a b -> 3 * r < S (ll + S (a + b)) -> 1 < S (ll + S (a + b)) + r ->
  3 * S (ll + S (a + b)) <= 13 * r + 9 -> 2 * ll <= S (a + b) ->
  fair ll a /\ fair b r /\ fair (S (ll + a)) (S (b + r)).
Proof. intros [H|H] [G|G] H1 H2 H3 H4; repeat split; fairly; lia. Qed.

(** What it means that one side is to be mended and the left is the heavier. *)
Lemma heavy a b : mendable a b -> ~ fair a b -> b <= a -> 3 * b < a /\ 1 < a + b /\ 3 * a <= 13 * b + 9.
Proof. unfold mendable. intros [H|H]; [tauto|]. unfold fair. lia. Qed.

Section balance.
  Context {A : Type}.
  Implicit Types t l r : tree A.

  Fixpoint balanced t : Prop :=
    match t with Leaf => True | Node _ l _ r => fair (len l) (len r) /\ balanced l /\ balanced r end.

  (** Sizes right and balanced: what [is_well_formed] checks. *)
  Definition ok t : Prop := size_ok t /\ balanced t.

  Lemma ok_is_well_formed t : is_well_formed t = true <-> ok t.
  Proof.
    unfold ok. induction t as [|n l IHl x r IHr]; simpl; [tauto|].
    rewrite !andb_true_iff, Nat.eqb_eq, IHl, IHr. destruct (is_balanced_spec (len l) (len r)); intuition discriminate.
  Qed.

  Lemma ok_leaf : ok (@Leaf A).
  Proof. now split. Qed.

  Lemma ok_node n l x r : ok (Node n l x r) <-> n = S (len l + len r) /\ fair (len l) (len r) /\ ok l /\ ok r.
  Proof. unfold ok. simpl. tauto. Qed.

  Lemma ok_bin l x r : ok l -> ok r -> fair (len l) (len r) -> ok (bin l x r).
  Proof. unfold bin. rewrite ok_node. auto. Qed.

  Lemma len_balance l x r : ok l -> ok r -> len (balance l x r) = S (len l + len r).
  Proof.
    intros [Hl _] [Hr _]. rewrite len_to_list by now apply size_ok_balance.
    rewrite to_list_balance, app_length, (len_to_list l), (len_to_list r) by auto. simpl. lia.
  Qed.

  Lemma ok_rotate_right n ll lx lr x r :
    ok (Node n ll lx lr) -> ok r -> mendable n (len r) -> ~ fair n (len r) -> len r <= n ->
    ok (rotate_right ll lx lr x r).
  Proof.
    intros Hl Hr Hm Hu Hle. destruct (heavy Hm Hu Hle) as (H1 & H2 & H3).
    apply ok_node in Hl as (-> & Hf & Hll & Hlr). unfold rotate_right, ratio.
    destruct lr as [|m il ix ir].
    - destruct (single_fair Hf H1 H2 H3) as [G1 G2]; [cbn [len] in *; lia|].
      apply ok_bin; [|apply ok_bin|]; assumption.
    - apply ok_node in Hlr as (-> & Hg & Hil & Hir). cbn [len] in *.
      destruct (Nat.leb_spec (2 * len ll) (S (len il + len ir))) as [H4|H4].
      + destruct (double_fair Hf Hg H1 H2 H3 H4) as (G1 & G2 & G3). apply ok_bin; [apply ok_bin|apply ok_bin|]; assumption.
      + destruct (single_fair Hf H1 H2 H3 H4) as [G1 G2].
        apply ok_bin; [|apply ok_bin; [apply ok_bin| |]|]; assumption.
  Qed.

  (** The mirror image: the arithmetic is that of the right one with the sides swapped. *)
  Lemma ok_rotate_left n l x rl rx rr :
    ok l -> ok (Node n rl rx rr) -> mendable (len l) n -> ~ fair (len l) n -> len l <= n ->
    ok (rotate_left l x rl rx rr).
  Proof.
    intros Hl Hr Hm Hu Hle.
    assert (mendable n (len l)) as Hm' by (destruct Hm as [?|[? ?]]; [left; now apply fair_sym|right; auto]).
    assert (~ fair n (len l)) as Hu' by (intros ?; now apply Hu, fair_sym).
    destruct (heavy Hm' Hu' Hle) as (H1 & H2 & H3).
    apply ok_node in Hr as (-> & Hf & Hrl & Hrr). apply fair_sym in Hf.
    rewrite (Nat.add_comm (len rl)) in H1, H2, H3. unfold rotate_left, ratio. destruct rl as [|m il ix ir].
    - destruct (single_fair Hf H1 H2 H3) as [G1 G2]; [cbn [len] in *; lia|].
      apply ok_bin; [apply ok_bin| |]; try assumption; apply fair_sym; [assumption|].
      cbn [len bin] in *. now rewrite Nat.add_comm.
    - apply ok_node in Hrl as (-> & Hg & Hil & Hir). apply fair_sym in Hg. cbn [len] in *.
      rewrite (Nat.add_comm (len il)) in *.
      destruct (Nat.leb_spec (2 * len rr) (S (len ir + len il))) as [H4|H4].
      + destruct (double_fair Hf Hg H1 H2 H3 H4) as (G1 & G2 & G3).
        apply ok_bin; [apply ok_bin|apply ok_bin|]; try assumption; apply fair_sym; try assumption.
        cbn [len bin]. now rewrite (Nat.add_comm (len l)), (Nat.add_comm (len ir)).
      + destruct (single_fair Hf H1 H2 H3 H4) as [G1 G2].
        apply ok_bin; [apply ok_bin; [|apply ok_node|]| |]; try assumption.
        * rewrite Nat.add_comm. auto using fair_sym.
        * now apply fair_sym.
        * cbn [len bin]. apply fair_sym. now rewrite (Nat.add_comm (len l)).
  Qed.

  Lemma ok_balance l x r : ok l -> ok r -> mendable (len l) (len r) -> ok (balance l x r).
  Proof.
    unfold balance. intros Hl Hr Hm. destruct (is_balanced_spec (len l) (len r)) as [H|H].
    { now apply ok_bin. }
    destruct (Nat.ltb_spec (len l) (len r)) as [Hlt|Hge].
    - destruct r as [|n rl rx rr]; [now apply Nat.nlt_0_r in Hlt|].
      eapply ok_rotate_left; eauto. now apply Nat.lt_le_incl.
    - destruct l as [|n ll lx lr].
      + apply Nat.le_0_r in Hge. cbn [len] in *. rewrite Hge in H. destruct H. left. simpl. auto.
      + eapply ok_rotate_right; eauto.
  Qed.

  (** ** Every operation keeps the balance *)

  Lemma mendable_grown a b : fair a b -> mendable (S a) b /\ mendable a (S b).
  Proof. unfold mendable, fair. intros [H|H]; split; right; lia. Qed.

  Lemma mendable_shrunk_l a b : fair (S a) b -> mendable a b.
  Proof. unfold mendable, fair. intros [H|H]; right; lia. Qed.

  Lemma mendable_shrunk_r a b : fair a (S b) -> mendable a b.
  Proof. unfold mendable, fair. intros [H|H]; right; lia. Qed.

  Lemma mendable_joined_l a b c : fair b c -> 3 * a < S (b + c) -> mendable (S (a + b)) c.
  Proof. unfold mendable, fair. intros [H|H] ?; right; lia. Qed.

  Lemma mendable_joined_r a b c : fair a b -> 3 * c < S (a + b) -> mendable a (S (b + c)).
  Proof. unfold mendable, fair. intros [H|H] ?; right; lia. Qed.

  Lemma ok_len t : ok t -> len t = length (to_list t).
  Proof. intros [H _]. now apply len_to_list. Qed.

  Lemma ok_build fuel (xs : list A) : length xs <= fuel -> ok (build fuel xs).
  Proof.
    revert xs. induction fuel as [|fuel IH]; intros xs H; cbn [build]; [exact ok_leaf|].
    pose proof (skipn_length (length xs / 2) xs) as L.
    pose proof (Nat.div_mod_eq (length xs) 2) as D. pose proof (Nat.mod_upper_bound (length xs) 2 ltac:(discriminate)) as M.
    assert (length (firstn (length xs / 2) xs) = length xs / 2) as F by (rewrite firstn_length; lia).
    destruct (skipn (length xs / 2) xs) as [|x after]; cbn [length] in L; [exact ok_leaf|].
    apply ok_bin; [apply IH; lia|apply IH; lia|].
    rewrite !len_to_list by apply size_ok_build. rewrite !to_list_build by lia. fairly; lia.
  Qed.

  Lemma ok_push_back x t : ok t -> ok (push_back x t) /\ len (push_back x t) = S (len t).
  Proof.
    induction t as [|n l _ y r IH]; simpl.
    { intros _. split; [apply ok_bin; auto using ok_leaf; left; auto|reflexivity]. }
    intros (-> & Hf & Hl & Hr)%ok_node. destruct (IH Hr) as [Ho El].
    rewrite len_balance, El by auto. split; [|lia]. apply ok_balance; auto. rewrite El. now apply mendable_grown.
  Qed.

  Lemma ok_push_front x t : ok t -> ok (push_front x t) /\ len (push_front x t) = S (len t).
  Proof.
    induction t as [|n l IH y r _]; simpl.
    { intros _. split; [apply ok_bin; auto using ok_leaf; left; auto|reflexivity]. }
    intros (-> & Hf & Hl & Hr)%ok_node. destruct (IH Hl) as [Ho El].
    rewrite len_balance, El by auto. split; [|lia]. apply ok_balance; auto. rewrite El. now apply mendable_grown.
  Qed.

  Lemma ok_pop_front t y t' : ok t -> pop_front t = Some (y, t') -> ok t' /\ len t = S (len t').
  Proof.
    revert y t'. induction t as [|n l IH x r _]; simpl; [discriminate|]. intros y t' (-> & Hf & Hl & Hr)%ok_node.
    destruct (pop_front l) as [[z l']|] eqn:P; intros [= <- <-].
    - destruct (IH _ _ Hl eq_refl) as [Ho El]. rewrite len_balance by auto. split; [|lia].
      apply ok_balance; auto. rewrite El in Hf. now apply mendable_shrunk_l.
    - apply pop_front_none in P as ->. auto.
  Qed.

  Lemma ok_pop_back t y t' : ok t -> pop_back t = Some (y, t') -> ok t' /\ len t = S (len t').
  Proof.
    revert y t'. induction t as [|n l _ x r IH]; simpl; [discriminate|]. intros y t' (-> & Hf & Hl & Hr)%ok_node.
    destruct (pop_back r) as [[z r']|] eqn:P; intros [= <- <-].
    - destruct (IH _ _ Hr eq_refl) as [Ho El]. rewrite len_balance by auto. split; [|lia].
      apply ok_balance; auto. rewrite El in Hf. now apply mendable_shrunk_r.
    - apply pop_back_none in P as ->. split; [auto|simpl; lia].
  Qed.

  Lemma ok_join l x r : ok l -> ok r -> ok (join l x r) /\ len (join l x r) = S (len l + len r).
  Proof.
    revert r. induction l as [|sl ll IHll lx lr IHlr].
    { intros r _. rewrite join_leaf_l. apply ok_push_front. }
    induction r as [|sr rl IHrl rx rr _]; intros Hl Hr.
    { rewrite join_leaf_r. destruct (ok_push_back x Hl) as [Ho E]. split; auto. rewrite E. simpl. lia. }
    rewrite join_nodes. unfold delta.
    destruct (Nat.ltb_spec (3 * sl) sr) as [H|H]; [|destruct (Nat.ltb_spec (3 * sr) sl) as [G|G]].
    - apply ok_node in Hr as (-> & Hf & Hrl & Hrr). destruct (IHrl Hl Hrl) as [Ho E]. cbn [len] in *.
      rewrite len_balance, E by auto. split; [|lia]. apply ok_balance; auto. rewrite E. now apply mendable_joined_l.
    - apply ok_node in Hl as (-> & Hf & Hll & Hlr). destruct (IHlr _ Hlr Hr) as [Ho E]. cbn [len] in *.
      rewrite len_balance, E by auto. split; [|lia]. apply ok_balance; auto. rewrite E. now apply mendable_joined_r.
    - split; [|reflexivity]. apply ok_bin; auto. right. simpl. lia.
  Qed.

  Lemma ok_split_at rank t : ok t -> ok (fst (split_at rank t)) /\ ok (snd (split_at rank t)).
  Proof.
    revert rank. induction t as [|n l IHl x r IHr]; intros rank; simpl; [auto|]. intros (_ & _ & Hl & Hr)%ok_node.
    destruct (rank <=? len l).
    - specialize (IHl rank Hl). destruct (split_at rank l); simpl in *. split; [tauto|]. now apply ok_join.
    - specialize (IHr (rank - S (len l)) Hr). destruct (split_at _ r); simpl in *. split; [|tauto]. now apply ok_join.
  Qed.

  Lemma ok_remove rank t y t' : ok t -> remove rank t = Some (y, t') -> ok t' /\ len t = S (len t').
  Proof.
    revert rank y t'. induction t as [|n l IHl x r IHr]; intros rank y t'; simpl; [discriminate|].
    intros (-> & Hf & Hl & Hr)%ok_node. destruct (Nat.compare rank (len l)).
    - destruct (pop_front r) as [[z r']|] eqn:P; intros [= <- <-].
      + destruct (ok_pop_front Hr P) as [Ho E]. rewrite len_balance by auto. split; [|lia].
        apply ok_balance; auto. rewrite E in Hf. now apply mendable_shrunk_r.
      + apply pop_front_none in P as ->. split; [auto|simpl; lia].
    - destruct (remove rank l) as [[z l']|] eqn:P; intros [= <- <-]. destruct (IHl _ _ _ Hl P) as [Ho E].
      rewrite len_balance by auto. split; [|lia]. apply ok_balance; auto. rewrite E in Hf. now apply mendable_shrunk_l.
    - destruct (remove _ r) as [[z r']|] eqn:P; intros [= <- <-]. destruct (IHr _ _ _ Hr P) as [Ho E].
      rewrite len_balance by auto. split; [|lia]. apply ok_balance; auto. rewrite E in Hf. now apply mendable_shrunk_r.
  Qed.

  (** ** The depth is logarithmic *)

  (** With weights one more than sizes, a side weighs at most 3/4 of the whole; so (4/3)^depth is at most the weight. *)
  Lemma depth_weight t : ok t -> 4 ^ depth t <= 3 ^ depth t * S (len t).
  Proof.
    induction t as [|n l IHl x r IHr]; simpl depth; [simpl; lia|]. intros (-> & Hf & Hl & Hr)%ok_node. cbn [len].
    assert (4 * S (len l) <= 3 * S (S (len l + len r)) /\ 4 * S (len r) <= 3 * S (S (len l + len r))) as [Wl Wr]
      by (destruct Hf; lia).
    specialize (IHl Hl). specialize (IHr Hr). rewrite !Nat.pow_succ_r'.
    destruct (Nat.max_spec (depth l) (depth r)) as [[_ ->]|[_ ->]].
    - apply (Nat.mul_le_mono_l _ _ (3 ^ depth r)) in Wr. lia.
    - apply (Nat.mul_le_mono_l _ _ (3 ^ depth l)) in Wl. lia.
  Qed.

  (** As a power of two: (4/3)^3 > 2. *)
  Lemma depth_log t : ok t -> 2 ^ (depth t / 3) <= S (len t).
  Proof.
    intros H%depth_weight. set (k := depth t / 3). set (j := depth t mod 3).
    replace (depth t) with (3 * k + j) in H by (symmetry; apply Nat.div_mod; discriminate).
    rewrite !Nat.pow_add_r, !Nat.pow_mul_r in H. change (4 ^ 3) with 64 in H. change (3 ^ 3) with 27 in H.
    assert (2 ^ k * 27 ^ k <= 64 ^ k) as H1 by (rewrite <- Nat.pow_mul_l; apply Nat.pow_le_mono_l; simpl; lia).
    assert (3 ^ j <= 4 ^ j) as H2 by (apply Nat.pow_le_mono_l; lia).
    assert (0 < 27 ^ k * 3 ^ j) as H3 by (apply Nat.mul_pos_pos; apply Nat.neq_0_lt_0, Nat.pow_nonzero; discriminate).
    apply (Nat.mul_le_mono_pos_l _ _ (27 ^ k * 3 ^ j)); [exact H3|].
    transitivity (64 ^ k * 4 ^ j); [|exact H].
    transitivity ((2 ^ k * 27 ^ k) * 3 ^ j); [lia|]. now apply Nat.mul_le_mono.
  Qed.
End balance.
