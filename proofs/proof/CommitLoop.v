(** The commit loop is logically atomic (COMMIT-ATOMIC), whatever the pure step.

    Two points of commitment: a step that changes nothing commits where it loads the node, any other where its
    compare-and-set succeeds. Which of the two it will be is known at the load, since the step is a function. *)
From Pool.spec Require Import CommitSpec.
From iris.prelude Require Import options.

Section commit.
  Context (P : pure_step) `{!heapGS Σ} (Hlaw : lawful P) (Hok : code_ok P).
  Implicit Types (s : State P) (ev : Event P).

  Global Instance head_at_timeless l s : Timeless (head_at P l s).
  Proof. apply _. Qed.

  (** Without ghost state. The node is immutable, so an unchanged head means an unchanged state: ABA is harmless. *)
  Lemma commit_head (l : loc) ev :
    ⊢ <<< ∀∀ s, head_at P l s >>>
        commit P #l (encode_event P ev) @ ∅
      <<< head_at P l (next P s ev), RET encode_effects P (effects P s ev) >>>.
  Proof using Hlaw Hok.
    iIntros (Φ) "AU". iLöb as "IH". wp_lam. wp_pures.
    wp_bind (! _)%E. iMod "AU" as (s) "[(%node & Hl & #Hnode) Hclose]". wp_load.
    destruct (changes P s ev) eqn:Hchanges.
    - (* Nothing is committed yet. *)
      iDestruct "Hclose" as "[Hclose _]".
      iMod ("Hclose" with "[Hl]") as "AU"; [iExists node; by iFrame|].
      iModIntro. wp_pures. wp_load. wp_apply (Hok with "[//]"). iIntros "_". rewrite Hchanges. wp_pures.
      wp_alloc draft as "Hdraft". iMod (mapsto_persist with "Hdraft") as "#Hdraft". wp_pures.
      wp_bind (CmpXchg _ _ _). iMod "AU" as (s2) "[(%node2 & Hl & #Hnode2) Hclose]".
      destruct (decide (node2 = node)) as [->|Hne].
      + iDestruct (mapsto_agree with "Hnode Hnode2") as %<-%(@inj _ _ _ _ _ encode_state_inj).
        wp_cmpxchg_suc. iDestruct "Hclose" as "[_ Hclose]".
        iMod ("Hclose" with "[Hl]") as "HΦ"; [iExists draft; by iFrame "∗#"|].
        iModIntro. wp_pures. done.
      + wp_cmpxchg_fail. iDestruct "Hclose" as "[Hclose _]".
        iMod ("Hclose" with "[Hl]") as "AU"; [iExists node2; by iFrame "∗#"|].
        iModIntro. wp_pures. by iApply "IH".
    - (* The load is the commit. *)
      iDestruct "Hclose" as "[_ Hclose]". rewrite unchanged_is_same //.
      iMod ("Hclose" with "[Hl]") as "HΦ"; [iExists node; by iFrame "∗#"|].
      iModIntro. wp_pures. wp_load. wp_apply (Hok with "[//]"). iIntros "_". rewrite Hchanges. wp_pures. done.
  Qed.

  Lemma new_cell_spec s :
    {{{ True }}} new_cell (encode_state P s) {{{ l, RET #l; head_at P l s }}}.
  Proof.
    iIntros (Φ) "_ HΦ". wp_lam. wp_alloc node as "Hnode". wp_alloc l as "Hl".
    iMod (mapsto_persist with "Hnode") as "#Hnode". iApply "HΦ". iExists node. by iFrame.
  Qed.

  Context `{!stripeG P Σ} (N : namespace).

  Global Instance is_stripe_persistent g l : Persistent (is_stripe P N g l).
  Proof. apply _. Qed.

  Lemma new_stripe_spec s :
    {{{ True }}} new_cell (encode_state P s) {{{ g l, RET #l; is_stripe P N g l ∗ stripe P g s }}}.
  Proof.
    iIntros (Φ) "_ HΦ". iApply wp_fupd. wp_apply (new_cell_spec with "[//]"). iIntros (l) "Hl".
    iMod (ghost_var_alloc s) as (g) "[Hg1 Hg2]".
    iMod (inv_alloc N _ (∃ s, head_at P l s ∗ ghost_var g (1/2) s) with "[Hl Hg1]") as "#Hinv".
    { iNext. iExists s. iFrame. }
    iApply "HΦ". by iFrame "∗#".
  Qed.

  Theorem commit_atomic : COMMIT_ATOMIC P N.
  Proof using Hlaw Hok.
    intros g l ev. iIntros "#Hinv" (Φ) "AU". awp_apply commit_head.
    iInv "Hinv" as ">(%s & Hs & Hg)".
    iApply (aacc_aupd with "AU"); [solve_ndisj|]. iIntros (s') "Hg'".
    iDestruct (ghost_var_agree with "Hg Hg'") as %<-.
    iAaccIntro with "Hs".
    { iIntros "Hs !>". iFrame "Hg'". iIntros "$ !> !>". iExists s. iFrame. }
    iIntros "Hs". iMod (ghost_var_update_halves with "Hg Hg'") as "[Hg Hg']".
    iIntros "!>". iRight. iFrame "Hg'". iIntros "HΦ !>". iSplitL "Hs Hg".
    { iNext. iExists _. iFrame. }
    by iApply "HΦ".
  Qed.
End commit.

Print Assumptions commit_atomic.
