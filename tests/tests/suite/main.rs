//! One suite of behaviours over every kind of pool: each behaviour on each pool is a test by that name.
//!
//! | file | what |
//! |---|---|
//! | `subject.rs` | what the suite asks of a pool, and how workers are started and waited for |
//! | `behaviours.rs`, `behaviours/` | the behaviours |
//! | `world.rs` | resources that are counted outside of any pool, and planned failures |
//! | `runtimes.rs` | threads, tokio, smol |
//! | `pools.rs`, `managed.rs` | the pools under test |
//! | `naive.rs`, `faults.rs` | a naive pool, with faults planted: each behaviour fails with some fault |
//! | `together.rs` | threads and tasks on one pool at once |
//! | `own.rs` | what the second pool adds: retries, back-off, a minimum of idle resources |
//!
//! The second pool is the example `own_pool` of the package `striped-pool`: the same file.
//!
//! Not here: interleavings, which threads and tasks of a machine only sample (loom, in `striped-pool`).
#![cfg(not(feature = "loom"))]

mod behaviours;
mod faults;
mod managed;
mod naive;
mod own;
#[path = "../../../core/examples/own_pool/pool.rs"]
mod own_pool;
mod pools;
mod runtimes;
mod subject;
mod together;
mod world;

use behaviours::{of_async_create_pools, of_every_pool, of_task_pools};
use managed::{Bb8, Deadpool, Managed, Native, R2d2};
use naive::Naive;
use pools::{Async, Blocking, Own};
use runtimes::{Smol, Threads, Tokio};

/// A test for each behaviour of a list, on a pool that this file names.
macro_rules! tests_of {
    ($subject:ident; $($file:ident :: $name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                crate::behaviours::$file::$name(crate::subject::Kind::of::<super::$subject>());
            }
        )*
    };
}

/// A module of tests for a pool whose workers are threads, or tasks, or tasks that await a create.
macro_rules! suite {
    ($module:ident in threads: $name:ident = $subject:ty) => {
        suite!($module: $name = $subject, of_every_pool);
    };
    ($module:ident in tasks: $name:ident = $subject:ty) => {
        suite!($module: $name = $subject, of_every_pool, of_task_pools);
    };
    ($module:ident in tasks, awaiting creates: $name:ident = $subject:ty) => {
        suite!($module: $name = $subject, of_every_pool, of_task_pools, of_async_create_pools);
    };
    ($module:ident: $name:ident = $subject:ty, $($list:ident),*) => {
        type $name = $subject;
        mod $module {
            $(crate::$list!(tests_of!($name;));)*
        }
    };
}

suite!(blocking in threads: InThreads = Blocking);
suite!(on_tokio in tasks: OnTokio = Async<Tokio>);
suite!(on_smol in tasks: OnSmol = Async<Smol>);
suite!(own_on_tokio in tasks, awaiting creates: OwnOnTokio = Own<Tokio>);
suite!(own_on_smol in tasks, awaiting creates: OwnOnSmol = Own<Smol>);
suite!(managed_blocking in threads: ManagedBlocking = Managed<Native<Threads>, Threads>);
suite!(managed_on_tokio in tasks, awaiting creates: ManagedOnTokio = Managed<Native<Tokio>, Tokio>);
suite!(managed_on_smol in tasks, awaiting creates: ManagedOnSmol = Managed<Native<Smol>, Smol>);
suite!(r2d2_manager in threads: OfR2d2 = Managed<R2d2, Threads>);
suite!(bb8_manager_on_tokio in tasks, awaiting creates: Bb8OnTokio = Managed<Bb8<Tokio>, Tokio>);
suite!(bb8_manager_on_smol in tasks, awaiting creates: Bb8OnSmol = Managed<Bb8<Smol>, Smol>);
suite!(deadpool_manager_on_tokio in tasks, awaiting creates: DeadpoolOnTokio = Managed<Deadpool<Tokio>, Tokio>);
suite!(deadpool_manager_on_smol in tasks, awaiting creates: DeadpoolOnSmol = Managed<Deadpool<Smol>, Smol>);
// The pool that is broken on purpose in `faults.rs`, as it is when it is not.
suite!(naive_pool in tasks, awaiting creates: NaiveOnSmol = Naive);
