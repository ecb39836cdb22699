(** What is proved of the commit loop. Definitions and statements only; [proof/CommitLoop.v] and [proof/Effects.v] prove them.

    - COMMIT-ATOMIC: [commit] takes effect at one point in time, between its call and its return, and what it answers is
      what the pure step answers at that point: any number of threads, any schedule, any failed attempts in between.
    - INV-EFFECT: each commit hands out one token for its answer; a token exists only for an event in the history, there is
      never a second one for the same entry, and performing spends it. *)
From iris.proofmode Require Import proofmode.
From iris.base_logic.lib Require Export invariants ghost_var ghost_map.
From iris.program_logic Require Export atomic.
From iris.heap_lang Require Export proofmode notation.
From Pool.code Require Export CommitLoop.
From iris.prelude Require Import options.

Class stripeG (P : pure_step) Σ := {
  stripe_stateG :> ghost_varG Σ (State P);
  stripe_historyG :> ghost_varG Σ (list (Event P));
  stripe_tokensG :> ghost_mapG Σ nat (Effects P);
}.
Definition stripeΣ (P : pure_step) : gFunctors :=
  #[ghost_varΣ (State P); ghost_varΣ (list (Event P)); ghost_mapΣ nat (Effects P)].
Global Instance subG_stripeΣ P Σ : subG (stripeΣ P) Σ → stripeG P Σ.
Proof. solve_inG. Qed.

Section spec.
  Context (P : pure_step) `{!heapGS Σ}.

  (** The code computes the step. *)
  Definition code_ok : Prop := ∀ (s : State P) (ev : Event P),
    ⊢ {{{ True }}} code P (encode_state P s) (encode_event P ev)
      {{{ RET (encode_state P (next P s ev), encode_effects P (effects P s ev), #(changes P s ev)); True }}}.

  (** The head owns a node that nobody can write. *)
  Definition head_at (l : loc) (s : State P) : iProp Σ := ∃ node : loc, l ↦ #node ∗ node ↦□ encode_state P s.

  Context `{!stripeG P Σ} (N : namespace).

  (** ** COMMIT-ATOMIC *)

  (** [stripe g s]: the state is [s] now; whoever owns this knows it, and nobody commits without it. *)
  Definition stripe (g : gname) (s : State P) : iProp Σ := ghost_var g (1/2) s.
  Definition is_stripe (g : gname) (l : loc) : iProp Σ := inv N (∃ s, head_at l s ∗ ghost_var g (1/2) s).

  Definition COMMIT_ATOMIC : Prop := ∀ g (l : loc) (ev : Event P),
    ⊢ is_stripe g l -∗
      <<< ∀∀ s, stripe g s >>>
        commit P #l (encode_event P ev) @ ↑N
      <<< stripe g (next P s ev), RET encode_effects P (effects P s ev) >>>.

  (** ** INV-EFFECT *)

  Record names := Names { name_history : gname; name_tokens : gname }.
  Context (s0 : State P).

  (** [history g log]: these events have been committed since the stripe was made with [s0], in this order. *)
  Definition history (g : names) (log : list (Event P)) : iProp Σ := ghost_var (name_history g) (1/2) log.
  (** [to_perform g k fx]: commit number [k] was answered with [fx], and nobody has performed that yet. *)
  Definition to_perform (g : names) (k : nat) (fx : Effects P) : iProp Σ := k ↪[name_tokens g] fx.
  (** [performed g k fx]: it has been performed. Nothing can undo that, so it may be copied. *)
  Definition performed (g : names) (k : nat) (fx : Effects P) : iProp Σ := k ↪[name_tokens g]□ fx.

  Definition is_logged (g : names) (l : loc) : iProp Σ :=
    inv N (∃ log, head_at l (state_after P s0 log) ∗ ghost_var (name_history g) (1/2) log
      ∗ ghost_map_auth (name_tokens g) 1 (map_seq 0 (answers P s0 log))).

  (** A commit adds one entry, and hands out its token together with the answer. *)
  Definition INV_EFFECT_one_token : Prop := ∀ g (l : loc) (ev : Event P),
    ⊢ is_logged g l -∗
      <<< ∀∀ log, history g log >>>
        commit P #l (encode_event P ev) @ ↑N
      <<< history g (log ++ [ev]) ∗ to_perform g (length log) (effects P (state_after P s0 log) ev),
          RET encode_effects P (effects P (state_after P s0 log) ev) >>>.

  (** Only after the commit: whoever can perform, or has performed, holds the answer to an event in the history. *)
  Definition INV_EFFECT_only_committed : Prop := ∀ g l log k fx E, ↑N ⊆ E →
    ⊢ is_logged g l -∗ history g log -∗ to_perform g k fx ∨ performed g k fx ={E}=∗
      history g log ∗ (to_perform g k fx ∨ performed g k fx) ∗ ⌜answers P s0 log !! k = Some fx⌝.

  (** At most once: there is no second token, performing spends it, and what is performed is not to be performed again. *)
  Definition INV_EFFECT_no_second : Prop := ∀ g k fx fx',
    ⊢ to_perform g k fx -∗ to_perform g k fx' -∗ False.
  Definition INV_EFFECT_spent : Prop := ∀ g k fx, ⊢ to_perform g k fx ==∗ performed g k fx.
  Definition INV_EFFECT_never_again : Prop := ∀ g k fx fx',
    ⊢ performed g k fx -∗ to_perform g k fx' -∗ False.
End spec.
