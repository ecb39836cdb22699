(** What is proved of the machine. Statements only: read [code/Machine.v] and [code/Env.v], then this file; what is in
    [proof/] need not be read, only checked.

    Each name carries the id under which code, tests, models and documentation cite the invariant. [proof/Theorems.v] proves
    each, and [proof/Examples.v] shows for each a reachable state or a step that it speaks about. *)
From stdpp Require Import prelude list.
From Coq Require Import Sorted.
From Pool.code Require Import Machine Env.

Section spec.
  Context {R W : Type}.
  Implicit Types (s : stripe R W) (c : config R W) (e : event R W) (m : move R W).

  (** ** Of one state *)

  (** Every resource that exists and belongs to the pool. *)
  Definition alive c : list R := map entry_resource (cache (st c)) ++ held c ++ dying c.

  (** INV-CAPACITY. The counters are exact: what is out is held, being created, or being freed. *)
  Definition INV_CAPACITY c : Prop :=
    available (st c) + idle (st c) ≤ capacity (st c) + owed (st c)
    ∧ out (st c) = length (held c) + creating c + freeing (st c)
    ∧ freeing (st c) ≤ out (st c)
    ∧ 0 < capacity (st c).

  (** INV-WORK. Nobody waits beside something to give. *)
  Definition INV_WORK c : Prop :=
    cache (st c) ≠ [] ∨ 0 < available (st c) → queue (st c) = [].

  (** INV-ONE-WAKE. No take is answered twice; and every take is answered or in the queue, none is lost. *)
  Definition INV_ONE_WAKE c : Prop :=
    NoDup (woken c) ∧ taken c ≡ₚ woken c ++ map waiter_wake (queue (st c)).

  (** INV-FIFO. Who was given something after waiting, and then who still waits, stand in the order in which they came. *)
  Definition INV_FIFO c : Prop :=
    NoDup (enqueued c) ∧ sublist (granted c ++ map waiter_wake (queue (st c))) (enqueued c).

  (** INV-OWNER. Nothing is duplicated, nothing is lost: whatever was ever made is in exactly one place. *)
  Definition INV_OWNER c : Prop :=
    NoDup (made c) ∧ made c ≡ₚ alive c ++ gone c ++ detached c.

  (** INV-BOUNDED. The state holds what is idle and who waits, and nothing else: nobody in the queue has been answered. *)
  Definition INV_BOUNDED c : Prop :=
    idle (st c) ≤ capacity (st c) + owed (st c)
    ∧ ∀ w, w ∈ map waiter_wake (queue (st c)) → w ∉ woken c.

  (** INV-IDS. *)
  Definition INV_IDS c : Prop :=
    StronglySorted lt (map waiter_id (queue (st c)))
    ∧ Forall (λ i, i < next_id (st c)) (map waiter_id (queue (st c))).

  (** INV-RECENCY. Newest first, whatever the clocks said. *)
  Definition INV_RECENCY c : Prop :=
    StronglySorted ge (map entry_last_used (cache (st c))).

  (** INV-CLOSED, of a state. *)
  Definition INV_CLOSED c : Prop :=
    closed (st c) = true → queue (st c) = [] ∧ cache (st c) = [].

  (** INV-FREE-FIRST. A permit stays out until the outside no longer has the resource: what exists, what is being created,
      what may be created and what is freed but not reported never exceed the capacity and what is still owed. *)
  Definition INV_FREE_FIRST c : Prop :=
    freeing (st c) = length (dying c) + unreported c
    ∧ length (alive c) + creating c + available (st c) + unreported c = capacity (st c) + owed (st c).

  (** INV-SHRINK, of a state: what must shrink does so at once. *)
  Definition INV_SHRINK c : Prop :=
    (available (st c) = 0 ∨ owed (st c) = 0) ∧ (cache (st c) = [] ∨ owed (st c) ≤ freeing (st c)).

  (** ** Of one step *)

  (** INV-FIFO: nobody is served past those who wait. *)
  Definition INV_FIFO_no_overtaking : Prop := ∀ c e,
    reachable c → is_take e = true → queue (st c) ≠ [] →
    delivered (effect_of (step (st c) e)) = [] ∧ permits (effect_of (step (st c) e)) = 0.

  (** INV-CLOSED: closed is for good, and what comes back is freed. *)
  Definition INV_CLOSED_for_good : Prop := ∀ s e,
    closed s = true → closed (after (step s e)) = true.
  Definition INV_CLOSED_frees : Prop := ∀ c c' e r,
    reachable c → closed (st c) = true → hands_over c e c' →
    (e = Return r ∨ e = Discard r ∨ ∃ now, e = Put r now) →
    effect_of (step (st c) e) = Some (FreeMany [r]).

  (** INV-SHRINK: shrinking never destroys more than it must. A put or a return frees only while more is owed than is being
      freed, and a resize frees at most the difference. *)
  Definition INV_SHRINK_put : Prop := ∀ s e r rs,
    (e = Return r ∨ ∃ now, e = Put r now) →
    effect_of (step s e) = Some (FreeMany rs) → closed s = false → freeing s < owed s ∧ rs = [r].
  Definition INV_SHRINK_resize : Prop := ∀ s n rs,
    effect_of (step s (Resize n)) = Some (FreeMany rs) →
    freeing s + length rs ≤ owed (after (step s (Resize n))).

  (** INV-FREE-FIRST: what exists outside never exceeds the capacity and what a shrink still owes; and nothing is owed where
      nothing was resized. *)
  Definition INV_FREE_FIRST_outside : Prop := ∀ c, reachable c →
    length (alive c) + creating c ≤ capacity (st c) + owed (st c).
  Definition owed_is_of_a_shrink : Prop := ∀ capacity ms c,
    run (start capacity) ms c → (∀ n, Raise (Resize n) ∉ ms) → owed (st c) = 0.

  (** The counters of the Rust are [u32]: [capacity + owed] never exceeds the largest capacity ever set, and the others are parts of
      it (INV-CAPACITY) or count who waits. *)
  Definition COUNTERS_step : Prop := ∀ s e,
    capacity (after (step s e)) + owed (after (step s e))
    ≤ Nat.max (capacity s + owed s) (match e with Resize n => n | _ => 0 end).
  Definition COUNTERS : Prop := ∀ capacity0 largest ms c,
    run (start capacity0) ms c → Nat.max capacity0 1 ≤ largest → (∀ n, Raise (Resize n) ∈ ms → n ≤ largest) →
    capacity (st c) + owed (st c) ≤ largest.

  (** An event that is refused changes nothing, and nobody who plays by the rules is refused. *)
  Definition STEP_REJECT : Prop := ∀ s e,
    is_rejected (effect_of (step s e)) = true → after (step s e) = s.
  Definition STEP_REJECT_never_a_token : Prop := ∀ c c' e,
    reachable c → hands_over c e c' → is_rejected (effect_of (step (st c) e)) = true →
    (∃ id, e = Cancel id) ∨ e = Resize 0 ∨ e = Close.
  Definition STEP_UNCHANGED : Prop := ∀ s e,
    changed (step s e) = false → after (step s e) = s.

  (** ** LIVE-PROGRESS *)

  (** While somebody waits on a stripe, some move gives something back: the waiters are never alone. *)
  Definition LIVE_PROGRESS_enabled : Prop := ∀ c,
    reachable c → queue (st c) ≠ [] → ∃ m c', gives_back m = true ∧ moves c m c'.

  (** A move brings a permit back if it hands on a resource or a permit, or reports one freed. *)
  Definition brings_permit c m : bool :=
    match m with
    | Raise e =>
        match e, effect_of (step (st c) e) with
        | (Put _ _ | Return _), Some (Wake _ _) => true
        | (Freed _ | CreateFailed | Detach), _ => true
        | _, _ => false
        end
    | _ => false
    end.

  (** However they are mixed, so many give-backs wake everybody who waits: with somebody waiting throughout and nothing else in
      between, each give-back of a run that brings a permit pays one that is owed or wakes one who waits, so that there are at most
      [owed + waiting] of them; and the run has at most as many moves as this bound says. *)
  Inductive gives (c : config R W) : nat → nat → config R W → Prop :=
    | gives_nil : gives c 0 0 c
    | gives_snoc n k m c1 c2 :
        gives c n k c1 → queue (st c1) ≠ [] → gives_back m = true → moves c1 m c2 →
        gives c (S n) ((if brings_permit c1 m then 1 else 0) + k) c2.
  Definition LIVE_PROGRESS_permits : Prop := ∀ c c' n k,
    reachable c → gives c n k c' → k + owed (st c') + waiting (st c') ≤ owed (st c) + waiting (st c).
  Definition LIVE_PROGRESS_moves : Prop := ∀ c c' n k,
    reachable c → gives c n k c' →
    n ≤ 3 * (owed (st c) + waiting (st c)) + 2 * length (held c) + length (dying c).
End spec.
