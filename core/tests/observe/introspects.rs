//! What each lease of a managed pool tells of itself, as Haskell's `Data.Pool.Introspection` would.

use super::polls::{begin, now};
use super::world::{Fault, Managed, World};
use core::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use striped_pool::{Acquisition, Introspection};

fn told(world: &Arc<World>, max_resources: u32) -> Managed {
    world.settings(max_resources).introspect(true).build().expect("valid")
}

/// Immediate or delayed, whether it was created, how many the stripe could lend afterwards.
fn short(told: Option<&Introspection>) -> (Acquisition, bool, u32) {
    let told = told.expect("it tells");
    assert_eq!(told.stripe, 0);
    assert!(
        told.acquisition_time < Duration::from_secs(60)
            && told.creation_time.unwrap_or_default() < Duration::from_secs(60)
    );
    (told.acquisition, told.creation_time.is_some(), told.available_after)
}

#[test]
fn a_new_one_then_an_idle_one_then_a_replaced_one() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = told(&world, 3);
        let get = || if is_async { now(pool.get_async()) } else { pool.get() }.expect("room");
        let first = get();
        assert_eq!(short(first.introspection()), (Acquisition::Immediate, true, 2));
        drop((first, get()));
        let (idle, other) = (get(), get());
        assert_eq!(short(idle.introspection()), (Acquisition::Immediate, false, 2));
        assert_eq!(short(other.introspection()), (Acquisition::Immediate, false, 1));
        drop(idle);
        world.fault(Fault::CheckRefuses);
        assert_eq!(short(get().introspection()), (Acquisition::Immediate, true, 1));
    }
}

#[test]
fn one_that_was_waited_for() {
    let world = World::new();
    let pool = told(&world, 1);
    let lease = pool.get().expect("room");
    let mut get = pin!(pool.get_owned_async());
    begin(get.as_mut());
    drop(lease);
    let lease = now(get).expect("its turn");
    assert_eq!(short(lease.introspection()), (Acquisition::Delayed, false, 0));

    let mut get = pin!(pool.get_async());
    begin(get.as_mut());
    lease.discard();
    let lease = now(get).expect("room");
    assert_eq!(short(lease.introspection()), (Acquisition::Delayed, true, 0));

    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| short(pool.get().expect("its turn").introspection()));
        while pool.status().waiting() == 0 {
            assert!(!waiter.is_finished(), "it waits");
            std::thread::yield_now();
        }
        drop(lease);
        assert_eq!(waiter.join().expect("no panic"), (Acquisition::Delayed, false, 0));
    });
}

#[test]
fn the_stripe_that_it_is_of() {
    let world = World::new();
    let pool = world.settings(2).stripes(2).introspect(true).build().expect("valid");
    let both = [pool.get().expect("room"), pool.get().expect("room")];
    let told = both.each_ref().map(|lease| *lease.introspection().expect("it tells"));
    assert_eq!(told.map(|told| told.available_after), [0, 0]);
    assert_eq!(told[0].stripe + told[1].stripe, 1, "the second is not of the home of this thread");
}

#[test]
fn nothing_unless_it_is_asked_for_but_its_usage() {
    let world = World::new();
    let pool = world.managed(1);
    for uses in 1..=3 {
        let lease = pool.get().expect("room");
        assert!(lease.introspection().is_none());
        let usage = lease.usage();
        assert_eq!(usage.uses, uses);
        assert!(usage.age >= usage.idle, "{usage:?}");
    }
}
