(** The queue of [core/src/stripe/queue.rs], function by function: a block of the oldest waiters, a tree, a block of the
    newest; no memory at all for a queue of none.

    [to_list] is what [iter] lists, oldest first. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine Block.
From Pool.code Require Seq.
Import ListNotations.
Set Implicit Arguments.

Module Queue.
  Section queue.
    Context {W : Type}.

    Record line := Line { front : list (waiter W); middle : Seq.tree (waiter W); back : list (waiter W) }.

    (** [Queue]: [None] for a queue of none. *)
    Definition t : Type := option line.

    Definition empty : t := None.
    Definition is_empty (q : t) : bool := match q with None => true | Some _ => false end.

    Definition line_list (l : line) : list (waiter W) := front l ++ Seq.to_list (middle l) ++ back l.
    Definition to_list (q : t) : list (waiter W) := match q with None => [] | Some l => line_list l end.

    Definition len (q : t) : nat :=
      match q with None => 0 | Some l => length (front l) + Seq.len (middle l) + length (back l) end.

    (** The copy that [Queue::change] changes. *)
    Definition copy (q : t) : line := match q with None => Line [] Seq.Leaf [] | Some l => l end.

    (** Fills an empty front from the tree, else from the back. *)
    Definition refill (l : line) : line :=
      if Seq.is_empty (middle l) then Line (back l) (middle l) [] else
      let (oldest, rest) := Seq.split_at Block.size (middle l) in
      Line (Block.of_list (Seq.to_list oldest)) rest (back l).

    (** What [Queue::change] makes of the changed copy: it sees to rule 1. *)
    Definition set (l : line) : t :=
      let l := if Block.is_empty (front l) then refill l else l in
      if Block.is_empty (front l) then None else Some l.

    (** Moves the back into the tree. *)
    Definition spill (l : line) : line :=
      match back l with
      | [] => l
      | first :: rest =>
          let rest := fold_left (fun rest w => Seq.push_back w rest) rest Seq.Leaf in
          Line (front l) (Seq.join (middle l) first rest) []
      end.

    Definition line_push (w : waiter W) (l : line) : line :=
      if Seq.is_empty (middle l) && Block.is_empty (back l) && negb (Block.is_full (front l)) then
        Line (Block.push w (front l)) (middle l) (back l)
      else
        let l := if Block.is_full (back l) then spill l else l in
        Line (front l) (middle l) (Block.push w (back l)).

    (** Appends a waiter. *)
    Definition push (w : waiter W) (q : t) : t := set (line_push w (copy q)).

    (** Takes out the oldest waiter. The second [None] cannot be reached: a front is never empty (rule 1). *)
    Definition pop (q : t) : option (waiter W * t) :=
      match q with
      | None => None
      | Some l =>
          match Block.remove 0 (front l) with
          | Some (oldest, rest) => Some (oldest, set (Line rest (middle l) (back l)))
          | None => None
          end
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

    Definition line_remove (id : nat) (l : line) : option (waiter W * line) :=
      match position (front l) id with
      | Some at_ => option_map (fun p => (fst p, Line (snd p) (middle l) (back l))) (Block.remove at_ (front l))
      | None =>
          match position (back l) id with
          | Some at_ => option_map (fun p => (fst p, Line (front l) (middle l) (snd p))) (Block.remove at_ (back l))
          | None => option_map (fun p => (fst p, Line (front l) (snd p) (back l))) (remove_middle id (middle l))
          end
      end.

    (** Takes out the waiter called [id], wherever it stands. *)
    Definition remove (id : nat) (q : t) : option (waiter W * t) :=
      match line_remove id (copy q) with Some (found, l) => Some (found, set l) | None => None end.

    (** Takes out the [count] oldest waiters, or all if there are fewer: they, and who is left. *)
    Definition take_oldest (count : nat) (q : t) : t * t :=
      if (count =? 0) || is_empty q then (empty, q) else
      let l := copy q in
      let (f, front) := Block.take_first count (front l) in
      let count := count - length f in
      let (m, middle) := Seq.split_at count (middle l) in
      let (b, back) := Block.take_first (count - Seq.len m) (back l) in
      (set (Line f m b), set (Line front middle back)).
  End queue.

  Arguments line : clear implicits.
  Arguments t : clear implicits.
End Queue.
