(** The counts of the machine, as far as a client that holds tokens needs them: what is available, idle, lent, being created
    and being freed makes up the capacity and what is still owed, after every step. *)
From stdpp Require Import prelude list.
From Coq Require Import ssreflect.
From Pool.code Require Import Machine Env.

Section counting.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (e : event R W).

  (** [lent] resources and [creating] permits are in hands or on their way; [being_freed] are given up and not reported
      yet. The last part is what INV-WORK says of the cache; without it [close] would forget idle resources, since it has
      one effect only. *)
  Definition counted s (lent creating being_freed : nat) : Prop :=
    available s + idle s + lent + creating + freeing s = capacity s + owed s
    ∧ being_freed = freeing s
    ∧ (cache s = [] ∨ queue s = []).

  (** What an event takes from whoever raises it. *)
  Definition uses_lent e : nat := match e with Put _ _ | Return _ | Discard _ | Detach => 1 | _ => 0 end.
  Definition uses_creating e : nat := match e with CreateFailed => 1 | _ => 0 end.
  Definition uses_freed e : nat := match e with Freed n => n | _ => 0 end.

  (** What its answer hands out. *)
  Definition gets_lent (o : option (effect R W)) : nat := length (delivered o).
  Definition gets_creating (o : option (effect R W)) : nat := permits o.
  Definition gets_freed (o : option (effect R W)) : nat := length (to_free o).

  Definition counted_after (x : step_result R W) l c f : Prop :=
    counted (after x) (gets_lent (effect_of x) + l) (gets_creating (effect_of x) + c) (gets_freed (effect_of x) + f).

  Lemma counted_new n : counted (new n) 0 0 0.
  Proof. unfold counted, new, idle; simpl. split; [lia|]. split; [done|]. by left. Qed.

  Lemma wake_all_create (ws : list (waiter W)) :
    gets_lent (wake_all ws Create) = 0 ∧ gets_creating (wake_all ws Create) = length ws
    ∧ gets_freed (wake_all ws Create) = 0.
  Proof. destruct ws as [|? [|??]]; done. Qed.

  (** [n] permits are in no counter any more; signalling them balances the books. *)
  Lemma counted_signal n s l c f :
    available s + idle s + l + c + freeing s + n = capacity s + owed s →
    f = freeing s → (cache s = [] ∨ queue s = []) →
    counted_after (changing (signal n s).1 (signal n s).2) l c f.
  Proof.
    intros Hsum Hf Hwork. unfold counted_after, signal, changing; simpl.
    destruct (wake_all_create (firstn (n - Nat.min n (owed s)) (queue s))) as (-> & -> & ->).
    unfold counted, idle in *; simpl. pose proof (firstn_le_length (n - Nat.min n (owed s)) (queue s)).
    split; [lia|]. split; [done|].
    destruct Hwork as [Hk|Hq]; [by left|right]. by rewrite Hq skipn_nil.
  Qed.

  Lemma counted_free_idle n s l c f :
    counted s l c f → counted_after (free_idle n s) l c f.
  Proof.
    intros (Hsum & Hf & Hwork). unfold free_idle, counted_after. destruct n as [|n]; [done|].
    unfold counted, changing, gets_freed, idle in *; simpl. rewrite map_length.
    rewrite firstn_length skipn_length. split; [lia|]. split; [lia|].
    destruct Hwork as [Hk|Hq]; [left|by right]. by rewrite Hk firstn_nil.
  Qed.

  Lemma is_any_out_true s l c f : counted s l c f → 0 < l + c → is_any_out s = true.
  Proof. intros (Hsum & _) ?. unfold is_any_out. apply Nat.ltb_lt. lia. Qed.

  Lemma counted_serve s s' res l c f :
    serve s = Some (s', res) → counted s l c f →
    counted s' ((match res with Deliver _ => 1 | _ => 0 end) + l) ((match res with Create => 1 | _ => 0 end) + c) f.
  Proof.
    unfold serve, counted, idle. intros Hs (Hsum & Hf & Hwork).
    destruct (cache s) as [|e k] eqn:Hk; simpl in *.
    - destruct (closed s); [done|]. destruct (available s) eqn:Ha; [done|]. simplify_eq/=.
      unfold with_available; simpl. rewrite Hk. simpl. split; [lia|]. auto.
    - simplify_eq/=. destruct Hwork as [?|?]; [done|]. split; [lia|]. auto.
  Qed.

  (** What comes back leaves the hands; where [part_with] has no answer, nobody waits. *)
  Lemma counted_part_with r s l c f :
    counted s (S l) c f →
    match part_with r s with
    | Some x => counted_after x l c f
    | None => queue s = []
    end.
  Proof.
    intros Hc. unfold part_with. rewrite (is_any_out_true _ _ _ _ Hc ltac:(simpl; lia)). simpl.
    destruct Hc as (Hsum & Hf & Hwork). unfold counted_after, counted, free_one, changing, idle in *.
    destruct (closed s || (freeing s <? owed s)); simpl; [split; [lia|]; split; [lia|done]|].
    destruct (queue s) as [|w q]; [done|]. simpl. split; [lia|]. split; [done|].
    destruct Hwork; [by left|done].
  Qed.

  (** Every event, raised by somebody who owns what it uses up. *)
  Theorem counted_step s e l c f :
    counted s (uses_lent e + l) (uses_creating e + c) (uses_freed e + f) →
    counted_after (step s e) l c f.
  Proof.
    intros Hc. destruct e as [w|to|r now|r|r|n| | |id|now ttl keep| |to|]; simpl in *.
    - unfold take. destruct (closed s); [done|]. destruct (serve s) as [[s' res]|] eqn:Hs.
      + pose proof (counted_serve _ _ _ _ _ _ Hs Hc) as Hs'. by destruct res.
      + destruct Hc as (? & ? & ?). unfold counted_after, counted, changing, idle in *; simpl.
        split; [done|]. split; [done|]. unfold serve in Hs. destruct (cache s); [by left|done].
    - unfold try_take. destruct (serve s) as [[s' res]|] eqn:Hs; [|done].
      pose proof (counted_serve _ _ _ _ _ _ Hs Hc) as Hs'. by destruct res.
    - unfold put. pose proof (counted_part_with r _ _ _ _ Hc) as Hx. destruct (part_with r s); [done|].
      destruct Hc as (? & ? & ?). unfold counted_after, counted, changing, idle in *; simpl. split; [lia|]. auto.
    - unfold give_back. pose proof (counted_part_with r _ _ _ _ Hc) as Hx. by destruct (part_with r s).
    - unfold discard. rewrite (is_any_out_true _ _ _ _ Hc ltac:(simpl; lia)).
      destruct Hc as (? & ? & ?). unfold counted_after, counted, free_one, changing, idle in *; simpl.
      split; [lia|]. split; [lia|done].
    - unfold freed. destruct Hc as (Hsum & Hf & Hwork).
      destruct (Nat.eqb_spec n 0) as [->|]; cbn [orb]; [done|].
      destruct (Nat.ltb_spec (freeing s) n); cbn [orb]; [lia|].
      pose proof (counted_signal n (with_freeing (freeing s - n) s) l c f) as Hx.
      destruct (signal n (with_freeing (freeing s - n) s)) as [s' o]. apply Hx; simpl; [unfold idle in *; simpl; lia|lia|done].
    - unfold permit_back. rewrite (is_any_out_true _ _ _ _ Hc ltac:(simpl; lia)). destruct Hc as (Hsum & Hf & Hwork).
      pose proof (counted_signal 1 s l c f) as Hx. destruct (signal 1 s) as [s' o]. apply Hx; [lia|done|done].
    - unfold permit_back. rewrite (is_any_out_true _ _ _ _ Hc ltac:(simpl; lia)). destruct Hc as (Hsum & Hf & Hwork).
      pose proof (counted_signal 1 s l c f) as Hx. destruct (signal 1 s) as [s' o]. apply Hx; [lia|done|done].
    - unfold cancel. destruct (remove id (queue s)) as [[w rest]|] eqn:Hr; [|done].
      destruct Hc as (? & ? & Hwork). unfold counted_after, counted, changing, idle in *; simpl.
      split; [done|]. split; [done|]. destruct Hwork as [?|Hq]; [by left|]. rewrite Hq in Hr. done.
    - by apply counted_free_idle.
    - by apply counted_free_idle.
    - unfold resize. destruct (to =? 0); [done|]. destruct (to =? capacity s); [done|].
      destruct (Nat.ltb_spec (capacity s) to); destruct Hc as (Hsum & Hf & Hwork).
      + pose proof (counted_signal (to - capacity s) (with_capacity to s) l c f) as H'.
        destruct (signal (to - capacity s) (with_capacity to s)) as [s' o].
        apply H'; unfold idle in *; simpl; [lia|done|done].
      + apply counted_free_idle. unfold counted, idle in *; simpl. split; [lia|]. auto.
    - (* [close]: where somebody waits nothing is idle, so no free is lost. *)
      unfold close. destruct (closed s); [done|]. destruct Hc as (Hsum & Hf & Hwork).
      destruct (queue s) as [|w q] eqn:Hq; simpl.
      + apply (counted_free_idle (idle s) (with_closed true (with_queue [] s)) l c f).
        unfold counted, idle in *; simpl. auto.
      + destruct Hwork as [Hk|]; [|done]. unfold idle in *. rewrite Hk in Hsum |- *. simpl in *.
        destruct q; unfold counted_after, counted, changing, idle; simpl; rewrite Hk /=; auto.
  Qed.
End counting.
