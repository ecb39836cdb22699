//! What the second pool adds to the parts that it is built of: its policy.

use crate::own_pool::{OwnPool, Policy, PoolError, Source};
use crate::pools::{Counted, POLICY};
use crate::runtimes::Smol;
use crate::subject::wait_until;
use crate::world::{LIMIT, Plan, Refused, Resource, World};
use core::future::{pending, ready};
use core::marker::PhantomData;
use core::time::Duration;
use smol::future::{block_on, poll_once};
use std::sync::{Arc, Mutex};

type SmolPool = OwnPool<Counted<Smol>>;

fn pool(world: &Arc<World>, policy: Policy) -> SmolPool {
    OwnPool::new(Counted(Arc::clone(world), PhantomData), policy)
}

/// Waits as the suite does.
#[track_caller]
fn wait(what: &str, is_done: impl FnMut() -> bool) {
    wait_until(LIMIT, what, is_done);
}

/// Never succeeds; its time passes at once, and is noted.
#[derive(Default)]
struct Failing {
    attempts: Mutex<u32>,
    pauses: Arc<Mutex<Vec<u64>>>,
}

impl Source for Failing {
    type Resource = Resource;
    type Error = u32;

    async fn create(&self) -> Result<Resource, u32> {
        let mut attempts = self.attempts.lock().expect("not poisoned");
        *attempts += 1;
        Err(*attempts)
    }

    fn is_sound(&self, _: &mut Resource) -> bool {
        unreachable!("there is none")
    }

    fn end(&self, _: Resource) {
        unreachable!("there is none")
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.pauses.lock().expect("not poisoned").push(u64::try_from(time.as_millis()).expect("short"));
        ready(())
    }
}

#[test]
fn a_failing_create_is_tried_again_after_pauses_that_double_up_to_the_longest() {
    let source = Failing::default();
    let pauses = Arc::clone(&source.pauses);
    let policy =
        Policy { attempts: 6, pause: Duration::from_millis(1), longest_pause: Duration::from_millis(5), ..POLICY };
    let pool = OwnPool::new(source, policy);
    for last in [6, 12] {
        let error = block_on(pool.get()).expect_err("it fails");
        assert_eq!(error, PoolError::Create { attempts: 6, last });
        assert_eq!(error.to_string(), format!("creating failed 6 times, at last: {last}"));
        assert_eq!(core::mem::take(&mut *pauses.lock().expect("not poisoned")), [1, 2, 4, 5, 5]);
        assert_eq!((pool.status().available, pool.status().out), (1, 0), "its room is free again");
    }
}

#[test]
fn a_create_that_succeeds_in_the_end_is_lent() {
    let world = World::new();
    world.plan([Plan::Fail, Plan::Fail]);
    let pool = pool(&world, POLICY);
    let loan = block_on(pool.get()).expect("the third attempt succeeds");
    assert_eq!((loan.id, pool.status().out), (0, 1));
}

/// Fails, and whoever pauses pauses for ever.
struct Paused(Arc<World>);

impl Source for Paused {
    type Resource = Resource;
    type Error = Refused;

    async fn create(&self) -> Result<Resource, Refused> {
        self.0.create()
    }

    fn is_sound(&self, _: &mut Resource) -> bool {
        true
    }

    fn end(&self, resource: Resource) {
        self.0.end(resource);
    }

    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send {
        pending()
    }
}

#[test]
fn a_get_that_is_dropped_in_a_pause_leaves_its_room_to_the_next() {
    let world = World::new();
    world.plan([Plan::Fail]);
    let pool = OwnPool::new(Paused(Arc::clone(&world)), POLICY);
    let (mut paused, mut next) = (Box::pin(pool.get()), Box::pin(pool.get()));
    assert!(block_on(poll_once(paused.as_mut())).is_none(), "it pauses");
    assert!(block_on(poll_once(next.as_mut())).is_none(), "and keeps its room meanwhile");
    assert_eq!((pool.status().out, pool.status().waiting), (1, 1));
    drop(paused);
    let next = block_on(poll_once(next.as_mut())).expect("it has the room at once");
    assert_eq!(next.map(|loan| loan.id), Ok(0));
    assert_eq!((pool.status().idle, pool.status().out), (1, 0));
}

#[test]
fn a_close_in_a_pause_ends_the_attempts() {
    let world = World::new();
    world.plan([Plan::Fail]);
    let pause = Duration::from_millis(20);
    let pool = pool(&world, Policy { attempts: u32::MAX, pause, longest_pause: pause, ..POLICY });
    let closing = pool.clone();
    let got = block_on(async {
        let mut get = Box::pin(pool.get());
        while world.left() > 0 {
            assert!(poll_once(get.as_mut()).await.is_none());
        }
        closing.close();
        get.await.map(drop)
    });
    assert_eq!(got, Err(PoolError::Closed));
    assert_eq!((world.made(), pool.status().out), (0, 0));
}

