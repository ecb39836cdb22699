(** None of the statements is empty: for each a run from the start, computed, to a state (or a step) that it speaks about.

    Resources and wake slots are plain numbers. Each example gives its moves and what holds where they lead. *)
From stdpp Require Import prelude list option.
From Coq Require Import Lia.
From Pool.code Require Import Machine Env Replay.
From Pool.spec Require Import Spec.
From Pool.proof Require Import Replay.

Notation moves_list := (list (move nat nat)).

Definition reaches (n : nat) (ms : moves_list) (P : config nat nat → Prop) : Prop :=
  ∃ c, run (start n) ms c ∧ P c.

Lemma reaches_replay n ms P :
  match replay step (start n) ms with Some c => P c | None => False end → reaches n ms P.
Proof. destruct (replay step (start n) ms) as [c|] eqn:Hr; [|done]. exists c. split; [by apply replay_step|done]. Qed.

Ltac computed := apply reaches_replay; vm_compute; repeat split.

(** ** Building blocks *)

(** [k] callers take, and get a permit each if there are so many. *)
Definition try_takes (k : nat) : moves_list := replicate k (Raise (TryTake Caller)).
Definition take_slots (ws : list nat) : moves_list := map (λ w, Raise (Take w)) ws.
Definition create (rs : list nat) : moves_list := map Created rs.
Definition lend (rs : list nat) : moves_list := try_takes (length rs) ++ create rs.

(** ** States *)

(** INV-CAPACITY: every place that the counters speak of has one: available, idle, held, being created, being freed. *)
Definition one_everywhere : moves_list := lend [1; 2; 3] ++ try_takes 1 ++ [Raise (Put 1 10); Raise (Discard 2)].
Example CAPACITY_example : reaches 5 one_everywhere (λ c,
  capacity (st c) = 5 ∧ available (st c) = 1 ∧ idle (st c) = 1
  ∧ held c = [3] ∧ creating c = 1 ∧ freeing (st c) = 1 ∧ out (st c) = 3).
Proof. computed. Qed.

(** INV-WORK: somebody waits; and something is idle. *)
Definition one_waits : moves_list := try_takes 1 ++ take_slots [7].
Example WORK_example_waiting : reaches 1 one_waits (λ c,
  map waiter_wake (queue (st c)) = [7] ∧ available (st c) = 0 ∧ cache (st c) = []).
Proof. computed. Qed.
Example WORK_example_idle : reaches 1 (lend [1] ++ [Raise (Put 1 0)]) (λ c,
  map entry_resource (cache (st c)) = [1] ∧ queue (st c) = []).
Proof. computed. Qed.

(** INV-ONE-WAKE, INV-BOUNDED: of three takes one was served at once, one was woken and one waits. *)
Definition served_woken_waiting : moves_list := take_slots [6; 7; 8] ++ [Raise CreateFailed].
Example ONE_WAKE_example : reaches 1 served_woken_waiting (λ c,
  taken c = [6; 7; 8] ∧ woken c = [6; 7] ∧ map waiter_wake (queue (st c)) = [8]).
Proof. computed. Qed.
Example BOUNDED_example : reaches 1 served_woken_waiting (λ c,
  map waiter_wake (queue (st c)) = [8] ∧ woken c = [6; 7] ∧ idle (st c) = 0 ∧ capacity (st c) + owed (st c) = 1).
Proof. computed. Qed.

(** INV-FIFO, INV-IDS: of four that wait, the second gives up and the first is granted a permit. *)
Definition granted_and_cancelled : moves_list :=
  try_takes 1 ++ take_slots [7; 8; 9; 10] ++ [Raise (Cancel 1); Raise CreateFailed].
Example FIFO_example : reaches 1 granted_and_cancelled (λ c,
  enqueued c = [7; 8; 9; 10] ∧ granted c = [7] ∧ map waiter_wake (queue (st c)) = [9; 10] ∧ woken c = [8; 7]).
Proof. computed. Qed.
Example IDS_example : reaches 1 granted_and_cancelled (λ c,
  map waiter_id (queue (st c)) = [2; 3] ∧ next_id (st c) = 4).
Proof. computed. Qed.

