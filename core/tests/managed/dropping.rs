//! Every future dropped at every point at which it can be: before its first poll, and after each that leaves it pending.
//!
//! After each drop everything is accounted for, and the next in line, a task or a thread, is served.

use crate::tasks::{Task, start_waiter};
use crate::threads::{joined, wait_until};
use crate::world::{Answer, Part, TestPool, World};
use core::future::pending;
use core::pin::Pin;
use std::sync::Arc;
use std::thread::spawn;

type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One kind of future, and a world in which it has something to wait for.
struct Scene {
    /// How many resources there may be.
    max: u32,
    /// Prepares the world, in which the pool lends one already if `lends`.
    prepare: fn(&World),
    /// Whether there is an idle one at first.
    has_idle: bool,
    begin: for<'a> fn(&'a TestPool) -> Boxed<'a>,
    /// In how many polls it is ready.
    polls: u32,
}

/// Who comes next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Nobody,
    Task,
    Thread,
}

impl Scene {
    fn world(&self) -> (Arc<World>, TestPool) {
        let world = World::new();
        let pool = world.pool(self.max);
        if self.has_idle {
            let leases: Vec<_> = (0..self.max).map(|_| pool.get().expect("room")).collect();
            drop(leases);
        }
        (self.prepare)(&world);
        (world, pool)
    }

    /// Drops it after each number of polls, with each kind of next.
    #[track_caller]
    fn drop_everywhere(&self) {
        for next in [Next::Nobody, Next::Task, Next::Thread] {
            for polls in 0..=self.polls {
                self.drop_after(polls, next);
            }
        }
    }

    #[track_caller]
    fn drop_after(&self, polls: u32, next: Next) {
        let (world, pool) = self.world();
        let mut victim = Task::new((self.begin)(&pool));
        for poll in 1..=polls {
            let is_ready = victim.poll().is_some();
            assert_eq!(is_ready, poll == self.polls, "after {poll} polls");
        }
        world.behave();
        match next {
            Next::Nobody => drop(victim),
            Next::Task => {
                let mut task = Task::new(pool.get_async());
                let early = task.poll();
                drop(victim);
                let lease = early.unwrap_or_else(|| task.woken());
                lease.map(drop).expect("the task is served");
            }
            Next::Thread => {
                let own = pool.clone();
                let thread = spawn(move || own.get().map(|lease| lease.id));
                wait_until("the thread waits or is served", || pool.status().waiting() == 1 || thread.is_finished());
                drop(victim);
                joined(thread).expect("the thread is served");
            }
        }
        world.assert_at_rest(&pool);
    }
}

fn get(pool: &TestPool) -> Boxed<'_> {
    Box::pin(async { drop(pool.get_async().await.expect("all goes well")) })
}

fn get_until(pool: &TestPool) -> Boxed<'_> {
    Box::pin(async { drop(pool.get_async_until(pending()).await.expect("all goes well")) })
}

fn try_get(pool: &TestPool) -> Boxed<'_> {
    Box::pin(async { drop(pool.try_get_async().await.expect("all goes well")) })
}

fn get_owned(pool: &TestPool) -> Boxed<'_> {
    Box::pin(async { drop(pool.get_owned_async().await.expect("all goes well")) })
}

fn get_owned_until(pool: &TestPool) -> Boxed<'_> {
    Box::pin(async { drop(pool.get_owned_async_until(pending()).await.expect("all goes well")) })
}

const GETS: [for<'a> fn(&'a TestPool) -> Boxed<'a>; 5] = [get, get_until, try_get, get_owned, get_owned_until];

#[test]
fn while_a_resource_is_created() {
    for begin in GETS {
        let prepare = |world: &World| world.suspend(Part::Create, 3);
        Scene { max: 1, prepare, has_idle: false, begin, polls: 4 }.drop_everywhere();
    }
}

#[test]
fn while_an_idle_one_is_checked() {
    for begin in GETS {
        let prepare = |world: &World| world.suspend(Part::Validate, 3);
        Scene { max: 1, prepare, has_idle: true, begin, polls: 4 }.drop_everywhere();
    }
}