#[test]
fn a_deadline_bounds_a_create_too() {
    let world = World::new();
    let pool = pool(&world, POLICY);
    let gate = world.gate();
    let late = pool.clone();
    let getting = std::thread::spawn(move || block_on(late.get_within(Duration::from_millis(20))).map(drop));
    wait("its time is over", || getting.is_finished());
    assert_eq!(getting.join().expect("it does not panic"), Err(PoolError::TimedOut));
    assert!(gate.is_reached(), "it was in its create");
    assert_eq!((pool.status().available, pool.status().out), (1, 0));
    assert_eq!(PoolError::<Refused>::TimedOut.to_string(), "nothing could be had in time");
}

#[test]
fn what_is_found_broken_is_replaced_in_its_place() {
    let world = World::new();
    let pool = pool(&world, POLICY);
    let mut loan = block_on(pool.get()).expect("there is room");
    loan.is_broken = true;
    let (mut first, mut second) = (Box::pin(pool.get()), Box::pin(pool.get()));
    assert!(block_on(poll_once(first.as_mut())).is_none() && block_on(poll_once(second.as_mut())).is_none());
    drop(loan);
    let loan = block_on(first).expect("it creates another");
    assert_eq!((loan.id, world.freed(), world.most()), (1, vec![0], 1));
    drop(loan);
    assert_eq!(block_on(second).expect("a sound one").id, 1);
}

const TWO_OF_THREE: Policy = Policy { max_resources: 3, min_idle: 2, ..POLICY };

#[test]
fn replenish_sees_to_the_minimum_as_far_as_there_is_room() {
    let world = World::new();
    let pool = pool(&world, TWO_OF_THREE);
    assert_eq!((block_on(pool.replenish()), pool.status().idle), (Ok(2), 2));
    assert_eq!((block_on(pool.replenish()), pool.status().idle), (Ok(0), 2), "that is enough");
    let first = block_on(pool.get()).expect("one is idle");
    assert_eq!((block_on(pool.replenish()), pool.status().idle), (Ok(1), 2));
    let second = block_on(pool.get()).expect("one is idle");
    assert_eq!((block_on(pool.replenish()), pool.status().idle), (Ok(0), 1), "there is no room");
    drop((first, second));
    assert_eq!((pool.drain(), block_on(pool.replenish()), pool.status().idle), (3, Ok(2), 2));
    assert_eq!((world.made(), world.most()), (5, 3));
}

#[test]
fn a_replenish_that_fails_says_so_and_keeps_no_room() {
    let world = World::new();
    let pool = pool(&world, Policy { attempts: 1, ..TWO_OF_THREE });
    assert_eq!(block_on(pool.replenish()), Ok(2));
    let kept = block_on(pool.get()).expect("one is idle");
    world.plan([Plan::Fail]);
    assert_eq!(block_on(pool.replenish()), Err(PoolError::Create { attempts: 1, last: Refused }));
    assert_eq!((pool.status().idle, pool.status().available, pool.status().out), (1, 1, 1));
    drop(kept);
    pool.close();
    assert_eq!(block_on(pool.replenish()), Ok(0), "a closed pool needs none");
}

#[test]
fn the_upkeep_replenishes_until_the_close() {
    let world = World::new();
    let pool = pool(&world, TWO_OF_THREE);
    world.plan([Plan::Fail; 4]);
    let upkeep = pool.upkeep(Duration::from_micros(100));
    let upkeep = std::thread::spawn(|| block_on(upkeep));
    wait("two are idle, after some failures", || pool.status().idle == 2);
    block_on(pool.get()).expect("one is idle").discard();
    wait("two are idle again", || pool.status().idle == 2);
    pool.close();
    wait("the upkeep has ended", || upkeep.is_finished());
    upkeep.join().expect("it does not panic");
    assert_eq!((world.live(), pool.status().out), (0, 0));
}

#[test]
fn the_upkeep_does_not_keep_the_pool() {
    let world = World::new();
    let pool = pool(&world, TWO_OF_THREE);
    let upkeep = pool.upkeep(Duration::from_micros(100));
    let upkeep = std::thread::spawn(|| block_on(upkeep));
    wait("two are idle", || pool.status().idle == 2);
    drop(pool);
    wait("the upkeep has ended", || upkeep.is_finished());
    upkeep.join().expect("it does not panic");
    assert_eq!((world.live(), world.freed()), (0, vec![0, 1]));
}
