(** Clients with ghost tokens, over the whole machine: any number of threads, any schedule.

    Whoever raises an event gives up the tokens it uses (a lease to give back, a permit whose creation failed, frees to
    report) and gets those that the answer hands out. Counts suffice here; which resource is which is [proof/Theorems.v].
    [Q] is what a client wants to know of all states and [allowed] the events it restricts itself to, so that
    "nobody resizes" needs no proof of its own. *)
From iris.algebra Require Import auth numbers.
From iris.heap_lang Require Import proofmode.
From Pool.spec Require Import CommitSpec.
From iris.prelude Require Import options.
From Pool.proof Require Import Encoding CommitLoop StepHeap Counting.
From Pool.code Require Import Env StepHeap.

Class poolG Σ := { pool_stripeG :> stripeG pool Σ; pool_countG :> inG Σ (authR natUR) }.
Definition poolΣ : gFunctors := #[stripeΣ pool; GFunctor (authR natUR)].
Global Instance subG_poolΣ Σ : subG poolΣ Σ → poolG Σ.
Proof. solve_inG. Qed.

Section client.
  Context `{!heapGS Σ, !poolG Σ}.
  Context (Q : stripe nat nat → Prop) (allowed : event nat nat → Prop).
  Context (Hkeep : ∀ s e, allowed e → Q s → Q (after (step s e))).
  Let N := nroot .@ "stripe".
  Let N2 := nroot .@ "client".

  Record pool_names := PoolNames { g_stripe : gname; g_lent : gname; g_creating : gname; g_freed : gname }.
  Implicit Types (g : pool_names) (e : event nat nat).

  Definition tok (γ : gname) (n : nat) : iProp Σ := own γ (◯ n).
  (** [leases g n]: n resources are lent to whoever owns this. *)
  Definition leases g n : iProp Σ := tok (g_lent g) n.
  Definition permits_out g n : iProp Σ := tok (g_creating g) n.
  Definition frees g n : iProp Σ := tok (g_freed g) n.
  Definition tokens g l c f : iProp Σ := leases g l ∗ permits_out g c ∗ frees g f.

  Definition accounts g : iProp Σ := ∃ s l c f,
    ⌜counted s l c f ∧ Q s⌝ ∗ CommitSpec.stripe pool (g_stripe g) s
    ∗ own (g_lent g) (● l) ∗ own (g_creating g) (● c) ∗ own (g_freed g) (● f).
  Definition is_pool g (l : loc) : iProp Σ := is_stripe pool N (g_stripe g) l ∗ inv N2 (accounts g).

  Global Instance is_pool_persistent g l : Persistent (is_pool g l).
  Proof. apply _. Qed.

  (** [u] tokens are given up and [d] new ones handed out; the count follows. *)
  Lemma tok_update γ (a u d : nat) :
    own γ (● a) -∗ tok γ u ==∗ ∃ rest : nat, ⌜a = (u + rest)%nat⌝ ∗ own γ (● (d + rest)%nat) ∗ tok γ d.
  Proof.
    iIntros "Ha Hu". iDestruct (own_valid_2 with "Ha Hu") as %[[rest Hrest%leibniz_equiv] _]%auth_both_valid_discrete.
    rewrite nat_op in Hrest. subst a.
    iMod (own_update_2 _ _ _ (● (d + rest)%nat ⋅ ◯ d) with "Ha Hu") as "[Ha Hd]".
    { apply auth_update, nat_local_update. lia. }
    iModIntro. iExists rest. by iFrame.
  Qed.

  (** The one rule of the pool. *)
  Theorem pool_commit g (l : loc) e Φ :
    allowed e →
    is_pool g l -∗ tokens g (uses_lent e) (uses_creating e) (uses_freed e) -∗
    (∀ o, tokens g (gets_lent o) (gets_creating o) (gets_freed o) -∗ Φ (encode_effects o)) -∗
    WP commit pool #l (encode_event e) {{ Φ }}.
  Proof using Hkeep.
    iIntros (Hallowed) "[#Hs #Hinv] (Hl & Hc & Hf) HΦ".
    awp_apply (pool_commit_atomic N with "Hs").
    iInv "Hinv" as ">(%s & %nl & %nc & %nf & [%Hcount %HQ] & Hst & Al & Ac & Af)".
    iAaccIntro with "Hst".
    { iIntros "Hst !>". iFrame "Hl Hc Hf HΦ". iNext. iExists s, nl, nc, nf. by iFrame. }
    iIntros "Hst".
    iMod (tok_update _ _ _ (gets_lent (effect_of (step s e))) with "Al Hl") as (rl ->) "[Al Hl]".
    iMod (tok_update _ _ _ (gets_creating (effect_of (step s e))) with "Ac Hc") as (rc ->) "[Ac Hc]".
    iMod (tok_update _ _ _ (gets_freed (effect_of (step s e))) with "Af Hf") as (rf ->) "[Af Hf]".
    iModIntro. iSplitR "HΦ Hl Hc Hf".
    { iNext. iExists (after (step s e)), _, _, _. iFrame. iPureIntro.
      split; [exact (counted_step _ _ _ _ _ Hcount)|by apply Hkeep]. }
    iApply ("HΦ" $! (effect_of (step s e))). iFrame.
  Qed.

  (** A finished creation makes a lease of a permit: no step of the machine. *)
  Theorem pool_created g l E : ↑N2 ⊆ E → is_pool g l -∗ permits_out g 1 ={E}=∗ leases g 1.
  Proof.
    iIntros (HE) "[_ #Hinv] Hc". iInv "Hinv" as ">(%s & %nl & %nc & %nf & [%Hcount %HQ] & Hst & Al & Ac & Af)".
    iMod (own_unit (authUR natUR) (g_lent g)) as "Hl".
    iMod (tok_update _ _ 0 1 with "Al Hl") as (rl ->) "[Al Hl]".
    iMod (tok_update _ _ _ 0 with "Ac Hc") as (rc ->) "[Ac _]".
    iModIntro. iSplitR "Hl"; [|done]. iNext. iExists s, (1 + rl)%nat, (0 + rc)%nat, nf. iFrame. iPureIntro.
    destruct Hcount as (? & ? & ?). split; [|done]. split; [lia|done].
  Qed.

  (** INV-CAPACITY, concurrently: whoever holds [n] leases, [c] permits and [f] frees, in whatever threads, holds no more
      than the capacity of the present state and what it still owes. The state is the present one: it is handed out for a moment. *)
  Theorem pool_bound g l n c f E :
    ↑N2 ⊆ E → is_pool g l -∗ tokens g n c f ={E,E∖↑N2}=∗
      ∃ s, CommitSpec.stripe pool (g_stripe g) s ∗ ⌜Q s ∧ (n + c + f ≤ capacity s + owed s)%nat⌝
        ∗ (CommitSpec.stripe pool (g_stripe g) s ={E∖↑N2,E}=∗ tokens g n c f).
  Proof.
    iIntros (HE) "[_ #Hinv] (Hl & Hc & Hf)".
    iInv "Hinv" as ">(%s & %nl & %nc & %nf & [%Hcount %HQ] & Hst & Al & Ac & Af)" "Hclose".
    iDestruct (own_valid_2 with "Al Hl") as %[?%nat_included _]%auth_both_valid_discrete.
    iDestruct (own_valid_2 with "Ac Hc") as %[?%nat_included _]%auth_both_valid_discrete.
    iDestruct (own_valid_2 with "Af Hf") as %[?%nat_included _]%auth_both_valid_discrete.
    iModIntro. iExists s. iFrame "Hst". iSplit.
    { iPureIntro. split; [done|]. destruct Hcount as (? & ? & ?). lia. }
    iIntros "Hst". iMod ("Hclose" with "[Hst Al Ac Af]") as "_".
    { iNext. iExists s, nl, nc, nf. by iFrame. }
    by iFrame.
  Qed.

  Lemma no_tok γ : ⊢ |==> tok γ 0.
  Proof. exact (own_unit (authUR natUR) γ). Qed.
  Lemma no_tokens g : ⊢ |==> tokens g 0 0 0.
  Proof.
    iMod (no_tok (g_lent g)) as "$". iMod (no_tok (g_creating g)) as "$". by iMod (no_tok (g_freed g)) as "$".
  Qed.

  Theorem new_pool_spec n :
    Q (new n) → {{{ True }}} new_cell (encode_stripe (new n)) {{{ g l, RET #l; is_pool g l }}}.
  Proof.
    iIntros (HQ Φ) "_ HΦ". iApply wp_fupd.
    wp_apply (new_stripe_spec pool N (new n : State pool) with "[//]"). iIntros (γ l) "[#Hs Hst]".
    iMod (own_alloc (● 0)) as (γl) "Al"; [by apply auth_auth_valid|].
    iMod (own_alloc (● 0)) as (γc) "Ac"; [by apply auth_auth_valid|].
    iMod (own_alloc (● 0)) as (γf) "Af"; [by apply auth_auth_valid|].
    iMod (inv_alloc N2 _ (accounts (PoolNames γ γl γc γf)) with "[Hst Al Ac Af]") as "#Hinv".
    { iNext. iExists (new n), 0, 0, 0. iFrame. iPureIntro. split; [apply counted_new|done]. }
    iModIntro. iApply ("HΦ" $! (PoolNames γ γl γc γf)). by iFrame "#".
  Qed.
End client.

Print Assumptions pool_commit.
Print Assumptions pool_bound.
