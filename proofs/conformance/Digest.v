(** Digests of what the proved machine does, computed by the kernel's virtual machine and committed in [digests.txt]: the Rust
    computes the same from the shipped [step] (model/tests/conformance.rs), so that a plain [cargo test] compares the two
    without Coq.

    From a seed come machines, from each machine a row of events, all by one xorshift generator on 63-bit integers, the same
    in the Rust. Every kind of event comes, those that nobody has a token for included. After each step the whole state, the
    effect and [changed] go into a rolling hash. The numbers are small, because [nat] is unary. *)
From Coq Require Import List Uint63.
From Pool.code Require Import Machine.
Import ListNotations.

(** ** Small numbers between [nat] and the kernel's integers *)
Fixpoint nat_of (fuel : nat) (i : int) : nat :=
  match fuel with
  | 0 => 0
  | S fuel => if (i =? 0)%uint63 then 0 else S (nat_of fuel (i - 1)%uint63)
  end.
Fixpoint int_of (n : nat) (sum : int) : int :=
  match n with 0 => sum | S n => int_of n (sum + 1)%uint63 end.
Definition bool_of (b : bool) : nat := if b then 1 else 0.

(** ** The generator: the number [below] of the bits from [shift] on *)
Definition random (x : int) : int :=
  (let x := x lxor (x << 13) in
   let x := x lxor (x >> 7) in
   x lxor (x << 17))%uint63.
Definition bits (x shift below : int) : nat := nat_of 32 ((x >> shift) mod below)%uint63.

Definition event_of (x : int) (s : stripe nat nat) : event nat nat :=
  let a := bits x 20 16 in
  let b := bits x 30 8 in
  match bits x 11 32 with
  | 8 => TryTake Caller
  | 9 => TryTake (Slot a)
  | 10 | 11 | 12 | 13 | 14 | 15 => Put b a
  | 16 | 17 | 18 => Return b
  | 19 => Discard b
  | 20 | 21 => Freed (Nat.min b 3)
  | 22 | 23 => CreateFailed
  | 24 => Detach
  | 25 | 26 => Cancel (next_id s - a)
  | 27 => Reap a b (Nat.min a b)
  | 28 => if Nat.leb 4 a then Take a else Drain
  | 29 | 30 => Resize b
  | 31 => if Nat.leb (a + b) 3 then Close else Put a b
  | _ => Take a
  end.

(** ** The hash *)
Definition mix (h : int) (n : nat) : int := (h * 1000003 + int_of n 1)%uint63.
Definition mix_list {A} (item : int -> A -> int) (h : int) (xs : list A) : int := fold_left item xs (mix h (length xs)).
Definition mix_waiter h (w : waiter nat) : int := mix (mix h (waiter_id w)) (waiter_wake w).
Definition mix_entry h (e : entry nat) : int := mix (mix h (entry_resource e)) (entry_last_used e).
Definition mix_stripe h (s : stripe nat nat) : int :=
  let h := fold_left mix [capacity s; available s; owed s; freeing s; next_id s; bool_of (closed s)] h in
  mix_list mix_entry (mix_list mix_waiter h (queue s)) (cache s).
Definition mix_result h (res : wake_result nat) : int :=
  match res with Deliver r => mix (mix h 0) r | Create => mix h 1 | Cancelled => mix h 2 end.
Definition reason (why : reject) : nat :=
  match why with
  | NothingOut => 0 | NotFreeing => 1 | AlreadyWoken => 2 | NeverQueued => 3
  | ZeroCapacity => 4 | AlreadyClosed => 5 | QueueFull => 6
  end.
Definition mix_effect h (o : option (effect nat nat)) : int :=
  match o with
  | None => mix h 0
  | Some (Wake Caller res) => mix_result (mix h 1) res
  | Some (Wake (Slot w) res) => mix_result (mix (mix h 2) w) res
  | Some (WakeMany ws res) => mix_result (mix_list mix_waiter (mix h 3) ws) res
  | Some (InsertWithTimestamp r) => mix (mix h 4) r
  | Some (FreeMany rs) => mix_list mix (mix h 5) rs
  | Some (Reject why) => mix (mix h 6) (reason why)
  end.

(** ** The digests *)
Fixpoint row (events : nat) (x h : int) (s : stripe nat nat) : int * int :=
  match events with
  | 0 => (x, h)
  | S events =>
      let x := random x in
      let y := step s (event_of x s) in
      row events x (mix (mix_effect (mix_stripe h (after y)) (effect_of y)) (bool_of (changed y))) (after y)
  end.
(** [machines] of them, one after another, of capacity 1 to 8; the generator goes on. *)
Fixpoint digest (machines : nat) (x h : int) : int :=
  match machines with
  | 0 => h
  | S machines =>
      let x := random x in
      let (x, h) := row 200 x h (new (S (bits x 11 8))) in digest machines x h
  end.
Definition seeds : list int := [1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11; 12; 13; 14; 15; 16]%uint63.
Definition digests : list int := map (fun seed => digest 32 (seed * 88172645463325252)%uint63 seed) seeds.

Set Printing Width 40.
Eval vm_compute in digests.
