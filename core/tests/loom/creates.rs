//! Permits that are held across awaits: every await point of an async create is a point at which it can be dropped.
//!
//! A *creator* acquires, and with a permit in hand awaits twice before it fulfils it: what an importing pool does that
//! connects, checks and tries again. It is dropped after each number of polls up to one less than it needs at most; with that
//! many it is always done (asserted). Wherever it ends, by a drop, an error or a panic, its place must reach the *next*.
//!
//! Here too: places whose resource was taken out of its lease ([`Lease::remove`](striped_pool::Lease::remove)), which are
//! permits as well.

use super::Entry;
use super::census::{expect, saw};
use super::futures::spawn_task;
use super::pool::{Shared, finish_closed};
use super::task::{Bell, Met, Point, TO_THE_END, block_on, drop_at, ready_at};
use super::world::{Resource, World};
use loom::thread::{self, JoinHandle};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use striped_pool::{Acquired, CreatePermit, Lease, LocalPool, Unavailable};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("creates::permit_races_creator_dropped_unpolled", 3, || permit_races(polls(0), &[UNPOLLED])),
    ("creates::permit_races_creator_dropped_after_1_poll", 2, || permit_races(polls(1), &[IN_LINE, FIRST])),
    ("creates::permit_races_creator_dropped_when_woken", 2, || permit_races(woken(1), &[IN_LINE, FIRST])),
    ("creates::permit_races_creator_dropped_after_2_polls", 2, || permit_races(polls(2), &[FIRST, SECOND])),
    ("creates::permit_races_creator_dropped_after_3_polls", 2, || permit_races(polls(3), &[SECOND, DONE_EARLY])),
    ("creates::permit_races_creator_to_the_end", 2, || permit_races(TO_THE_END, &[DONE_EARLY, DONE])),
    ("creates::failing_creator_races_take", 3, || ending_creator_races(End::Fail, Shared::spawn_take)),
    ("creates::failing_creator_races_task", 3, || ending_creator_races(End::Fail, spawn_task)),
    ("creates::panicking_creator_races_take", 3, || ending_creator_races(End::Panic, Shared::spawn_take)),
    ("creates::panicking_creator_races_task", 3, || ending_creator_races(End::Panic, spawn_task)),
    ("creates::dropped_creator_races_close", 2, dropped_creator_races_close),
    ("creates::dropped_creator_races_shrink", 3, dropped_creator_races_shrink),
    ("creates::two_creators_race_and_one_is_dropped", 2, two_creators_race_and_one_is_dropped),
    ("creates::place_of_a_removed_one_races_take", 3, || removed_one_races(false, Shared::spawn_take)),
    ("creates::place_of_a_removed_one_races_task", 3, || removed_one_races(false, spawn_task)),
    ("creates::replacement_races_take", 3, || removed_one_races(true, Shared::spawn_take)),
    ("creates::replacement_races_task", 3, || removed_one_races(true, spawn_task)),
    ("creates::replacement_races_close", 3, replacement_races_close),
    ("creates::replacement_across_an_await_races_its_drop", 3, replacement_across_an_await_races_its_drop),
];

/// Where a creator is.
const UNPOLLED: &str = "dropped unpolled";
const IN_LINE: &str = "dropped in line";
const FIRST: &str = "dropped at the first await with a permit";
const SECOND: &str = "dropped at the second await with a permit";
const DONE_EARLY: &str = "done at its third poll";
const DONE: &str = "done at its fourth poll";
/// It found what another had made.
const HANDED: &str = "handed a resource";
const PLACES: [&str; 4] = [UNPOLLED, IN_LINE, FIRST, SECOND];

fn polls(polls: usize) -> Point {
    Point { polls, is_woken: false }
}

fn woken(polls: usize) -> Point {
    Point { polls, is_woken: true }
}

/// Says where a creator is.
#[derive(Clone, Default)]
struct Progress(Arc<AtomicUsize>);

impl Progress {
    fn at(&self, place: &str) {
        let place = PLACES.iter().position(|known| *known == place).unwrap();
        self.0.store(place, Ordering::Relaxed);
    }

    fn place(&self) -> &'static str {
        PLACES[self.0.load(Ordering::Relaxed)]
    }
}

/// The creator: two awaits between the permit and the resource.
async fn create(pool: &'static LocalPool<Resource>, world: World, progress: Progress) -> Lease<'static, Resource> {
    progress.at(IN_LINE);
    match pool.acquire_async().await.expect("the pool stays open") {
        Acquired::Lease(lease) => lease,
        Acquired::Permit(permit) => {
            progress.at(FIRST);
            ready_at(2).await;
            progress.at(SECOND);
            ready_at(2).await;
            permit.fulfil(world.make())
        }
    }
}

/// Runs a creator up to `point`, and drops it there or its lease.
fn spawn_creator(shared: &Shared, point: Point) -> JoinHandle<&'static str> {
    let (pool, world, progress) = (shared.pool(), shared.world.clone(), Progress::default());
    thread::spawn(move || match drop_at(point, &Bell::here(), create(pool, world, progress.clone())) {
        Met::Ready(polls, lease) => {
            drop(lease);
            // Once in line, once at each await, and then there. More would be points that no program is for.
            [DONE_EARLY, DONE].get(polls.saturating_sub(3)).expect("done at its fourth poll at the latest")
        }
        Met::Dropped { .. } => progress.place(),
    })
}

/// Takes a permit and lets it go: so the creator never finds a resource that another has made.
fn spawn_idler(shared: &Shared) -> JoinHandle<()> {
    let pool = shared.pool();
    thread::spawn(move || drop(block_on(pool.acquire_async()).expect("the pool stays open")))
}