(** INV-OWNER: of five resources each is somewhere else: idle, held, dying, gone, detached. *)
Definition five_places : moves_list :=
  lend [1; 2; 3; 4; 5] ++
  [Raise (Put 1 0); Raise (Discard 3); Raise (Discard 4); Vanished 4; Raise Detach].
Example OWNER_example : reaches 5 five_places (λ c,
  made c = [5; 4; 3; 2; 1] ∧ map entry_resource (cache (st c)) = [1] ∧ held c = [2] ∧ dying c = [3]
  ∧ gone c = [4] ∧ detached c = [5]).
Proof. computed. Qed.

(** INV-RECENCY: three stamps, and a clock that went back. *)
Definition clock_goes_back : moves_list :=
  lend [1; 2; 3; 4] ++ [Raise (Put 1 5); Raise (Put 2 7); Raise (Put 3 9); Raise (Put 4 8)].
Example RECENCY_example : reaches 4 clock_goes_back (λ c,
  cache (st c) = [Entry 4 9; Entry 3 9; Entry 2 7; Entry 1 5]).
Proof. computed. Qed.

(** INV-CLOSED: one resource is still held, one who waited was told. *)
Definition closed_with_a_lease : moves_list := lend [1] ++ take_slots [7] ++ [Raise Close].
Example CLOSED_example : reaches 1 closed_with_a_lease (λ c,
  closed (st c) = true ∧ held c = [1] ∧ enqueued c = [7] ∧ woken c = [7] ∧ granted c = []).
Proof. computed. Qed.

(** INV-FREE-FIRST: one is dying, one is freed and not reported; both permits are still out, though somebody waits. *)
Definition dying_and_unreported : moves_list :=
  lend [1; 2] ++ take_slots [7] ++ [Raise (Discard 1); Raise (Discard 2); Vanished 1].
Example FREE_FIRST_example : reaches 2 dying_and_unreported (λ c,
  dying c = [2] ∧ unreported c = 1 ∧ freeing (st c) = 2 ∧ available (st c) = 0 ∧ map waiter_wake (queue (st c)) = [7]).
Proof. computed. Qed.

(** INV-SHRINK: two of three are lent when the capacity falls to one, so the idle one goes and one is still owed; and with
    one being freed already, a shrink by one leaves the idle one alone. *)
Definition shrunk_to_one : moves_list := lend [1; 2; 3] ++ [Raise (Put 3 0); Raise (Resize 1)].
Example SHRINK_example_owed : reaches 3 shrunk_to_one (λ c,
  capacity (st c) = 1 ∧ owed (st c) = 2 ∧ available (st c) = 0 ∧ cache (st c) = [] ∧ dying c = [3] ∧ freeing (st c) = 1).
Proof. computed. Qed.
Example SHRINK_example_kept : reaches 3 (lend [1; 2; 3] ++ [Raise (Discard 1); Raise (Put 2 0); Raise (Resize 2)]) (λ c,
  owed (st c) = 1 ∧ freeing (st c) = 1 ∧ map entry_resource (cache (st c)) = [2]).
Proof. computed. Qed.
Example SHRINK_example_available : reaches 3 [Raise (Resize 1)] (λ c,
  available (st c) = 1 ∧ owed (st c) = 0).
Proof. computed. Qed.

(** ** Steps *)

(** INV-FIFO: a caller who only tries, while somebody waits, gets nothing; and nor does one who waits behind. *)
Example FIFO_no_overtaking_example : reaches 1 one_waits (λ c,
  map waiter_wake (queue (st c)) = [7]
  ∧ effect_of (step (st c) (TryTake Caller)) = Some (Wake Caller Cancelled)
  ∧ effect_of (step (st c) (Take 8)) = None).
Proof. computed. Qed.

(** INV-CLOSED: what comes back to a closed stripe is freed, and it stays closed. *)
Example CLOSED_frees_example : reaches 1 closed_with_a_lease (λ c,
  effect_of (step (st c) (Put 1 0)) = Some (FreeMany [1])
  ∧ effect_of (step (st c) (Return 1)) = Some (FreeMany [1])
  ∧ closed (after (step (st c) (Resize 5))) = true
  ∧ effect_of (step (after (step (st c) (Resize 5))) (Take 9)) = Some (Wake (Slot 9) Cancelled)).
Proof. computed. Qed.

(** INV-SHRINK: two are owed and one of them is being freed: the next that comes back is freed, the one after it is kept.
    And a resize from three to two frees the oldest of three idle ones, not all. *)
