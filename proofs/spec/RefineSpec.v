(** What is proved of the containers. Statements only; [proof/Refine.v] proves each.

    The main one is [RUN_REFINES]: whatever events a machine over such containers is given, it answers each as the machine
    over plain lists does, and its state, seen through [iter], is the same. *)
From Coq Require Import List Arith Bool Sorted.
From Pool.code Require Import Machine Block Queue Cache Tombstones Concrete.
From Pool.code Require Seq.
Import ListNotations.
Set Implicit Arguments.

(** ** The tree *)

Section seq.
  Context {A : Type}.
  Implicit Types t : Seq.tree A.

  (** What [remove] answers, on lists. *)
  Definition remove_nth (rank : nat) (xs : list A) : option (A * list A) :=
    match nth_error xs rank with Some x => Some (x, firstn rank xs ++ skipn (S rank) xs) | None => None end.

  (** [holds] is true of a prefix and false of the rest. *)
  Inductive prefix_of (holds : A -> bool) : list A -> Prop :=
    | prefix_of_nil : prefix_of holds []
    | prefix_of_true x xs : holds x = true -> prefix_of holds xs -> prefix_of holds (x :: xs)
    | prefix_of_false x xs : holds x = false -> (forall y, In y xs -> holds y = false) -> prefix_of holds (x :: xs).

  (** Of a sound tree, every operation answers as the one on lists does. *)
  Definition SEQ_REFINES : Prop := forall t, Seq.is_well_formed t = true ->
    Seq.len t = length (Seq.to_list t)
    /\ (forall rank, Seq.get rank t = nth_error (Seq.to_list t) rank)
    /\ Seq.first t = hd_error (Seq.to_list t)
    /\ Seq.last t = hd_error (rev (Seq.to_list t))
    /\ (forall x, Seq.to_list (Seq.push_back x t) = Seq.to_list t ++ [x])
    /\ (forall x, Seq.to_list (Seq.push_front x t) = x :: Seq.to_list t)
    /\ match Seq.pop_front t with
       | Some (x, t') => Seq.to_list t = x :: Seq.to_list t'
       | None => Seq.to_list t = []
       end
    /\ match Seq.pop_back t with
       | Some (x, t') => Seq.to_list t = Seq.to_list t' ++ [x]
       | None => Seq.to_list t = []
       end
    /\ (forall x t', Seq.to_list (Seq.join t x t') = Seq.to_list t ++ x :: Seq.to_list t')
    /\ (forall rank, Seq.to_list (fst (Seq.split_at rank t)) = firstn rank (Seq.to_list t)
                     /\ Seq.to_list (snd (Seq.split_at rank t)) = skipn rank (Seq.to_list t))
    /\ (forall rank, option_map (fun p => (fst p, Seq.to_list (snd p))) (Seq.remove rank t)
                     = remove_nth rank (Seq.to_list t))
    /\ (forall holds, prefix_of holds (Seq.to_list t) ->
                      Seq.partition_point holds t = length (filter holds (Seq.to_list t))).

  (** Every operation makes sound trees of sound ones: sizes right, every node balanced. One that is built of a list is sound, and
      that list. *)
  Definition SEQ_SOUND : Prop :=
    Seq.is_well_formed (@Seq.Leaf A) = true
    /\ (forall xs : list A, Seq.is_well_formed (Seq.of_list xs) = true /\ Seq.to_list (Seq.of_list xs) = xs)
    /\ forall t, Seq.is_well_formed t = true ->
    (forall x, Seq.is_well_formed (Seq.push_back x t) = true)
    /\ (forall x, Seq.is_well_formed (Seq.push_front x t) = true)
    /\ (forall x t', Seq.pop_front t = Some (x, t') -> Seq.is_well_formed t' = true)
    /\ (forall x t', Seq.pop_back t = Some (x, t') -> Seq.is_well_formed t' = true)
    /\ (forall x t', Seq.is_well_formed t' = true -> Seq.is_well_formed (Seq.join t x t') = true)
    /\ (forall rank, Seq.is_well_formed (fst (Seq.split_at rank t)) = true
                     /\ Seq.is_well_formed (snd (Seq.split_at rank t)) = true)
    /\ (forall rank x t', Seq.remove rank t = Some (x, t') -> Seq.is_well_formed t' = true).

  (** INV-COST, of a sound tree: it is at most 3 log2 (n + 1) + 2 deep. *)
  Definition INV_COST_seq : Prop := forall t, Seq.is_well_formed t = true ->
    2 ^ (Seq.depth t / 3) <= S (length (Seq.to_list t)).
End seq.

(** ** A machine over containers *)

Section machine.
  Context {R W : Type}.
  Implicit Types (e : event R W).

  (** What containers owe the machine. [q_ok n] is the soundness of a queue whose ids are below [n], and says that they
      increase; [k_ok] is that of a cache, and says that stamps do not increase downwards. *)
  Record implements (C : containers R W) (q_ok : nat -> queue_of C -> Prop) (k_ok : cache_of C -> Prop) : Prop := {
    i_q_empty n : q_ok n (q_empty C) /\ q_list C (q_empty C) = [];
    i_q_push n w q : q_ok n q ->
      q_ok (S n) (q_push C (Waiter n w) q) /\ q_list C (q_push C (Waiter n w) q) = q_list C q ++ [Waiter n w];
    i_q_pop n q : q_ok n q ->
      fst (q_pop C q) = hd_error (q_list C q) /\ q_list C (snd (q_pop C q)) = tl (q_list C q) /\ q_ok n (snd (q_pop C q));
    i_q_remove n id q : q_ok n q ->
      match q_remove C id q with
      | Some (w, q') => Machine.remove id (q_list C q) = Some (w, q_list C q') /\ q_ok n q'
      | None => Machine.remove id (q_list C q) = None
      end;
    i_q_take n count q : q_ok n q ->
      fst (q_take_oldest C count q) = firstn count (q_list C q)
      /\ q_list C (snd (q_take_oldest C count q)) = skipn count (q_list C q)
      /\ q_ok n (snd (q_take_oldest C count q));
    i_k_empty : k_ok (k_empty C) /\ k_list C (k_empty C) = [];
    i_k_len k : k_ok k -> k_len C k = length (k_list C k);
    i_k_push r now k : k_ok k ->
      k_ok (k_push C r now k) /\ k_list C (k_push C r now k) = Entry r (stamp now (k_list C k)) :: k_list C k;
    i_k_pop k : k_ok k ->
      match k_pop C k with
      | Some (x, k') => k_list C k = x :: k_list C k' /\ k_ok k'
      | None => k_list C k = []
      end;
    i_k_stale now ttl k : k_ok k -> k_count_stale C now ttl k = count_stale now ttl (k_list C k);
    i_k_take count k : k_ok k ->
      fst (k_take_oldest C count k) = skipn (length (k_list C k) - count) (k_list C k)
      /\ k_list C (snd (k_take_oldest C count k)) = firstn (length (k_list C k) - count) (k_list C k)
      /\ k_ok (snd (k_take_oldest C count k));
  }.

  (** One step: the same state, the same effect, and the containers stay sound. *)
  Definition STEP_REFINES (C : containers R W) (q_ok : nat -> queue_of C -> Prop) (k_ok : cache_of C -> Prop) : Prop :=
    forall (s : Concrete.stripe C) e,
      q_ok (Concrete.next_id s) (Concrete.queue s) -> k_ok (Concrete.cache s) ->
      let x := Concrete.step s e in
      let y := step (Concrete.abs s) e in
      Concrete.abs (Concrete.after x) = after y
      /\ Concrete.effect_of x = effect_of y
      /\ Concrete.changed x = changed y
      /\ q_ok (Concrete.next_id (Concrete.after x)) (Concrete.queue (Concrete.after x))
      /\ k_ok (Concrete.cache (Concrete.after x)).

  (** All answers to a row of events, and the state after them. *)
  Fixpoint answers (s : stripe R W) (es : list (event R W)) : list (option (effect R W) * bool) * stripe R W :=
    match es with
    | [] => ([], s)
    | e :: es =>
        let x := step s e in
        let (rest, last) := answers (after x) es in ((effect_of x, changed x) :: rest, last)
    end.

  Fixpoint concrete_answers (C : containers R W) (s : Concrete.stripe C) (es : list (event R W)) :
      list (option (effect R W) * bool) * Concrete.stripe C :=
    match es with
    | [] => ([], s)
    | e :: es =>
        let x := Concrete.step s e in
        let (rest, last) := concrete_answers (Concrete.after x) es in
        ((Concrete.effect_of x, Concrete.changed x) :: rest, last)
    end.

  (** From the start, for all events. *)
  Definition RUN_REFINES (C : containers R W) : Prop := forall capacity es,
    let (xs, s) := concrete_answers (Concrete.new C capacity) es in
    answers (Machine.new capacity) es = (xs, Concrete.abs s).

  (** Rule 1 of [core/src/stripe/queue.rs]. *)
  Definition front_first (q : Queue.t W) : Prop := Queue.front q = [] -> Queue.to_list q = [].

  (** The copy that a commit makes over a stripe that was left in a spare node, whole or without its tree, is what was copied. *)
  Definition QUEUE_COPY : Prop := forall into source : Queue.t W, front_first into -> front_first source ->
    Queue.to_list (Queue.copy_from into source) = Queue.to_list source
    /\ Queue.to_list (Queue.copy_from (Queue.unshare into) source) = Queue.to_list source.

  (** INV-COST, of the shipped state: its trees are logarithmic in what waits and what is idle. *)
  Definition INV_COST : Prop := forall capacity es,
    let s := snd (concrete_answers (Concrete.new (shipped R W) capacity) es) in
    2 ^ (Seq.depth (Queue.middle (Concrete.queue s)) / 3) <= S (waiting (Concrete.abs s))
    /\ 2 ^ (Seq.depth (Cache.older (Concrete.cache s)) / 3) <= S (idle (Concrete.abs s)).
End machine.
