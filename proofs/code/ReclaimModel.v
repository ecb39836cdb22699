(** Reclamation ([core/src/reclaim.rs]) as a transition system: every atomic operation of the Rust is one step, of any of any
    number of threads, in any order.

    It owns the protocol: the head that points and counts, the debts of replaced nodes, and memory that is really reused. An
    address that was recycled is taken again, or is freed and allocated again; so the head may come to hold the same address
    and the same count that somebody saw long ago. It does not know what a stripe is: the content of a node is a number.

    Where the model allows more than the Rust does:
    - a recycled node may be taken by any thread, not only by the one that recycled it, and may be freed at any time;
    - a thread may give up a draft, or leave, whenever it likes, also between two attempts to publish;
    - a failed attempt may be repeated with what was seen, or not at all.
    What it leaves out: weak memory (each step is seen by all at once: the orderings are loom's business), and [Drop for Head],
    which has the head for itself. It has one head. Nodes also travel between the heads of a pool: a node that is at another
    head looks here like a draft that somebody keeps. *)
From stdpp Require Import prelude list.
From Coq Require Import ZArith.

Definition addr := nat.

(** The head: the address of the current node, and how many readers it counts. [code/ReclaimWord.v] packs it in one word. *)
Definition word : Type := addr * nat.

(** A node: its content, and its debt. *)
Definition node : Type := nat * Z.

(** Where a thread is. The numbers called [p] are ghosts, as is [v]: no step looks at them. [p] says by which publication
    the node came in place, [v] what it held when the thread counted itself in. *)
Inductive role :=
  | Out                                                   (** counted in nowhere *)
  | Guess (w : word)                                      (** [protect], between the load and the compare-and-swap *)
  | Reading (n : addr) (seen : nat) (p : nat) (v : option nat)  (** a [Reader], with the word [(n, seen)] *)
  | Retiring (n : addr) (others : nat) (p : nat)          (** [retire], before [fetch_add] *)
  | Leaving (n : addr) (p : nat)                          (** [leave], before [fetch_sub] *)
  | Recycling (n : addr) (p : nat).                       (** [recycle], before the node is in the list *)

Record thread := Thread {
  draft : option addr;    (** a [Draft] that it owns *)
  at_ : role;
}.

Record shared := Shared {
  head : word;
  memory : addr → option node;    (** [None]: not allocated *)
  spare : list addr;              (** the lists [SPARE] of all threads *)
  serial : nat;                   (** ghost: how many publications there were *)
  recycled : list nat;            (** ghost: the publications whose nodes somebody decided to recycle *)
}.

Definition store (a : addr) (x : option node) (m : addr → option node) : addr → option node :=
  λ b, if decide (b = a) then x else m b.

Definition with_head h s := Shared h (memory s) (spare s) (serial s) (recycled s).
Definition with_memory m s := Shared (head s) m (spare s) (serial s) (recycled s).
Definition with_spare l s := Shared (head s) (memory s) l (serial s) (recycled s).
Definition with_recycled p s := Shared (head s) (memory s) (spare s) (serial s) (p :: recycled s).

(** ** The steps of one thread

    [limit] is [max_readers]. A step that reaches into a node needs it allocated; that this never stops a thread is a theorem
    (RECLAIM_no_use_after_free). *)
Inductive act (limit : nat) : thread → shared → thread → shared → Prop :=
  (** [Draft::take]: from a list, or from the allocator; [Draft::write]; [Drop for Draft]. *)
  | a_take g s a l1 l2 : spare s = l1 ++ a :: l2 →
      act limit (Thread None g) s (Thread (Some a) g) (with_spare (l1 ++ l2) s)
  | a_allocate g s a v : memory s a = None →
      act limit (Thread None g) s (Thread (Some a) g) (with_memory (store a (Some (v, 0%Z)) (memory s)) s)
  | a_write g s a v v' k : memory s a = Some (v, k) →
      act limit (Thread (Some a) g) s (Thread (Some a) g) (with_memory (store a (Some (v', k)) (memory s)) s)
  | a_drop_draft g s a :
      act limit (Thread (Some a) g) s (Thread None g) (with_spare (a :: spare s) s)
  (** [free]: any node of a list, at any time. *)
  | a_free d g s a l1 l2 : spare s = l1 ++ a :: l2 →
      act limit (Thread d g) s (Thread d g) (with_memory (store a None (memory s)) (with_spare (l1 ++ l2) s))
  (** [Head::protect]: the load, the compare-and-swap, and its failure. *)
  | a_load d s :
      act limit (Thread d Out) s (Thread d (Guess (head s))) s
  | a_protect d s n c : head s = (n, c) → c < limit →
      act limit (Thread d (Guess (n, c))) s
        (Thread d (Reading n (S c) (serial s) (fst <$> memory s n))) (with_head (n, S c) s)
  | a_protect_again d s w :
      act limit (Thread d (Guess w)) s (Thread d (Guess (head s))) s
  (** [Reader::publish] and [Drop for Reader]: the compare-and-swap fails and finds the same address. *)
  | a_again d s n c c' p v : head s = (n, c') →
      act limit (Thread d (Reading n c p v)) s (Thread d (Reading n c' p v)) s
  (** [Reader::publish]: it succeeds. With no others the node is the publisher's at once, else it must [retire]. *)
  | a_publish a s n c p v : head s = (n, c) →
      1 < c →
      act limit (Thread (Some a) (Reading n c p v)) s (Thread None (Retiring n (c - 1) p))
        (Shared (a, 0) (memory s) (spare s) (S (serial s)) (recycled s))
  | a_publish_alone a s n c p v : head s = (n, c) →
      c ≤ 1 →
      act limit (Thread (Some a) (Reading n c p v)) s (Thread None (Recycling n p))
        (Shared (a, 0) (memory s) (spare s) (S (serial s)) (p :: recycled s))
  (** [Drop for Reader]: it succeeds. *)
  | a_drop d s n c p v : head s = (n, c) →
      act limit (Thread d (Reading n c p v)) s (Thread d Out) (with_head (n, c - 1) s)
  (** Either: the node was replaced. *)
  | a_lost d s n c p v : fst (head s) ≠ n →
      act limit (Thread d (Reading n c p v)) s (Thread d (Leaving n p)) s
  (** [retire]: [fetch_add] does not come to 0, or does. *)
  | a_retire d s n others p v k : memory s n = Some (v, k) → (k + Z.of_nat others ≠ 0)%Z →
      act limit (Thread d (Retiring n others p)) s (Thread d Out)
        (with_memory (store n (Some (v, (k + Z.of_nat others)%Z)) (memory s)) s)
  | a_retire_last d s n others p v k : memory s n = Some (v, k) → (k + Z.of_nat others = 0)%Z →
      act limit (Thread d (Retiring n others p)) s (Thread d (Recycling n p))
        (with_recycled p (with_memory (store n (Some (v, (k + Z.of_nat others)%Z)) (memory s)) s))
  (** [leave]: [fetch_sub] did not find 1, or did. *)
  | a_leave d s n p v k : memory s n = Some (v, k) → k ≠ 1%Z →
      act limit (Thread d (Leaving n p)) s (Thread d Out)
        (with_memory (store n (Some (v, (k - 1)%Z)) (memory s)) s)
  | a_leave_last d s n p v k : memory s n = Some (v, k) → k = 1%Z →
      act limit (Thread d (Leaving n p)) s (Thread d (Recycling n p))
        (with_recycled p (with_memory (store n (Some (v, (k - 1)%Z)) (memory s)) s))
  (** [recycle]: what the stripe shares is let go, as far as it is (rule 7), and the node goes to a list. What a node in a list still
      shares and lets go when it is pushed down there is left out: no theorem speaks of the content of such a node. *)
  | a_blank d s n p v v' k : memory s n = Some (v, k) →
      act limit (Thread d (Recycling n p)) s (Thread d (Recycling n p))
        (with_memory (store n (Some (v', k)) (memory s)) s)
  | a_recycle d s n p :
      act limit (Thread d (Recycling n p)) s (Thread d Out) (with_spare (n :: spare s) s).

(** ** All threads *)
Record state := State { common : shared; threads : list thread }.

Inductive step (limit : nat) (x : state) : state → Prop :=
  | step_of l t r t' s' :
      threads x = l ++ t :: r → act limit t (common x) t' s' → step limit x (State s' (l ++ t' :: r)).

(** [Head::new]: one node at address [a] with content [v]; [k] threads that have not begun. *)
Definition start (a : addr) (v k : nat) : state :=
  State (Shared (a, 0) (store a (Some (v, 0%Z)) (λ _, None)) [] 0 []) (replicate k (Thread None Out)).

Inductive reachable (limit : nat) : state → Prop :=
  | reach_start a v k : reachable limit (start a v k)
  | reach_step x y : reachable limit x → step limit x y → reachable limit y.
