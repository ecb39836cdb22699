//! What no user of a pool can see: who keeps which node, and when. With std's threads; the races are loom's
//! (`tests/loom/reclaim.rs`).

use super::spare::MAX_SPARE;
use super::*;
use crate::stripe::queue::ENDS;
use crate::stripe::{Event, Stripe, Timestamp};
use core::ptr::null_mut;

fn head() -> Head {
    Head::new(&PoolStripe::new(1), MAX_READERS)
}

/// A draft of a stripe that shares something: more idle entries than lie inline.
fn sharing_draft() -> Draft {
    let mut stripe: PoolStripe = Stripe::new(20);
    for _ in 0..20 {
        let _taken = stripe.apply(Event::TryTake { wake: crate::stripe::Recipient::Caller });
    }
    for _ in 0..20 {
        let resource = crate::runtime::ResourceHandle::new(());
        let _put = stripe.apply(Event::Put { resource, now: Timestamp(0) });
    }
    let mut draft = Draft::take();
    let _written = draft.write(&stripe);
    assert!(draft.stripe().is_sharing());
    draft
}

#[test]
fn a_reader_publishes_although_others_came_and_went_meanwhile() {
    let head = head();
    let (first, second, third) = (head.protect(), head.protect(), head.protect());
    drop(second);
    let mut draft = Draft::take();
    let _written = draft.write(&PoolStripe::new(7));
    assert!(first.publish(draft).is_ok(), "the node is still current: others only count");
    assert_eq!(third.stripe().capacity(), 1, "who was counted in reads on");
    assert_eq!(head.protect().stripe().capacity(), 7);
}

#[test]
fn readers_that_leave_are_counted_out() {
    let head = head();
    let (first, second) = (head.protect(), head.protect());
    drop(first);
    drop(second);
    // ORDERING: Relaxed: one thread.
    assert_eq!(readers(head.word.load(Ordering::Relaxed)), 0);
}

#[test]
fn who_waits_for_others_to_finish_does_so_for_a_moment_only() {
    let head = head();
    assert_eq!(head.let_others_finish(), 1, "nobody is inside");
    let reader = head.protect();
    assert_eq!(head.let_others_finish(), FINISH_LOOKS, "one is inside, and stays");
    drop(reader);
    assert_eq!(head.let_others_finish(), 1);
}

#[test]
fn the_node_recycled_last_keeps_its_idle_entries_for_the_next_copy() {
    let draft = sharing_draft();
    let node = draft.node;
    drop(draft);
    let mut next = Draft::take();
    assert_eq!(next.node, node);
    assert!(next.stripe().is_sharing());
    let same = next.stripe().clone();
    assert_eq!(next.write(&same).1.len(), 0);
    assert_eq!(next.write(&PoolStripe::new(1)).1.len(), 12, "all but those that lie inline");
    assert!(!next.stripe().is_sharing());
}

#[test]
fn what_other_spare_nodes_shared_is_let_go() {
    let drafts = [sharing_draft(), sharing_draft(), sharing_draft()];
    drop(drafts);
    let sharing = [Draft::take(), Draft::take(), Draft::take()].map(|mut draft| draft.stripe().is_sharing());
    assert_eq!(sharing, [true, false, false], "the node that was recycled last comes first");
}

/// A draft of a stripe of one, already taken, for which so many wait.
fn draft_with_line(waits: u32) -> Draft {
    let mut draft = Draft::take();
    let (mut stripe, _) = draft.write(&PoolStripe::new(1));
    for _ in 0..=waits {
        let (receiver, wake) = crate::runtime::slot::wake_slot();
        drop(receiver);
        let _taken_or_queued = stripe.apply(Event::Take { wake });
    }
    assert_eq!(stripe.queue().len(), waits);
    draft
}

#[test]
fn a_spare_node_keeps_no_tree_of_waiters() {
    let mut draft = draft_with_line(ENDS + 1);
    assert!(draft.stripe().is_sharing());
    drop(draft);
    assert!(!Draft::take().stripe().is_sharing());
}

#[test]
fn the_ends_of_a_line_that_a_spare_node_keeps_are_written_over() {
    for waits in [1, ENDS / 2 + 1, ENDS + 2] {
        let draft = draft_with_line(waits);
        let node = draft.node;
        drop(draft);
        let mut next = Draft::take();
        assert_eq!(next.node, node);
        let (stripe, _) = next.write(&PoolStripe::new(1));
        assert!(stripe.queue().is_empty() && stripe.queue().iter().next().is_none(), "{waits} waited");
    }
}

#[test]
fn a_draft_that_is_cleared_shares_nothing() {
    let mut draft = sharing_draft();
    draft.clear();
    assert!(!draft.stripe().is_sharing());
}

#[test]
fn a_head_that_goes_shares_nothing_with_the_next() {
    let draft = sharing_draft();
    let head = head();
    assert!(head.protect().publish(draft).is_ok());
    drop(head);
    assert!(!Draft::take().stripe().is_sharing());
}

#[test]
fn a_replaced_node_is_the_next_to_be_used() {
    let head = head();
    let replaced = node_of(head.protect().word);
    let mut draft = Draft::take();
    let _written = draft.write(&PoolStripe::new(2));
    assert!(head.protect().publish(draft).is_ok());
    assert_eq!(Draft::take().into_node(), replaced);
}

#[test]
fn a_head_that_goes_gives_its_node_back() {
    let head = head();
    let node = node_of(head.protect().word);
    drop(head);
    assert_eq!(Draft::take().into_node(), node);
}

#[test]
fn so_many_nodes_are_kept_and_no_more() {
    let spare = Spare::new();
    let nodes: Vec<NonNull<Node>> = (0..=MAX_SPARE).map(|_| allocate()).collect();
    for node in &nodes[..MAX_SPARE] {
        assert!(spare.push(*node));
    }
    assert!(!spare.push(nodes[MAX_SPARE]), "one too many");
    for node in nodes[..MAX_SPARE].iter().rev() {
        assert_eq!(spare.pop(), Some(*node), "the last comes first");
    }
    assert_eq!(spare.pop(), None);
    for node in nodes {
        // SAFETY: from `allocate`, and in no list any more.
        unsafe { free(node) };
    }
}

#[test]
fn the_count_is_the_low_bits_of_the_head() {
    let word = null_mut::<Node>().map_addr(|_| 0x700 + 3);
    assert_eq!((readers(word), node_of(word).addr()), (3, 0x700));
}
