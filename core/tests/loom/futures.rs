//! Every point at which a future can be dropped, against everything that can be on its way to it meanwhile.
//!
//! A *quitter* runs its future up to a [`Point`] and drops it there, or drops what it came to if it is ready before. Whatever
//! it was handed, seen or unseen, must reach the *next*, a thread or another task. Each program says what the drop met, and
//! names beforehand all that it must meet in some interleaving (`census.rs`).
//!
//! | | unpolled | after a poll | woken, not polled again | ready |
//! |---|---|---|---|---|
//! | a take: hand-off, permit, close, shrink on its way | x | x | x | x |
//! | a place in line that is awaited: hand-off, permit | x | x | x | x |
//! | each get of a pool: hand-off | x | x | x | x |
//! | a get of a pool: permit, so that it creates | | x | x | x |
//!
//! A take is ready at its second poll at the latest (asserted in the last column), so there are no other points. Those of
//! futures that hold a permit while they await something else are in `creates.rs`.

use super::Entry;
use super::census::{expect, saw};
use super::pool::{Shared, finish_closed};
use super::pools::{self, assert_all_freed};
use super::task::{Bell, Met, Point, TO_THE_END, UNPOLLED, WAITING, WOKEN, block_on, drop_at};
use super::world::{Resource, World};
use loom::thread::{self, JoinHandle};
use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use striped_pool::{Acquired, Lease, LocalPool, Pool, Unavailable};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("futures::hand_off_races_drop_of_an_unpolled_take", 3, || hand_off_races_drop(UNPOLLED, acquire)),
    ("futures::hand_off_races_drop_of_a_waiting_take", 2, || hand_off_races_drop(WAITING, acquire)),
    ("futures::hand_off_races_drop_of_a_woken_take", 2, || hand_off_races_drop(WOKEN, acquire)),
    ("futures::hand_off_races_drop_of_a_ready_take", 2, || hand_off_races_drop(TO_THE_END, acquire)),
    ("futures::permit_races_drop_of_an_unpolled_take", 3, || permit_races_drop(UNPOLLED, acquire)),
    ("futures::permit_races_drop_of_a_waiting_take", 2, || permit_races_drop(WAITING, acquire)),
    ("futures::permit_races_drop_of_a_woken_take", 2, || permit_races_drop(WOKEN, acquire)),
    ("futures::permit_races_drop_of_a_ready_take", 2, || permit_races_drop(TO_THE_END, acquire)),
    ("futures::close_races_drop_of_an_unpolled_take", 3, || close_races_drop(UNPOLLED)),
    ("futures::close_races_drop_of_a_waiting_take", 2, || close_races_drop(WAITING)),
    ("futures::close_races_drop_of_a_woken_take", 2, || close_races_drop(WOKEN)),
    ("futures::close_races_drop_of_a_ready_take", 2, || close_races_drop(TO_THE_END)),
    ("futures::shrink_races_drop_of_an_unpolled_take", 3, || shrink_races_drop(UNPOLLED)),
    ("futures::shrink_races_drop_of_a_waiting_take", 2, || shrink_races_drop(WAITING)),
    ("futures::shrink_races_drop_of_a_woken_take", 2, || shrink_races_drop(WOKEN)),
    ("futures::shrink_races_drop_of_a_ready_take", 2, || shrink_races_drop(TO_THE_END)),
    ("futures::hand_off_races_drop_of_an_unpolled_place", 3, || rival_races_drop_of_a_place(drop)),
    ("futures::hand_off_races_drop_of_a_waiting_place", 2, || hand_off_races_drop(WAITING, enqueue)),
    ("futures::hand_off_races_drop_of_a_woken_place", 2, || hand_off_races_drop(WOKEN, enqueue)),
    ("futures::hand_off_races_drop_of_a_ready_place", 2, || hand_off_races_drop(TO_THE_END, enqueue)),
    ("futures::permit_races_drop_of_an_unpolled_place", 3, || rival_races_drop_of_a_place(Lease::discard)),
    ("futures::permit_races_drop_of_a_waiting_place", 2, || permit_races_drop(WAITING, enqueue)),
    ("futures::permit_races_drop_of_a_woken_place", 2, || permit_races_drop(WOKEN, enqueue)),
    ("futures::permit_races_drop_of_a_ready_place", 2, || permit_races_drop(TO_THE_END, enqueue)),
    ("futures::hand_off_races_drop_of_an_unpolled_get", 3, || get_races(UNPOLLED, get, drop)),
    ("futures::hand_off_races_drop_of_a_waiting_get", 2, || get_races(WAITING, get, drop)),
    ("futures::hand_off_races_drop_of_a_woken_get", 2, || get_races(WOKEN, get, drop)),
    ("futures::hand_off_races_drop_of_a_ready_get", 2, || get_races(TO_THE_END, get, drop)),
    ("futures::permit_races_drop_of_a_waiting_get", 2, || get_races(WAITING, get, Lease::discard)),
    ("futures::permit_races_drop_of_a_woken_get", 2, || get_races(WOKEN, get, Lease::discard)),
    ("futures::permit_races_drop_of_a_ready_get", 2, || get_races(TO_THE_END, get, Lease::discard)),
    ("futures::hand_off_races_drop_of_an_unpolled_owned_get", 3, || get_races(UNPOLLED, get_owned, drop)),
    ("futures::hand_off_races_drop_of_a_waiting_owned_get", 2, || get_races(WAITING, get_owned, drop)),
    ("futures::hand_off_races_drop_of_a_woken_owned_get", 2, || get_races(WOKEN, get_owned, drop)),
    ("futures::hand_off_races_drop_of_a_ready_owned_get", 2, || get_races(TO_THE_END, get_owned, drop)),
    ("futures::hand_off_races_drop_of_an_unpolled_get_until", 3, || get_races(UNPOLLED, get_until, drop)),
    ("futures::hand_off_races_drop_of_a_waiting_get_until", 2, || get_races(WAITING, get_until, drop)),
    ("futures::hand_off_races_drop_of_a_woken_get_until", 2, || get_races(WOKEN, get_until, drop)),
    ("futures::hand_off_races_drop_of_a_ready_get_until", 2, || get_races(TO_THE_END, get_until, drop)),
    ("futures::hand_off_races_drop_of_an_unpolled_owned_get_until", 3, || get_races(UNPOLLED, get_owned_until, drop)),
    ("futures::hand_off_races_drop_of_a_waiting_owned_get_until", 2, || get_races(WAITING, get_owned_until, drop)),
    ("futures::hand_off_races_drop_of_a_woken_owned_get_until", 2, || get_races(WOKEN, get_owned_until, drop)),
    ("futures::hand_off_races_drop_of_a_ready_owned_get_until", 2, || get_races(TO_THE_END, get_owned_until, drop)),
];

