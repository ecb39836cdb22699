(* Runs the machine that the proofs are about (machine.ml, extracted from Machine.v) beside the shipped one.

   Reads, on standard input, what the shipped machine did, as `striped-pool-model transitions` writes it: its --help describes
   the same format. Makes the same transitions on the proved machine and stops at the first that differs.

   Lines; numbers are decimal, separated by one space:
     new CAPACITY K       a fresh machine; every K-th of the transitions that follow says the whole state after it
     at STATE             each of the transitions that follow starts from this state, and says the whole state after it
     EVENT CHANGED EFFECT COUNTERS [: LISTS]    a transition
     end N                the last line: N transitions were written
   STATE     COUNTERS : LISTS
   COUNTERS  capacity available owed freeing next_id closed waiting idle
   LISTS     for each waiter, oldest first: id wake; then for each idle entry, newest first: resource stamp
   CHANGED   0 or 1, as closed
   EVENT     t WAKE: Take   y: TryTake by the caller   Y WAKE: TryTake   p RESOURCE NOW: Put   r RESOURCE: Return
             d RESOURCE: Discard   f COUNT: Freed   c: CreateFailed   x: Detach   a ID: Cancel
             e NOW TTL KEEP: Reap   w: Drain   z CAPACITY: Resize   q: Close
   EFFECT    -: none   C RESULT: Wake of the caller   S WAKE RESULT: Wake   M N (ID WAKE)*N RESULT: WakeMany
             I RESOURCE: InsertWithTimestamp   F N RESOURCE*N: FreeMany
             R o|f|w|n|z|c|q: Reject NothingOut, NotFreeing, AlreadyWoken, NeverQueued, ZeroCapacity, AlreadyClosed, QueueFull
   RESULT    D RESOURCE: Deliver   N: Create   X: Cancelled

   Exit code 0: all transitions agree. 1: one differs; it is shown. 2: the input is malformed, or it ends without `end`. *)
open Machine

type state = (int, int) stripe
type happening = (int, int) event

(* ** Reading a line *)

exception Malformed of string

(* The line that is being read, and how far. *)
let line = ref ""
let at = ref 0

let malformed what = raise (Malformed (Printf.sprintf "column %d: %s" (!at + 1) what))
let at_end () = !at >= String.length !line

let space () =
  if at_end () || String.unsafe_get !line !at <> ' ' then malformed "a space is missing" else incr at

(* At most 18 digits: see Extract.v. *)
let number () =
  let start = !at and value = ref 0 and length = String.length !line in
  while !at < length && (let c = String.unsafe_get !line !at in c >= '0' && c <= '9') do
    value := (10 * !value) + Char.code (String.unsafe_get !line !at) - 48;
    incr at
  done;
  if !at = start then malformed "a number is missing";
  if !at - start > 18 then malformed "a number of more than 18 digits";
  !value

let next_number () = space (); number ()

let letter () =
  if at_end () then malformed "a letter is missing";
  let c = String.unsafe_get !line !at in
  incr at;
  c

let next_letter () = space (); letter ()

let next_flag () =
  match next_number () with 0 -> false | 1 -> true | _ -> malformed "neither 0 nor 1"

(* In order; not List.init, whose order of evaluation is not promised. *)
let rec several count read =
  if count = 0 then [] else
  let first = read () in
  first :: several (count - 1) read

let read_waiter () =
  let waiter_id = next_number () in
  let waiter_wake = next_number () in
  { waiter_id; waiter_wake }

let read_entry () =
  let entry_resource = next_number () in
  let entry_last_used = next_number () in
  { entry_resource; entry_last_used }

let read_event () : happening =
  match letter () with
  | 't' -> Take (next_number ())
  | 'y' -> TryTake Caller
  | 'Y' -> TryTake (Slot (next_number ()))
  | 'p' -> let r = next_number () in Put (r, next_number ())
  | 'r' -> Return (next_number ())
  | 'd' -> Discard (next_number ())
  | 'f' -> Freed (next_number ())
  | 'c' -> CreateFailed
  | 'x' -> Detach
  | 'a' -> Cancel (next_number ())
  | 'e' ->
      let now = next_number () in
      let ttl = next_number () in
      Reap (now, ttl, next_number ())
  | 'w' -> Drain
  | 'z' -> Resize (next_number ())
  | 'q' -> Close
  | _ -> malformed "no such event"

let read_result () =
  match next_letter () with
  | 'D' -> Deliver (next_number ())
  | 'N' -> Create
  | 'X' -> Cancelled
  | _ -> malformed "no such result"

