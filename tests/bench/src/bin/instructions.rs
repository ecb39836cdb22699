//! Round trips of one pool and nothing else, for a program that counts instructions: `tests/bench/instructions.sh`.
//! Usage: `instructions POOL TRIPS`, with the pool's name as in the report; `instructions` alone lists the names.

use std::env;
use std::process::ExitCode;
use striped_pool_bench::peers::{Peer, by_hand, deadpool, ours, r2d2};
use striped_pool_bench::w1;

/// A name, and what makes so many round trips.
type Counted = (&'static str, fn(u32));

const COUNTED: [Counted; 7] = [
    counted::<ours::Borrowed>(),
    counted::<ours::Owned>(),
    counted::<ours::WithTtl>(),
    counted::<deadpool::Unmanaged>(),
    counted::<deadpool::UnmanagedTrying>(),
    counted::<by_hand::ByHand>(),
    counted::<r2d2::Waiting>(),
];

const fn counted<P: Peer>() -> Counted {
    (P::FACTS.name, trips::<P>)
}

fn trips<P: Peer>(trips: u32) {
    let pool = P::primed(8);
    w1::time(&pool, trips);
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [name, trips] = &arguments[..] else {
        COUNTED.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let found = COUNTED.iter().find(|(of, _)| of == name);
    let Some(((_, run), trips)) = found.zip(trips.parse().ok()) else {
        eprintln!("usage: instructions POOL TRIPS; without arguments it lists the pools");
        return ExitCode::from(2);
    };
    run(trips);
    ExitCode::SUCCESS
}