/// What a drop can meet.
const NOTHING: &str = "dropped with nothing on its way";
const UNSEEN: &str = "dropped with an answer it did not know of";
const RUNG: &str = "dropped after it was woken";
const AT_ONCE: &str = "ready at its first poll";
const LATER: &str = "ready at its second poll";

/// What the drops at a point can meet, of a future that may be ready at its first poll or not.
fn expect_at(point: Point) {
    match point {
        UNPOLLED => expect(&[NOTHING]),
        WAITING => expect(&[NOTHING, UNSEEN, AT_ONCE]),
        WOKEN => expect(&[RUNG, AT_ONCE]),
        _ => expect(&[AT_ONCE, LATER]),
    }
}

/// A task that has quit.
pub(crate) struct Quit {
    bell: Arc<Bell>,
    met: Met<()>,
}

impl Quit {
    /// Says what it met. Only when all others have ended it is known whether somebody was about to ring.
    pub(crate) fn note(self) {
        assert!(self.bell.rings() <= 1, "woken once");
        saw(match (self.met, self.bell.rings()) {
            (Met::Ready(1, ()), 0) => AT_ONCE,
            (Met::Ready(2, ()), 1) => LATER,
            (Met::Ready(polls, ()), rings) => panic!("ready at its poll {polls}, after {rings} wakes"),
            (Met::Dropped { was_woken: true }, _) => RUNG,
            (Met::Dropped { was_woken: false }, 1) => UNSEEN,
            (Met::Dropped { was_woken: false }, _) => NOTHING,
        });
    }
}