let read_reject () =
  match next_letter () with
  | 'o' -> NothingOut
  | 'f' -> NotFreeing
  | 'w' -> AlreadyWoken
  | 'n' -> NeverQueued
  | 'z' -> ZeroCapacity
  | 'c' -> AlreadyClosed
  | 'q' -> QueueFull
  | _ -> malformed "no such reason"

let read_effect () : (int, int) effect option =
  match next_letter () with
  | '-' -> None
  | 'C' -> Some (Wake (Caller, read_result ()))
  | 'S' -> let wake = next_number () in Some (Wake (Slot wake, read_result ()))
  | 'M' ->
      let count = next_number () in
      let waiters = several count read_waiter in
      Some (WakeMany (waiters, read_result ()))
  | 'I' -> Some (InsertWithTimestamp (next_number ()))
  | 'F' -> let count = next_number () in Some (FreeMany (several count next_number))
  | 'R' -> Some (Reject (read_reject ()))
  | _ -> malformed "no such effect"

(* The counters, as a state without lists, and how long the lists are. *)
type counters = { of_state : state; waiting : int; idle : int }

let read_counters () =
  let capacity = next_number () in
  let available = next_number () in
  let owed = next_number () in
  let freeing = next_number () in
  let next_id = next_number () in
  let closed = next_flag () in
  let waiting = next_number () in
  let idle = next_number () in
  { of_state = { capacity; available; owed; freeing; next_id; closed; queue = []; cache = [] }; waiting; idle }

let read_lists { of_state; waiting; idle } =
  space ();
  if letter () <> ':' then malformed "the colon before the lists is missing";
  let queue = several waiting read_waiter in
  let cache = several idle read_entry in
  { of_state with queue; cache }

let no_more () = if not (at_end ()) then malformed "something follows that does not belong here"

(* The numbers after a word. *)
let after word read =
  at := String.length word;
  let value = read () in
  no_more ();
  value

let starts_with word =
  let length = String.length word in
  String.length !line > length && String.sub !line 0 length = word && !line.[length] = ' '

(* ** Showing *)

let list_of show items = String.concat ", " (List.map show items)
let show_waiter w = Printf.sprintf "#%d:%d" w.waiter_id w.waiter_wake
let show_entry e = Printf.sprintf "%d:%d" e.entry_resource e.entry_last_used
let show_recipient = function Caller -> "caller" | Slot w -> Printf.sprintf "slot %d" w
let show_result = function Deliver r -> Printf.sprintf "Deliver %d" r | Create -> "Create" | Cancelled -> "Cancelled"

let show_event : happening -> string = function
  | Take w -> Printf.sprintf "Take by slot %d" w
  | TryTake to_ -> Printf.sprintf "TryTake by %s" (show_recipient to_)
  | Put (r, now) -> Printf.sprintf "Put of %d at %d" r now
  | Return r -> Printf.sprintf "Return of %d" r
  | Discard r -> Printf.sprintf "Discard of %d" r
  | Freed count -> Printf.sprintf "Freed %d" count
  | CreateFailed -> "CreateFailed"
  | Detach -> "Detach"
  | Cancel id -> Printf.sprintf "Cancel of #%d" id
  | Reap (now, ttl, keep) -> Printf.sprintf "Reap at %d, ttl %d, keep %d" now ttl keep
  | Drain -> "Drain"
  | Resize to_ -> Printf.sprintf "Resize to %d" to_
  | Close -> "Close"

let show_effect : (int, int) effect option -> string = function
  | None -> "none"
  | Some (Wake (to_, result)) -> Printf.sprintf "Wake %s with %s" (show_recipient to_) (show_result result)
  | Some (WakeMany (ws, result)) -> Printf.sprintf "WakeMany [%s] with %s" (list_of show_waiter ws) (show_result result)
  | Some (InsertWithTimestamp r) -> Printf.sprintf "InsertWithTimestamp %d" r
  | Some (FreeMany rs) -> Printf.sprintf "FreeMany [%s]" (list_of string_of_int rs)
  | Some (Reject why) ->
      "Reject " ^ (match why with
        | NothingOut -> "NothingOut"
        | NotFreeing -> "NotFreeing"
        | AlreadyWoken -> "AlreadyWoken"
        | NeverQueued -> "NeverQueued"
        | ZeroCapacity -> "ZeroCapacity"
        | AlreadyClosed -> "AlreadyClosed"
        | QueueFull -> "QueueFull")

let show_counters { of_state = s; waiting; idle } =
  Printf.sprintf "capacity %d, available %d, owed %d, freeing %d, next id %d, %s, waiting %d, idle %d" s.capacity
    s.available s.owed s.freeing s.next_id (if s.closed then "closed" else "open") waiting idle

