(** The whole machine of [code/Machine.v] as HeapLang code, with numbers for resources and wake slots.

    One HeapLang function for each Coq function, by the same name after [h_], so that the two can be read side by side;
    [proof/StepHeap.v] proves each equal. A state is a tuple, a list is a chain of pairs, an enumeration is a number and
    what belongs to it. *)
From iris.heap_lang Require Export lang notation.
From Pool.code Require Export CommitLoop.
From iris.prelude Require Import options.
From Pool.code Require Export Machine.

(** ** Encodings *)
Definition encode_list {A} (f : A → val) : list A → val :=
  fix go l := match l with [] => NONEV | x :: l => SOMEV (f x, go l) end.
Definition encode_option {A} (f : A → val) (o : option A) : val :=
  match o with None => NONEV | Some x => SOMEV (f x) end.
Definition encode_nat (n : nat) : val := #n.
Definition encode_waiter (w : waiter nat) : val := (#(waiter_id w), #(waiter_wake w)).
Definition encode_entry (e : entry nat) : val := (#(entry_resource e), #(entry_last_used e)).
Definition encode_stripe (s : stripe nat nat) : val :=
  (#(capacity s), #(available s), #(owed s), #(freeing s), #(next_id s), #(closed s),
   encode_list encode_waiter (queue s), encode_list encode_entry (cache s)).
Definition encode_result (res : wake_result nat) : val :=
  match res with Deliver r => (#0, #r) | Create => (#1, #()) | Cancelled => (#2, #()) end.
Definition encode_recipient (to : recipient nat) : val :=
  match to with Caller => NONEV | Slot w => SOMEV #w end.
Definition encode_reject (why : reject) : val :=
  match why with
  | NothingOut => #0 | NotFreeing => #1 | AlreadyWoken => #2 | NeverQueued => #3
  | ZeroCapacity => #4 | AlreadyClosed => #5 | QueueFull => #6
  end.
Definition encode_effect (e : effect nat nat) : val :=
  match e with
  | Wake to res => (#0, (encode_recipient to, encode_result res))
  | WakeMany ws res => (#1, (encode_list encode_waiter ws, encode_result res))
  | InsertWithTimestamp r => (#2, #r)
  | FreeMany rs => (#3, encode_list encode_nat rs)
  | Reject why => (#4, encode_reject why)
  end.
Definition encode_effects : option (effect nat nat) → val := encode_option encode_effect.
Definition encode_event (e : event nat nat) : val :=
  match e with
  | Take w => (#0, #w)
  | TryTake to => (#1, encode_recipient to)
  | Put r now => (#2, (#r, #now))
  | Return r => (#3, #r)
  | Discard r => (#4, #r)
  | Freed count => (#5, #count)
  | CreateFailed => (#6, #())
  | Detach => (#7, #())
  | Cancel id => (#8, #id)
  | Reap now ttl keep => (#9, (#now, #ttl, #keep))
  | Drain => (#10, #())
  | Resize to => (#11, #to)
  | Close => (#12, #())
  end.
Definition encode_step (x : step_result nat nat) : val :=
  (encode_stripe (after x), encode_effects (effect_of x), #(changed x)).
Definition encode_served (x : stripe nat nat * wake_result nat) : val := (encode_stripe x.1, encode_result x.2).
Definition encode_removed (x : waiter nat * list (waiter nat)) : val :=
  (encode_waiter x.1, encode_list encode_waiter x.2).

(** ** The fields of a state *)
Notation h_capacity s := (Fst (Fst (Fst (Fst (Fst (Fst (Fst s))))))).
Notation h_available s := (Snd (Fst (Fst (Fst (Fst (Fst (Fst s))))))).
Notation h_owed s := (Snd (Fst (Fst (Fst (Fst (Fst s)))))).
Notation h_freeing s := (Snd (Fst (Fst (Fst (Fst s))))).
Notation h_next_id s := (Snd (Fst (Fst (Fst s)))).
Notation h_closed s := (Snd (Fst (Fst s))).
Notation h_queue s := (Snd (Fst s)).
Notation h_cache s := (Snd s).

(** ** Numbers that stop at zero, and lists *)
Definition h_sub : val := λ: "a" "b", if: "a" < "b" then #0 else "a" - "b".
Definition h_min : val := λ: "a" "b", if: "a" < "b" then "a" else "b".
Definition h_max : val := λ: "a" "b", if: "a" < "b" then "b" else "a".
Definition h_length : val := rec: "f" "l" :=
  match: "l" with NONE => #0 | SOME "p" => #1 + "f" (Snd "p") end.
Definition h_snoc : val := rec: "f" "l" "x" :=
  match: "l" with NONE => SOME ("x", NONE) | SOME "p" => SOME (Fst "p", "f" (Snd "p") "x") end.
Definition h_firstn : val := rec: "f" "n" "l" :=
  if: "n" = #0 then NONE else
  match: "l" with NONE => NONE | SOME "p" => SOME (Fst "p", "f" ("n" - #1) (Snd "p")) end.
Definition h_skipn : val := rec: "f" "n" "l" :=
  if: "n" = #0 then "l" else
  match: "l" with NONE => NONE | SOME "p" => "f" ("n" - #1) (Snd "p") end.
Definition h_resources : val := rec: "f" "l" :=
  match: "l" with NONE => NONE | SOME "p" => SOME (Fst (Fst "p"), "f" (Snd "p")) end.
Definition h_count_stale : val := rec: "f" "now" "ttl" "l" :=
  match: "l" with NONE => #0
  | SOME "p" =>
      let: "rest" := "f" "now" "ttl" (Snd "p") in
      if: "ttl" ≤ h_sub "now" (Snd (Fst "p")) then #1 + "rest" else "rest"
  end.
Definition h_remove : val := rec: "f" "id" "l" :=
  match: "l" with NONE => NONE
  | SOME "p" =>
      if: Fst (Fst "p") = "id" then SOME (Fst "p", Snd "p") else
      match: "f" "id" (Snd "p") with NONE => NONE
      | SOME "r" => SOME (Fst "r", SOME (Fst "p", Snd "r"))
      end
  end.

(** ** The parts of transitions *)
Definition h_unchanged : val := λ: "s" "e", ("s", SOME "e", #false).
Definition h_reject : val := λ: "s" "why", ("s", SOME (#4, "why"), #false).
Definition h_is_any_out : val := λ: "s",
  (h_available "s" + h_length (h_cache "s") + h_freeing "s") < (h_capacity "s" + h_owed "s").
Definition h_wake_all : val := λ: "ws" "res",
  match: "ws" with NONE => NONE
  | SOME "p" =>
      match: Snd "p" with
        NONE => SOME (#0, (SOME (Snd (Fst "p")), "res"))
      | SOME <> => SOME (#1, ("ws", "res"))
      end
  end.
Definition h_serve : val := λ: "s",
  match: h_cache "s" with
    SOME "p" => SOME ((Fst "s", Snd "p"), (#0, Fst (Fst "p")))
  | NONE =>
      if: h_closed "s" then NONE else
      if: h_available "s" = #0 then NONE else
      SOME ((h_capacity "s", h_available "s" - #1, h_owed "s", h_freeing "s", h_next_id "s", h_closed "s",
             h_queue "s", h_cache "s"), (#1, #()))
  end.
Definition h_signal : val := λ: "permits" "s",
  let: "swallowed" := h_min "permits" (h_owed "s") in
  let: "left" := h_sub "permits" "swallowed" in
  let: "woken" := h_firstn "left" (h_queue "s") in
  let: "rest" := h_skipn "left" (h_queue "s") in
  let: "unused" := h_sub "left" (h_length "woken") in
  let: "owed" := h_sub (h_owed "s") "swallowed" in
  ((h_capacity "s", h_available "s" + "unused", "owed", h_freeing "s", h_next_id "s", h_closed "s", "rest", h_cache "s"),
   h_wake_all "woken" (#1, #())).
Definition h_free_one : val := λ: "r" "s",
  ((h_capacity "s", h_available "s", h_owed "s", #1 + h_freeing "s", h_next_id "s", h_closed "s", h_queue "s",
    h_cache "s"), SOME (#3, SOME ("r", NONE)), #true).
Definition h_free_idle : val := λ: "count" "s",
  if: "count" = #0 then ("s", NONE, #false) else
  let: "kept" := h_sub (h_length (h_cache "s")) "count" in
  let: "oldest" := h_skipn "kept" (h_cache "s") in
  let: "freed" := h_length "oldest" in
  let: "newest" := h_firstn "kept" (h_cache "s") in
  ((h_capacity "s", h_available "s", h_owed "s", h_freeing "s" + "freed", h_next_id "s", h_closed "s", h_queue "s",
    "newest"), SOME (#3, h_resources "oldest"), #true).
Definition h_part_with : val := λ: "r" "s",
  if: h_is_any_out "s" then
    if: h_closed "s" || (h_freeing "s" < h_owed "s") then SOME (h_free_one "r" "s") else
    match: h_queue "s" with
      NONE => NONE
    | SOME "p" =>
        SOME ((Fst (Fst "s"), Snd "p", h_cache "s"), SOME (#0, (SOME (Snd (Fst "p")), (#0, "r"))), #true)
    end
  else SOME (h_reject "s" #0).

(** ** The transitions *)
Definition h_take : val := λ: "w" "s",
  if: h_closed "s" then h_unchanged "s" (#0, (SOME "w", (#2, #()))) else
  match: h_serve "s" with
    SOME "x" => (Fst "x", SOME (#0, (SOME "w", Snd "x")), #true)
  | NONE =>
      let: "queue" := h_snoc (h_queue "s") (h_next_id "s", "w") in
      ((h_capacity "s", h_available "s", h_owed "s", h_freeing "s", #1 + h_next_id "s", h_closed "s", "queue",
        h_cache "s"), NONE, #true)
  end.
Definition h_try_take : val := λ: "to" "s",
  match: h_serve "s" with
    SOME "x" => (Fst "x", SOME (#0, ("to", Snd "x")), #true)
  | NONE => h_unchanged "s" (#0, ("to", (#2, #())))
  end.
Definition h_put : val := λ: "r" "now" "s",
  match: h_part_with "r" "s" with
    SOME "done" => "done"
  | NONE =>
      let: "stamp" := match: h_cache "s" with NONE => "now" | SOME "p" => h_max "now" (Snd (Fst "p")) end in
      ((Fst "s", SOME (("r", "stamp"), h_cache "s")), NONE, #true)
  end.
Definition h_give_back : val := λ: "r" "s",
  match: h_part_with "r" "s" with
    SOME "done" => "done"
  | NONE => h_unchanged "s" (#2, "r")
  end.
Definition h_discard : val := λ: "r" "s",
  if: h_is_any_out "s" then h_free_one "r" "s" else h_reject "s" #0.
Definition h_freed : val := λ: "count" "s",
  if: ("count" = #0) || (h_freeing "s" < "count") then h_reject "s" #1 else
  let: "freeing" := h_sub (h_freeing "s") "count" in
  let: "x" := h_signal "count" (h_capacity "s", h_available "s", h_owed "s", "freeing", h_next_id "s", h_closed "s",
    h_queue "s", h_cache "s") in
  ("x", #true).
Definition h_permit_back : val := λ: "s",
  if: h_is_any_out "s" then (h_signal #1 "s", #true) else h_reject "s" #0.
Definition h_cancel : val := λ: "id" "s",
  match: h_remove "id" (h_queue "s") with
    SOME "x" =>
      ((Fst (Fst "s"), Snd "x", h_cache "s"), SOME (#0, (SOME (Snd (Fst "x")), (#2, #()))), #true)
  | NONE => h_reject "s" (if: "id" < h_next_id "s" then #2 else #3)
  end.
Definition h_resize : val := λ: "to" "s",
  if: "to" = #0 then h_reject "s" #4 else
  if: "to" = h_capacity "s" then ("s", NONE, #false) else
  if: h_capacity "s" < "to" then
    let: "more" := h_sub "to" (h_capacity "s") in
    (h_signal "more" ("to", h_available "s", h_owed "s", h_freeing "s", h_next_id "s", h_closed "s", h_queue "s",
      h_cache "s"), #true)
  else
    let: "shrink" := h_sub (h_capacity "s") "to" in
    let: "unused" := h_min "shrink" (h_available "s") in
    let: "available" := h_sub (h_available "s") "unused" in
    let: "owed" := h_owed "s" + h_sub "shrink" "unused" in
    let: "s'" := ("to", "available", "owed", h_freeing "s", h_next_id "s", h_closed "s", h_queue "s", h_cache "s") in
    let: "due" := h_sub "owed" (h_freeing "s") in
    let: "count" := h_min "due" (h_length (h_cache "s")) in
    (Fst (h_free_idle "count" "s'"), #true).
Definition h_close : val := λ: "s",
  if: h_closed "s" then h_reject "s" #5 else
  let: "s'" := (h_capacity "s", h_available "s", h_owed "s", h_freeing "s", h_next_id "s", #true, NONE, h_cache "s") in
  let: "done" := h_free_idle (h_length (h_cache "s")) "s'" in
  match: h_wake_all (h_queue "s") (#2, #()) with
    SOME "e" => (Fst (Fst "done"), SOME "e", #true)
  | NONE => (Fst "done", #true)
  end.
Definition h_reap : val := λ: "now" "ttl" "keep" "s",
  let: "stale" := h_count_stale "now" "ttl" (h_cache "s") in
  let: "spare" := h_sub (h_length (h_cache "s")) "keep" in
  h_free_idle (h_min "stale" "spare") "s".

Definition h_step : val := λ: "s" "event",
  let: "kind" := Fst "event" in
  let: "with" := Snd "event" in
  if: "kind" = #0 then h_take "with" "s" else
  if: "kind" = #1 then h_try_take "with" "s" else
  if: "kind" = #2 then h_put (Fst "with") (Snd "with") "s" else
  if: "kind" = #3 then h_give_back "with" "s" else
  if: "kind" = #4 then h_discard "with" "s" else
  if: "kind" = #5 then h_freed "with" "s" else
  if: "kind" = #6 then h_permit_back "s" else
  if: "kind" = #7 then h_permit_back "s" else
  if: "kind" = #8 then h_cancel "with" "s" else
  if: "kind" = #9 then h_reap (Fst (Fst "with")) (Snd (Fst "with")) (Snd "with") "s" else
  if: "kind" = #10 then h_free_idle (h_length (h_cache "s")) "s" else
  if: "kind" = #11 then h_resize "with" "s" else
  h_close "s".

(** The machine as an instance of the commit loop. *)
Definition pool : pure_step := {|
  State := stripe nat nat; Event := event nat nat; Effects := option (effect nat nat);
  next s ev := after (step s ev); effects s ev := effect_of (step s ev); changes s ev := changed (step s ev);
  CommitLoop.encode_state := encode_stripe; CommitLoop.encode_event := encode_event;
  CommitLoop.encode_effects := encode_effects;
  code := h_step;
|}.
