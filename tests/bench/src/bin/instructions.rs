//! Round trips of one pool and nothing else: of a thread, of a task that finds something idle, of tasks that wait and are handed
//! it; for a program that counts instructions: `tests/bench/instructions.sh`.
//! Usage: `instructions POOL TRIPS`, with the pool's name as in the report; `instructions` alone lists the names.

use std::env;
use std::process::ExitCode;
use striped_pool_bench::peers::{AsyncPeer, Peer, asyncband, by_hand, deadpool, line_by_hand, ours, r2d2};
use striped_pool_bench::{w1, w4};

/// A name, how the pool is used, and what makes so many round trips.
type Counted = (&'static str, &'static str, fn(u32));

const COUNTED: [Counted; 14] = [
    counted::<ours::Borrowed>(),
    counted::<ours::Owned>(),
    counted::<ours::WithTtl>(),
    counted::<deadpool::Unmanaged>(),
    counted::<deadpool::UnmanagedTrying>(),
    counted::<by_hand::ByHand>(),
    counted::<r2d2::Waiting>(),
    awaited::<ours::Borrowed>(),
    awaited::<deadpool::Unmanaged>(),
    awaited::<asyncband::Asyncband>(),
    handed_over::<ours::Borrowed>(),
    handed_over::<deadpool::Unmanaged>(),
    handed_over::<asyncband::Asyncband>(),
    handed_over::<line_by_hand::LineByHand>(),
];

const fn counted<P: Peer>() -> Counted {
    (P::FACTS.name, "", trips::<P>)
}

const fn awaited<P: AsyncPeer>() -> Counted {
    (P::FACTS.name, ", awaited", awaited_trips::<P>)
}

const fn handed_over<P: AsyncPeer>() -> Counted {
    (P::FACTS.name, ", handed over", w4::hand_over::<P>)
}

fn trips<P: Peer>(trips: u32) {
    let pool = P::primed(8);
    w1::time(&pool, trips);
}

fn awaited_trips<P: AsyncPeer>(trips: u32) {
    let runtime = w4::one_thread();
    let pool = runtime.block_on(P::primed_async(8));
    w4::time_async(&runtime, &pool, trips);
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [name, trips] = &arguments[..] else {
        COUNTED.iter().for_each(|(name, how, _)| println!("{name}{how}"));
        return ExitCode::SUCCESS;
    };
    let found = COUNTED.iter().find(|(of, how, _)| name.strip_prefix(of) == Some(*how));
    let Some(((_, _, run), trips)) = found.zip(trips.parse().ok()) else {
        eprintln!("usage: instructions POOL TRIPS; without arguments it lists the pools");
        return ExitCode::from(2);
    };
    run(trips);
    ExitCode::SUCCESS
}
