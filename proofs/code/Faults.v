(** Machines with one fault each, as real pools had them: to show that the invariants would notice.

    Each is [step] but for the one kind of event that its name speaks of. [proof/Faults.v] runs each into a state in which
    the invariant that it is named after does not hold. The surroundings are the same; see [code/Replay.v]. *)
From Coq Require Import List Arith Bool.
Import ListNotations.
From Pool.code Require Import Machine.

Section faults.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (e : event R W).

  (** INV-CAPACITY: a create that fails does not give its permit back, so the pool runs dry. *)
  Definition step_leaks_permit s e : step_result R W :=
    match e with
    | CreateFailed => nothing s
    | _ => step s e
    end.

  (** INV-WORK: a put keeps the resource without a look at who waits: the lost wake-up. *)
  Definition step_forgets_waiters s e : step_result R W :=
    match e with
    | Put r now => changing (with_cache (Entry r (stamp now (cache s)) :: cache s) s) None
    | _ => step s e
    end.

  (** INV-ONE-WAKE: a put hands to the oldest waiter and leaves it in the queue. *)
  Definition step_wakes_twice s e : step_result R W :=
    match e, queue s with
    | Put r _, w :: _ => changing s (Some (Wake (Slot (waiter_wake w)) (Deliver r)))
    | _, _ => step s e
    end.

  (** INV-FIFO: a put hands to the newest waiter. *)
  Definition step_wakes_newest s e : step_result R W :=
    match e, rev (queue s) with
    | Put r _, w :: others => changing (with_queue (rev others) s) (Some (Wake (Slot (waiter_wake w)) (Deliver r)))
    | _, _ => step s e
    end.

  (** INV-OWNER: a take looks at the newest idle entry and leaves it there, so two get the same. *)
  Definition step_lends_twice s e : step_result R W :=
    match e, cache s with
    | TryTake to, newest :: _ => changing s (Some (Wake to (Deliver (entry_resource newest))))
    | _, _ => step s e
    end.

  (** INV-BOUNDED: a cancelled waiter is told so, and stays in the queue until its turn comes. *)
  Definition step_keeps_cancelled s e : step_result R W :=
    match e with
    | Cancel id => StepResult s (effect_of (step s e)) (changed (step s e))
    | _ => step s e
    end.

  (** INV-IDS: a waiter's id is its place in the queue, which another had before. *)
  Definition step_reuses_ids s e : step_result R W :=
    match e, serve s with
    | Take w, None =>
        changing (with_queue (queue s ++ [Waiter (length (queue s)) w]) s) None
    | _, _ => step s e
    end.

  (** INV-RECENCY: a put trusts the clock. *)
  Definition step_trusts_clock s e : step_result R W :=
    match e with
    | Put r now =>
        match part_with r s with
        | Some done => done
        | None => changing (with_cache (Entry r now :: cache s) s) None
        end
    | _ => step s e
    end.

  (** INV-CLOSED: a put does not ask whether the pool was closed in the meantime. *)
  Definition step_keeps_in_closed s e : step_result R W :=
    match e with
    | Put r now =>
        match part_with r (with_closed false s) with
        | Some done => StepResult (with_closed (closed s) (after done)) (effect_of done) (changed done)
        | None => changing (with_cache (Entry r (stamp now (cache s)) :: cache s) s) None
        end
    | _ => step s e
    end.

  (** INV-FREE-FIRST: a discard gives the permit back at once, before the resource is gone: for a while there are too many. *)
  Definition step_frees_late s e : step_result R W :=
    match e with
    | Discard r =>
        if is_any_out s then changing (with_available (S (available s)) s) (Some (FreeMany [r])) else step s e
    | _ => step s e
    end.

  (** INV-SHRINK: a resize to less leaves the idle ones where they are, and waits for what is lent. *)
  Definition step_shrinks_late s e : step_result R W :=
    match e with
    | Resize to =>
        if (0 <? to) && (to <? capacity s) then
          let shrink := capacity s - to in
          let unused := Nat.min shrink (available s) in
          changing (with_owed (owed s + (shrink - unused)) (with_available (available s - unused) (with_capacity to s))) None
        else step s e
    | _ => step s e
    end.
End faults.
