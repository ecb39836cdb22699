//! `Seq`, `Queue` and `Cache` against plain lists.
//!
//! Random operations on a container and on a `Vec` side by side, from empty over the boundary between inline and
//! older entries (`cache::INLINE`) to trees of several thousand; after each, both list the same, the representation is
//! sound, and the container as it was before still lists what it did (persistence).
//!
//! Not here: what the operations cost (`machine/cost.rs`), what the machine does with them (`machine.rs`), and sharing
//! between threads.
#![cfg(not(feature = "loom"))]
#![allow(clippy::disallowed_types, reason = "`prop_oneof!` names `std::sync::Arc` in what it expands to")]

use core::hash::BuildHasher;
use core::time::Duration;
use proptest::prelude::*;
use std::hash::RandomState;
use striped_pool::stripe::seq::Seq;
use striped_pool::stripe::{Cache, Entry, Queue, Timestamp, Waiter, WaiterId};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn index(rank: u32) -> usize {
    usize::try_from(rank).expect("a rank fits an index")
}

/// `a` and `b` are equal and hash alike.
fn assert_same<T: Eq + core::hash::Hash + core::fmt::Debug>(a: &T, b: &T) {
    let hasher = RandomState::new();
    assert_eq!(a, b);
    assert_eq!(hasher.hash_one(a), hasher.hash_one(b), "equal, but hashed differently");
}

// ---------------------------------------------------------------------------------------------------------------- Seq

#[derive(Clone, Copy, Debug)]
enum SeqOp {
    PushBack,
    PushFront,
    PopFront,
    PopBack,
    /// Ranks are taken modulo a little more than the length, so that some lie beyond the end.
    Remove(u32),
    /// Goes on with the part before the cut (`true`) or with the one after it.
    Split(u32, bool),
}

fn seq_ops() -> impl Strategy<Value = Vec<SeqOp>> {
    let one = prop_oneof![
        10 => Just(SeqOp::PushBack),
        10 => Just(SeqOp::PushFront),
        5 => Just(SeqOp::PopFront),
        5 => Just(SeqOp::PopBack),
        10 => any::<u32>().prop_map(SeqOp::Remove),
        2 => (any::<u32>(), any::<bool>()).prop_map(|(rank, before)| SeqOp::Split(rank, before)),
    ];
    prop::collection::vec(one, 0..200)
}

fn listed(seq: &Seq<i64>) -> Vec<i64> {
    assert!(seq.is_well_formed(), "unsound at {} elements", seq.len());
    seq.iter().copied().collect()
}

fn remove(list: &mut Vec<i64>, at: usize) -> Option<i64> {
    (at < list.len()).then(|| list.remove(at))
}

/// One operation on both. What goes in at the back grows and at the front falls, so both stay sorted.
fn seq_op(seq: &Seq<i64>, list: &mut Vec<i64>, op: SeqOp, fresh: i64) -> Seq<i64> {
    let within = |rank: u32| rank % (seq.len() + 3);
    let (taken, expected) = match op {
        SeqOp::PushBack => {
            list.push(fresh);
            return seq.push_back(fresh);
        }
        SeqOp::PushFront => {
            list.insert(0, -fresh);
            return seq.push_front(-fresh);
        }
        SeqOp::Split(rank, goes_on_before) => {
            let (before, after) = seq.split_at(within(rank));
            let tail = list.split_off(index(within(rank)).min(list.len()));
            assert_eq!((&listed(&before), &listed(&after)), (&*list, &tail));
            if goes_on_before {
                return before;
            }
            *list = tail;
            return after;
        }
        SeqOp::PopFront => (seq.pop_front(), remove(list, 0)),
        SeqOp::PopBack => (seq.pop_back(), list.pop()),
        SeqOp::Remove(rank) => (seq.remove(within(rank)), remove(list, index(within(rank)))),
    };
    assert_eq!(taken.as_ref().map(|(item, _)| *item), expected, "{op:?}");
    taken.map_or_else(|| seq.clone(), |(_, rest)| rest)
}

fn assert_seq_is(seq: &Seq<i64>, list: &[i64]) {
    assert_eq!(listed(seq), list);
    assert_eq!((index(seq.len()), seq.is_empty()), (list.len(), list.is_empty()));
    assert_eq!((seq.first(), seq.last()), (list.first().copied(), list.last().copied()));
    for rank in [0, seq.len() / 3, seq.len() / 2, seq.len(), seq.len() + 1, u32::MAX] {
        assert_eq!(seq.get(rank), list.get(index(rank)).copied());
        let pivot = list.get(index(rank)).copied().unwrap_or(i64::MAX);
        assert_eq!(index(seq.partition_point(|item| *item < pivot)), list.partition_point(|item| *item < pivot));
    }
}