#[test]
fn while_a_refused_one_is_checked_closed_and_replaced() {
    for begin in GETS {
        let prepare = |world: &World| {
            world.answer(Part::Validate, Answer::Bad);
            world.suspend(Part::Validate, 1);
            world.suspend(Part::Close, 2);
            world.suspend(Part::Create, 1);
        };
        Scene { max: 1, prepare, has_idle: true, begin, polls: 5 }.drop_everywhere();
    }
}

#[test]
fn while_one_that_is_discarded_is_closed() {
    fn borrowed(pool: &TestPool) -> Boxed<'_> {
        let lease = pool.try_get().expect("room");
        Box::pin(lease.discard_async())
    }
    fn owned(pool: &TestPool) -> Boxed<'_> {
        let lease = pool.try_get_owned().expect("room");
        Box::pin(lease.discard_async())
    }
    for begin in [borrowed as for<'a> fn(&'a TestPool) -> Boxed<'a>, owned] {
        let prepare = |world: &World| world.suspend(Part::Close, 3);
        Scene { max: 1, prepare, has_idle: false, begin, polls: 4 }.drop_everywhere();
    }
}

#[test]
fn while_idle_ones_are_drained() {
    fn drain(pool: &TestPool) -> Boxed<'_> {
        Box::pin(async { assert!(pool.drain_async().await <= pool.status().max_resources()) })
    }
    for max in [1, 3] {
        let prepare = |world: &World| world.suspend(Part::Close, 2);
        Scene { max, prepare, has_idle: true, begin: drain, polls: 2 * max + 1 }.drop_everywhere();
    }
}

#[test]
fn while_a_pool_is_closed() {
    for polls in 0..=7_u32 {
        let world = World::new();
        let pool = world.pool(3);
        drop((pool.get().expect("room"), pool.get().expect("room"), pool.get().expect("room")));
        world.suspend(Part::Close, 2);
        let mut victim = Task::new(pool.close_async());
        let mut answer = None;
        (0..polls).for_each(|_| answer = victim.poll());
        drop(victim);
        assert_eq!((answer, pool.is_closed()), ((polls == 7).then_some(3), polls == 7));
        assert_eq!((world.closed(), world.freed()), (u32::min(polls.div_ceil(2), 3), 0));
        world.assert_at_rest(&pool);
        if polls < 7 {
            world.behave();
            pool.get().expect("it is open").discard();
        }
    }
}

#[test]
fn while_it_stands_in_line() {
    for begin in [get, get_until, get_owned, get_owned_until] {
        for is_handed_over in [false, true] {
            let world = World::new();
            let pool = world.pool(1);
            let lease = pool.get().expect("room");
            let victim = Task::waiting(begin(&pool));
            let mut task = Task::waiting(pool.get_async());
            let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
            if is_handed_over {
                drop(lease);
                assert_eq!((victim.wakes(), task.wakes()), (1, 0));
                drop(victim);
            } else {
                drop(victim);
                assert_eq!(pool.status().waiting(), 2, "it has left the line");
                drop(lease);
            }
            assert_eq!(task.woken().map(|lease| lease.id), Ok(0));
            assert_eq!(joined(thread), Ok(0));
            world.assert_at_rest(&pool);
        }
    }
}

#[test]
fn while_a_place_is_handed_to_it() {
    for begin in [get, get_until, get_owned, get_owned_until] {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let mut victim = Task::waiting(begin(&pool));
        let mut task = Task::waiting(pool.get_async());
        lease.discard();
        assert_eq!((victim.wakes(), task.wakes()), (1, 0));
        world.suspend(Part::Create, 1);
        assert!(victim.poll().is_none(), "it creates");
        world.behave();
        drop(victim);
        assert_eq!(task.woken().map(|lease| lease.id), Ok(1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn after_the_pool_was_closed_meanwhile() {
    for suspended in [Part::Create, Part::Validate] {
        let world = World::new();
        let pool = world.pool(1);
        if suspended == Part::Validate {
            drop(pool.get().expect("room"));
        }
        world.suspend(suspended, 1);
        let victim = Task::waiting(pool.get_async());
        pool.close();
        drop(victim);
        world.assert_at_rest(&pool);
    }
}
