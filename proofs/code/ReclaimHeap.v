(** Reclamation ([core/src/reclaim.rs]) as a program: the head is one word, an address times 256 plus a count, over an arena of
    nodes that are used again and again. A node is a place in [contents] and a place in [debts].

    Function by function as the Rust. What differs: [protect] loads again where the Rust takes what the failed
    compare-and-swap saw (both are loads), and what is recycled is returned, to be the caller's next draft, instead of being
    put into the caller's own list first. *)
From iris.heap_lang Require Import notation.

(** [Head::protect]: counts the caller in; answers the word with the caller counted. *)
Definition protect : val := rec: "protect" "limit" "head" :=
  let: "w" := !"head" in
  if: "limit" ≤ "w" `rem` #256 then "protect" "limit" "head" else
  if: CAS "head" "w" ("w" + #1) then "w" + #1 else "protect" "limit" "head".

(** [Reader::stripe]. *)
Definition read : val := λ: "contents" "w", !("contents" +ₗ ("w" `quot` #256)).

(** [Draft::write]. *)
Definition write : val := λ: "contents" "n" "v", "contents" +ₗ "n" <- "v".

(** [leave]: [SOME n] if the caller has to recycle the node. *)
Definition leave : val := λ: "debts" "n",
  if: FAA ("debts" +ₗ "n") #(-1) = #1 then SOME "n" else NONE.

(** [retire]. *)
Definition retire : val := λ: "debts" "n" "others",
  if: "others" = #0 then SOME "n" else
  if: FAA ("debts" +ₗ "n") "others" + "others" = #0 then SOME "n" else NONE.

(** [Reader::publish]: whether [next] is the current node now, and what the caller has to recycle. *)
Definition publish : val := rec: "publish" "head" "debts" "w" "next" :=
  let: "r" := CmpXchg "head" "w" ("next" * #256) in
  if: Snd "r" then (#true, retire "debts" ("w" `quot` #256) ("w" `rem` #256 - #1)) else
  if: Fst "r" `quot` #256 = "w" `quot` #256 then "publish" "head" "debts" (Fst "r") "next" else
  (#false, leave "debts" ("w" `quot` #256)).

(** [Drop for Reader]. *)
Definition drop : val := rec: "drop" "head" "debts" "w" :=
  let: "r" := CmpXchg "head" "w" ("w" - #1) in
  if: Snd "r" then NONE else
  if: Fst "r" `quot` #256 = "w" `quot` #256 then "drop" "head" "debts" (Fst "r") else
  leave "debts" ("w" `quot` #256).
