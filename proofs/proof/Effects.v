(** Effects exactly once, and only after the commit (INV-EFFECT).

    The stripe's ghost is its history. For entry number [k] there is one key [k] in a ghost map, made at the very point of
    commitment; whoever called [commit] gets it. A failed attempt makes none. *)
From Pool.spec Require Import CommitSpec.
From Pool.proof Require Import CommitLoop.
From iris.prelude Require Import options.

Section history.
  Context (P : pure_step).
  Implicit Types (s : State P) (ev : Event P) (log : list (Event P)).

  Lemma state_after_snoc s log ev : state_after P s (log ++ [ev]) = next P (state_after P s log) ev.
  Proof. rewrite /state_after foldl_app //. Qed.
  Lemma answers_length s log : length (answers P s log) = length log.
  Proof. revert s. induction log; intros; simpl; auto. Qed.
  Lemma answers_snoc s log ev :
    answers P s (log ++ [ev]) = answers P s log ++ [effects P (state_after P s log) ev].
  Proof. revert s. induction log as [|e log IH]; intros s; simpl; [done|]. by rewrite IH. Qed.
End history.

Section effects.
  Context (P : pure_step) `{!heapGS Σ} (Hlaw : lawful P) (Hok : code_ok P).
  Context `{!stripeG P Σ} (N : namespace) (s0 : State P).

  Lemma new_logged_spec :
    {{{ True }}} new_cell (encode_state P s0) {{{ g l, RET #l; is_logged P N s0 g l ∗ history P g [] }}}.
  Proof.
    iIntros (Φ) "_ HΦ". iApply wp_fupd. wp_apply (new_cell_spec P with "[//]"). iIntros (l) "Hl".
    iMod (ghost_var_alloc ([] : list (Event P))) as (h) "[Hh1 Hh2]".
    iMod (ghost_map_alloc_empty (K := nat) (V := Effects P)) as (t) "Ht".
    iMod (inv_alloc N _ (∃ log, head_at P l (state_after P s0 log) ∗ ghost_var h (1/2) log
      ∗ ghost_map_auth t 1 (map_seq 0 (answers P s0 log))) with "[Hl Hh1 Ht]") as "#Hinv".
    { iNext. iExists []. iFrame. }
    iApply ("HΦ" $! (Names h t)). by iFrame "∗#".
  Qed.

  Theorem effect_one_token : INV_EFFECT_one_token P N s0.
  Proof using Hlaw Hok.
    intros g l ev. iIntros "#Hinv" (Φ) "AU". awp_apply (commit_head P Hlaw Hok).
    iInv "Hinv" as ">(%log & Hs & Hh & Ht)".
    iApply (aacc_aupd with "AU"); [solve_ndisj|]. iIntros (log') "Hh'".
    iDestruct (ghost_var_agree with "Hh Hh'") as %<-.
    iAaccIntro with "Hs".
    { iIntros "Hs !>". iFrame "Hh'". iIntros "$ !> !>". iExists log. iFrame. }
    iIntros "Hs".
    iMod (ghost_var_update_halves (log ++ [ev]) with "Hh Hh'") as "[Hh Hh']".
    iMod (ghost_map_insert (length log) (effects P (state_after P s0 log) ev) with "Ht") as "[Ht Htok]".
    { apply lookup_map_seq_None. right. rewrite answers_length. lia. }
    iIntros "!>". iRight. iFrame "Hh' Htok". iIntros "HΦ !>". iSplitR "HΦ"; [|by iApply "HΦ"].
    iNext. iExists (log ++ [ev]). rewrite state_after_snoc answers_snoc map_seq_snoc answers_length. iFrame.
  Qed.

  Theorem effect_only_committed : INV_EFFECT_only_committed P N s0.
  Proof.
    intros g l log k fx E HE. iIntros "#Hinv Hh' Htok".
    iInv "Hinv" as ">(%log' & Hs & Hh & Ht)".
    iDestruct (ghost_var_agree with "Hh Hh'") as %->.
    iAssert ⌜(map_seq 0 (answers P s0 log) : gmap nat (Effects P)) !! k = Some fx⌝%I as %Hlookup.
    { iDestruct "Htok" as "[Htok|Htok]"; iApply (ghost_map_lookup with "Ht Htok"). }
    iModIntro. iSplitL "Hs Hh Ht"; [iNext; iExists log; iFrame|]. iFrame. iPureIntro.
    by rewrite lookup_map_seq_0 in Hlookup.
  Qed.

  Theorem effect_no_second : INV_EFFECT_no_second P.
  Proof.
    intros g k fx fx'. iIntros "H1 H2".
    by iDestruct (ghost_map_elem_ne with "H1 H2") as %?.
  Qed.

  Theorem effect_spent : INV_EFFECT_spent P.
  Proof. intros g k fx. iIntros "H". by iApply ghost_map_elem_persist. Qed.

  Theorem effect_never_again : INV_EFFECT_never_again P.
  Proof.
    intros g k fx fx'. iIntros "H1 H2".
    by iDestruct (ghost_map_elem_ne with "H2 H1") as %?.
  Qed.
End effects.

Print Assumptions effect_one_token.
Print Assumptions effect_only_committed.
Print Assumptions effect_no_second.
Print Assumptions effect_spent.
Print Assumptions effect_never_again.
