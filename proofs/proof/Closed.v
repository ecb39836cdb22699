(** The closed program of [code/ClientProgram.v] is safe: with any number of threads, under any schedule, no assertion fails
    and nothing gets stuck. By adequacy this is a statement about HeapLang's operational semantics alone. *)
From iris.heap_lang Require Import proofmode adequacy.
From Pool.spec Require Import CommitSpec.
From iris.prelude Require Import options.
From Pool.proof Require Import StepHeap Counting Client.
From Pool.code Require Import Env StepHeap ClientProgram.

Definition one (s : stripe nat nat) : Prop := capacity s = 1 ∧ owed s = 0.
Definition no_resize (e : event nat nat) : Prop := ∀ n, e ≠ Resize n.

Lemma one_signal n s : one s → one (signal n s).1.
Proof. intros [Hc Ho]. split; simpl; lia. Qed.
Lemma one_free_idle n s : one s → one (after (free_idle n s)).
Proof. by destruct n. Qed.
Lemma one_serve s s' res : serve s = Some (s', res) → one s → one s'.
Proof. rewrite /serve /one. intros H. repeat case_match; by simplify_eq/=. Qed.
Lemma one_part_with r s x : part_with r s = Some x → one s → one (after x).
Proof. rewrite /part_with /free_one /one. intros H. repeat case_match; by simplify_eq/=. Qed.

