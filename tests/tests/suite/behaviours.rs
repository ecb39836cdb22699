//! What every kind of pool must do, each behaviour one function over a [`Kind`](crate::subject::Kind).
//!
//! | file | behaviours |
//! |---|---|
//! | `behaviours/lending.rs` | reuse, the bound, hand-over, order, discard, detach, panics of who holds a lease |
//! | `behaviours/creating.rs` | creates that fail or panic, with and without others in line |
//! | `behaviours/leaving.rs` | who gives up: by timeout, by being dropped while it waits, after it was served, in a create |
//! | `behaviours/ending.rs` | close and drain |
//!
//! Rules:
//! 1. Resources are counted outside of the pool. Its status only says when to go on, and at the end whether it agrees.
//! 2. Each behaviour ends with conservation: `assert_sound`, or `assert_gone` after a close.
//! 3. No sleep orders anything: each step waits until the pool's status shows the one before.
//! 4. Each behaviour fails on some pool with a planted fault (`faults.rs`).

pub(crate) mod creating;
pub(crate) mod ending;
pub(crate) mod leaving;
pub(crate) mod lending;

/// Hands `$then!` its arguments, and the behaviours of every kind of pool.
macro_rules! of_every_pool {
    ($then:ident!($($arguments:tt)*)) => {
        $then! { $($arguments)*
            lending::what_is_given_back_is_lent_again,
            lending::never_more_than_the_maximum_under_fifty_workers,
            lending::a_waiter_resumes_when_a_lease_comes_back,
            lending::ten_waiters_are_served_first_in_first_out,
            lending::a_discard_wakes_a_waiter_who_creates,
            lending::what_is_detached_makes_room,
            lending::a_panic_while_a_lease_is_held_frees_its_resource,
            creating::a_failing_create_is_its_callers_error_and_costs_no_room,
            creating::a_failing_create_serves_the_next_in_line,
            creating::a_panicking_create_is_its_callers_and_costs_no_room,
            creating::a_panicking_create_serves_the_next_in_line,
            leaving::a_waiter_that_times_out_leaves_nothing_behind,
            leaving::waits_that_end_as_they_are_served_lose_nothing,
            ending::a_drain_frees_what_is_idle_and_leaves_what_is_lent,
            ending::a_close_tells_all_who_wait_and_all_who_come,
            ending::a_close_frees_what_is_idle_now_and_what_is_lent_later,
        }
    };
}

/// The same, for pools whose workers are tasks.
macro_rules! of_task_pools {
    ($then:ident!($($arguments:tt)*)) => {
        $then! { $($arguments)*
            leaving::a_dropped_waiter_leaves_nothing_behind,
            leaving::gets_that_are_dropped_as_they_are_served_lose_nothing,
            leaving::what_was_handed_to_a_dropped_get_goes_to_the_next,
            leaving::a_get_that_is_dropped_unpolled_did_nothing,
        }
    };
}

/// The same, for pools whose creates await.
macro_rules! of_async_create_pools {
    ($then:ident!($($arguments:tt)*)) => {
        $then! { $($arguments)*
            leaving::a_get_dropped_in_its_create_leaves_its_room_to_the_next,
        }
    };
}

pub(crate) use {of_async_create_pools, of_every_pool, of_task_pools};
