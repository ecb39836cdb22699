//! How many programs are enumerated, counted in another way: nothing is silently skipped, nothing enumerated twice.
#![cfg(not(feature = "loom"))]

use std::collections::HashSet;
use striped_pool_model::programs::random;
use striped_pool_model::programs::strata::{Coverage, Kind, Sample};
use striped_pool_model::programs::{Op, Prime, Program, SUITES, Script, Shape, Token, programs, scripts};

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

fn assert_complete(shape: &Shape) {
    let all = shape.programs();
    let distinct: HashSet<(Vec<Script>, Prime)> = all
        .iter()
        .map(|program| {
            let mut scripts = program.scripts.clone();
            scripts.sort();
            (scripts, program.prime)
        })
        .collect();
    assert_eq!(distinct.len(), all.len(), "a program is enumerated twice");
    assert_eq!(all.len(), expected(shape.alphabet, shape.threads, shape.length));
}

#[test]
fn the_suites_are_complete() {
    SUITES.iter().for_each(assert_complete);
    let counts = SUITES.map(|shape| (shape.name, shape.alphabet.len(), shape.bound, shape.programs().len()));
    assert_eq!(counts, [("2x1", 13, 4, 228), ("2x2", 6, 2, 1920), ("3x1", 6, 2, 158)]);
}

#[test]
fn random_programs_are_of_the_promised_size_and_are_read_back() {
    let all: Vec<Program> = (0..300).map(random::program).collect();
    for program in &all {
        assert!((4..=6).contains(&program.scripts.len()), "{program}");
        assert!(program.scripts.iter().all(|script| (4..=8).contains(&script.0.len())), "{program}");
        assert_eq!(program.to_string().parse().as_ref(), Ok(program));
    }
    let ops: HashSet<Op> =
        all.iter().flat_map(|program| &program.scripts).flat_map(|script| script.0.clone()).collect();
    assert_eq!(ops, HashSet::from(Op::ALL));
    assert_eq!(all, (0..300).map(random::program).collect::<Vec<_>>());
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

#[test]
fn a_program_is_read_as_it_is_written() {
    for program in programs(&Op::ALL, 2, 1).into_iter().chain(programs(&Op::CORE, 3, 1)) {
        assert_eq!(program.to_string().parse(), Ok(program));
    }
    let wrong = |text: &str| text.parse::<Program>().unwrap_err().to_string();
    let such_as = "; a program is such as `Take,Put | Close from Tight`";
    assert_eq!(wrong("Take,Give | Close from Tight"), format!("`Give` is no operation{such_as}"));
    assert_eq!(wrong("Take | Close from Full"), format!("`Full` is no primed state{such_as}"));
    assert_eq!(wrong("Take | Close"), format!("there is no ` from `{such_as}"));
}

/// The multiset of kinds that a program is made of.
fn stratum(program: &Program) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = program.scripts.iter().flat_map(|script| &script.0).map(|op| Kind::of(*op)).collect();
    kinds.sort();
    kinds
}

#[test]
fn a_sample_draws_from_every_stratum_and_nothing_twice() {
    let mut sample = Sample::new(3, 2, 7);
    // Multisets of 6 of the 5 kinds: (6 + 5 − 1 choose 6).
    assert_eq!((sample.strata(), Sample::new(2, 2, 7).strata()), (210, 70));
    let rounds: Vec<Vec<Program>> = (0..5).map(|_| sample.round()).collect();
    let first: HashSet<Vec<Kind>> = rounds[0].iter().map(stratum).collect();
    assert_eq!((rounds[0].len(), first.len()), (210, 210));
    let all: Vec<&Program> = rounds.iter().flatten().collect();
    let distinct: HashSet<&Program> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len(), "a program is drawn twice");
    for program in all {
        assert!(program.scripts.is_sorted() && !program.is_redundant(), "{program} is not as the enumeration has it");
        assert!(program.scripts.len() == 3 && program.scripts.iter().all(|script| script.0.len() == 2), "{program}");
    }
}

#[test]
fn a_sample_follows_from_its_seed() {
    let draw = |seed| Sample::new(3, 2, seed).round();
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[test]
fn coverage_counts_what_met_on_different_threads() {
    let mut coverage = Coverage::default();
    coverage.add(&"Take,Put | Take,Close | Put,Put from Tight".parse().unwrap());
    // Take-Take Take-Close Put-Take Put-Close Take-Put Put-Put Close-Put; threads apart, not within one.
    let text = coverage.to_string();
    assert_eq!(text, "1 strata, 5 of 91 pairs and 4 of 455 triples of operations on different threads");
    programs(&Op::ALL, 3, 1).iter().for_each(|program| coverage.add(program));
    assert_eq!(
        coverage.to_string(),
        "36 strata, 91 of 91 pairs and 455 of 455 triples of operations on different threads"
    );
}
