(** The program of [code/ReclaimHeap.v] in Iris, for any number of threads and any interleaving.

    The idea: an invariant says that memory is that of a reachable state of the transition system ([code/ReclaimModel.v]), of
    which each thread owns its own row as a ghost. Each atomic operation of the program is one step of that thread. So what
    is proved of the transition system ([proof/ReclaimTheorems.v]) holds of the program whenever the invariant is open. *)
From stdpp Require Import fin_maps.
From iris.base_logic.lib Require Import invariants ghost_map.
From iris.heap_lang Require Import proofmode notation.
From Pool.code Require ReclaimModel.
From Pool.code Require Import ReclaimWord ReclaimHeap.
From Pool.spec Require ReclaimSpec.
From Pool.proof Require ReclaimTheorems ReclaimWord.
From iris.prelude Require Import options.

Module RM := Pool.code.ReclaimModel.

(** ** The word *)
Definition word_of (w : RM.word) : Z := Z.of_nat (pack 8 w).

Lemma word_of_eq a c : word_of (a, c) = (a * 256 + c)%Z.
Proof. unfold word_of, pack. cbn [fst snd]. change (2 ^ 8) with 256. lia. Qed.
Lemma quot_word a c : c < 256 → (word_of (a, c) `quot` 256 = a)%Z.
Proof.
  intros. rewrite word_of_eq Z.quot_div_nonneg; [|lia|lia].
  symmetry. apply (Z.div_unique_pos _ _ _ (Z.of_nat c)); lia.
Qed.
Lemma rem_word a c : c < 256 → (word_of (a, c) `rem` 256 = c)%Z.
Proof.
  intros. rewrite word_of_eq Z.rem_mod_nonneg; [|lia|lia].
  symmetry. apply (Z.mod_unique_pos _ _ (Z.of_nat a)); lia.
Qed.
Lemma word_inj a c b e : c < 256 → e < 256 → word_of (a, c) = word_of (b, e) → a = b ∧ c = e.
Proof. intros ??. rewrite !word_of_eq. lia. Qed.

