//! INV-COST and INV-BOUNDED, by counting allocations and never by timing.
//!
//! Each operation of the trees allocates one node for each node that it copies, so a bound on allocations is a bound on
//! work; comparisons are counted where a closure sees them. First the operations of `Seq`, each at every place of trees
//! of several histories, against bounds derived from the balance; then whole transitions on one long queue and one
//! long cache, which must stay within a multiple of log₂ n. Elapsed time is the benchmarks' business.

use super::counting::{allocations, occupied};
use super::notation::{Event, Stripe, cancel, discard, freed, give_back, put, reap, resize, take, try_take};
use striped_pool::stripe::cache::INLINE;
use striped_pool::stripe::seq::Seq;
use striped_pool::stripe::{Cache, Queue, Timestamp, Waiter, WaiterId, step};

/// How many elements there are, wait, are idle or are being freed.
const MANY: u32 = 10_000;

/// ⌈log₂ `MANY`⌉.
const LOG2: u64 = 14;

/// The least k with (4/3)ᵏ ≥ n, about 2.41·log₂ n: no side of a balanced node of n elements has more than 3/4·(n − 1),
/// unless n is 2, so a tree of n is at most 1 + k high.
fn log(n: u32) -> u64 {
    let holds = |k: &u32| 4_u128.pow(*k) >= u128::from(n) * 3_u128.pow(*k);
    u64::from((0..40).find(holds).expect("(4/3)^40 is 99437"))
}

/// One root-to-leaf path, at most three nodes made for each (a double rotation), and the new leaf.
fn path(n: u32) -> u64 {
    3 * (1 + log(n)) + 1
}

/// A split joins pieces from the bottom of a path upwards. On either side of the cut each join makes one node and
/// rebalances as far down as the piece outgrows what is joined so far: together no further than one path.
fn split(n: u32) -> u64 {
    2 * path(n) + log(n) + 5
}

/// Trees of different histories, all of `MANY` different elements.
fn shapes() -> Vec<Seq<i64>> {
    let n = i64::from(MANY);
    let ascending = |to: i64| (0..to).fold(Seq::EMPTY, |seq, item| seq.push_back(item));
    let descending = (0..n).rev().fold(Seq::EMPTY, |seq, item| seq.push_front(item));
    let outwards = (0..n / 2).fold(Seq::EMPTY, |seq, item| seq.push_back(item).push_front(-1 - item));
    let worn_down = (0..3 * MANY).fold(ascending(4 * n), |seq, _| seq.pop_front().expect("full").1);
    let cut = ascending(3 * n).split_at(2 * MANY - 1).0.split_at(MANY - 1).1;
    let thinned = (0..MANY).fold(ascending(2 * n), |seq, k| seq.remove(k * 7919 % (2 * MANY - k)).expect("full").1);
    let regrown = (0..n / 2).fold(cut.split_at(MANY / 2).1, |seq, item| seq.push_front(-1 - item));
    vec![ascending(n), descending, outwards, worn_down, cut, thinned, regrown]
}

/// How many elements a search for the one at `rank` meets up to it: its node's depth, counted from 1.
fn depth(seq: &Seq<i64>, rank: u32) -> u64 {
    let (mut met, mut depth, wanted) = (0, 0, seq.get(rank).expect("within"));
    seq.partition_point(|item| {
        met += 1;
        depth = if *item == wanted { met } else { depth };
        *item < wanted
    });
    depth
}

/// Whether the tree of which these are the depths, in order, has no side more than three times as large as the other.
fn is_balanced(depths: &[u64]) -> bool {
    let Some(root) = (0..depths.len()).min_by_key(|at| depths[*at]) else { return true };
    let (left, right) = (&depths[..root], &depths[root + 1..]);
    let (small, large) = (left.len().min(right.len()), left.len().max(right.len()));
    (small + large <= 1 || large <= 3 * small) && is_balanced(left) && is_balanced(right)
}

fn cache_of(n: u32) -> Cache<u32> {
    (0..n).fold(Cache::default(), |mut cache, resource| {
        cache.push(resource, Timestamp(0));
        cache
    })
}

