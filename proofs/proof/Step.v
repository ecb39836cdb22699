(** What a step can come to: the 13 events, branch by branch, as one inductive relation.

    [outcome s e x] lists every way in which [step s e] can end, with the conditions under which it does so and the state
    and effect spelled out. [outcome_of_step] is the only place that unfolds the machine; every proof about a step goes
    through the relation, one case an outcome. Here are also the few facts on what an effect hands out. *)
From stdpp Require Import prelude list.
From Coq Require Import Lia.
From Pool.code Require Import Machine Env.

Section step.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (e : event R W) (x : step_result R W) (q ws : list (waiter W)).

  (** ** What effects hand out *)

  Lemma delivered_wake_all ws : delivered (R := R) (wake_all ws Create) = [].
  Proof. destruct ws as [|w [|w' ws]]; reflexivity. Qed.
  Lemma delivered_wake_all_cancelled ws : delivered (R := R) (wake_all ws Cancelled) = [].
  Proof. destruct ws as [|w [|w' ws]]; reflexivity. Qed.
  Lemma permits_wake_all ws : permits (R := R) (wake_all ws Create) = length ws.
  Proof. destruct ws as [|w [|w' ws]]; reflexivity. Qed.
  Lemma permits_wake_all_cancelled ws : permits (R := R) (wake_all ws Cancelled) = 0.
  Proof. destruct ws as [|w [|w' ws]]; reflexivity. Qed.
  Lemma to_free_wake_all ws res : to_free (R := R) (wake_all ws res) = [].
  Proof. destruct ws as [|w [|w' ws]]; destruct res; reflexivity. Qed.
  Lemma slots_wake_all ws res : slots (R := R) (wake_all ws res) = map waiter_wake ws.
  Proof. destruct ws as [|w [|w' ws]]; destruct res; reflexivity. Qed.
  Lemma is_cancelled_wake_all ws : is_cancelled (R := R) (wake_all ws Create) = false.
  Proof. destruct ws as [|w [|w' ws]]; reflexivity. Qed.
  Lemma is_cancelled_wake_all_cancelled ws : ws ≠ [] → is_cancelled (R := R) (wake_all ws Cancelled) = true.
  Proof. destruct ws as [|w [|w' ws]]; [done|reflexivity..]. Qed.
  Lemma is_rejected_wake_all ws res : is_rejected (R := R) (wake_all ws res) = false.
  Proof. destruct ws as [|w [|w' ws]]; destruct res; reflexivity. Qed.
  Lemma wake_all_is_no_free ws res rs : wake_all (R := R) ws res ≠ Some (FreeMany rs).
  Proof. destruct ws as [|w [|w' ws]]; discriminate. Qed.

  (** The effect of idle entries that leave, if any do. *)
  Definition free_all (old : list (entry R)) : option (effect R W) :=
    match old with [] => None | _ => Some (FreeMany (map entry_resource old)) end.

  Lemma delivered_free_all old : delivered (free_all old) = [].
  Proof. destruct old; reflexivity. Qed.
  Lemma permits_free_all old : permits (free_all old) = 0.
  Proof. destruct old; reflexivity. Qed.
  Lemma to_free_free_all old : to_free (free_all old) = map entry_resource old.
  Proof. destruct old; reflexivity. Qed.
  Lemma slots_free_all old : slots (free_all old) = [].
  Proof. destruct old; reflexivity. Qed.
  Lemma is_cancelled_free_all old : is_cancelled (free_all old) = false.
  Proof. destruct old; reflexivity. Qed.
  Lemma is_rejected_free_all old : is_rejected (free_all old) = false.
  Proof. destruct old; reflexivity. Qed.

  (** ** The parts of transitions *)

  (** Permits are swallowed first, then they wake, then they become available: each only if the one before is through. *)
  Lemma signal_spec n s : ∃ swallowed woken rest spare,
    n = swallowed + length woken + spare
    ∧ swallowed ≤ owed s
    ∧ (swallowed = owed s ∨ woken = [] ∧ spare = 0)
    ∧ queue s = woken ++ rest
    ∧ (spare = 0 ∨ rest = [])
    ∧ signal n s = (with_queue rest (with_available (available s + spare) (with_owed (owed s - swallowed) s)),
                    wake_all woken Create).
  Proof.
    unfold signal. set (left := n - n `min` owed s).
    exists (n `min` owed s), (firstn left (queue s)), (skipn left (queue s)), (left - length (firstn left (queue s))).
    rewrite firstn_length. split_and!; try done; try lia.
    - destruct (decide (n ≤ owed s)); [right|left; lia].
      assert (left = 0) as -> by lia. done.
    - by rewrite firstn_skipn.
    - destruct (decide (left ≤ length (queue s))); [left; lia|right]. apply skipn_all2. lia.
  Qed.

  Lemma free_idle_zero s : free_idle 0 s = nothing s.
  Proof. done. Qed.

  (** The cache is cut in two: what is kept, and the oldest. *)
  Lemma free_idle_spec n s : 0 < n ≤ idle s → ∃ kept old,
    cache s = kept ++ old ∧ length old = n ∧
    free_idle n s =
      changing (with_cache kept (with_freeing (freeing s + length old) s)) (Some (FreeMany (map entry_resource old))).
  Proof.
    intros Hn. exists (firstn (idle s - n) (cache s)), (skipn (idle s - n) (cache s)).
    split_and!.
    - by rewrite firstn_skipn.
    - rewrite skipn_length. unfold idle in *. lia.
    - destruct n; [lia|done].
  Qed.

  Lemma remove_some id q w rest : remove id q = Some (w, rest) →
    ∃ before after, q = before ++ w :: after ∧ rest = before ++ after ∧ waiter_id w = id.
  Proof.
    revert rest. induction q as [|w' q IH]; intros rest; simpl; [done|].
    destruct (Nat.eqb_spec (waiter_id w') id).
    - intros [= <- <-]. by exists [], q.
    - destruct (remove id q) as [[found rest']|]; [|done]. intros [= -> <-].
      destruct (IH rest' eq_refl) as (b & a & -> & -> & ?). by exists (w' :: b), a.
  Qed.

  (** ** The outcomes *)

  (** Who is answered by a take. *)
  Inductive asks : event R W → recipient W → Prop :=
    | asks_take w : asks (Take w) (Slot w)
    | asks_try to : asks (TryTake to) to.

  (** Events by which a resource comes back, to be used again or freed. *)
  Inductive comes_back : event R W → R → Prop :=
    | comes_put r now : comes_back (Put r now) r
    | comes_return r : comes_back (Return r) r.

  Inductive frees : event R W → Prop :=
    | frees_reap now ttl keep : frees (Reap now ttl keep)
    | frees_drain : frees Drain.

  (** Events that set [n] permits free, and the state in which they are in no other counter any more. *)
  Inductive sets_free s : event R W → nat → stripe R W → Prop :=
    | sets_freed n : 0 < n ≤ freeing s → sets_free s (Freed n) n (with_freeing (freeing s - n) s)
    | sets_failed : is_any_out s = true → sets_free s CreateFailed 1 s
    | sets_detach : is_any_out s = true → sets_free s Detach 1 s
    | sets_grow n : 0 < capacity s + n → 0 < n → sets_free s (Resize (capacity s + n)) n (with_capacity (capacity s + n) s).

  (** When an event is refused. *)
  Definition refused s e : Prop :=
    match e with
    | Put _ _ | Return _ | Discard _ | CreateFailed | Detach => is_any_out s = false
    | Freed n => n = 0 ∨ freeing s < n
    | Cancel _ => True
    | Resize n => n = 0
    | Close => closed s = true
    | _ => False
    end.

  Inductive outcome s : event R W → step_result R W → Prop :=
    | o_same : outcome s (Resize (capacity s)) (nothing s)
    | o_nothing_idle e : frees e → outcome s e (nothing s)
    | o_refused e why : refused s e → outcome s e (unchanged s (Reject why))
    | o_take_closed w : closed s = true → outcome s (Take w) (unchanged s (Wake (Slot w) Cancelled))
    | o_try_none to :
        cache s = [] → closed s = true ∨ available s = 0 →
        outcome s (TryTake to) (unchanged s (Wake to Cancelled))
    | o_deliver e to newest rest :
        asks e to → cache s = newest :: rest →
        outcome s e (changing (with_cache rest s) (Some (Wake to (Deliver (entry_resource newest)))))
    | o_create e to a :
        asks e to → closed s = false → cache s = [] → available s = S a →
        outcome s e (changing (with_available a s) (Some (Wake to Create)))
    | o_enqueue w :
        closed s = false → cache s = [] → available s = 0 →
        outcome s (Take w) (changing (enqueue w s) None)
    | o_free e r :
        comes_back e r → closed s = true ∨ freeing s < owed s →
        outcome s e (free_one r s)
    | o_discard r : outcome s (Discard r) (free_one r s)
    | o_hand e r w rest :
        comes_back e r → queue s = w :: rest →
        outcome s e (changing (with_queue rest s) (Some (Wake (Slot (waiter_wake w)) (Deliver r))))
    | o_keep r now :
        closed s = false → owed s ≤ freeing s → queue s = [] →
        outcome s (Put r now) (changing (with_cache (Entry r (stamp now (cache s)) :: cache s) s) None)
    | o_stamp r :
        queue s = [] →
        outcome s (Return r) (unchanged s (InsertWithTimestamp r))
    | o_signal e n s0 swallowed woken rest spare :
        sets_free s e n s0 →
        n = swallowed + length woken + spare →
        swallowed ≤ owed s →
        swallowed = owed s ∨ woken = [] ∧ spare = 0 →
        queue s = woken ++ rest →
        spare = 0 ∨ rest = [] →
        outcome s e
          (changing (with_queue rest (with_available (available s + spare) (with_owed (owed s - swallowed) s0)))
             (wake_all woken Create))
    | o_cancel w before after :
        queue s = before ++ w :: after →
        outcome s (Cancel (waiter_id w))
          (changing (with_queue (before ++ after) s) (Some (Wake (Slot (waiter_wake w)) Cancelled)))
    | o_free_idle e kept old :
        frees e → cache s = kept ++ old →
        outcome s e
          (changing (with_cache kept (with_freeing (freeing s + length old) s)) (Some (FreeMany (map entry_resource old))))
    | o_shrink to unused more kept old :
        0 < to → capacity s = to + unused + more →
        unused ≤ available s → more = 0 ∨ unused = available s →
        cache s = kept ++ old →
        kept = [] ∨ owed s + more ≤ freeing s + length old →
        old = [] ∨ freeing s + length old ≤ owed s + more →
        outcome s (Resize to)
          (changing
             (with_cache kept (with_freeing (freeing s + length old)
                (with_owed (owed s + more) (with_available (available s - unused) (with_capacity to s)))))
             (free_all old))
    | o_close_wake :
        closed s = false → queue s ≠ [] →
        outcome s Close
          (changing (with_cache [] (with_freeing (freeing s + idle s) (with_closed true (with_queue [] s))))
             (wake_all (queue s) Cancelled))
    | o_close_free :
        closed s = false → queue s = [] →
        outcome s Close
          (changing (with_cache [] (with_freeing (freeing s + idle s) (with_closed true (with_queue [] s))))
             (free_all (cache s))).

  (** ** Every step ends in one of them *)

  Lemma outcome_serve s e to :
    asks e to →
    match serve s with
    | Some (s', res) => outcome s e (changing s' (Some (Wake to res)))
    | None => cache s = [] ∧ (closed s = true ∨ available s = 0)
    end.
  Proof.
    intros Hask. unfold serve. destruct (cache s) as [|newest rest] eqn:Hc; [|by eapply o_deliver].
    destruct (closed s) eqn:?; [by auto|]. destruct (available s) eqn:?; [by auto|]. by eapply o_create.
  Qed.

  Lemma outcome_part_with s e r :
    comes_back e r →
    match part_with r s with
    | Some x => outcome s e x
    | None => closed s = false ∧ owed s ≤ freeing s ∧ queue s = []
    end.
  Proof.
    intros Hb. unfold part_with. destruct (is_any_out s) eqn:Hany; simpl.
    - destruct (closed s) eqn:?; simpl; [apply o_free; auto|].
      destruct (Nat.ltb_spec (freeing s) (owed s)); [apply o_free; auto|].
      destruct (queue s) eqn:?; [done|]. by eapply o_hand.
    - apply o_refused. by destruct Hb.
  Qed.

  Lemma outcome_signal s e n s0 :
    sets_free s e n s0 → (let (s', o) := signal n s0 in outcome s e (changing s' o)).
  Proof.
    intros Hfree. destruct (signal_spec n s0) as (swallowed & woken & rest & spare & ? & Hle & Hor & Hq & ? & ->).
    assert (owed s0 = owed s ∧ queue s0 = queue s ∧ available s0 = available s) as (Ho & Hqu & Ha) by by destruct Hfree.
    rewrite Ho in *. rewrite Hqu in *. rewrite Ha. by eapply o_signal.
  Qed.

  Lemma outcome_free_idle s e n : frees e → n ≤ idle s → outcome s e (free_idle n s).
  Proof.
    intros He Hn. destruct (decide (n = 0)) as [->|]; [by apply o_nothing_idle|].
    destruct (free_idle_spec n s) as (kept & old & ? & ? & ->); [lia|]. by apply o_free_idle.
  Qed.

  (** [resize]: to zero, to the same, to more, to less; only the last has idle entries to free. *)
  Lemma outcome_resize s to : outcome s (Resize to) (resize to s).
  Proof.
    unfold resize. destruct (Nat.eqb_spec to 0) as [->|]; [by apply o_refused|].
    destruct (Nat.eqb_spec to (capacity s)) as [->|]; [apply o_same|].
    destruct (Nat.ltb_spec (capacity s) to).
    - apply outcome_signal. replace to with (capacity s + (to - capacity s)) at 1 3 by lia. apply sets_grow; lia.
    - set (unused := (capacity s - to) `min` available s). set (more := capacity s - to - unused).
      set (s' := with_owed _ _). set (k := (owed s' - freeing s') `min` idle s').
      assert (owed s' = owed s + more ∧ freeing s' = freeing s ∧ cache s' = cache s) as (Ho & Hf & Hca) by done.
      assert (Hk : k = (owed s + more - freeing s) `min` length (cache s)) by done.
      assert (Hu : capacity s = to + unused + more ∧ unused ≤ available s ∧ (more = 0 ∨ unused = available s)) by lia.
      destruct Hu as (? & ? & ?). clearbody unused more k.
      destruct (decide (k = 0)) as [->|Hn].
      + (* nothing to free: the outcome with no old entries *)
        assert (after (free_idle 0 s') = with_cache (cache s) (with_freeing (freeing s + length (@nil (entry R))) s')) as ->.
        { unfold s', free_idle, with_cache, with_freeing, with_owed. simpl. by rewrite Nat.add_0_r. }
        apply (o_shrink s to unused more (cache s) []); simpl; try lia; try done; [by rewrite app_nil_r| |by left].
        destruct (cache s); [by left|right; simpl in *; lia].
      + destruct (free_idle_spec k s') as (kept & old & Hc & Hlen & ->); [unfold idle; rewrite Hca; lia|].
        rewrite Hca in Hc. rewrite Hc, app_length in Hk. unfold changing; simpl.
        assert (Some (FreeMany (map entry_resource old)) = free_all old) as -> by (destruct old; simpl in *; [lia|done]).
        apply o_shrink; try lia; try done. destruct kept; [by left|right; simpl in *; lia].
  Qed.

  (** [close]: it wakes, or frees; with somebody waiting nothing is idle (INV-WORK), so nothing is forgotten. *)
  Lemma outcome_close s : outcome s Close (close s).
  Proof.
    unfold close. destruct (closed s) eqn:Hcl; [by apply o_refused|].
    assert (after (free_idle (idle s) (with_closed true (with_queue [] s)))
      = with_cache [] (with_freeing (freeing s + idle s) (with_closed true (with_queue [] s)))) as ->.
    { unfold free_idle, idle, with_cache, with_freeing, with_closed, with_queue. simpl.
      destruct (cache s) as [|en l]; simpl; [by rewrite Nat.add_0_r|by rewrite Nat.sub_diag]. }
    destruct (queue s) as [|w q] eqn:Hq; simpl.
    - assert (effect_of (free_idle (idle s) (with_closed true (with_queue [] s))) = free_all (cache s)) as ->.
      { unfold free_idle, idle. simpl. destruct (cache s) as [|en l]; simpl; [done|by rewrite Nat.sub_diag]. }
      by apply o_close_free.
    - assert (queue s ≠ []) as Hne by by rewrite Hq.
      pose proof (o_close_wake s Hcl Hne) as Ho. rewrite Hq in Ho. by destruct q.
  Qed.

  Theorem outcome_of_step s e : outcome s e (step s e).
  Proof.
    destruct e; simpl.
    - unfold Machine.take. destruct (closed s) eqn:?; [by apply o_take_closed|].
      pose proof (outcome_serve s (Take w) (Slot w) (asks_take w)) as H.
      destruct (serve s) as [[]|]; [done|]. destruct H as [? [?|?]]; [congruence|]. by apply o_enqueue.
    - unfold try_take. pose proof (outcome_serve s (TryTake to) to (asks_try to)) as H.
      destruct (serve s) as [[]|]; [done|]. destruct H. by apply o_try_none.
    - unfold put. pose proof (outcome_part_with s (Put r now) r (comes_put r now)) as H.
      destruct (part_with r s); [done|]. destruct H as (? & ? & ?). by apply o_keep.
    - unfold give_back. pose proof (outcome_part_with s (Return r) r (comes_return r)) as H.
      destruct (part_with r s); [done|]. destruct H as (? & ? & ?). by apply o_stamp.
    - unfold discard. destruct (is_any_out s) eqn:?; [apply o_discard|by apply o_refused].
    - unfold freed. destruct (Nat.eqb_spec count 0); simpl; [apply o_refused; simpl; auto|].
      destruct (Nat.ltb_spec (freeing s) count); [apply o_refused; simpl; auto|].
      assert (Hn : 0 < count ≤ freeing s) by lia. exact (outcome_signal _ _ _ _ (sets_freed s count Hn)).
    - unfold permit_back. destruct (is_any_out s) eqn:Hany; [|by apply o_refused].
      exact (outcome_signal _ _ _ _ (sets_failed s Hany)).
    - unfold permit_back. destruct (is_any_out s) eqn:Hany; [|by apply o_refused].
      exact (outcome_signal _ _ _ _ (sets_detach s Hany)).
    - unfold cancel. destruct (remove id (queue s)) as [[w rest]|] eqn:Hr; [|by apply o_refused].
      apply remove_some in Hr as (b & a & Hq & -> & <-). by apply o_cancel.
    - apply outcome_free_idle; [constructor|lia].
    - apply outcome_free_idle; [constructor|lia].
    - apply outcome_resize.
    - apply outcome_close.
  Qed.
End step.
