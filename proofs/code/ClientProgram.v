(** A closed program over the pool: a pool of one, and as many threads as one likes that each take once, use what they got,
    and give it back in one of three ways; a creation may fail. While using, they assert that nobody else does.

    [perform] is [core/src/runtime/effects.rs] as far as it concerns a client without waiters: resources are freed one after
    the other, each reported at once, and what is to be stamped is put back. *)
From iris.heap_lang Require Export lang notation.
From iris.heap_lang.lib Require Export assert.
From iris.prelude Require Import options.
From Pool.code Require Export StepHeap.

(** Frees each resource (which is nobody's business here) and reports it. *)
Definition report_frees : val := rec: "f" "l" "rs" :=
  match: "rs" with NONE => #()
  | SOME "p" => commit pool "l" (#5, #1);; "f" "l" (Snd "p")
  end.

Definition perform : val := rec: "f" "l" "effects" :=
  match: "effects" with NONE => #()
  | SOME "e" =>
      if: Fst "e" = #3 then report_frees "l" (Snd "e") else
      if: Fst "e" = #2 then "f" "l" (commit pool "l" (#2, (Snd "e", #0))) else #()
  end.

(** Stuck if anybody else is inside. *)
Definition use : val := λ: "inside",
  let: "others" := FAA "inside" #1 in
  assert: ("others" = #0);;
  FAA "inside" #(-1);; #().

(** Modes: 0 puts back, 1 discards (and fails to create), any other returns. *)
Definition give : val := λ: "l" "mode" "r",
  perform "l" (commit pool "l"
    (if: "mode" = #0 then (#2, ("r", #0)) else if: "mode" = #1 then (#4, "r") else (#3, "r"))).

Definition worker : val := λ: "l" "inside" "mode",
  match: commit pool "l" (#1, NONE) with NONE => #()
  | SOME "e" =>
      if: Fst "e" = #0 then
        let: "res" := Snd (Snd "e") in
        if: Fst "res" = #0 then use "inside";; give "l" "mode" (Snd "res") else
        if: Fst "res" = #1 then
          if: "mode" = #1 then perform "l" (commit pool "l" (#6, #()))
          else use "inside";; give "l" "mode" #7
        else #()
      else #()
  end.

Definition spawn : val := rec: "spawn" "l" "inside" "n" :=
  if: "n" ≤ #0 then #() else
  Fork (worker "l" "inside" ("n" `rem` #3));; "spawn" "l" "inside" ("n" - #1).

Definition main (threads : Z) : expr :=
  let: "l" := new_cell (encode_stripe (new 1)) in
  let: "inside" := ref #0 in
  spawn "l" "inside" #threads.
