(** That the statements of [spec/RefineSpec.v] speak of something: a run in which both trees have nodes, waiters leave from
    the middle, and the seed's queue holds tombstones that do not show. *)
From Coq Require Import List Arith.
From Pool.code Require Import Machine Queue Cache Tombstones Concrete.
From Pool.code Require Seq.
From Pool.spec Require Import RefineSpec.
Import ListNotations.

(** All thirty permits are taken; twenty-five come and wait, three of them give up, three permits come back. *)
Definition waits : list (event nat nat) :=
  repeat (TryTake Caller) 30 ++ map (fun w => Take w) (seq 100 25) ++ [Cancel 0; Cancel 1; Cancel 12]
  ++ repeat CreateFailed 3.

(** All thirty are taken and twenty resources put back, one at each tick; a reap frees what was last used eleven ago or
    before. *)
Definition idles : list (event nat nat) :=
  repeat (TryTake Caller) 30 ++ map (fun r => Put r r) (seq 1 20) ++ [Reap 20 11 2].

Definition end_of (C : containers nat nat) (es : list (event nat nat)) : Concrete.stripe C :=
  snd (concrete_answers (Concrete.new C 30) es).

(** Front, tree and back are all in use, and nobody who gave up is there. *)
Example the_queue_uses_its_tree :
  let q := Concrete.queue (end_of (shipped nat nat) waits) in
  (map waiter_id (Queue.front q), map waiter_id (Seq.to_list (Queue.middle q)), map waiter_id (Queue.back q),
   Seq.depth (Queue.middle q)) = ([5; 6; 7], [8; 9; 10; 11; 13; 14; 15; 16; 17; 18; 19; 20; 21; 22; 23], [24], 5).
Proof. vm_compute. reflexivity. Qed.

(** The seed keeps twelve's tombstone, and shows the same waiters. *)
Example the_seed_keeps_a_tombstone :
  let q := Concrete.queue (end_of (seed nat nat) waits) in
  (Tombstones.cancelled q, length (Tombstones.in_order q), length (Tombstones.live q)) = ([12], 20, 19).
Proof. vm_compute. reflexivity. Qed.

Example both_show_the_same :
  Concrete.abs (end_of (shipped nat nat) waits) = Concrete.abs (end_of (seed nat nat) waits).
Proof. vm_compute. reflexivity. Qed.

(** Block and tree are both in use after the reap, which freed the oldest nine. *)
Example the_cache_uses_its_tree :
  let c := Concrete.cache (end_of (shipped nat nat) idles) in
  (map entry_resource (Cache.recent c), map entry_resource (Seq.to_list (Cache.older c)))
  = ([13; 14; 15; 16; 17; 18; 19; 20], [10; 11; 12]).
Proof. vm_compute. reflexivity. Qed.

Example the_reap_freed_the_oldest :
  last (fst (concrete_answers (Concrete.new (shipped nat nat) 30) idles)) (None, false)
  = (Some (FreeMany [9; 8; 7; 6; 5; 4; 3; 2; 1]), true).
Proof. vm_compute. reflexivity. Qed.

(** A tree that is one-sided is not sound, so [SEQ_SOUND] excludes something. *)
Example a_lopsided_tree_is_unsound :
  Seq.is_well_formed (Seq.Node 5 Seq.Leaf 0 (fold_left (fun t x => Seq.push_back x t) [1; 2; 3; 4] Seq.Leaf)) = false.
Proof. reflexivity. Qed.