Lemma one_kept s e : no_resize e → one s → one (after (step s e)).
Proof.
  intros He Hs. destruct e as [w|to|r now|r|r|n| | |id|now ttl keep| |to|]; cbn [step].
  - rewrite /take. destruct (closed s); [done|].
    destruct (serve s) as [[s' res]|] eqn:E; [|done]. by eapply one_serve.
  - rewrite /try_take. destruct (serve s) as [[s' res]|] eqn:E; [|done]. by eapply one_serve.
  - rewrite /put. destruct (part_with r s) eqn:E; [|done]. by eapply one_part_with.
  - rewrite /give_back. destruct (part_with r s) eqn:E; [|done]. by eapply one_part_with.
  - rewrite /discard. by destruct (is_any_out s).
  - rewrite /freed. destruct (_ || _); [done|]. by apply (one_signal n (with_freeing (freeing s - n) s)).
  - rewrite /permit_back. destruct (is_any_out s); [|done]. by apply (one_signal 1 s).
  - rewrite /permit_back. destruct (is_any_out s); [|done]. by apply (one_signal 1 s).
  - rewrite /cancel. by destruct (remove id (queue s)) as [[??]|].
  - by apply one_free_idle.
  - by apply one_free_idle.
  - by destruct (He to).
  - rewrite /close. destruct (closed s); [done|].
    destruct (wake_all _ _); by apply (one_free_idle _ (with_closed true (with_queue [] s))).
Qed.

Section program.
  Context `{!heapGS Σ, !poolG Σ, !ghost_varG Σ ()}.
  Let N3 := nroot .@ "inside".
  Implicit Types (g : pool_names) (l inside : loc).
  Notation pool_at := (is_pool one).

  (** Whoever enters leaves its lease here and takes the ticket with which it gets it back. A second one who came in would
      have the second lease of a pool of one. *)
  Definition gate g (t : gname) inside : iProp Σ :=
    inside ↦ #0 ∗ ghost_var t 1 () ∨ inside ↦ #1 ∗ leases g 1.

  Lemma two_leases g l E :
    ↑nroot.@"client" ⊆ E → pool_at g l -∗ leases g 1 -∗ leases g 1 ={E}=∗ False.
  Proof.
    iIntros (HE) "#Hp H1 H2". iCombine "H1 H2" as "H".
    iMod (no_tok (g_creating g)) as "Hc". iMod (no_tok (g_freed g)) as "Hf".
    iMod (pool_bound one g l 2 0 0 with "Hp [$H $Hc $Hf]") as (s) "(_ & %Hle & _)"; [done|].
    destruct Hle as ([Hcap Howed] & Hle). lia.
  Qed.

  Lemma use_spec g l t inside Φ :
    pool_at g l -∗ inv N3 (gate g t inside) -∗ leases g 1 -∗ (leases g 1 -∗ Φ #()) -∗ WP use #inside {{ Φ }}.
  Proof.
    iIntros "#Hp #Hgate Hlease HΦ". wp_lam. wp_bind (FAA _ _).
    iInv "Hgate" as ">[[Hin Hticket]|[Hin Hother]]"; last first.
    { iMod (two_leases with "Hp Hlease Hother") as "[]". solve_ndisj. }
    wp_faa. iModIntro. iSplitL "Hin Hlease"; [iNext; iRight; by iFrame|].
    wp_pures. wp_apply wp_assert. wp_pures. iModIntro. iSplit; [done|]. iNext. wp_pures.
    wp_bind (FAA _ _). iInv "Hgate" as ">[[Hin Hticket']|[Hin Hlease]]".
    { iDestruct (ghost_var_valid_2 with "Hticket Hticket'") as %[Hv _]. by destruct Hv. }
    wp_faa. iModIntro. iSplitL "Hin Hticket"; [iNext; iLeft; by iFrame|].
    wp_pures. by iApply "HΦ".
  Qed.

  Lemma commit_spec g l e Φ :
    no_resize e → pool_at g l -∗ tokens g (uses_lent e) (uses_creating e) (uses_freed e) -∗
    (∀ o, tokens g (gets_lent o) (gets_creating o) (gets_freed o) -∗ Φ (encode_effects o)) -∗
    WP commit pool #l (encode_event e) {{ Φ }}.
  Proof. exact (pool_commit one no_resize one_kept g l e Φ). Qed.

  Lemma report_frees_spec g l (rs : list nat) :
    pool_at g l -∗ frees g (length rs) -∗ WP report_frees #l (encode_list encode_nat rs) {{ _, True }}.
  Proof.
    iIntros "#Hp Hf". iInduction rs as [|r rs] "IH"; wp_rec; wp_pures; [done|].
    iAssert (frees g 1 ∗ frees g (length rs))%I with "[Hf]" as "[H1 Hf]".
    { rewrite /frees /tok -own_op -auth_frag_op nat_op. done. }
    iApply fupd_wp. iMod (no_tokens g) as "(Hl & Hc & _)". iModIntro.
    wp_apply (commit_spec g l (Freed 1) with "Hp [$Hl $Hc $H1]"); [done|].
    iIntros (o) "_". wp_pures. by iApply "IH".
  Qed.

  Lemma perform_spec g l o :
    pool_at g l -∗ tokens g (gets_lent o) (gets_creating o) (gets_freed o) -∗
    WP perform #l (encode_effects o) {{ _, True }}.
  Proof.
    iIntros "#Hp (Hl & Hc & Hf)". iLöb as "IH" forall (o). wp_rec. wp_pures.
    destruct o as [[to res|ws res|r|rs|why]|]; wp_pures; try done.
    - iApply fupd_wp. iMod (no_tokens g) as "(_ & Hc' & Hf')". iModIntro.
      wp_apply (commit_spec g l (Put r 0) with "Hp [$Hl $Hc' $Hf']"); [done|].
      iIntros (o) "(Hl & Hc'' & Hf'')". iApply ("IH" with "Hl Hc'' Hf''").
    - rewrite /gets_freed /=. by wp_apply (report_frees_spec with "Hp Hf").
  Qed.

  Lemma give_spec g l (mode : Z) (r : nat) :
    pool_at g l -∗ leases g 1 -∗ WP give #l #mode #r {{ _, True }}.
  Proof.
    iIntros "#Hp Hl". iApply fupd_wp. iMod (no_tokens g) as "(_ & Hc & Hf)". iModIntro.
    wp_lam. wp_pures.
    destruct (bool_decide (#mode = #0)); wp_pures; [|destruct (bool_decide (#mode = #1)); wp_pures].
    - wp_apply (commit_spec g l (Put r 0) with "Hp [$Hl $Hc $Hf]"); [done|].
      iIntros (o) "H". by wp_apply (perform_spec with "Hp H").
    - wp_apply (commit_spec g l (Discard r) with "Hp [$Hl $Hc $Hf]"); [done|].
      iIntros (o) "H". by wp_apply (perform_spec with "Hp H").
    - wp_apply (commit_spec g l (Return r) with "Hp [$Hl $Hc $Hf]"); [done|].
      iIntros (o) "H". by wp_apply (perform_spec with "Hp H").
  Qed.

  Lemma worker_spec g l t inside (mode : Z) :
    pool_at g l -∗ inv N3 (gate g t inside) -∗ WP worker #l #inside #mode {{ _, True }}.
  Proof.
    iIntros "#Hp #Hgate". iApply fupd_wp. iMod (no_tokens g) as "H0". iModIntro. wp_lam. wp_pures.
    wp_apply (commit_spec g l (TryTake Caller) with "Hp H0"); [done|].
    iIntros (o) "(Hl & Hc & Hf)".
    destruct o as [[to [r| |]|ws res|r|rs|why]|]; wp_pures; try done.
    - (* Delivered: a lease. *)
      wp_apply (use_spec with "Hp Hgate Hl"). iIntros "Hl". wp_pures. by wp_apply (give_spec with "Hp Hl").
    - (* A permit: the creation fails, or makes a lease of it. *)
      destruct (bool_decide (#mode = #1)); wp_pures.
      + wp_apply (commit_spec g l CreateFailed with "Hp [$Hl $Hc $Hf]"); [done|].
        iIntros (o) "H". by wp_apply (perform_spec with "Hp H").
      + iApply fupd_wp. iMod (pool_created one g l with "Hp Hc") as "Hl'"; [done|]. iModIntro.
        wp_apply (use_spec with "Hp Hgate Hl'"). iIntros "Hl'". wp_pures.
        by wp_apply (give_spec g l mode 7 with "Hp Hl'").
  Qed.

  Lemma spawn_spec g l t inside (n : Z) :
    pool_at g l -∗ inv N3 (gate g t inside) -∗ WP spawn #l #inside #n {{ _, True }}.
  Proof.
    iIntros "#Hp #Hgate". iLöb as "IH" forall (n). wp_rec. wp_pures.
    destruct (bool_decide _); wp_pures; [done|].
    wp_apply wp_fork.
    - wp_pures. iApply (wp_wand with "[]"); [iApply (worker_spec with "Hp Hgate")|]. by iIntros (v) "_".
    - wp_pures. iApply "IH".
  Qed.

  Lemma main_spec n : ⊢ WP main n {{ _, True }}.
  Proof using All.
    rewrite /main. wp_apply (new_pool_spec one 1 with "[//]"); [done|]. iIntros (g l) "#Hp". wp_pures.
    wp_alloc inside as "Hin". iMod (ghost_var_alloc ()) as (t) "Ht".
    iMod (inv_alloc N3 _ (gate g t inside) with "[Hin Ht]") as "#Hgate"; [iNext; iLeft; by iFrame|].
    wp_pures. by wp_apply spawn_spec.
  Qed.
End program.

Theorem main_safe (threads : Z) σ : adequate NotStuck (main threads) σ (λ _ _, True).
Proof.
  apply (heap_adequacy (#[heapΣ; poolΣ; ghost_varΣ ()])). iIntros (?) "_". iApply main_spec.
Qed.

Print Assumptions main_safe.
