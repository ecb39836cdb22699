//! Each behaviour fails with some fault, for the reason that it is there for.

use crate::behaviours::{self, of_async_create_pools, of_every_pool, of_task_pools};
use crate::naive::{Fault, Naive};
use crate::subject::Kind;
use std::collections::BTreeSet;
use std::panic::catch_unwind;

/// A behaviour by its name.
type Named = (&'static str, fn(Kind));

macro_rules! named {
    ($($file:ident :: $name:ident,)*) => {
        [$((stringify!($name), behaviours::$file::$name as fn(Kind)),)*]
    };
}

/// All behaviours.
fn all() -> Vec<Named> {
    let mut all: Vec<Named> = of_every_pool!(named!()).into();
    all.extend(of_task_pools!(named!()));
    all.extend(of_async_create_pools!(named!()));
    all
}

/// With which fault which behaviours fail at least, and with what in their message.
type Rigged = (Fault, &'static [(&'static str, &'static str)]);

const RIGGED: &[Rigged] = &[
    (Fault::ForgetsAResource, &[("what_is_given_back_is_lent_again", "until it is idle")]),
    (
        Fault::FreesLate,
        &[
            ("never_more_than_the_maximum_under_fifty_workers", "how many there were at once"),
            ("a_discard_wakes_a_waiter_who_creates", "after the old one was freed"),
        ],
    ),
    (Fault::WakesNobody, &[("a_waiter_resumes_when_a_lease_comes_back", "until a worker ends")]),
    (Fault::LastComeFirstServed, &[("ten_waiters_are_served_first_in_first_out", "[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]")]),
    (
        Fault::RoomWakesNobody,
        &[
            ("a_discard_wakes_a_waiter_who_creates", "until a worker ends"),
            ("a_failing_create_serves_the_next_in_line", "until a worker ends"),
            ("a_panicking_create_serves_the_next_in_line", "until a worker ends"),
        ],
    ),
    (Fault::DetachKeepsRoom, &[("what_is_detached_makes_room", "until a worker ends")]),
    (
        Fault::KeepsAfterPanic,
        &[("a_panic_while_a_lease_is_held_frees_its_resource", "not the one that was left half-changed")],
    ),
    (
        Fault::FailureKeepsRoom,
        &[
            ("a_failing_create_is_its_callers_error_and_costs_no_room", "until the room is free again"),
            ("a_failing_create_serves_the_next_in_line", "until a worker ends"),
        ],
    ),
    (
        Fault::PanicKeepsRoom,
        &[
            ("a_panicking_create_is_its_callers_and_costs_no_room", "until the room is free again"),
            ("a_panicking_create_serves_the_next_in_line", "until a worker ends"),
        ],
    ),
    (Fault::DropKeepsRoom, &[("a_get_dropped_in_its_create_leaves_its_room_to_the_next", "until a worker ends")]),
    (
        Fault::GoneStaysInLine,
        &[
            ("a_waiter_that_times_out_leaves_nothing_behind", "until only the other waits"),
            ("a_dropped_waiter_leaves_nothing_behind", "until it has left the line"),
        ],
    ),
    (
        Fault::LosesWhatIsHandedOver,
        &[
            ("waits_that_end_as_they_are_served_lose_nothing", "until the pool is at rest"),
            ("gets_that_are_dropped_as_they_are_served_lose_nothing", "until the pool is at rest"),
            ("what_was_handed_to_a_dropped_get_goes_to_the_next", "until a worker ends"),
        ],
    ),
    (Fault::IsEager, &[("a_get_that_is_dropped_unpolled_did_nothing", "a worker panicked")]),
    (Fault::DrainsNothing, &[("a_drain_frees_what_is_idle_and_leaves_what_is_lent", "until their room is free")]),
    (Fault::CloseTellsNobody, &[("a_close_tells_all_who_wait_and_all_who_come", "until a worker ends")]),
    (
        Fault::CloseKeepsIdle,
        &[("a_close_frees_what_is_idle_now_and_what_is_lent_later", "until the idle one is freed")],
    ),
    (
        Fault::KeepsAfterClose,
        &[("a_close_frees_what_is_idle_now_and_what_is_lent_later", "until the lent one is freed")],
    ),
];

/// The message of the panic that `behaviour` of the naive pool ends in, if it does.
fn failure_of(behaviour: fn(Kind)) -> Option<String> {
    let panic = catch_unwind(|| behaviour(Kind::of::<Naive>())).err()?;
    let message = panic.downcast_ref::<String>().cloned();
    Some(message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

#[test]
fn every_behaviour_fails_with_some_fault() {
    let all = all();
    let check = |fault: Fault, name: &str, part: &str| {
        let (_, behaviour) = all.iter().find(|(found, _)| *found == name).expect("a behaviour of this name");
        // On a machine that stalls it may be late with something else first.
        let failure =
            || fault.planted(|| failure_of(*behaviour)).unwrap_or_else(|| panic!("{name} passes with {fault:?}"));
        let messages: Vec<_> = (0..3).map(|_| failure()).take_while(|message| !message.contains(part)).collect();
        assert!(messages.len() < 3, "{name} fails with {fault:?} for another reason: {messages:?}");
    };
    // Most of the time they wait in vain: side by side.
    std::thread::scope(|scope| {
        for (fault, expected) in RIGGED {
            scope.spawn(|| expected.iter().for_each(|(name, part)| check(*fault, name, part)));
        }
    });
    let can_fail: BTreeSet<_> = RIGGED.iter().flat_map(|(_, expected)| *expected).map(|(name, _)| *name).collect();
    assert_eq!(can_fail, all.iter().map(|(name, _)| *name).collect(), "each behaviour fails somewhere");
}
