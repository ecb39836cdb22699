(** The seed's queue under the protocol's rules, as in [model/src/tombstones.rs]: two lists, a set of cancelled ids,
    tombstones skipped lazily.

    Who is cancelled stays in the lists and is forgotten when its turn comes. [live] is what a view shows. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine.
Import ListNotations.
Set Implicit Arguments.

Module Tombstones.
  Section queue.
    Context {W : Type}.

    Record t := Queue {
      queue : list (waiter W);     (** oldest first *)
      queuer : list (waiter W);    (** newest first *)
      cancelled : list nat;        (** a set *)
    }.

    Definition empty : t := Queue [] [] [].

    Definition contains (set : list nat) (id : nat) : bool := existsb (Nat.eqb id) set.
    Definition without (id : nat) (set : list nat) : list nat := filter (fun i => negb (id =? i)) set.

    (** Everybody in the lists, oldest first. *)
    Definition in_order (q : t) : list (waiter W) := queue q ++ rev (queuer q).

    Definition alive (set : list nat) (ws : list (waiter W)) : list (waiter W) :=
      filter (fun w => negb (contains set (waiter_id w))) ws.
    Definition live (q : t) : list (waiter W) := alive (cancelled q) (in_order q).

    Definition push (w : waiter W) (q : t) : t := Queue (queue q) (w :: queuer q) (cancelled q).

    (** The first who is alive, who is behind it, and the tombstones that are left: those on the way are consumed. *)
    Fixpoint skip (set : list nat) (ws : list (waiter W)) : option (waiter W) * list (waiter W) * list nat :=
      match ws with
      | [] => (None, [], set)
      | w :: rest =>
          if contains set (waiter_id w) then skip (without (waiter_id w) set) rest else (Some w, rest, set)
      end.

    (** The oldest who still waits: of the front list, else of the back list, which is then reversed into the front. *)
    Definition dequeue (q : t) : option (waiter W) * t :=
      match skip (cancelled q) (queue q) with
      | (Some w, rest, set) => (Some w, Queue rest (queuer q) set)
      | (None, _, set) =>
          match skip set (rev (queuer q)) with
          | (oldest, rest, set) => (oldest, Queue rest [] set)
          end
      end.

    (** As often as there are permits, while somebody waits. *)
    Fixpoint dequeue_many (count : nat) (q : t) : list (waiter W) * t :=
      match count with
      | 0 => ([], q)
      | S count =>
          match dequeue q with
          | (None, q') => ([], q')
          | (Some w, q') => let (ws, rest) := dequeue_many count q' in (w :: ws, rest)
          end
      end.

    (** Who is queued and alive becomes a tombstone. *)
    Definition cancel (id : nat) (q : t) : option (waiter W * t) :=
      match find (fun w => waiter_id w =? id) (live q) with
      | Some w => Some (w, Queue (queue q) (queuer q) (id :: cancelled q))
      | None => None
      end.
  End queue.

  Arguments t : clear implicits.
End Tombstones.