/// Mostly few elements, sometimes thousands.
fn sizes() -> impl Strategy<Value = u32> {
    prop_oneof![5 => 0..40_u32, 1 => 1000..5000_u32]
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_sequence_is_a_persistent_list(size in sizes(), ops in seq_ops()) {
        let mut list: Vec<i64> = (0..i64::from(size)).collect();
        let mut seq: Seq<i64> = list.iter().fold(Seq::EMPTY, |seq, item| seq.push_back(*item));
        for (fresh, op) in (i64::from(size) + 1..).zip(ops) {
            let (old_seq, old_list) = (seq.clone(), list.clone());
            seq = seq_op(&seq, &mut list, op, fresh);
            assert_seq_is(&seq, &list);
            assert_eq!(listed(&old_seq), old_list, "{op:?} changed its input");
            assert_eq!(seq == old_seq, list == old_list, "equality after {op:?}");
        }
        assert_same(&seq, &list.iter().rev().fold(Seq::EMPTY, |seq, item| seq.push_front(*item)));
        assert_eq!(format!("{seq:?}"), format!("{list:?}"));
    }
}

#[test]
fn sequences_that_differ_are_not_equal_and_hash_apart() {
    let seq = |items: &[i64]| items.iter().fold(Seq::EMPTY, |seq, item| seq.push_back(*item));
    let (some, hasher) = (seq(&[1, 2, 3]), RandomState::new());
    for other in [seq(&[1, 2, 4]), seq(&[2, 1, 3]), seq(&[1, 2]), seq(&[1, 2, 3, 4])] {
        assert_ne!(some, other);
        assert_ne!(hasher.hash_one(&some), hasher.hash_one(&other));
    }
}

#[test]
fn a_sequence_is_sound_at_every_size_on_the_way_up_and_down() {
    let mut seq = Seq::default();
    for n in 0..2000 {
        assert_eq!(listed(&seq).len(), index(n));
        seq = if n % 3 == 0 { seq.push_front(i64::from(n)) } else { seq.push_back(i64::from(n)) };
    }
    while let Some((_, rest)) = if seq.len() % 3 == 0 { seq.pop_front() } else { seq.pop_back() } {
        assert_eq!(listed(&rest).len(), index(seq.len()) - 1);
        seq = rest;
    }
}

/// Not left to chance: joins of all proportions, those of pieces that are themselves cut off something included.
#[test]
fn every_cut_of_every_cut_is_sound() {
    for n in 0..64 {
        let grown: Seq<i64> = (0..n).fold(Seq::EMPTY, |seq, item| seq.push_front(item));
        for (first, second) in (0..=n).flat_map(|first| (0..=n).map(move |second| (first, second))) {
            let cut = |seq: &Seq<i64>, at: i64| seq.split_at(u32::try_from(at).expect("small"));
            let (left, right) = cut(&grown, first);
            for seq in [left, right].iter().map(|part| cut(part, second)).flat_map(<[Seq<i64>; 2]>::from) {
                assert!(listed(&seq).is_sorted_by(|a, b| *a == b + 1), "{n} cut at {first}, then at {second}");
            }
        }
    }
}

// -------------------------------------------------------------------------------------------------------------- Queue

#[derive(Clone, Copy, Debug)]
enum QueueOp {
    Push,
    Pop,
    /// By id, taken modulo a little more than the ids ever given.
    Remove(u64),
    TakeOldest(u32),
}

fn queue_ops() -> impl Strategy<Value = Vec<QueueOp>> {
    let one = prop_oneof![
        20 => Just(QueueOp::Push),
        5 => Just(QueueOp::Pop),
        10 => any::<u64>().prop_map(QueueOp::Remove),
        1 => any::<u32>().prop_map(QueueOp::TakeOldest),
        2 => (0..10_u32).prop_map(QueueOp::TakeOldest),
    ];
    prop::collection::vec(one, 0..200)
}

/// Waits, each with an id that is not its position: 1, 3, 5, …
fn waiter(n: u64) -> Waiter<u64> {
    Waiter { id: WaiterId(2 * n + 1), wake: n }
}

fn waiters(queue: &Queue<u64>) -> Vec<Waiter<u64>> {
    assert!(queue.is_well_formed(), "unsound at {} waiters", queue.len());
    queue.into_iter().copied().collect()
}

fn queue_of(list: &[Waiter<u64>]) -> Queue<u64> {
    list.iter().fold(Queue::default(), |mut queue, waiter| {
        queue.push(*waiter);
        queue
    })
}

