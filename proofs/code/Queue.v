(** The queue of [core/src/stripe/queue.rs], function by function: a block of the oldest waiters, a tree, a block of the
    newest.

    [to_list] is what [iter] lists, oldest first. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine Block.
From Pool.code Require Seq.
Import ListNotations.
Set Implicit Arguments.

Module Queue.
  Section queue.
    Context {W : Type}.

    Record t := Queue { front : list (waiter W); middle : Seq.tree (waiter W); back : list (waiter W) }.

    Definition empty : t := Queue [] Seq.Leaf [].
    Definition is_empty (q : t) : bool := Block.is_empty (front q).

    Definition to_list (q : t) : list (waiter W) := front q ++ Seq.to_list (middle q) ++ back q.

    Definition len (q : t) : nat :=
      if is_empty q then 0 else length (front q) + Seq.len (middle q) + length (back q).

    (** What a commit copies over: nothing, if both look empty (rule 3). *)
    Definition copy_from (into source : t) : t := if is_empty into && is_empty source then into else source.

    (** Lets go of the tree; what is left is only to be copied over. *)
    Definition unshare (q : t) : t := Queue (front q) Seq.Leaf (back q).

    (** Sees to rule 1: fills an empty front from the tree, else from the back. *)
    Definition settle (q : t) : t :=
      if negb (Block.is_empty (front q)) then q else
      if Seq.is_empty (middle q) then Queue (back q) (middle q) [] else
      let (oldest, rest) := Seq.split_at Block.size (middle q) in
      Queue (Block.of_list (Seq.to_list oldest)) rest (back q).

    (** Moves the back into the tree. *)
    Definition spill (q : t) : t :=
      match back q with
      | [] => q
      | first :: rest =>
          Queue (front q) (Seq.join (middle q) first (Seq.of_list rest)) []
      end.

    (** Appends a waiter. *)
    Definition push (w : waiter W) (q : t) : t :=
      if Seq.is_empty (middle q) && Block.is_empty (back q) && negb (Block.is_full (front q)) then
        Queue (Block.push w (front q)) (middle q) (back q)
      else
        let q := if Block.is_full (back q) then spill q else q in
        Queue (front q) (middle q) (Block.push w (back q)).

    (** Takes out the oldest waiter. The Rust looks first whether there is one, so that this compiles small. *)
    Definition pop (q : t) : option (waiter W * t) :=
      match Block.pop_first (front q) with
      | Some (oldest, rest) => Some (oldest, settle (Queue rest (middle q) (back q)))
      | None => None
      end.

    (** Where in a block the waiter called [id] stands. *)
    Fixpoint position (b : list (waiter W)) (id : nat) : option nat :=
      match b with
      | [] => None
      | w :: rest => if waiter_id w =? id then Some 0 else option_map S (position rest id)
      end.

    Definition remove_middle (id : nat) (m : Seq.tree (waiter W)) : option (waiter W * Seq.tree (waiter W)) :=
      let rank := Seq.partition_point (fun w => waiter_id w <? id) m in
      match Seq.get rank m with
      | Some w => if waiter_id w =? id then Seq.remove rank m else None
      | None => None
      end.

    (** Takes out the waiter called [id], wherever it stands. *)
    Definition remove (id : nat) (q : t) : option (waiter W * t) :=
      match position (front q) id with
      | Some at_ => option_map (fun p => (fst p, settle (Queue (snd p) (middle q) (back q)))) (Block.remove at_ (front q))
      | None =>
          match position (back q) id with
          | Some at_ => option_map (fun p => (fst p, Queue (front q) (middle q) (snd p))) (Block.remove at_ (back q))
          | None => option_map (fun p => (fst p, Queue (front q) (snd p) (back q))) (remove_middle id (middle q))
          end
      end.

    (** Takes out the [count] oldest waiters, or all if there are fewer: they, and who is left. *)
    Definition take_oldest (count : nat) (q : t) : t * t :=
      if (count =? 0) || is_empty q then (empty, q) else
      let (f, front) := Block.take_first count (front q) in
      let count := count - length f in
      let (m, middle) := Seq.split_at count (middle q) in
      let (b, back) := Block.take_first (count - Seq.len m) (back q) in
      (Queue f m b, settle (Queue front middle back)).
  End queue.

  Arguments t : clear implicits.
End Queue.