#[test]
fn each_operation_on_a_sequence_copies_no_more_than_a_path_or_two() {
    for (shape, seq) in shapes().iter().enumerate() {
        assert_eq!((seq.len(), seq.is_well_formed()), (MANY, true), "shape {shape}");
        let ends = [
            allocations(|| seq.push_back(0)).1,
            allocations(|| seq.push_front(0)).1,
            allocations(|| seq.pop_back()).1,
            allocations(|| seq.pop_front()).1,
        ];
        assert!(ends.iter().all(|made| (1..=path(MANY)).contains(made)), "{ends:?}, shape {shape}");
        let depths: Vec<u64> = (0..MANY).map(|rank| depth(seq, rank)).collect();
        assert!(is_balanced(&depths), "shape {shape}");
        assert!(depths.iter().all(|depth| *depth <= 1 + log(MANY)), "shape {shape}");
        let mut total = [0, 0];
        for rank in 0..MANY {
            let (removed, cut) = (allocations(|| seq.remove(rank)).1, allocations(|| seq.split_at(rank)).1);
            assert!(removed <= path(MANY), "remove made {removed} at {rank}, shape {shape}");
            assert!(cut <= split(MANY), "split made {cut} at {rank}, shape {shape}");
            total = [total[0] + removed, total[1] + cut];
        }
        // The worst case needs a tree as lopsided as allowed. A mean beyond 2·log₂ n would mean another law than log n.
        let mean = total.map(|made| made / u64::from(MANY));
        assert!(mean.iter().all(|made| *made <= 2 * LOG2), "on average {mean:?}, shape {shape}");
    }
}

#[test]
fn n_elements_occupy_n_nodes() {
    for n in [0, 1, 2, 7, 8, 9, 100, MANY] {
        let grow = |from: Seq<i64>| (0..n).fold(from, |seq, item| seq.push_back(i64::from(item)));
        assert_eq!(occupied(|| grow(Seq::EMPTY)).1, u64::from(n));
        assert_eq!(occupied(|| grow(Seq::EMPTY).split_at(n / 3)).1, u64::from(n));
        assert_eq!(occupied(|| grow(grow(Seq::EMPTY)).split_at(n).1).1, u64::from(n));
        let (cache, nodes) = occupied(|| cache_of(n));
        let inline = u64::from(cache.len()) - nodes;
        assert_eq!(cache.len(), n);
        assert!((u64::from(n.min(1))..=INLINE as u64).contains(&inline), "{nodes} nodes for {n} entries");
    }
}

#[test]
fn entries_up_to_the_inline_limit_allocate_nothing() {
    let full = u32::try_from(INLINE).expect("a few");
    assert_eq!(allocations(|| cache_of(full)).1, 0);
    assert_eq!(allocations(|| cache_of(full).take_oldest(5)).1, 0);
}

fn line_of(n: u64) -> Queue<u64> {
    (0..n).fold(Queue::default(), |mut queue, at| {
        queue.push(Waiter { id: WaiterId(at), wake: at });
        queue
    })
}

#[test]
fn a_line_that_fits_its_ends_allocates_nothing_and_a_longer_one_seldom() {
    let pop = |queue: &mut Queue<u64>| allocations(|| queue.pop().expect("somebody waits")).1;
    assert_eq!(allocations(|| line_of(16)).1, 0);
    let (mut queue, mut made) = (line_of(1000), Vec::new());
    for at in 1000..2000 {
        made.push(allocations(|| queue.push(Waiter { id: WaiterId(at), wake: at })).1);
        made.push(pop(&mut queue));
    }
    assert_eq!(made.iter().filter(|made| **made > 0).count(), 2 * 1000 / 8, "one in eight touches the tree");
    assert!(made.iter().all(|made| *made <= LOGARITHMIC), "{made:?}");
    // A full end becomes a tree of seven nodes, with none made on the way, and the eighth joins them: a path of four.
    assert_eq!(allocations(|| line_of(17)).1, 7 + 4);
}

/// 8·log₂ n. The dearest is a put that moves half of the inline entries out: four pushes, of one path each.
const LOGARITHMIC: u64 = 8 * LOG2;

