(** Moves under any step function, and a program that replays a list of them.

    [moves_with f] is [moves] with [f] in the place of [step], so that a machine with a fault can be put into the same
    surroundings. [replay] computes where a list of moves leads, or nothing if one of them is not allowed: examples and
    faults are then checked by running them. [proof/Replay.v] proves both right. *)
From stdpp Require Import prelude list option.
From Pool.code Require Import Machine Env.
From Pool.spec Require Import Spec.

Section with_step.
  Context {R W : Type} (f : stripe R W → event R W → step_result R W).

  Inductive moves_with (c : config R W) : move R W → config R W → Prop :=
    | mw_raise e c' : hands_over c e c' → moves_with c (Raise e) (absorb c' e (f (st c) e))
    | mw_created r c' : moves c (Created r) c' → moves_with c (Created r) c'
    | mw_vanished r c' : moves c (Vanished r) c' → moves_with c (Vanished r) c'.

  Inductive run_with (c : config R W) : list (move R W) → config R W → Prop :=
    | rw_nil : run_with c [] c
    | rw_snoc ms m c1 c2 : run_with c ms c1 → moves_with c1 m c2 → run_with c (ms ++ [m]) c2.

  Context `{EqDecision R, EqDecision W}.

  (** The list without one [r], if it has one. *)
  Fixpoint without (r : R) (l : list R) : option (list R) :=
    match l with
    | [] => None
    | r' :: rest => if decide (r = r') then Some rest else rest' ← without r rest; Some (r' :: rest')
    end.

  (** [hands_over], computed. A detach does not say which resource it takes; here it is the first that is held. *)
  Definition hand_over (c : config R W) (e : event R W) : option (config R W) :=
    match e with
    | Take w | TryTake (Slot w) => if decide (w ∈ taken c) then None else Some (with_taken (taken c ++ [w]) c)
    | Put r _ | Return r | Discard r => rest ← without r (held c); Some (with_held rest c)
    | Freed n => if decide (0 < n ∧ n ≤ unreported c) then Some (with_unreported (unreported c - n) c) else None
    | CreateFailed => if decide (0 < creating c) then Some (with_creating (creating c - 1) c) else None
    | Detach =>
        match held c with
        | r :: rest => Some (with_detached (r :: detached c) (with_held rest c))
        | [] => None
        end
    | TryTake Caller | Cancel _ | Reap _ _ _ | Drain | Resize _ | Close => Some c
    end.

  Definition replay_move (c : config R W) (m : move R W) : option (config R W) :=
    match m with
    | Raise e => c' ← hand_over c e; Some (absorb c' e (f (st c) e))
    | Created r =>
        if decide (0 < creating c ∧ r ∉ made c) then
          Some (Config (st c) (r :: held c) (creating c - 1) (dying c) (unreported c) (r :: made c) (gone c) (detached c)
                  (taken c) (woken c) (enqueued c) (granted c))
        else None
    | Vanished r =>
        rest ← without r (dying c);
        Some (Config (st c) (held c) (creating c) rest (S (unreported c)) (made c) (r :: gone c) (detached c)
                (taken c) (woken c) (enqueued c) (granted c))
    end.

  Definition replay (c : config R W) (ms : list (move R W)) : option (config R W) :=
    foldl (λ reached m, c ← reached; replay_move c m) (Some c) ms.
End with_step.

Section gives.
  Context {R W : Type} `{EqDecision R, EqDecision W}.

  (** Give-backs while somebody waits, counted as [gives] counts them: moves, and permits brought. *)
  Definition replay_gives (c : config R W) (ms : list (move R W)) : option (config R W * nat * nat) :=
    foldl (λ reached m,
        '(c, n, k) ← reached;
        match queue (st c) with
        | [] => None
        | _ =>
            if gives_back m
            then c' ← replay_move step c m; Some (c', S n, (if brings_permit c m then 1 else 0) + k)
            else None
        end)
      (Some (c, 0, 0)) ms.
End gives.
