(** The machine as the Rust has it: [core/src/stripe.rs], transition by transition, over plain lists.

    Generic in resources [R] and wake slots [W], as there. Where this departs from the Rust, and why nothing is lost:
    - counters are unbounded naturals; in the Rust they are u32, and [counter.rs] says why no sum exceeds one;
    - [Take] is never refused with [QueueFull], which the Rust does after 2^64 waits, or with 2^32 waiters at once;
    - queue and cache are lists; [code/Seq.v] and what follows it are the shipped containers, proved to behave like these.

    The queue is listed oldest first, the cache newest first. *)
From Coq Require Import List Arith Bool.
Import ListNotations.
Set Implicit Arguments.

Section machine.
  Context {R W : Type}.

  Record waiter := Waiter { waiter_id : nat; waiter_wake : W }.
  Record entry := Entry { entry_resource : R; entry_last_used : nat }.

  Record stripe := Stripe {
    capacity : nat;
    available : nat;
    owed : nat;
    freeing : nat;
    next_id : nat;
    closed : bool;
    queue : list waiter;
    cache : list entry;
  }.

  (** What a take is answered with. *)
  Inductive wake_result := Deliver (r : R) | Create | Cancelled.

  Inductive recipient := Caller | Slot (w : W).

  Inductive reject := NothingOut | NotFreeing | AlreadyWoken | NeverQueued | ZeroCapacity | AlreadyClosed | QueueFull.

  Inductive effect :=
    | Wake (to : recipient) (res : wake_result)
    | WakeMany (ws : list waiter) (res : wake_result)
    | InsertWithTimestamp (r : R)
    | FreeMany (rs : list R)
    | Reject (why : reject).

  Inductive event :=
    | Take (w : W)
    | TryTake (to : recipient)
    | Put (r : R) (now : nat)
    | Return (r : R)
    | Discard (r : R)
    | Freed (count : nat)
    | CreateFailed
    | Detach
    | Cancel (id : nat)
    | Reap (now ttl keep : nat)
    | Drain
    | Resize (to : nat)
    | Close.

  (** [StripeStep]: no transition has two effects. *)
  Record step_result := StepResult {
    after : stripe;
    effect_of : option effect;
    changed : bool;
  }.

  Definition new (c : nat) : stripe :=
    let c := Nat.max c 1 in Stripe c c 0 0 0 false [] [].

  Definition idle (s : stripe) : nat := length (cache s).
  Definition waiting (s : stripe) : nat := length (queue s).
  Definition out (s : stripe) : nat := capacity s + owed s - (available s + idle s).
  (** Whether anything is lent, being created, delivered or stamped: what can come back. *)
  Definition is_any_out (s : stripe) : bool :=
    available s + idle s + freeing s <? capacity s + owed s.

  (** ** Copies with one field changed *)
  Definition with_capacity x s := Stripe x (available s) (owed s) (freeing s) (next_id s) (closed s) (queue s) (cache s).
  Definition with_available x s := Stripe (capacity s) x (owed s) (freeing s) (next_id s) (closed s) (queue s) (cache s).
  Definition with_owed x s := Stripe (capacity s) (available s) x (freeing s) (next_id s) (closed s) (queue s) (cache s).
  Definition with_freeing x s := Stripe (capacity s) (available s) (owed s) x (next_id s) (closed s) (queue s) (cache s).
  Definition with_closed x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) x (queue s) (cache s).
  Definition with_queue x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) (closed s) x (cache s).
  Definition with_cache x s := Stripe (capacity s) (available s) (owed s) (freeing s) (next_id s) (closed s) (queue s) x.
  Definition enqueue (w : W) s :=
    Stripe (capacity s) (available s) (owed s) (freeing s) (S (next_id s)) (closed s)
      (queue s ++ [Waiter (next_id s) w]) (cache s).

  Definition unchanged (s : stripe) (e : effect) : step_result := StepResult s (Some e) false.
  Definition nothing (s : stripe) : step_result := StepResult s None false.
  Definition changing (s : stripe) (e : option effect) : step_result := StepResult s e true.

  (** ** The parts of transitions *)

  (** Several wakes make one [WakeMany]. *)
  Definition wake_all (ws : list waiter) (res : wake_result) : option effect :=
    match ws with
    | [] => None
    | [w] => Some (Wake (Slot (waiter_wake w)) res)
    | _ => Some (WakeMany ws res)
    end.

  (** The newest idle entry, else a permit. *)
  Definition serve (s : stripe) : option (stripe * wake_result) :=
    match cache s with
    | e :: rest => Some (with_cache rest s, Deliver (entry_resource e))
    | [] =>
        if closed s then None else
        match available s with
        | 0 => None
        | S a => Some (with_available a s, Create)
        end
    end.

  (** [permits] permits that are in no other counter any more: owed first, then the oldest waiters, then available. *)
  Definition signal (permits : nat) (s : stripe) : stripe * option effect :=
    let swallowed := Nat.min permits (owed s) in
    let left := permits - swallowed in
    let woken := firstn left (queue s) in
    (with_queue (skipn left (queue s))
       (with_available (available s + (left - length woken)) (with_owed (owed s - swallowed) s)),
     wake_all woken Create).

  Definition free_one (r : R) (s : stripe) : step_result :=
    changing (with_freeing (S (freeing s)) s) (Some (FreeMany [r])).

  (** The [count] oldest idle resources leave the cache to be freed. *)
  Definition free_idle (count : nat) (s : stripe) : step_result :=
    match count with
    | 0 => nothing s
    | _ =>
        let kept := idle s - count in
        let oldest := skipn kept (cache s) in
        changing (with_cache (firstn kept (cache s)) (with_freeing (freeing s + length oldest) s))
          (Some (FreeMany (map entry_resource oldest)))
    end.

  (** What happens to a resource that comes back, unless it is to be kept: freed if closed or still to shrink, else to the
      oldest waiter. *)
  Definition part_with (r : R) (s : stripe) : option step_result :=
    if negb (is_any_out s) then Some (unchanged s (Reject NothingOut)) else
    if closed s || (freeing s <? owed s) then Some (free_one r s) else
    match queue s with
    | [] => None
    | w :: rest => Some (changing (with_queue rest s) (Some (Wake (Slot (waiter_wake w)) (Deliver r))))
    end.

  Definition stamp (now : nat) (c : list entry) : nat :=
    match c with [] => now | e :: _ => Nat.max now (entry_last_used e) end.

  Definition is_stale (now ttl : nat) (e : entry) : bool := ttl <=? now - entry_last_used e.

  Definition count_stale (now ttl : nat) (c : list entry) : nat := length (filter (is_stale now ttl) c).

  (** ** The transitions *)

  Definition take (w : W) (s : stripe) : step_result :=
    if closed s then unchanged s (Wake (Slot w) Cancelled) else
    match serve s with
    | Some (s', res) => changing s' (Some (Wake (Slot w) res))
    | None => changing (enqueue w s) None
    end.

  Definition try_take (to : recipient) (s : stripe) : step_result :=
    match serve s with
    | Some (s', res) => changing s' (Some (Wake to res))
    | None => unchanged s (Wake to Cancelled)
    end.

  Definition put (r : R) (now : nat) (s : stripe) : step_result :=
    match part_with r s with
    | Some done => done
    | None => changing (with_cache (Entry r (stamp now (cache s)) :: cache s) s) None
    end.

  Definition give_back (r : R) (s : stripe) : step_result :=
    match part_with r s with
    | Some done => done
    | None => unchanged s (InsertWithTimestamp r)
    end.

  Definition discard (r : R) (s : stripe) : step_result :=
    if is_any_out s then free_one r s else unchanged s (Reject NothingOut).

  Definition freed (count : nat) (s : stripe) : step_result :=
    if (count =? 0) || (freeing s <? count) then unchanged s (Reject NotFreeing) else
    let (s', e) := signal count (with_freeing (freeing s - count) s) in changing s' e.

  Definition permit_back (s : stripe) : step_result :=
    if is_any_out s then let (s', e) := signal 1 s in changing s' e else unchanged s (Reject NothingOut).

  (** Takes the waiter called [id] out of the queue. *)
  Fixpoint remove (id : nat) (q : list waiter) : option (waiter * list waiter) :=
    match q with
    | [] => None
    | w :: rest =>
        if waiter_id w =? id then Some (w, rest) else
        match remove id rest with
        | Some (found, rest') => Some (found, w :: rest')
        | None => None
        end
    end.

  Definition cancel (id : nat) (s : stripe) : step_result :=
    match remove id (queue s) with
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
    let done := free_idle (idle s) (with_closed true (with_queue [] s)) in
    match wake_all (queue s) Cancelled with
    | Some e => changing (after done) (Some e)
    | None => changing (after done) (effect_of done)
    end.

  Definition step (s : stripe) (e : event) : step_result :=
    match e with
    | Take w => take w s
    | TryTake to => try_take to s
    | Put r now => put r now s
    | Return r => give_back r s
    | Discard r => discard r s
    | Freed count => freed count s
    | CreateFailed | Detach => permit_back s
    | Cancel id => cancel id s
    | Reap now ttl keep => free_idle (Nat.min (count_stale now ttl (cache s)) (idle s - keep)) s
    | Drain => free_idle (idle s) s
    | Resize to => resize to s
    | Close => close s
    end.
End machine.

Arguments waiter : clear implicits.
Arguments entry : clear implicits.
Arguments stripe : clear implicits.
Arguments wake_result : clear implicits.
Arguments recipient : clear implicits.
Arguments effect : clear implicits.
Arguments event : clear implicits.
Arguments step_result : clear implicits.