let show_lists (s : state) =
  Printf.sprintf "queue [%s], cache [%s]" (list_of show_waiter s.queue) (list_of show_entry s.cache)

let counters_of (s : state) =
  { of_state = { s with queue = []; cache = [] }; waiting = List.length s.queue; idle = List.length s.cache }

(* ** Checking *)

(* What the next transition starts from: the state after the one before, with so many since the last whole state and a whole
   one every so many; or always the same. *)
type from = Nothing_yet | Running of state * int * int | Always of state

let from = ref Nothing_yet
let lines = ref 0
let transitions = ref 0
let machines = ref 0
let states = ref 0

exception Differs of string

let differs before event ~changed ~effect ~counters ~whole (proved : (int, int) step_result) =
  let shown head changed effect counters lists =
    Printf.sprintf "%s\n  changed   %b\n  effect    %s\n  counters  %s\n%s" head changed (show_effect effect)
      (show_counters counters) lists in
  let lists s = Printf.sprintf "  lists     %s\n" (show_lists s) in
  let before_text = Printf.sprintf "before\n  counters  %s\n%s" (show_counters (counters_of before)) (lists before) in
  let shipped = shown "the shipped machine" changed effect counters (Option.fold ~none:"" ~some:lists whole) in
  let proved_ = shown "the proved machine" proved.changed proved.effect_of (counters_of proved.after) (lists proved.after) in
  raise (Differs (Printf.sprintf "event     %s\n%s%s%s" (show_event event) before_text shipped proved_))

(* Reads a transition from [before] and compares; returns what the proved machine makes of it. *)
let transition before ~is_whole =
  let event = read_event () in
  let changed = next_flag () in
  let effect = read_effect () in
  let counters = read_counters () in
  let whole = if is_whole then Some (read_lists counters) else None in
  no_more ();
  let proved = step before event in
  let after = proved.after and { of_state = s; waiting; idle } = counters in
  let agrees =
    proved.changed = changed && proved.effect_of = effect && after.capacity = s.capacity
    && after.available = s.available && after.owed = s.owed && after.freeing = s.freeing && after.next_id = s.next_id
    && after.closed = s.closed
    && List.compare_length_with after.queue waiting = 0
    && List.compare_length_with after.cache idle = 0
    && (match whole with None -> true | Some s -> after.queue = s.queue && after.cache = s.cache) in
  if not agrees then differs before event ~changed ~effect ~counters ~whole proved;
  incr transitions;
  after

let new_machine () =
  let capacity, every = after "new" (fun () -> let capacity = next_number () in capacity, next_number ()) in
  if every = 0 then malformed "a whole state every 0 transitions";
  incr machines;
  from := Running (new0 capacity, 0, every)

let check_line () =
  at := 0;
  match !from with
  | _ when starts_with "new" -> new_machine ()
  | _ when starts_with "at" ->
      incr states;
      from := Always (after "at" (fun () -> read_lists (read_counters ())))
  | Nothing_yet -> malformed "a transition before `new` and `at`"
  | Always before -> ignore (transition before ~is_whole:true)
  | Running (before, since, every) ->
      let since = if since + 1 = every then 0 else since + 1 in
      from := Running (transition before ~is_whole:(since = 0), since, every)

(* The progress on a terminal, looked at every 65536 lines and shown every 2 seconds. *)
let start = Unix.gettimeofday ()
let shown = ref start
let on_terminal = Unix.isatty Unix.stderr

let progress () =
  let now = Unix.gettimeofday () in
  if on_terminal && now -. !shown >= 2. then begin
    shown := now;
    Printf.eprintf "%d transitions, %.0f/s\n%!" !transitions (float_of_int !transitions /. (now -. start))
  end

let rec check_all () =
  match input_line stdin with
  | exception End_of_file -> malformed "the input ends without `end`"
  | text ->
      line := text;
      incr lines;
      if !lines land 0xffff = 0 then progress ();
      if starts_with "end" then begin
        at := 0;
        if after "end" next_number <> !transitions then malformed "another number of transitions was read";
        match input_line stdin with
        | exception End_of_file -> ()
        | _ -> malformed "something follows `end`"
      end else begin
        check_line ();
        check_all ()
      end

let () =
  match check_all () with
  | () ->
      Printf.printf "%d transitions of %d machines and %d single states agree\n" !transitions !machines !states
  | exception Differs text ->
      Printf.printf "line %d: the machines differ, after %d transitions that agree\nline      %s\n%s" !lines !transitions
        !line text;
      exit 1
  | exception Malformed text ->
      Printf.eprintf "line %d, %s\n" !lines text;
      exit 2
