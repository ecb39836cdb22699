(** The surroundings of a stripe: who has what, and what may happen next.

    A [config] is the machine with ghosts that know what it cannot: which resource is where, which take was answered. One
    commit and what its effects do to the outside are kept apart where it matters: a resource that is to be freed is
    [dying] until the outside no longer has it, then its free is [unreported] until [Freed] says so.

    Clients may use what is on its way to them at once, and may raise any event that they hold the tokens for, in any
    order: more than any runtime does, never less. Events raised without their token are outside of this: the machine counts, and
    may take one for another's; what survives even them is in [proof/Sound.v]. *)
From stdpp Require Import prelude list.
From Pool.code Require Import Machine.

Section env.
  Context {R W : Type}.

  Record config := Config {
    st : stripe R W;
    held : list R;          (** leased, on the way to a lease, or to be stamped *)
    creating : nat;         (** permits in hands or on their way *)
    dying : list R;         (** being freed; the outside still has them *)
    unreported : nat;       (** freed, and no [Freed] raised yet *)
    made : list R;          (** every resource ever created *)
    gone : list R;          (** freed *)
    detached : list R;      (** left the pool alive *)
    taken : list W;         (** every slot that was ever used in a take, oldest first *)
    woken : list W;         (** every slot that has been answered, oldest first *)
    enqueued : list W;      (** every slot that ever had to wait, in that order *)
    granted : list W;       (** of these, who was given something, in that order *)
  }.

  Definition start (capacity : nat) : config := Config (new capacity) [] 0 [] 0 [] [] [] [] [] [] [].

  (** ** What an effect hands to the outside *)
  Definition delivered (o : option (effect R W)) : list R :=
    match o with Some (Wake _ (Deliver r)) => [r] | Some (InsertWithTimestamp r) => [r] | _ => [] end.
  Definition permits (o : option (effect R W)) : nat :=
    match o with Some (Wake _ Create) => 1 | Some (WakeMany ws Create) => length ws | _ => 0 end.
  Definition to_free (o : option (effect R W)) : list R :=
    match o with Some (FreeMany rs) => rs | _ => [] end.
  Definition slots (o : option (effect R W)) : list W :=
    match o with
    | Some (Wake (Slot w) _) => [w]
    | Some (WakeMany ws _) => map waiter_wake ws
    | _ => []
    end.
  Definition is_cancelled (o : option (effect R W)) : bool :=
    match o with Some (Wake _ Cancelled) | Some (WakeMany _ Cancelled) => true | _ => false end.
  Definition is_rejected (o : option (effect R W)) : bool :=
    match o with Some (Reject _) => true | _ => false end.

  (** Whether an event is a take, so that its answer goes to the taker and to nobody from the queue. *)
  Definition is_take (e : event R W) : bool :=
    match e with Take _ | TryTake _ => true | _ => false end.

  (** ** What an event takes from the outside: [hands_over c e c'] leaves [c'] *)
  Definition with_held h c :=
    Config (st c) h (creating c) (dying c) (unreported c) (made c) (gone c) (detached c) (taken c) (woken c) (enqueued c) (granted c).
  Definition with_creating n c :=
    Config (st c) (held c) n (dying c) (unreported c) (made c) (gone c) (detached c) (taken c) (woken c) (enqueued c) (granted c).
  Definition with_unreported n c :=
    Config (st c) (held c) (creating c) (dying c) n (made c) (gone c) (detached c) (taken c) (woken c) (enqueued c) (granted c).
  Definition with_detached d c :=
    Config (st c) (held c) (creating c) (dying c) (unreported c) (made c) (gone c) d (taken c) (woken c) (enqueued c) (granted c).
  Definition with_taken t c :=
    Config (st c) (held c) (creating c) (dying c) (unreported c) (made c) (gone c) (detached c) t (woken c) (enqueued c) (granted c).

  Inductive hands_over (c : config) : event R W → config → Prop :=
    | ho_take w : w ∉ taken c → hands_over c (Take w) (with_taken (taken c ++ [w]) c)
    | ho_try_caller : hands_over c (TryTake Caller) c
    | ho_try_slot w : w ∉ taken c → hands_over c (TryTake (Slot w)) (with_taken (taken c ++ [w]) c)
    | ho_put r now rest : held c ≡ₚ r :: rest → hands_over c (Put r now) (with_held rest c)
    | ho_return r rest : held c ≡ₚ r :: rest → hands_over c (Return r) (with_held rest c)
    | ho_discard r rest : held c ≡ₚ r :: rest → hands_over c (Discard r) (with_held rest c)
    | ho_freed n : 0 < n ≤ unreported c → hands_over c (Freed n) (with_unreported (unreported c - n) c)
    | ho_failed : 0 < creating c → hands_over c CreateFailed (with_creating (creating c - 1) c)
    | ho_detach r rest : held c ≡ₚ r :: rest → hands_over c Detach (with_detached (r :: detached c) (with_held rest c))
    | ho_cancel id : hands_over c (Cancel id) c
    | ho_reap now ttl keep : hands_over c (Reap now ttl keep) c
    | ho_drain : hands_over c Drain c
    | ho_resize n : hands_over c (Resize n) c
    | ho_close : hands_over c Close c.

  (** ** What the answer makes of the outside *)
  Definition absorb (c : config) (e : event R W) (x : step_result R W) : config :=
    let o := effect_of x in
    Config (after x)
      (delivered o ++ held c)
      (permits o + creating c)
      (to_free o ++ dying c)
      (unreported c) (made c) (gone c) (detached c) (taken c)
      (woken c ++ slots o)
      (enqueued c ++ match e, o with Take w, None => [w] | _, _ => [] end)
      (granted c ++ if is_take e || is_cancelled o then [] else slots o).

  (** ** One move *)
  Inductive move :=
    | Raise (e : event R W)
    | Created (r : R)      (** a permit becomes a resource *)
    | Vanished (r : R).    (** the outside no longer has [r] *)

  Inductive moves (c : config) : move → config → Prop :=
    | m_raise e c' : hands_over c e c' → moves c (Raise e) (absorb c' e (step (st c) e))
    | m_created r : 0 < creating c → r ∉ made c →
        moves c (Created r)
          (Config (st c) (r :: held c) (creating c - 1) (dying c) (unreported c) (r :: made c) (gone c) (detached c) (taken c) (woken c) (enqueued c) (granted c))
    | m_vanished r rest : dying c ≡ₚ r :: rest →
        moves c (Vanished r)
          (Config (st c) (held c) (creating c) rest (S (unreported c)) (made c) (r :: gone c) (detached c) (taken c) (woken c) (enqueued c) (granted c)).

  Inductive run (c : config) : list move → config → Prop :=
    | run_nil : run c [] c
    | run_snoc ms m c1 c2 : run c ms c1 → moves c1 m c2 → run c (ms ++ [m]) c2.

  Definition reachable (c : config) : Prop := ∃ capacity ms, run (start capacity) ms c.

  (** ** Giving back: the moves that LIVE-PROGRESS counts on *)
  Definition gives_back (m : move) : bool :=
    match m with
    | Raise (Put _ _ | Return _ | Discard _ | Freed _ | CreateFailed | Detach) | Vanished _ => true
    | _ => false
    end.
End env.

Arguments config : clear implicits.
Arguments move : clear implicits.