Section proof.
  Context `{!heapGS Σ, !ghost_mapG Σ nat RM.thread} (N : namespace) (limit : nat) (Hlimit : limit < 256).

  (** Memory is as the arrays say. *)
  Definition matches (m : RM.addr → option RM.node) (cs ds : list val) : Prop :=
    ∀ n v k, m n = Some (v, k) → cs !! n = Some #(Z.of_nat v) ∧ ds !! n = Some #k.

  Definition reclaiming (γ : gname) (h cl dl : loc) : iProp Σ :=
    inv N (∃ x cs ds,
      ⌜RM.reachable limit x⌝ ∗ ⌜matches (RM.memory (RM.common x)) cs ds⌝ ∗
      h ↦ #(word_of (RM.head (RM.common x))) ∗ cl ↦∗ cs ∗ dl ↦∗ ds ∗
      ghost_map_auth γ 1 (map_seq 0 (RM.threads x) : gmap nat RM.thread)).

  (** Thread [i] is at [t]: only whoever owns this moves it. *)
  Definition is_at (γ : gname) (i : nat) (t : RM.thread) : iProp Σ := i ↪[γ] t.

  Lemma is_at_in γ i t (ts : list RM.thread) :
    ghost_map_auth γ 1 (map_seq 0 ts : gmap nat RM.thread) -∗ is_at γ i t -∗ ⌜ts !! i = Some t⌝.
  Proof.
    iIntros "A F". iDestruct (ghost_map_lookup with "A F") as %H. by rewrite lookup_map_seq_0 in H.
  Qed.

  Lemma map_seq_replace (ts : list RM.thread) i t t' :
    ts !! i = Some t → <[i:=t']> (map_seq 0 ts : gmap nat RM.thread) = map_seq 0 (<[i:=t']> ts).
  Proof.
    intros Hi. apply map_eq. intros j. rewrite lookup_map_seq_0. destruct (decide (i = j)) as [->|Hne].
    - rewrite lookup_insert list_lookup_insert //. by eapply lookup_lt_Some.
    - by rewrite lookup_insert_ne // lookup_map_seq_0 list_lookup_insert_ne.
  Qed.

  (** One step of thread [i]. *)
  Lemma advance γ i t t' x s' :
    RM.reachable limit x → RM.act limit t (RM.common x) t' s' →
    ghost_map_auth γ 1 (map_seq 0 (RM.threads x) : gmap nat RM.thread) -∗ is_at γ i t ==∗
    ∃ y, ⌜RM.reachable limit y ∧ RM.common y = s'⌝ ∗
         ghost_map_auth γ 1 (map_seq 0 (RM.threads y) : gmap nat RM.thread) ∗ is_at γ i t'.
  Proof.
    iIntros (Hx Ha) "A F". iDestruct (is_at_in with "A F") as %Hi.
    iMod (ghost_map_update t' with "A F") as "[A F]".
    rewrite (map_seq_replace _ _ _ t' Hi).
    iModIntro. iExists (RM.State s' (<[i:=t']> (RM.threads x))). iFrame. iPureIntro. split; [|done].
    destruct (elem_of_list_split_length _ _ _ Hi) as (l & r & Hl & ->).
    eapply RM.reach_step; [exact Hx|]. destruct x as [s ts]; simpl in *.
    rewrite Hl insert_app_r_alt // Nat.sub_diag /=. 
    eapply RM.step_of; [done|exact Ha].
  Qed.

  (** Wherever [i] is, it is so in a reachable state: what is proved of those holds. *)
  Lemma in_threads (x : RM.state) i t : RM.threads x !! i = Some t → t ∈ RM.threads x.
  Proof. apply elem_of_list_lookup_2. Qed.

  Lemma head_count x n c : RM.reachable limit x → RM.head (RM.common x) = (n, c) → c ≤ limit.
  Proof. intros H E. destruct (ReclaimTheorems.count limit x H) as [Hc _]. rewrite E in Hc. exact Hc. Qed.

  Lemma guess_count x i d n c :
    RM.reachable limit x → RM.threads x !! i = Some (RM.Thread d (RM.Guess (n, c))) → c ≤ limit.
  Proof. intros H E. exact (ReclaimTheorems.seen limit x _ H (in_threads _ _ _ E)). Qed.
  Lemma reading_count x i d n c p v :
    RM.reachable limit x → RM.threads x !! i = Some (RM.Thread d (RM.Reading n c p v)) → c ≤ limit.
  Proof. intros H E. exact (ReclaimTheorems.seen limit x _ H (in_threads _ _ _ E)). Qed.

  Lemma matches_store m cs ds a v k v' k' :
    matches m cs ds → m a = Some (v, k) →
    matches (RM.store a (Some (v', k')) m) (<[a:=#(Z.of_nat v')]> cs) (<[a:=#k']> ds).
  Proof.
    intros Hm Ha n w j. unfold RM.store. destruct (Hm _ _ _ Ha) as [Hc Hd].
    destruct (decide (n = a)) as [->|Hne].
    - intros [= <- <-]. rewrite !list_lookup_insert //; by eapply lookup_lt_Some.
    - intros Hn. rewrite !list_lookup_insert_ne //. by apply Hm.
  Qed.

  (** Only the content, only the debt. *)
  Lemma matches_content m cs ds a v k v' :
    matches m cs ds → m a = Some (v, k) →
    matches (RM.store a (Some (v', k)) m) (<[a:=#(Z.of_nat v')]> cs) ds.
  Proof.
    intros Hm Ha. destruct (Hm _ _ _ Ha) as [_ Hd].
    rewrite -{1}(list_insert_id ds a #k); [|done]. by eapply matches_store.
  Qed.
  Lemma matches_debt m cs ds a v k k' :
    matches m cs ds → m a = Some (v, k) →
    matches (RM.store a (Some (v, k')) m) cs (<[a:=#k']> ds).
  Proof.
    intros Hm Ha. destruct (Hm _ _ _ Ha) as [Hc _].
    rewrite -{1}(list_insert_id cs a #(Z.of_nat v)); [|done]. by eapply matches_store.
  Qed.

  (** What a thread that uses a node, or owns it, finds there. *)
  Lemma used_node x i t n :
    RM.reachable limit x → RM.threads x !! i = Some t → ReclaimSpec.uses n t →
    ∃ v k, RM.memory (RM.common x) n = Some (v, k).
  Proof.
    intros Hx Hi Hu. destruct (ReclaimTheorems.no_use_after_free limit x t n Hx (in_threads _ _ _ Hi) Hu)
      as ([[v k] E] & _). eauto.
  Qed.
  Lemma owned_node x i t n :
    RM.reachable limit x → RM.threads x !! i = Some t → ReclaimSpec.owns n t →
    ∃ v, RM.memory (RM.common x) n = Some (v, 0%Z).
  Proof.
    intros Hx Hi Ho. destruct (elem_of_list_split_length _ _ _ Hi) as (l & r & Hl & _).
    destruct (ReclaimTheorems.no_double_free limit x Hx) as (_ & _ & H).
    destruct (H l t r n Hl Ho) as (_ & _ & E & _). exact E.
  Qed.

  Definition outside (g : RM.role) : Prop := match g with RM.Out | RM.Guess _ => True | _ => False end.

  (** Thread [i] is counted in on node [n], which held [v] when it was. *)
  Definition reads γ i d n c p v : iProp Σ := ⌜c ≤ limit⌝ ∗ is_at γ i (RM.Thread d (RM.Reading n c p v)).

  (** What a thread has done with a node when it is rid of it: nothing more to do, or the node is its own, to recycle. *)
  Definition left_or_owns γ i d n p (o : val) : iProp Σ :=
    (⌜o = NONEV⌝ ∗ is_at γ i (RM.Thread d RM.Out)) ∨ (⌜o = SOMEV #(Z.of_nat n)⌝ ∗ is_at γ i (RM.Thread d (RM.Recycling n p))).

  Lemma protect_spec γ h cl dl i d g :
    outside g →
    {{{ reclaiming γ h cl dl ∗ is_at γ i (RM.Thread d g) }}}
      protect #limit #h
    {{{ n c p v, RET #(word_of (n, c)%core); reads γ i d n c p v }}}.
  Proof using Hlimit.
    iIntros (Hg Φ) "[#I F] HΦ". iLöb as "IH" forall (g Hg). wp_rec. wp_pures.
    wp_bind (! _)%E. iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hc & Hd & A)".
    wp_load. destruct (RM.head (RM.common x)) as [n c] eqn:Eh.
    pose proof (head_count _ _ _ Hx Eh) as Hc.
    iAssert (|==> ∃ y, ⌜RM.reachable limit y ∧ RM.common y = RM.common x⌝ ∗
         ghost_map_auth γ 1 (map_seq 0 (RM.threads y) : gmap nat RM.thread) ∗
         is_at γ i (RM.Thread d (RM.Guess (n, c))))%I with "[A F]" as ">(%y & [%Hy %Ey] & A & F)".
    { rewrite -Eh. destruct g; try done.
      - iApply (advance with "A F"); [done|constructor].
      - iApply (advance with "A F"); [done|constructor]. }
    iModIntro. iSplitL "Hh Hc Hd A".
    { iNext. iExists y, cs, ds. rewrite Ey Eh. by iFrame. }
    wp_pures. rewrite rem_word; [|lia].
    case_bool_decide as Hfull; wp_pures.
    { by iApply ("IH" with "[] F HΦ"). }
    wp_bind (CmpXchg _ _ _). iInv "I" as ">(%x2 & %cs2 & %ds2 & %Hx2 & %Hm2 & Hh & Hc & Hd & A)".
    destruct (RM.head (RM.common x2)) as [n2 c2] eqn:Eh2.
    pose proof (head_count _ _ _ Hx2 Eh2) as Hc2.
    wp_cmpxchg as Heq|Hne.
    - injection Heq as Heq. apply word_inj in Heq as [-> ->]; [|lia|lia].
      iMod (advance with "A F") as (y2) "([%Hy2 %Ey2] & A & F)"; [done| |].
      { eapply RM.a_protect; [exact Eh2|lia]. }
      iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists y2, cs2, ds2. rewrite Ey2. simpl. iFrame. iSplit; [done|]. iSplit; [done|].
        rewrite !word_of_eq. replace (n * 256 + S c)%Z with (n * 256 + c + 1)%Z by lia. done. }
      wp_pures. replace (word_of (n, c) + 1)%Z with (word_of (n, S c)); [|rewrite !word_of_eq; lia].
      iApply ("HΦ" $! n (S c)). iFrame. iPureIntro. lia.
    - iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists x2, cs2, ds2. rewrite Eh2. by iFrame. }
      wp_pures. by iApply ("IH" with "[] F HΦ").
  Qed.

  (** A reader reads what the node held when it was counted in, whatever others have published since. *)
  Lemma read_spec γ h cl dl i d n c p v :
    {{{ reclaiming γ h cl dl ∗ reads γ i d n c p v }}}
      read #cl #(word_of (n, c)%core)
    {{{ (content : nat), RET #content; ⌜v = Some content⌝ ∗ reads γ i d n c p v }}}.
  Proof using Hlimit.
    iIntros (Φ) "(#I & %Hc & F) HΦ". wp_rec. wp_pures. rewrite quot_word; [|lia].
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hc & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (ReclaimTheorems.stable_read limit x _ _ _ _ _ Hx (in_threads _ _ _ Hi)) as (u & k & E & ->).
    destruct (Hm _ _ _ E) as [Eu _].
    iApply (wp_load_offset with "Hc"); [exact Eu|]. iIntros "!> Hc". iModIntro. iSplitL "Hh Hc Hd A".
    { iNext. iExists x, cs, ds. by iFrame. }
    iApply "HΦ". by iFrame.
  Qed.

  (** Who owns a node may write it. *)
  Lemma write_spec γ h cl dl i a g (u : nat) :
    {{{ reclaiming γ h cl dl ∗ is_at γ i (RM.Thread (Some a) g) }}}
      write #cl #a #u
    {{{ RET #(); is_at γ i (RM.Thread (Some a) g) }}}.
  Proof.
    iIntros (Φ) "(#I & F) HΦ". wp_rec. wp_pures.
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hc & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (owned_node x i _ a Hx Hi) as [v E]; [by left|]. destruct (Hm _ _ _ E) as [Ev _].
    iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply (RM.a_write limit g _ a v u)|].
    iApply (wp_store_offset with "Hc"); [by eauto|]. iIntros "!> Hc". iModIntro. iSplitL "Hh Hc Hd A".
    { iNext. iExists y, (<[a:=#u]> cs), ds. rewrite Ey. iFrame "Hh Hc Hd A". iSplit; [done|]. iPureIntro.
      by eapply matches_content. }
    by iApply "HΦ".
  Qed.

  Lemma leave_spec γ h cl dl i d n p :
    {{{ reclaiming γ h cl dl ∗ is_at γ i (RM.Thread d (RM.Leaving n p)) }}}
      leave #dl #n
    {{{ o, RET o; left_or_owns γ i d n p o }}}.
  Proof.
    iIntros (Φ) "(#I & F) HΦ". wp_rec. wp_pures. wp_bind (FAA _ _).
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hc & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (used_node x i _ n Hx Hi) as (v & k & E); [done|]. destruct (Hm _ _ _ E) as [_ Ek].
    destruct (decide (k = 1%Z)) as [->|Hk].
    - iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_leave_last|].
      iApply (wp_faa_offset with "Hd"); [exact Ek|]. iIntros "!> Hd". iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists y, cs, (<[n:=#(1 - 1)]> ds). rewrite Ey. iFrame "Hh Hc Hd A". iSplit; [done|]. iPureIntro.
        by eapply matches_debt. }
      wp_pures. iApply "HΦ". iRight. by iFrame.
    - iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_leave|].
      iApply (wp_faa_offset with "Hd"); [exact Ek|]. iIntros "!> Hd". iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists y, cs, (<[n:=#(k - 1)]> ds). rewrite Ey. iFrame "Hh Hc Hd A". iSplit; [done|]. iPureIntro.
        by eapply matches_debt. }
      wp_pures. rewrite bool_decide_eq_false_2; [|by intros [= ?]]. wp_pures. iApply "HΦ". iLeft. by iFrame.
  Qed.

  Lemma retire_spec γ h cl dl i d n p (others : nat) :
    0 < others →
    {{{ reclaiming γ h cl dl ∗ is_at γ i (RM.Thread d (RM.Retiring n others p)) }}}
      retire #dl #n #others
    {{{ o, RET o; left_or_owns γ i d n p o }}}.
  Proof using Hlimit.
    iIntros (Ho Φ) "(#I & F) HΦ". wp_rec. wp_pures. rewrite bool_decide_eq_false_2; [|intros [= ?]; lia].
    wp_pures. wp_bind (FAA _ _).
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hc & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (used_node x i _ n Hx Hi) as (v & k & E); [done|]. destruct (Hm _ _ _ E) as [_ Ek].
    destruct (decide (k + Z.of_nat others = 0)%Z) as [Hk|Hk].
    - iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_retire_last|].
      iApply (wp_faa_offset with "Hd"); [exact Ek|]. iIntros "!> Hd". iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists y, cs, (<[n:=#(k + Z.of_nat others)]> ds). rewrite Ey. iFrame "Hh Hc Hd A". iSplit; [done|]. iPureIntro.
        by eapply matches_debt. }
      wp_pures. rewrite Hk. wp_pures. iApply "HΦ". iRight. by iFrame.
    - iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_retire|].
      iApply (wp_faa_offset with "Hd"); [exact Ek|]. iIntros "!> Hd". iModIntro. iSplitL "Hh Hc Hd A".
      { iNext. iExists y, cs, (<[n:=#(k + Z.of_nat others)]> ds). rewrite Ey. iFrame "Hh Hc Hd A". iSplit; [done|]. iPureIntro.
        by eapply matches_debt. }
      wp_pures. rewrite bool_decide_eq_false_2; [|by intros [= ?]]. wp_pures. iApply "HΦ". iLeft. by iFrame.
  Qed.

  (** A publish that succeeds takes the draft, and whoever was counted in on the node before is counted against it; one that fails
      leaves the draft. (That it replaces the very node that was protected is RECLAIM_no_ABA, of the transition system.) *)
  Lemma publish_spec γ h cl dl i a n c p v :
    {{{ reclaiming γ h cl dl ∗ reads γ i (Some a) n c p v }}}
      publish #h #dl #(word_of (n, c)%core) #a
    {{{ (b : bool) o, RET (#b, o); left_or_owns γ i (if b then None else Some a) n p o }}}.
  Proof using Hlimit.
    iIntros (Φ) "(#I & %Hc & F) HΦ". iLöb as "IH" forall (c Hc). wp_rec. wp_pures.
    wp_bind (CmpXchg _ _ _).
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hcs & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (RM.head (RM.common x)) as [n2 c2] eqn:Eh.
    pose proof (head_count _ _ _ Hx Eh) as Hc2.
    wp_cmpxchg as Heq|Hne.
    - injection Heq as Heq. apply word_inj in Heq as [-> ->]; [|lia|lia].
      destruct (ReclaimTheorems.count limit x Hx) as [_ H1].
      specialize (H1 _ _ _ _ _ (in_threads _ _ _ Hi)). rewrite Eh in H1. specialize (H1 eq_refl). simpl in H1.
      replace (a * 256)%Z with (word_of (a, 0)); [|rewrite word_of_eq; lia].
      destruct (decide (1 < c)) as [Hmany|Hone].
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_publish|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey. simpl. by iFrame. }
        wp_pures. rewrite quot_word; [|lia]. rewrite rem_word; [|lia].
        replace (c - 1)%Z with (Z.of_nat (c - 1)) by lia.
        wp_apply (retire_spec with "[$I $F]"); [lia|]. iIntros (o) "Ho". wp_pures. by iApply ("HΦ" $! true).
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|eapply RM.a_publish_alone; [exact Eh|lia]|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey. simpl. by iFrame. }
        wp_pures. rewrite quot_word; [|lia]. rewrite rem_word; [|lia].
        replace (c - 1)%Z with 0%Z by lia. wp_rec. wp_pures.
        iApply ("HΦ" $! true). iRight. by iFrame.
    - destruct (decide (n2 = n)) as [->|Hn].
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_again|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey Eh. by iFrame. }
        wp_pures. rewrite !quot_word; [|lia|lia]. rewrite bool_decide_eq_true_2 //. wp_pures.
        iApply ("IH" $! c2 with "[] F HΦ"). iPureIntro. lia.
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|eapply RM.a_lost; by rewrite Eh|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey Eh. by iFrame. }
        wp_pures. rewrite !quot_word; [|lia|lia]. rewrite bool_decide_eq_false_2; [|intros [= ?]; lia]. wp_pures.
        rewrite quot_word; [|lia]. wp_apply (leave_spec with "[$I $F]"). iIntros (o) "Ho". wp_pures. iApply ("HΦ" $! false with "Ho").
  Qed.

  Lemma drop_spec γ h cl dl i d n c p v :
    {{{ reclaiming γ h cl dl ∗ reads γ i d n c p v }}}
      drop #h #dl #(word_of (n, c)%core)
    {{{ o, RET o; left_or_owns γ i d n p o }}}.
  Proof using Hlimit.
    iIntros (Φ) "(#I & %Hc & F) HΦ". iLöb as "IH" forall (c Hc). wp_rec. wp_pures.
    wp_bind (CmpXchg _ _ _).
    iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hcs & Hd & A)".
    iDestruct (is_at_in with "A F") as %Hi.
    destruct (RM.head (RM.common x)) as [n2 c2] eqn:Eh.
    pose proof (head_count _ _ _ Hx Eh) as Hc2.
    wp_cmpxchg as Heq|Hne.
    - injection Heq as Heq. apply word_inj in Heq as [-> ->]; [|lia|lia].
      destruct (ReclaimTheorems.count limit x Hx) as [_ H1].
      specialize (H1 _ _ _ _ _ (in_threads _ _ _ Hi)). rewrite Eh in H1. specialize (H1 eq_refl). simpl in H1.
      iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_drop|].
      iModIntro. iSplitL "Hh Hcs Hd A".
      { iNext. iExists y, cs, ds. rewrite Ey. simpl. iFrame. iSplit; [done|]. iSplit; [done|].
        rewrite !word_of_eq. by replace (n * 256 + (c - 1)%nat)%Z with (n * 256 + c - 1)%Z by lia. }
      wp_pures. iApply "HΦ". iLeft. by iFrame.
    - destruct (decide (n2 = n)) as [->|Hn].
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_again|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey Eh. by iFrame. }
        wp_pures. rewrite !quot_word; [|lia|lia]. rewrite bool_decide_eq_true_2 //. wp_pures.
        iApply ("IH" $! c2 with "[] F HΦ"). iPureIntro. lia.
      + iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|eapply RM.a_lost; by rewrite Eh|].
        iModIntro. iSplitL "Hh Hcs Hd A".
        { iNext. iExists y, cs, ds. rewrite Ey Eh. by iFrame. }
        wp_pures. rewrite !quot_word; [|lia|lia]. rewrite bool_decide_eq_false_2; [|intros [= ?]; lia]. wp_pures.
        rewrite quot_word; [|lia]. wp_apply (leave_spec with "[$I $F]"). iIntros (o) "Ho". iApply ("HΦ" with "Ho").
  Qed.

  (** Memory that is as in a reachable state can be put under the invariant; each thread gets its row. *)
  Lemma establish h cl dl x cs ds E :
    RM.reachable limit x → matches (RM.memory (RM.common x)) cs ds →
    h ↦ #(word_of (RM.head (RM.common x))) -∗ cl ↦∗ cs -∗ dl ↦∗ ds ={E}=∗
    ∃ γ, reclaiming γ h cl dl ∗ [∗ map] i ↦ t ∈ map_seq 0 (RM.threads x), is_at γ i t.
  Proof.
    iIntros (Hx Hm) "Hh Hc Hd".
    iMod (ghost_map_alloc (map_seq 0 (RM.threads x) : gmap nat RM.thread)) as (γ) "[A F]".
    iExists γ. iFrame "F". iApply inv_alloc. iNext. iExists x, cs, ds. by iFrame.
  Qed.

  (** Who has to recycle a node may use it again, as the next draft. *)
  Lemma reuse γ h cl dl i n p E :
    ↑N ⊆ E →
    reclaiming γ h cl dl -∗ is_at γ i (RM.Thread None (RM.Recycling n p)) ={E}=∗ is_at γ i (RM.Thread (Some n) RM.Out).
  Proof.
    iIntros (HE) "#I F". iInv "I" as ">(%x & %cs & %ds & %Hx & %Hm & Hh & Hcs & Hd & A)".
    iMod (advance with "A F") as (y) "([%Hy %Ey] & A & F)"; [done|by eapply RM.a_recycle|].
    iMod (advance with "A F") as (z) "([%Hz %Ez] & A & F)"; [done| |].
    { rewrite Ey. by eapply (RM.a_take limit _ _ n []). }
    iModIntro. iSplitR "F"; [|done]. iNext. iExists z, cs, ds. rewrite Ez. simpl. by iFrame.
  Qed.
End proof.

Print Assumptions protect_spec.
Print Assumptions read_spec.
Print Assumptions write_spec.
Print Assumptions publish_spec.
Print Assumptions drop_spec.
Print Assumptions reuse.
Print Assumptions establish.
