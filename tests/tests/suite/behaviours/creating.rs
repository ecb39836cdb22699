//! Creates that go wrong.

use crate::subject::{Failure, Kind, TestPool, Worker, assert_sound, start, start_taker, take};
use crate::world::{Gate, Plan, World};
use std::sync::Arc;

/// As many failures as `gets` gets of the kind need to fail.
fn failures(kind: Kind, gets: usize) -> impl Iterator<Item = Plan> {
    core::iter::repeat_n(Plan::Fail, kind.attempts * gets)
}

/// What a get comes to: the id of what it got.
type Got = Result<u32, Failure>;

/// A pool of one with a get in its create, at the gate, and three in line.
fn queued(kind: Kind, world: &Arc<World>) -> (TestPool, Gate, Worker<Got>, [Worker<Got>; 3]) {
    let pool = kind.pool(world, 1);
    let gate = world.gate();
    let first = start(&pool, |pool| async move { pool.get().await.map(|lease| lease.id) });
    pool.wait_until("the first is in its create", || gate.is_reached());
    let line = [(); 3].map(|()| start_taker(&pool));
    (pool, gate, first, line)
}

pub(crate) fn a_failing_create_is_its_callers_error_and_costs_no_room(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    for _ in 0..3 {
        world.plan(failures(kind, 1));
        let got = start(&pool, |pool| async move { pool.get().await.map(drop) }).joined();
        assert_eq!(got, Err(Failure::Refused));
        pool.wait_until("the room is free again", || pool.look().available == 1);
    }
    assert_eq!(take(&pool).id, 0);
    assert_sound(&world, &pool, 1, 0);
}

pub(crate) fn a_failing_create_serves_the_next_in_line(kind: Kind) {
    let world = World::new();
    world.plan(failures(kind, 2));
    let (pool, gate, first, [second, third, fourth]) = queued(kind, &world);
    gate.open();
    assert_eq!((first.joined(), second.joined()), (Err(Failure::Refused), Err(Failure::Refused)));
    assert_eq!((third.joined(), fourth.joined()), (Ok(0), Ok(0)), "after two that failed");
    assert_sound(&world, &pool, 1, 0);
}

pub(crate) fn a_panicking_create_is_its_callers_and_costs_no_room(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    for _ in 0..3 {
        world.plan([Plan::Panic]);
        assert!(start(&pool, |pool| async move { pool.get().await.map(drop) }).ended().is_err());
        pool.wait_until("the room is free again", || pool.look().available == 1);
    }
    assert_eq!(take(&pool).id, 0);
    assert_sound(&world, &pool, 1, 0);
}

pub(crate) fn a_panicking_create_serves_the_next_in_line(kind: Kind) {
    let world = World::new();
    world.plan([Plan::Panic, Plan::Panic]);
    let (pool, gate, first, [second, third, fourth]) = queued(kind, &world);
    gate.open();
    assert!(first.ended().is_err() && second.ended().is_err(), "a panic is its caller's");
    assert_eq!((third.joined(), fourth.joined()), (Ok(0), Ok(0)), "after two that panicked");
    assert_sound(&world, &pool, 1, 0);
}
