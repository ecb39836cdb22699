(** The commit loop in HeapLang: [core/src/runtime/cell.rs], [commit_loop] and [attempt].

    A stripe is a location that points to a node; a node holds a state and is never written again. An attempt loads the
    node, computes the pure step, and publishes a new node by compare-and-set, if the step changes anything; otherwise the
    load was its commit. Generic in the pure step, as the Rust is free of what the machine does.

    What is left out: reclamation of nodes (HeapLang never frees, so no address is ever reused), the courtesies of rules 5, 7
    and 8 (hints without meaning for what is computed), and weak memory (HeapLang is sequentially consistent). *)
From iris.heap_lang Require Export lang notation.
From iris.prelude Require Import options.

(** A pure step, and HeapLang code that is meant to compute it. *)
Record pure_step := PureStep {
  State : Type; Event : Type; Effects : Type;
  next : State → Event → State;
  effects : State → Event → Effects;
  changes : State → Event → bool;
  encode_state : State → val; encode_event : Event → val; encode_effects : Effects → val;
  code : val; (** state, event ↦ ((next state, effects), whether anything changes) *)
}.

(** The only loop that changes a stripe. The answer of an attempt that fails is dropped unseen. *)
Definition commit (P : pure_step) : val :=
  rec: "commit" "stripe" "event" :=
    let: "node" := !"stripe" in
    let: "applied" := code P (!"node") "event" in
    let: "answer" := Snd (Fst "applied") in
    if: Snd "applied" then
      let: "draft" := ref (Fst (Fst "applied")) in
      if: CAS "stripe" "node" "draft" then "answer" else "commit" "stripe" "event"
    else "answer".

Definition new_cell : val := λ: "state", ref (ref "state").

(** Two pure conditions, and one about the code: it computes the step, from any state, and needs nothing for it. *)
Class lawful (P : pure_step) := Lawful {
  encode_state_inj : Inj (=) (=) (encode_state P);
  unchanged_is_same s ev : changes P s ev = false → next P s ev = s;
}.

(** ** The history of a stripe: which events were committed, in order *)
Definition state_after (P : pure_step) (s : State P) (log : list (Event P)) : State P := foldl (next P) s log.

(** What each committed event is answered with. *)
Fixpoint answers (P : pure_step) (s : State P) (log : list (Event P)) : list (Effects P) :=
  match log with
  | [] => []
  | ev :: rest => effects P s ev :: answers P (next P s ev) rest
  end.
