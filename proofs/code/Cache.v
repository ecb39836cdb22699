(** The cache of [core/src/stripe/cache.rs], function by function: a block of the newest entries and a tree of the older
    ones, each oldest first.

    [to_list] is what [iter] lists: newest first. *)
From Coq Require Import List Arith Bool.
From Pool.code Require Import Machine Block.
From Pool.code Require Seq.
Import ListNotations.
Set Implicit Arguments.

Module Cache.
  (** [HALF]. *)
  Definition half : nat := 4.

  Section cache.
    Context {R : Type}.

    Record t := Cache { recent : list (entry R); older : Seq.tree (entry R) }.

    Definition empty : t := Cache [] Seq.Leaf.

    Definition in_order (c : t) : list (entry R) := Seq.to_list (older c) ++ recent c.
    Definition to_list (c : t) : list (entry R) := rev (in_order c).

    Definition len (c : t) : nat := length (recent c) + Seq.len (older c).
    Definition is_empty (c : t) : bool := Block.is_empty (recent c).
    Definition newest (c : t) : option (entry R) := Block.last (recent c).

    (** Moves the older half of a full inline part into the sequence. *)
    Definition spill (c : t) : t :=
      let (oldest, rest) := Block.take_first half (recent c) in
      Cache rest (fold_left (fun older e => Seq.push_back e older) oldest (older c)).

    (** Moves up to half an inline part from the sequence into the empty inline part. *)
    Definition refill (c : t) : t :=
      let (older, newest) := Seq.split_at (Seq.len (older c) - half) (older c) in
      Cache (Block.of_list (Seq.to_list newest)) older.

    (** Adds [r], stamped [now] or as the newest entry is stamped, whichever is later. *)
    Definition push (r : R) (now : nat) (c : t) : t :=
      let last_used := match newest c with None => now | Some e => Nat.max now (entry_last_used e) end in
      let c := if Block.is_full (recent c) then spill c else c in
      Cache (Block.push (Entry r last_used) (recent c)) (older c).

    (** Takes out the newest entry. An empty block has no tree behind it (rule 2), so there is nothing to refill then. *)
    Definition pop (c : t) : option (entry R * t) :=
      match Block.pop (recent c) with
      | None => None
      | Some (e, rest) =>
          let c := Cache rest (older c) in
          Some (e, if Block.is_empty rest && negb (Seq.is_empty (older c)) then refill c else c)
      end.

    (** How many entries were last used at least [ttl] before [now]. *)
    Definition count_stale (now ttl : nat) (c : t) : nat :=
      let stale := Seq.partition_point (is_stale now ttl) (older c) in
      if stale <? Seq.len (older c) then stale else stale + length (filter (is_stale now ttl) (recent c)).

    (** Takes out the [count] oldest entries, or all if there are fewer: they, and what is left. *)
    Definition take_oldest (count : nat) (c : t) : t * t :=
      if len c <=? count then (c, empty) else
      let (oldest, rest) := Seq.split_at count (older c) in
      let (inline, recent) := Block.take_first (count - Seq.len oldest) (recent c) in
      let taken := Cache inline oldest in
      (if Block.is_empty inline then refill taken else taken, Cache recent rest).
  End cache.

  Arguments t : clear implicits.
End Cache.