fn permit_races(point: Point, places: &[&'static str]) {
    expect(places);
    let shared = Shared::new(1);
    let permit = shared.permit();
    let creator = spawn_creator(&shared, point);
    let next = spawn_idler(&shared);
    drop(permit);
    let place = creator.join().unwrap();
    next.join().unwrap();
    saw(place);
    shared.finish();
}

/// Two creators and one permit: whoever has it, the other one gets it or what was made with it.
fn two_creators_race_and_one_is_dropped() {
    expect(&[SECOND, HANDED]);
    let shared = Shared::new(1);
    let (pool, world) = (shared.pool(), shared.world.clone());
    let patient = thread::spawn(move || drop(block_on(create(pool, world, Progress::default()))));
    let (pool, world, progress) = (shared.pool(), shared.world.clone(), Progress::default());
    let quitter = thread::spawn(move || {
        let met = drop_at(polls(2), &Bell::here(), create(pool, world, progress.clone()));
        saw(if matches!(met, Met::Ready(..)) { HANDED } else { progress.place() });
    });
    patient.join().unwrap();
    quitter.join().unwrap();
    assert_eq!((shared.world.made(), shared.pool().status().idle), (1, 1));
    shared.finish();
}

/// How a create ends that does not end well.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Fail,
    Panic,
}

/// A future that panics answers `None`.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.0.as_mut();
        match catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
            Ok(answer) => answer.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}

/// A future with a permit in hand, after its first poll.
fn holding<F: Future>(work: F) -> Pin<Box<F>> {
    let mut work = Box::pin(work);
    assert!(poll_once(work.as_mut()).is_pending(), "it awaits something");
    work
}

fn poll_once<F: Future>(work: Pin<&mut F>) -> Poll<F::Output> {
    work.poll(&mut Context::from_waker(Waker::noop()))
}

/// The error or the panic comes after an await, inside of a poll.
///
/// loom's threads share one thread of the system: while one unwinds they all seem to panic, and the next one's resource may be
/// freed instead of kept. That changes nothing about what is lost or not.
fn ending_creator_races(end: End, spawn_next: fn(&Shared) -> JoinHandle<()>) {
    let shared = Shared::new(1);
    let permit = shared.permit();
    let mut creator = holding(Caught(Box::pin(async move {
        let _permit: CreatePermit<'_, Resource> = permit;
        ready_at(2).await;
        if end == End::Panic {
            resume_unwind(Box::new("no connection"));
        }
        Err::<(), _>("no connection")
    })));
    let next = spawn_next(&shared);
    let answer = poll_once(creator.as_mut());
    assert!(matches!((end, answer), (End::Fail, Poll::Ready(Some(Err(_)))) | (End::Panic, Poll::Ready(None))));
    next.join().unwrap();
    assert_eq!(shared.world.made(), 1, "the next one got the permit");
    shared.finish();
}

fn dropped_creator_races_close() {
    let shared = Shared::new(1);
    let creator = holding(create(shared.pool(), shared.world.clone(), Progress::default()));
    let pool = shared.pool();
    let next = thread::spawn(move || assert_eq!(block_on(pool.acquire_async()).unwrap_err(), Unavailable::Closed));
    let closer = thread::spawn(move || pool.close());
    closer.join().unwrap();
    drop(creator);
    next.join().unwrap();
    finish_closed(shared);
}

/// A shrink by one takes the permit that the drop lets go, and leaves the resource that is lent.
fn dropped_creator_races_shrink() {
    let shared = Shared::new(2);
    let lease = shared.lease();
    let creator = holding(create(shared.pool(), shared.world.clone(), Progress::default()));
    let pool = shared.pool();
    let shrinker = thread::spawn(move || pool.resize(1));
    drop(creator);
    shrinker.join().unwrap();
    drop(lease);
    assert_eq!((shared.world.freed(), pool.status().idle, pool.status().available), (0, 1, 0));
    shared.finish();
}

/// The bound holds while a resource is out of its lease: the next one is made after it has gone.
fn removed_one_races(is_replaced: bool, spawn_next: fn(&Shared) -> JoinHandle<()>) {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let next = spawn_next(&shared);
    let (removed, permit) = lease.remove();
    assert_eq!(removed, Resource(0));
    shared.world.free(removed);
    if is_replaced {
        drop(permit.fulfil(shared.world.make()));
    } else {
        drop(permit);
    }
    next.join().unwrap();
    assert_eq!((shared.world.made(), shared.world.most()), (2, 1));
    shared.finish();
}

fn replacement_races_close() {
    let shared = Shared::new(1);
    let (removed, permit) = shared.lease().remove();
    let pool = shared.pool();
    let closer = thread::spawn(move || pool.close());
    shared.world.free(removed);
    drop(permit.fulfil(shared.world.make()));
    closer.join().unwrap();
    finish_closed(shared);
}

/// A replacement that awaits, dropped meanwhile: the removed one is gone, its place is the next one's.
fn replacement_across_an_await_races_its_drop() {
    let shared = Shared::new(1);
    let (lease, world) = (shared.lease(), shared.world.clone());
    let replacing = holding(async move {
        let (removed, permit) = lease.remove();
        world.free(removed);
        ready_at(2).await;
        permit.fulfil(world.make())
    });
    let next = spawn_task(&shared);
    drop(replacing);
    next.join().unwrap();
    assert_eq!((shared.world.made(), shared.world.most()), (2, 1));
    shared.finish();
}