/// A stripe of `capacity` to which `events` happened; unlike `given`, without a look at each state.
fn at_speed(capacity: u32, events: impl IntoIterator<Item = Event>) -> Stripe {
    let mut stripe = Stripe::new(capacity);
    for event in events {
        let _ = stripe.apply(event);
    }
    stripe
}

fn repeat(event: Event, times: u32) -> impl Iterator<Item = Event> {
    (0..times).map(move |_| event)
}

/// `MANY` wait, `MANY` are being freed, `MANY` more are lent.
fn waited_for() -> Stripe {
    let taken = repeat(try_take(), 2 * MANY).chain(repeat(take(7), MANY));
    at_speed(2 * MANY, taken.chain(repeat(discard(10), MANY)))
}

/// `MANY` are idle, stamped 0, 1, 2, …, and one is lent.
fn idle() -> Stripe {
    let puts = (0..u64::from(MANY)).map(|now| put(10, now));
    at_speed(MANY + 1, repeat(try_take(), MANY + 1).chain(puts))
}

#[test]
fn every_transition_of_a_long_queue_is_logarithmic() {
    let stripe = waited_for();
    assert_eq!((stripe.queue().len(), stripe.freeing(), stripe.out()), (MANY, MANY, 2 * MANY));
    let ends = [take(7), try_take(), put(10, 1), give_back(10), discard(10), Event::CreateFailed, Event::Detach];
    let frees = [1, 2, MANY / 3, MANY - 1, MANY].map(freed);
    let cancels = [0, 1, MANY / 3, MANY - 1, MANY].map(|id| cancel(id.into()));
    let resizes = [1, MANY, 2 * MANY + 1, 2 * MANY + MANY / 3, 9 * MANY].map(resize);
    let rest = [Event::Close, Event::Drain, reap(9, 0, 0)];
    for event in ends.into_iter().chain(frees).chain(cancels).chain(resizes).chain(rest) {
        let made = allocations(|| step(&stripe, event)).1;
        assert!(made <= LOGARITHMIC, "{event:?} allocated {made} times");
    }
}

#[test]
fn every_transition_of_a_long_cache_is_logarithmic() {
    let mut stripe = idle();
    assert_eq!((stripe.idle(), stripe.out()), (MANY, 1));
    for back in 0..20 {
        let takes = [take(7), try_take(), put(10, 1), give_back(10), discard(10), Event::CreateFailed, Event::Detach];
        let reaps = [0, 1, MANY / 3, MANY - 9, MANY].map(|now| reap(now.into(), 1, 0));
        let resizes = [1, 9, MANY / 3, MANY, 9 * MANY].map(resize);
        for event in takes.into_iter().chain(reaps).chain(resizes).chain([Event::Drain, Event::Close]) {
            let made = allocations(|| step(&stripe, event)).1;
            assert!(made <= LOGARITHMIC, "{event:?} after {back} takes allocated {made} times");
        }
        let _ = stripe.apply(try_take());
    }
}

#[test]
fn waiters_that_give_up_leave_nothing_behind() {
    let busy = at_speed(1, [try_take()]);
    let timeouts = (0..u64::from(MANY)).flat_map(|id| [take(7), cancel(id)]);
    let (stripe, blocks) = occupied(|| {
        let mut stripe = busy.clone();
        timeouts.for_each(|event| drop(stripe.apply(event)));
        stripe
    });
    assert_eq!((blocks, stripe.queue().len(), stripe.next_id().0), (0, 0, u64::from(MANY)));
}

#[test]
fn waiters_that_give_up_in_any_order_leave_nothing_behind() {
    let queued = repeat(try_take(), 1).chain(repeat(take(7), MANY));
    let (stripe, blocks) =
        occupied(|| at_speed(1, queued.chain((0..u64::from(MANY)).map(|k| cancel(k * 7919 % 10_000)))));
    assert_eq!((blocks, stripe.queue().len()), (0, 0));
}

#[test]
fn a_small_stripe_allocates_nothing() {
    let busy = repeat(try_take(), 8).chain((0..8).map(|now| put(10, now)));
    let (_, made) = allocations(|| at_speed(8, busy.chain(repeat(try_take(), 8)).chain([discard(10), freed(1)])));
    assert_eq!(made, 0);
}