/// A thread that runs `future` up to `point`, and drops it there or what it came to.
pub(crate) fn spawn_quitter<A>(point: Point, future: impl Future<Output = A> + Send + 'static) -> JoinHandle<Quit> {
    thread::spawn(move || {
        let bell = Bell::here();
        let met = match drop_at(point, &bell, future) {
            Met::Ready(polls, answer) => {
                drop(answer);
                Met::Ready(polls, ())
            }
            Met::Dropped { was_woken } => Met::Dropped { was_woken },
        };
        Quit { bell, met }
    })
}

/// A take of one stripe, as a future.
type Take = Pin<Box<dyn Future<Output = Result<Acquired<'static, Resource>, Unavailable>> + Send>>;
type TakeFrom = fn(&'static LocalPool<Resource>) -> Take;

/// It queues up at its first poll.
fn acquire(pool: &'static LocalPool<Resource>) -> Take {
    Box::pin(pool.acquire_async())
}

/// It stands in line already.
fn enqueue(pool: &'static LocalPool<Resource>) -> Take {
    Box::pin(pool.enqueue())
}

/// Takes and gives back, as a task.
pub(crate) fn spawn_task(shared: &Shared) -> JoinHandle<()> {
    let (pool, world) = (shared.pool(), shared.world.clone());
    thread::spawn(move || drop(world.fulfil(block_on(pool.acquire_async()).expect("the pool stays open"))))
}

fn hand_off_races_drop(point: Point, take: TakeFrom) {
    expect_at(point);
    let shared = Shared::new(1);
    let lease = shared.lease();
    let quitter = spawn_quitter(point, take(shared.pool()));
    let next = spawn_task(&shared);
    drop(lease);
    let quit = quitter.join().unwrap();
    next.join().unwrap();
    quit.note();
    assert_eq!((shared.world.made(), shared.pool().status().idle), (1, 1));
    shared.finish();
}

fn permit_races_drop(point: Point, take: TakeFrom) {
    expect_at(point);
    let shared = Shared::new(1);
    let permit = shared.permit();
    let quitter = spawn_quitter(point, take(shared.pool()));
    let next = shared.spawn_take();
    drop(permit);
    let quit = quitter.join().unwrap();
    next.join().unwrap();
    quit.note();
    assert_eq!((shared.world.made(), shared.pool().status().idle), (1, 1), "the next one got the permit");
    shared.finish();
}

/// Two in line, and the first leaves although it was never polled.
fn rival_races_drop_of_a_place(rival: fn(Lease<'static, Resource>)) {
    const IN_LINE: &str = "dropped while it stood in line";
    const OUT_OF_LINE: &str = "dropped after something was sent to it";
    expect(&[IN_LINE, OUT_OF_LINE]);
    let shared = Shared::new(1);
    let lease = shared.lease();
    let (pool, place, behind) = (shared.pool(), shared.pool().enqueue(), shared.pool().enqueue());
    let next = thread::spawn(move || drop(block_on(behind).expect("the pool stays open")));
    let quitter = thread::spawn(move || {
        saw(if pool.status().waiting == 2 { IN_LINE } else { OUT_OF_LINE });
        drop(place);
    });
    rival(lease);
    quitter.join().unwrap();
    next.join().unwrap();
    shared.finish();
}

fn close_races_drop(point: Point) {
    expect_at(point);
    let shared = Shared::new(1);
    let lease = shared.lease();
    let quitter = spawn_quitter(point, acquire(shared.pool()));
    let pool = shared.pool();
    let next = thread::spawn(move || assert_eq!(block_on(pool.acquire_async()).unwrap_err(), Unavailable::Closed));
    pool.close();
    let quit = quitter.join().unwrap();
    next.join().unwrap();
    quit.note();
    drop(lease);
    finish_closed(shared);
}

/// Two come back and one of them is to go: perhaps the one that the quitter was handed.
fn shrink_races_drop(point: Point) {
    expect_at(point);
    let shared = Shared::new(2);
    let (one, two) = (shared.lease(), shared.lease());
    let quitter = spawn_quitter(point, acquire(shared.pool()));
    let pool = shared.pool();
    let shrinker = thread::spawn(move || pool.resize(1));
    drop(one);
    drop(two);
    shrinker.join().unwrap();
    quitter.join().unwrap().note();
    assert_eq!((shared.world.freed(), pool.status().idle), (1, 1), "a shrink by one frees one");
    shared.finish();
}

/// A whole pool that threads borrow for as long as the program runs.
pub(crate) struct Shop {
    pool: Box<Pool<Resource, Infallible>>,
    pub(crate) world: World,
}

impl Shop {
    pub(crate) fn new(max_resources: u32, stripes: u32) -> Self {
        let world = World::default();
        Self { pool: Box::new(pools::pool(&world, max_resources, stripes)), world }
    }

    pub(crate) fn pool(&self) -> &'static Pool<Resource, Infallible> {
        // SAFETY: every program joins its threads and drops its leases before it calls `finish`, which drops the pool.
        unsafe { &*core::ptr::from_ref(self.pool.as_ref()) }
    }

    /// Gets and gives back, blocking.
    pub(crate) fn spawn_get(&self) -> JoinHandle<()> {
        let pool = self.pool();
        thread::spawn(move || drop(pool.get().expect("the pool stays open")))
    }

    pub(crate) fn finish(self) {
        let status = self.pool.status();
        assert_eq!((status.out(), status.waiting()), (0, 0), "{status:?}");
        assert_eq!(status.available() + status.idle(), status.max_resources(), "{status:?}");
        assert!(self.world.most() <= status.max_resources() as usize);
        drop(self.pool);
        assert_all_freed(&self.world);
    }
}

/// A get that gives back what it got.
type Get = Pin<Box<dyn Future<Output = ()> + Send>>;
type GetFrom = fn(&'static Pool<Resource, Infallible>) -> Get;

fn get(pool: &'static Pool<Resource, Infallible>) -> Get {
    Box::pin(async { drop(pool.get_async().await.expect("the pool stays open")) })
}

fn get_owned(pool: &'static Pool<Resource, Infallible>) -> Get {
    Box::pin(async { drop(pool.get_owned_async().await.expect("the pool stays open")) })
}

fn get_until(pool: &'static Pool<Resource, Infallible>) -> Get {
    Box::pin(async { drop(pool.get_async_until(pending()).await.expect("it never times out")) })
}

fn get_owned_until(pool: &'static Pool<Resource, Infallible>) -> Get {
    Box::pin(async { drop(pool.get_owned_async_until(pending()).await.expect("it never times out")) })
}

/// `rival` gives the resource back, or its place so that a get creates.
fn get_races(point: Point, get: GetFrom, rival: fn(Lease<'static, Resource>)) {
    expect_at(point);
    let shop = Shop::new(1, 1);
    let lease = shop.pool().get().expect("there is room");
    let quitter = spawn_quitter(point, get(shop.pool()));
    let next = shop.spawn_get();
    rival(lease);
    let quit = quitter.join().unwrap();
    next.join().unwrap();
    quit.note();
    assert_eq!((shop.world.most(), shop.pool().status().idle()), (1, 1));
    shop.finish();
}