Example SHRINK_put_example : reaches 3 shrunk_to_one (λ c,
  effect_of (step (st c) (Return 1)) = Some (FreeMany [1])
  ∧ effect_of (step (after (step (st c) (Return 1))) (Return 2)) = Some (InsertWithTimestamp 2)).
Proof. computed. Qed.
Example SHRINK_resize_example :
  reaches 3 (lend [1; 2; 3] ++ [Raise (Put 1 0); Raise (Put 2 0); Raise (Put 3 0)]) (λ c,
    effect_of (step (st c) (Resize 2)) = Some (FreeMany [1]) ∧ owed (after (step (st c) (Resize 2))) = 1).
Proof. computed. Qed.

(** INV-FREE-FIRST: the bound is reached; and it is the old capacity while a shrink is owed. *)
Example FREE_FIRST_outside_example : reaches 3 shrunk_to_one (λ c,
  length (alive c) + creating c = 3 ∧ capacity (st c) = 1 ∧ owed (st c) = 2).
Proof. computed. Qed.
(** Without a resize nothing is owed, however full the stripe was. *)
Example owed_example : reaches 5 five_places (λ c, owed (st c) = 0 ∧ out (st c) = 3).
Proof. computed. Qed.

(** STEP-REJECT: what is refused to one who holds no token, and the three that may be refused to anybody. *)
Example STEP_REJECT_example : reaches 1 [] (λ c,
  effect_of (step (st c) (Put 1 0)) = Some (Reject NothingOut)
  ∧ effect_of (step (st c) (Freed 1)) = Some (Reject NotFreeing)
  ∧ effect_of (step (st c) Detach) = Some (Reject NothingOut)).
Proof. computed. Qed.
Example STEP_REJECT_never_a_token_example : reaches 1 (granted_and_cancelled ++ [Raise Close]) (λ c,
  effect_of (step (st c) (Cancel 0)) = Some (Reject AlreadyWoken)
  ∧ effect_of (step (st c) (Cancel 4)) = Some (Reject NeverQueued)
  ∧ effect_of (step (st c) (Resize 0)) = Some (Reject ZeroCapacity)
  ∧ effect_of (step (st c) Close) = Some (Reject AlreadyClosed)).
Proof. computed. Qed.
Example STEP_UNCHANGED_example : reaches 1 one_waits (λ c,
  changed (step (st c) Drain) = false ∧ changed (step (st c) (Resize 1)) = false
  ∧ changed (step (st c) (TryTake Caller)) = false ∧ changed (step (st c) (Take 8)) = true).
Proof. computed. Qed.

(** ** LIVE-PROGRESS *)

(** Somebody waits while one permit is owed: the first freed resource pays, the second wakes. Six give-backs, two permits,
    and two is what [LIVE_PROGRESS_permits] allows. *)
Definition waits_and_owes : moves_list := lend [1; 2] ++ take_slots [7] ++ [Raise (Resize 1)].
Definition pays_then_wakes : moves_list :=
  [Raise (Discard 1); Vanished 1; Raise (Freed 1); Raise (Discard 2); Vanished 2; Raise (Freed 1)].

Example LIVE_PROGRESS_enabled_example : reaches 2 waits_and_owes (λ c,
  map waiter_wake (queue (st c)) = [7] ∧ owed (st c) = 1 ∧ waiting (st c) = 1).
Proof. computed. Qed.

Lemma computed_gives (c : config nat nat) ms n k (P : config nat nat → Prop) :
  match replay_gives c ms with Some (c', n', k') => n' = n ∧ k' = k ∧ P c' | None => False end →
  ∃ c', gives c n k c' ∧ P c'.
Proof.
  destruct (replay_gives c ms) as [[[c' n'] k']|] eqn:Hr; [|done]. intros (<- & <- & HP).
  exists c'. split; [by eapply replay_gives_gives|done].
Qed.

Example LIVE_PROGRESS_example : reaches 2 waits_and_owes (λ c,
  ∃ c', gives c 6 2 c' ∧ owed (st c') = 0 ∧ queue (st c') = [] ∧ granted c' = [7] ∧ creating c' = 1).
Proof. apply reaches_replay. apply (computed_gives _ pays_then_wakes). vm_compute. repeat split. Qed.
