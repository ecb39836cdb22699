(** The machine over containers: [core/src/stripe.rs] as it calls its queue and its cache, for any queue and cache.

    [code/Machine.v] says the same over plain lists. It is written twice so that clients may reason about lists and
    nothing is lost: [proof/Refine.v] shows that both do the same, for the shipped containers and for the seed's queue.

    Effects carry lists in both; the Rust puts whole containers there (of waiters, of idle entries), which are read once. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine Block Queue Cache Tombstones.
Import ListNotations.
Set Implicit Arguments.

(** What the machine asks of a queue and of a cache. The lists are what [iter] lists. *)
Record containers (R W : Type) := Containers {
  queue_of : Type;
  q_empty : queue_of;
  q_list : queue_of -> list (waiter W);
  q_push : waiter W -> queue_of -> queue_of;
  q_pop : queue_of -> option (waiter W) * queue_of;
  q_remove : nat -> queue_of -> option (waiter W * queue_of);
  q_take_oldest : nat -> queue_of -> list (waiter W) * queue_of;

  cache_of : Type;
  k_empty : cache_of;
  k_list : cache_of -> list (entry R);
  k_len : cache_of -> nat;
  k_push : R -> nat -> cache_of -> cache_of;
  k_pop : cache_of -> option (entry R * cache_of);
  k_count_stale : nat -> nat -> cache_of -> nat;
  k_take_oldest : nat -> cache_of -> list (entry R) * cache_of;
}.

(** What is shipped. *)
Definition shipped (R W : Type) : containers R W :=
  {| queue_of := Queue.t W;
     q_empty := Queue.empty;
     q_list := @Queue.to_list W;
     q_push := @Queue.push W;
     q_pop q := match Queue.pop q with Some (w, q') => (Some w, q') | None => (None, q) end;
     q_remove := @Queue.remove W;
     q_take_oldest count q := let (taken, rest) := Queue.take_oldest count q in (Queue.to_list taken, rest);
     cache_of := Cache.t R;
     k_empty := Cache.empty;
     k_list := @Cache.to_list R;
     k_len := @Cache.len R;
     k_push := @Cache.push R;
     k_pop := @Cache.pop R;
     k_count_stale := @Cache.count_stale R;
     k_take_oldest count c := let (taken, rest) := Cache.take_oldest count c in (Cache.to_list taken, rest) |}.

(** The seed's queue, beside a cache that is a list. *)
Definition seed (R W : Type) : containers R W :=
  {| queue_of := Tombstones.t W;
     q_empty := Tombstones.empty;
     q_list := @Tombstones.live W;
     q_push := @Tombstones.push W;
     q_pop := @Tombstones.dequeue W;
     q_remove := @Tombstones.cancel W;
     q_take_oldest := @Tombstones.dequeue_many W;
     cache_of := list (entry R);
     k_empty := [];
     k_list c := c;
     k_len c := length c;
     k_push r now c := Entry r (stamp now c) :: c;
     k_pop c := match c with [] => None | e :: rest => Some (e, rest) end;
     k_count_stale now ttl c := count_stale now ttl c;
     k_take_oldest count c := (skipn (length c - count) c, firstn (length c - count) c) |}.

Module Concrete.
  Section machine.
    Context {R W : Type} (C : containers R W).

    Record stripe := Stripe {
      capacity : nat;
      available : nat;
      owed : nat;
      freeing : nat;
      next_id : nat;
      closed : bool;
      queue : queue_of C;
      cache : cache_of C;
    }.

    Record step_result := StepResult {
      after : stripe;
      effect_of : option (effect R W);
      changed : bool;
    }.

    Definition new (c : nat) : stripe :=
      let c := Nat.max c 1 in Stripe c c 0 0 0 false (q_empty C) (k_empty C).

    (** The state that clients see. *)
    Definition abs (s : stripe) : Machine.stripe R W :=
      Machine.Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) (closed s)
        (q_list C (queue s)) (k_list C (cache s)).

    Definition idle (s : stripe) : nat := k_len C (cache s).
    Definition is_any_out (s : stripe) : bool := available s + idle s + freeing s <? capacity s + owed s.

    Definition with_capacity x s := Stripe x (available s) (owed s) (freeing s) (next_id s) (closed s) (queue s) (cache s).
    Definition with_available x s := Stripe (capacity s) x (owed s) (freeing s) (next_id s) (closed s) (queue s) (cache s).
    Definition with_owed x s := Stripe (capacity s) (available s) x (freeing s) (next_id s) (closed s) (queue s) (cache s).
    Definition with_freeing x s := Stripe (capacity s) (available s) (owed s) x (next_id s) (closed s) (queue s) (cache s).
    Definition with_closed x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) x (queue s) (cache s).
    Definition with_queue x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) (closed s) x (cache s).
    Definition with_cache x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) (closed s) (queue s) x.
    Definition enqueue (w : W) s :=
      Stripe (capacity s) (available s) (owed s) (freeing s) (S (next_id s)) (closed s)
        (q_push C (Waiter (next_id s) w) (queue s)) (cache s).

    Definition unchanged (s : stripe) (e : effect R W) : step_result := StepResult s (Some e) false.
    Definition nothing (s : stripe) : step_result := StepResult s None false.
    Definition changing (s : stripe) (e : option (effect R W)) : step_result := StepResult s e true.

    Definition serve (s : stripe) : option (stripe * wake_result R) :=
      match k_pop C (cache s) with
      | Some (e, rest) => Some (with_cache rest s, Deliver (entry_resource e))
      | None =>
          if closed s then None else
          match available s with
          | 0 => None
          | S a => Some (with_available a s, Create)
          end
      end.

    Definition signal (permits : nat) (s : stripe) : stripe * option (effect R W) :=
      let swallowed := Nat.min permits (owed s) in
      let left := permits - swallowed in
      let (woken, rest) := q_take_oldest C left (queue s) in
      (with_queue rest (with_available (available s + (left - length woken)) (with_owed (owed s - swallowed) s)),
       wake_all woken Create).

    Definition free_one (r : R) (s : stripe) : step_result :=
      changing (with_freeing (S (freeing s)) s) (Some (FreeMany [r])).

    Definition free_idle (count : nat) (s : stripe) : step_result :=
      match count with
      | 0 => nothing s
      | _ =>
          let (oldest, rest) := k_take_oldest C count (cache s) in
          changing (with_cache rest (with_freeing (freeing s + length oldest) s))
            (Some (FreeMany (map entry_resource oldest)))
      end.

    (** Right: nobody waits, and what asking has made of the queue (the seed's forgets tombstones). *)
    Definition part_with (r : R) (s : stripe) : step_result + stripe :=
      if negb (is_any_out s) then inl (unchanged s (Reject NothingOut)) else
      if closed s || (freeing s <? owed s) then inl (free_one r s) else
      let (oldest, rest) := q_pop C (queue s) in
      match oldest with
      | None => inr (with_queue rest s)
      | Some w => inl (changing (with_queue rest s) (Some (Wake (Slot (waiter_wake w)) (Deliver r))))
      end.

    Definition take (w : W) (s : stripe) : step_result :=
      if closed s then unchanged s (Wake (Slot w) Cancelled) else
      match serve s with
      | Some (s', res) => changing s' (Some (Wake (Slot w) res))
      | None => changing (enqueue w s) None
      end.

    Definition try_take (to : recipient W) (s : stripe) : step_result :=
      match serve s with
      | Some (s', res) => changing s' (Some (Wake to res))
      | None => unchanged s (Wake to Cancelled)
      end.

    Definition put (r : R) (now : nat) (s : stripe) : step_result :=
      match part_with r s with
      | inl done => done
      | inr s' => changing (with_cache (k_push C r now (cache s')) s') None
      end.

    Definition give_back (r : R) (s : stripe) : step_result :=
      match part_with r s with
      | inl done => done
      | inr _ => unchanged s (InsertWithTimestamp r)
      end.

    Definition discard (r : R) (s : stripe) : step_result :=
      if is_any_out s then free_one r s else unchanged s (Reject NothingOut).

    Definition freed (count : nat) (s : stripe) : step_result :=
      if (count =? 0) || (freeing s <? count) then unchanged s (Reject NotFreeing) else
      let (s', e) := signal count (with_freeing (freeing s - count) s) in changing s' e.

    Definition permit_back (s : stripe) : step_result :=
      if is_any_out s then let (s', e) := signal 1 s in changing s' e else unchanged s (Reject NothingOut).

    Definition cancel (id : nat) (s : stripe) : step_result :=
      match q_remove C id (queue s) with
      | Some (w, rest) => changing (with_queue rest s) (Some (Wake (Slot (waiter_wake w)) Cancelled))
      | None => unchanged s (Reject (if id <? next_id s then AlreadyWoken else NeverQueued))
      end.

    Definition resize (to : nat) (s : stripe) : step_result :=
      if to =? 0 then unchanged s (Reject ZeroCapacity) else
      if to =? capacity s then nothing s else
      if capacity s <? to then
        let (s', e) := signal (to - capacity s) (with_capacity to s) in changing s' e
      else
        let shrink := capacity s - to in
        let unused := Nat.min shrink (available s) in
        let s' := with_owed (owed s + (shrink - unused)) (with_available (available s - unused) (with_capacity to s)) in
        let done := free_idle (Nat.min (owed s' - freeing s') (idle s')) s' in
        changing (after done) (effect_of done).

    Definition close (s : stripe) : step_result :=
      if closed s then unchanged s (Reject AlreadyClosed) else
      let done := free_idle (idle s) (with_closed true (with_queue (q_empty C) s)) in
      match wake_all (q_list C (queue s)) Cancelled with
      | Some e => changing (after done) (Some e)
      | None => changing (after done) (effect_of done)
      end.

    Definition step (s : stripe) (e : event R W) : step_result :=
      match e with
      | Take w => take w s
      | TryTake to => try_take to s
      | Put r now => put r now s
      | Return r => give_back r s
      | Discard r => discard r s
      | Freed count => freed count s
      | CreateFailed | Detach => permit_back s
      | Cancel id => cancel id s
      | Reap now ttl keep => free_idle (Nat.min (k_count_stale C now ttl (cache s)) (idle s - keep)) s
      | Drain => free_idle (idle s) s
      | Resize to => resize to s
      | Close => close s
      end.
  End machine.
End Concrete.
