(** What is proved of reclamation. Statements only, about the transition system of [code/ReclaimModel.v] and the word of
    [code/ReclaimWord.v]; any number of threads, any order of steps, addresses reused at will. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith.
From Pool.code Require Import ReclaimModel ReclaimWord.

(** The node that a thread will still reach into, as a reader or to settle its debt. *)
Definition uses (n : addr) (t : thread) : Prop :=
  match at_ t with
  | Reading m _ _ _ | Retiring m _ _ | Leaving m _ => m = n
  | _ => False
  end.

(** The node that a thread owns alone, as a draft or to recycle it. *)
Definition owns (n : addr) (t : thread) : Prop :=
  draft t = Some n ∨ ∃ p, at_ t = Recycling n p.

(** Whether a thread has still to do with the node of the publication [p]. *)
Definition holds (p : nat) (t : thread) : Prop :=
  match at_ t with
  | Reading _ _ q _ | Retiring _ _ q | Leaving _ q => q = p
  | _ => False
  end.

(** Rule 4: who may still reach into a node finds it allocated, in no list, and nobody's to write. *)
Definition RECLAIM_no_use_after_free : Prop := ∀ limit x t n,
  reachable limit x → t ∈ threads x → uses n t →
  is_Some (memory (common x) n) ∧ n ∉ spare (common x) ∧ ∀ u, u ∈ threads x → ¬ owns n u.

(** A reader reads, for as long as it is counted in, what the node held when it counted itself in. *)
Definition RECLAIM_stable_read : Prop := ∀ limit x d n c p v,
  reachable limit x → Thread d (Reading n c p v) ∈ threads x →
  ∃ content debt, memory (common x) n = Some (content, debt) ∧ v = Some content.

(** Who owns a node owns it alone: it is allocated with debt 0, not current, in no list, and owned by no other thread. A node
    in a list is there once, allocated, not current. So nothing is freed twice, and no debt is left over for the next use. *)
Definition RECLAIM_no_double_free : Prop := ∀ limit x,
  reachable limit x →
  NoDup (spare (common x))
  ∧ (∀ n, n ∈ spare (common x) → n ≠ fst (head (common x)) ∧ ∃ v, memory (common x) n = Some (v, 0%Z))
  ∧ (∀ l t r n, threads x = l ++ t :: r → owns n t →
       n ∉ spare (common x) ∧ n ≠ fst (head (common x)) ∧ (∃ v, memory (common x) n = Some (v, 0%Z))
       ∧ (∀ u, u ∈ l ++ r → ¬ owns n u) ∧ ¬ (draft t = Some n ∧ ∃ p, at_ t = Recycling n p)).

(** Rule 4, no ABA: a reader that finds its address in the head finds its publication there, and not a later one that
    reuses the address. So a publish that succeeds replaces exactly what it protected. *)
Definition RECLAIM_no_ABA : Prop := ∀ limit x d n c p v,
  reachable limit x → Thread d (Reading n c p v) ∈ threads x → fst (head (common x)) = n → p = serial (common x).

(** Each publication is recycled at most once, and only after it was replaced. *)
Definition RECLAIM_once : Prop := ∀ limit x,
  reachable limit x →
  NoDup (recycled (common x)) ∧ ∀ p, p ∈ recycled (common x) → p < serial (common x).

(** Nothing leaks: a publication that was replaced is recycled, or somebody has still to leave it. *)
Definition RECLAIM_no_leak : Prop := ∀ limit x p,
  reachable limit x → p < serial (common x) →
  p ∈ recycled (common x) ∨ ∃ t, t ∈ threads x ∧ holds p t.

(** When nobody is inside, the head counts nobody (what [Drop for Head] asserts), and memory is the current node and what
    lies in the lists: none is lost. *)
Definition RECLAIM_quiescent : Prop := ∀ limit x,
  reachable limit x → (∀ t, t ∈ threads x → t = Thread None Out) →
  snd (head (common x)) = 0
  ∧ ∀ n, is_Some (memory (common x) n) → n = fst (head (common x)) ∨ n ∈ spare (common x).

(** Rule 5: the count stays within its bits, and a reader of the current node is in it: subtracting 1 does not wrap. *)
Definition RECLAIM_count : Prop := ∀ limit x,
  reachable limit x →
  snd (head (common x)) ≤ limit
  ∧ ∀ d n c p v, Thread d (Reading n c p v) ∈ threads x → fst (head (common x)) = n → 1 ≤ snd (head (common x)).

(** What threads compare the head with counts no more than [limit] either: with [limit < 2^k], comparing packed words is
    comparing pairs (RECLAIM_word_equal), so the model's compare-and-swap is the Rust's. *)
Definition RECLAIM_seen : Prop := ∀ limit x t,
  reachable limit x → t ∈ threads x →
  match at_ t with Guess (_, c) | Reading _ c _ _ => c ≤ limit | _ => True end.

(** ** The word: [k] low bits count. *)
Definition RECLAIM_word_round_trip : Prop := ∀ k a c, c < 2 ^ k → unpack k (pack k (a, c)) = (a, c).
Definition RECLAIM_word_equal : Prop := ∀ k w w',
  snd w < 2 ^ k → snd w' < 2 ^ k → pack k w = pack k w' → w = w'.
Definition RECLAIM_word_count : Prop := ∀ k a c, S c < 2 ^ k →
  unpack k (pack k (a, c) + 1) = (a, S c) ∧ unpack k (pack k (a, S c) - 1) = (a, c).