fn queue_op(queue: &mut Queue<u64>, list: &mut Vec<Waiter<u64>>, op: QueueOp, given: u64) {
    match op {
        QueueOp::Push => {
            list.push(waiter(given));
            queue.push(waiter(given));
        }
        QueueOp::Pop => assert_eq!(queue.pop(), (!list.is_empty()).then(|| list.remove(0))),
        QueueOp::Remove(id) => {
            let id = WaiterId(id % (2 * given + 3));
            let at = list.iter().position(|waiter| waiter.id == id);
            assert_eq!(queue.remove(id), at.map(|at| list.remove(at)), "{id:?}");
        }
        QueueOp::TakeOldest(number) => {
            let number = number % (queue.len() + 3);
            let taken: Vec<_> = list.drain(..index(number).min(list.len())).collect();
            assert_eq!(waiters(&queue.take_oldest(number)), taken);
        }
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_queue_is_a_persistent_first_in_first_out_list(size in sizes(), ops in queue_ops()) {
        let mut list: Vec<_> = (0..u64::from(size)).map(waiter).collect();
        let mut queue = queue_of(&list);
        for (given, op) in (u64::from(size)..).zip(ops) {
            let (old_queue, old_list) = (queue.clone(), list.clone());
            queue_op(&mut queue, &mut list, op, given);
            assert_eq!(waiters(&queue), list, "{op:?}");
            assert_eq!((index(queue.len()), queue.is_empty()), (list.len(), list.is_empty()));
            assert_eq!(waiters(&old_queue), old_list, "{op:?} changed a clone");
        }
        assert_same(&queue, &queue_of(&list));
    }
}

// -------------------------------------------------------------------------------------------------------------- Cache

#[derive(Clone, Copy, Debug)]
enum CacheOp {
    /// At a clock that runs with the operations but is read up to so much out of order.
    Push(u64),
    Pop,
    TakeOldest(u32),
    CountStale(u64),
}

fn cache_ops() -> impl Strategy<Value = Vec<CacheOp>> {
    let one = prop_oneof![
        12 => (0..20_u64).prop_map(CacheOp::Push),
        10 => Just(CacheOp::Pop),
        1 => any::<u32>().prop_map(CacheOp::TakeOldest),
        2 => (0..10_u32).prop_map(CacheOp::TakeOldest),
        3 => (0..400_u64).prop_map(CacheOp::CountStale),
    ];
    prop::collection::vec(one, 0..200)
}

/// The entries oldest first.
fn entries(cache: &Cache<u64>) -> Vec<Entry<u64>> {
    assert!(cache.is_well_formed(), "unsound at {} entries", cache.len());
    let mut entries: Vec<_> = cache.iter().collect();
    entries.reverse();
    entries
}

fn cache_of(list: &[Entry<u64>]) -> Cache<u64> {
    list.iter().fold(Cache::default(), |mut cache, entry| {
        cache.push(entry.resource, entry.last_used);
        cache
    })
}

fn cache_op(cache: &mut Cache<u64>, list: &mut Vec<Entry<u64>>, op: CacheOp, clock: u64) {
    match op {
        CacheOp::Push(jitter) => {
            let now = Timestamp(clock + jitter);
            let last_used = list.last().map_or(now, |newest| newest.last_used.max(now));
            list.push(Entry { resource: clock, last_used });
            cache.push(clock, now);
        }
        CacheOp::Pop => assert_eq!(cache.pop(), list.pop()),
        CacheOp::TakeOldest(number) => {
            let number = number % (cache.len() + 3);
            let taken: Vec<_> = list.drain(..index(number).min(list.len())).collect();
            let oldest = cache.take_oldest(number);
            assert_eq!(entries(&oldest), taken);
            assert_same(&oldest, &cache_of(&taken));
        }
        CacheOp::CountStale(ttl) => {
            let stale = list.iter().filter(|entry| clock.saturating_sub(entry.last_used.0) >= ttl).count();
            assert_eq!(index(cache.count_stale(Timestamp(clock), Duration::from_nanos(ttl))), stale);
        }
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_cache_is_a_persistent_stack_sorted_by_time(size in sizes(), ops in cache_ops()) {
        let entry = |n| Entry { resource: n, last_used: Timestamp(n) };
        let mut list: Vec<_> = (0..u64::from(size)).map(entry).collect();
        let mut cache = cache_of(&list);
        for (clock, op) in (u64::from(size)..).zip(ops) {
            let (old_cache, old_list) = (cache.clone(), list.clone());
            cache_op(&mut cache, &mut list, op, clock);
            assert_eq!(entries(&cache), list, "{op:?}");
            assert_eq!((index(cache.len()), cache.is_empty()), (list.len(), list.is_empty()));
            assert_eq!(cache.newest(), list.last().copied());
            assert_eq!(entries(&old_cache), old_list, "{op:?} changed a clone");
            assert_eq!(cache == old_cache, list == old_list, "equality after {op:?}");
        }
        assert_same(&cache, &cache_of(&list));
    }
}
