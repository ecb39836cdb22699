//! How many programs are enumerated, counted in another way: nothing is silently skipped, nothing enumerated twice.
#![cfg(not(feature = "loom"))]

use std::collections::HashSet;
use striped_pool_model::programs::{Op, Prime, Program, Script, Token, programs, scripts};
use striped_pool_model::sample;

/// Multisets of `threads` out of `scripts`: (scripts + threads − 1 choose threads).
fn multisets(scripts: usize, threads: usize) -> usize {
    (0..threads).fold(1, |product, at| product * (scripts + at) / (at + 1))
}

/// Scripts that need nothing at the start, counted by hand-over: how many prefixes never give back more than was taken.
fn needing_nothing(alphabet: &[Op], length: usize, held: usize) -> usize {
    if length == 0 {
        return 1;
    }
    let after = |op: &Op| match (op.takes(), op.gives()) {
        (true, _) => needing_nothing(alphabet, length - 1, held + 1),
        (_, true) => held.checked_sub(1).map_or(0, |held| needing_nothing(alphabet, length - 1, held)),
        (false, false) => needing_nothing(alphabet, length - 1, held),
    };
    alphabet.iter().map(after).sum()
}

fn expected(alphabet: &[Op], threads: usize, length: usize) -> usize {
    let all = multisets((0..length).map(|_| alphabet.len()).product(), threads);
    // Three primed states, but only two where nothing is out: there, tight is one free permit.
    3 * all - multisets(needing_nothing(alphabet, length, 0), threads)
}

fn assert_complete(alphabet: &[Op], threads: usize, length: usize, count: usize) {
    let all = programs(alphabet, threads, length);
    let distinct: HashSet<(Vec<Script>, Prime)> = all
        .iter()
        .map(|program| {
            let mut scripts = program.scripts.clone();
            scripts.sort();
            (scripts, program.prime)
        })
        .collect();
    assert_eq!(distinct.len(), all.len(), "a program is enumerated twice");
    assert_eq!((all.len(), all.len()), (expected(alphabet, threads, length), count));
}

#[test]
fn the_suites_are_complete() {
    assert_complete(&Op::ALL, 2, 1, 228);
    assert_complete(&Op::CORE, 2, 2, 1920);
    assert_complete(&Op::CORE, 3, 1, 158);
}

#[test]
fn random_programs_are_of_the_promised_size_and_are_read_back() {
    let all: Vec<Program> = (0..300).map(sample::program).collect();
    for program in &all {
        assert!((4..=6).contains(&program.scripts.len()), "{program}");
        assert!(program.scripts.iter().all(|script| (4..=8).contains(&script.0.len())), "{program}");
        assert_eq!(program.to_string().parse().as_ref(), Ok(program));
    }
    let ops: HashSet<Op> =
        all.iter().flat_map(|program| &program.scripts).flat_map(|script| script.0.clone()).collect();
    assert_eq!(ops, HashSet::from(Op::ALL));
    assert_eq!(all, (0..300).map(sample::program).collect::<Vec<_>>());
    for wrong in ["Take", "Take from Nowhere", "Take | Tale from Idle", " from Idle"] {
        assert!(wrong.parse::<Program>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_given_back_before_it_is_taken_is_primed() {
    let script = Script(vec![Op::Put, Op::Take, Op::Put, Op::FailCreate]);
    assert_eq!(script.tokens(), [Token::Permit, Token::Lease]);
    let program = Program { scripts: vec![script], prime: Prime::Idle };
    assert_eq!((program.tokens(), program.capacity()), (2, 3));
    assert_eq!(program.to_string(), "Put,Take,Put,FailCreate from Idle");
    assert_eq!(program.to_string().parse(), Ok(program));
    assert_eq!(scripts(&Op::CORE, 2).len(), 36);
}
