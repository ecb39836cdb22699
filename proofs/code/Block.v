(** A few elements in a row, in place: [core/src/stripe/block.rs].

    A block is the list of its elements. What a list does not have, its room, is here: a push into a full block loses the
    element, as there, so that whoever pushes must show that there is room. *)
From Coq Require Import List Arith.
Import ListNotations.
Set Implicit Arguments.

Module Block.
  (** [SIZE]. *)
  Definition size : nat := 8.

  Section block.
    Context {A : Type}.
    Implicit Types b : list A.

    Definition is_empty b : bool := match b with [] => true | _ => false end.
    Definition is_full b : bool := size <=? length b.

    Definition push (x : A) b : list A := if is_full b then b else b ++ [x].

    (** Takes out the last element. *)
    Definition pop b : option (A * list A) :=
      match rev b with [] => None | x :: before => Some (x, rev before) end.

    Definition last b : option A := match rev b with [] => None | x :: _ => Some x end.

    (** Takes out the first element. *)
    Definition pop_first b : option (A * list A) :=
      match b with [] => None | x :: rest => Some (x, rest) end.

    (** Takes out the element at position [at_]. *)
    Definition remove (at_ : nat) b : option (A * list A) :=
      match nth_error b at_ with Some x => Some (x, firstn at_ b ++ skipn (S at_) b) | None => None end.

    (** The first [count] elements, and the rest. *)
    Definition take_first (count : nat) b : list A * list A := (firstn count b, skipn count b).

    (** What [FromIterator] makes of a longer list. *)
    Definition of_list (xs : list A) : list A := firstn size xs.
  End block.
End Block.
