(** The persistent sequence of [core/src/stripe/seq.rs], function by function: a weight-balanced tree, in order.

    Sizes stand in the nodes, as there. Counts are unbounded naturals where the Rust has u32 (and u64 for products, which
    therefore cannot overflow). Sharing does not show: every function there leaves its input as it was. *)
From Coq Require Import List Arith Bool.
Import ListNotations.
Set Implicit Arguments.

(** [DELTA] and [RATIO]. *)
Definition delta : nat := 3.
Definition ratio : nat := 2.

Section seq.
  Context {A : Type}.

  Inductive tree := Leaf | Node (size : nat) (left : tree) (item : A) (right : tree).

  Definition len (t : tree) : nat := match t with Leaf => 0 | Node n _ _ _ => n end.
  Definition is_empty (t : tree) : bool := match t with Leaf => true | Node _ _ _ _ => false end.

  (** What [iter] lists. *)
  Fixpoint to_list (t : tree) : list A :=
    match t with Leaf => [] | Node _ l x r => to_list l ++ x :: to_list r end.

  Fixpoint depth (t : tree) : nat :=
    match t with Leaf => 0 | Node _ l _ r => S (Nat.max (depth l) (depth r)) end.

  (** ** Balance *)

  Definition is_balanced (l r : nat) : bool := (l + r <=? 1) || ((r <=? delta * l) && (l <=? delta * r)).

  Fixpoint is_well_formed (t : tree) : bool :=
    match t with
    | Leaf => true
    | Node n l _ r =>
        (n =? S (len l + len r)) && is_balanced (len l) (len r) && is_well_formed l && is_well_formed r
    end.

  Definition bin (l : tree) (x : A) (r : tree) : tree := Node (S (len l + len r)) l x r.

  Definition rotate_left (l : tree) (x : A) (rl : tree) (rx : A) (rr : tree) : tree :=
    let single := bin (bin l x rl) rx rr in
    match rl with
    | Node size il ix ir => if ratio * len rr <=? size then bin (bin l x il) ix (bin ir rx rr) else single
    | Leaf => single
    end.

  Definition rotate_right (ll : tree) (lx : A) (lr : tree) (x : A) (r : tree) : tree :=
    let single := bin ll lx (bin lr x r) in
    match lr with
    | Node size il ix ir => if ratio * len ll <=? size then bin (bin ll lx il) ix (bin ir x r) else single
    | Leaf => single
    end.

  Definition balance (l : tree) (x : A) (r : tree) : tree :=
    if is_balanced (len l) (len r) then bin l x r else
    if len l <? len r then
      match r with Node _ rl rx rr => rotate_left l x rl rx rr | Leaf => bin l x r end
    else
      match l with Node _ ll lx lr => rotate_right ll lx lr x r | Leaf => bin l x r end.

  (** ** All at once *)

  (** [build], for a [len] of as many as there are: the half before the middle one, that one, the half after it. [fuel] is
      for Coq to see an end. *)
  Fixpoint build (fuel : nat) (xs : list A) : tree :=
    match fuel with
    | 0 => Leaf
    | S fuel =>
        let half := length xs / 2 in
        match skipn half xs with
        | [] => Leaf
        | x :: after => bin (build fuel (firstn half xs)) x (build fuel after)
        end
    end.

  Definition of_list (xs : list A) : tree := build (length xs) xs.

  (** ** Reading *)

  Fixpoint partition_point (holds : A -> bool) (t : tree) : nat :=
    match t with
    | Leaf => 0
    | Node _ l x r => if holds x then S (len l) + partition_point holds r else partition_point holds l
    end.

  Fixpoint get (rank : nat) (t : tree) : option A :=
    match t with
    | Leaf => None
    | Node _ l x r =>
        match Nat.compare rank (len l) with
        | Lt => get rank l
        | Eq => Some x
        | Gt => get (rank - S (len l)) r
        end
    end.

  Definition first (t : tree) : option A := get 0 t.
  Definition last (t : tree) : option A := match len t with 0 => None | S n => get n t end.

  (** ** Both ends *)

  Fixpoint push_back (x : A) (t : tree) : tree :=
    match t with Leaf => bin Leaf x Leaf | Node _ l y r => balance l y (push_back x r) end.

  Fixpoint push_front (x : A) (t : tree) : tree :=
    match t with Leaf => bin Leaf x Leaf | Node _ l y r => balance (push_front x l) y r end.

  Fixpoint pop_front (t : tree) : option (A * tree) :=
    match t with
    | Leaf => None
    | Node _ l x r => match pop_front l with None => Some (x, r) | Some (y, l') => Some (y, balance l' x r) end
    end.

  Fixpoint pop_back (t : tree) : option (A * tree) :=
    match t with
    | Leaf => None
    | Node _ l x r => match pop_back r with None => Some (x, l) | Some (y, r') => Some (y, balance l x r') end
    end.

  (** ** The middle *)

  Fixpoint join (l : tree) (x : A) : tree -> tree :=
    fix join_left (r : tree) : tree :=
      match l, r with
      | Leaf, _ => push_front x r
      | _, Leaf => push_back x l
      | Node sl ll lx lr, Node sr rl rx rr =>
          if delta * sl <? sr then balance (join_left rl) rx rr else
          if delta * sr <? sl then balance ll lx (join lr x r) else
          bin l x r
      end.

  Fixpoint split_at (rank : nat) (t : tree) : tree * tree :=
    match t with
    | Leaf => (Leaf, Leaf)
    | Node _ l x r =>
        if rank <=? len l then
          let (before, after) := split_at rank l in (before, join after x r)
        else
          let (before, after) := split_at (rank - S (len l)) r in (join l x before, after)
    end.

  Fixpoint remove (rank : nat) (t : tree) : option (A * tree) :=
    match t with
    | Leaf => None
    | Node _ l x r =>
        match Nat.compare rank (len l) with
        | Lt => match remove rank l with Some (y, l') => Some (y, balance l' x r) | None => None end
        | Gt => match remove (rank - S (len l)) r with Some (y, r') => Some (y, balance l x r') | None => None end
        | Eq => Some (x, match pop_front r with None => l | Some (y, r') => balance l y r' end)
        end
    end.
End seq.

Arguments tree : clear implicits.
