//! What a lease tells of its get and of its resource.

use crate::get;
use crate::tasks::{Task, now, start_waiter};
use crate::threads::{joined, wait_until};
use crate::world::{Answer, Ours, Part, TestPool, World};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;
use striped_pool::{Acquisition, Introspection, ManagedLease};

/// Long enough that nobody takes so long by chance alone.
const A_WHILE: Duration = Duration::from_millis(30);

fn telling(world: &Arc<World>, max_resources: u32) -> TestPool {
    world.builder(max_resources).introspect(true).build().expect("valid")
}

/// Lets a while pass.
fn pass() {
    let start = Instant::now();
    wait_until("a while has passed", || start.elapsed() >= A_WHILE);
}

#[test]
fn a_lease_tells_nothing_unless_it_is_to() {
    let world = World::new();
    let pool = world.pool(1);
    assert_eq!(pool.get().expect("room").introspection(), None);
    assert_eq!(now(pool.get_owned_async()).expect("idle").introspection(), None);
}

#[test]
fn a_new_one_tells_how_long_it_took_to_create_and_an_idle_one_does_not() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = telling(&world, 1);
        world.aside(Part::Create, pass);
        let told = *get(&pool, is_async).expect("room").introspection().expect("it tells");
        assert!(told.creation_time.is_some_and(|time| time >= A_WHILE), "{told:?}");
        assert_eq!(told.acquisition, Acquisition::Immediate);
        let told = *get(&pool, is_async).expect("idle").introspection().expect("it tells");
        assert_eq!((told.creation_time, told.acquisition), (None, Acquisition::Immediate));
    }
}

#[test]
fn a_replacement_tells_how_long_it_took_to_create() {
    let world = World::new();
    let pool = telling(&world, 1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    world.aside(Part::Create, pass);
    for is_async in [false, true] {
        let lease = get(&pool, is_async).expect("a new one");
        assert!(lease.introspection().is_some_and(|told| told.creation_time >= Some(A_WHILE)));
    }
}

#[test]
fn a_get_that_stood_in_line_tells_for_how_long() {
    fn told(told: Option<&Introspection>) -> (Acquisition, bool) {
        let told = told.expect("it tells");
        (told.acquisition, told.acquisition_time >= A_WHILE)
    }
    let world = World::new();
    let pool = telling(&world, 1);
    let lease = pool.get().expect("room");
    let mut task = Task::waiting(pool.get_async());
    let thread = start_waiter(&pool, |pool| told(pool.get_owned().expect("it comes back").introspection()));
    pass();
    drop(lease);
    assert_eq!(told(task.woken().expect("it has come back").introspection()), (Acquisition::Delayed, true));
    assert_eq!(joined(thread), (Acquisition::Delayed, true));
}

#[test]
fn a_lease_tells_what_its_stripe_could_have_lent_as_well() {
    let world = World::new();
    let pool = telling(&world, 3);
    let left = |lease: &ManagedLease<'_, Ours>| lease.introspection().map(|told| told.available_after);
    let (one, two) = (pool.get().expect("room"), now(pool.get_async()).expect("room"));
    assert_eq!((left(&one), left(&two)), (Some(2), Some(1)));
    drop((one, two));
    assert_eq!(left(&pool.get().expect("idle")), Some(2), "an idle one or a new one");
}

#[test]
fn a_lease_tells_its_stripe() {
    let world = World::new();
    let pool = world.builder(4).stripes(2).introspect(true).build().expect("valid");
    let mut leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    let mut stripes: Vec<_> = leases.iter().filter_map(|lease| lease.introspection().map(|told| told.stripe)).collect();
    let last = stripes[3];
    drop(leases.pop());
    assert_eq!(pool.status().stripes[last].idle, 1);
    stripes.sort_unstable();
    assert_eq!(stripes, [0, 0, 1, 1]);
}

#[test]
fn the_present_loan_counts_as_a_use_whoever_asks() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.builder(1).before_lend(|resource, usage| {
            resource.note = if usage.uses == 1 { "first" } else { "later" };
            true
        });
        let pool = pool.build().expect("valid");
        let mut lease = get(&pool, is_async).expect("room");
        assert_eq!((lease.usage().uses, core::mem::take(&mut lease.note)), (1, "first"));
        drop(lease);
        assert_eq!(world.last_usage().map(|usage| usage.uses), Some(1), "recycle is of the first loan");
        let lease = get(&pool, is_async).expect("idle");
        assert_eq!((lease.usage().uses, lease.note), (2, "later"));
        assert_eq!(world.last_usage().map(|usage| usage.uses), Some(2), "validate is of the second");
    }
}

#[test]
fn uses_are_counted_without_validation_too() {
    let world = World::new();
    let pool = world.builder(1).validate_on_checkout(false).build().expect("valid");
    let uses: Vec<_> = (0..3).map(|_| pool.get_owned().expect("room or idle").usage().uses).collect();
    assert_eq!(uses, [1, 2, 3]);
}

#[test]
fn age_is_since_the_create_and_idle_since_it_was_given_back() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    wait_until("it has aged", || lease.usage().age >= A_WHILE);
    assert_eq!(lease.usage().age, lease.usage().idle, "it was never given back");
    drop(lease);
    let lease = pool.get().expect("idle");
    let checked = world.last_usage().expect("it was validated");
    assert!(checked.age >= checked.idle + A_WHILE, "{checked:?}");
    wait_until("it has aged once more", || lease.usage().idle >= A_WHILE);
}
