//! The ancestor's seven faults: each refuted by a shortest trace, which is compared with the committed one.
//!
//! `REWRITE=1` writes the traces anew instead of comparing them.
#![cfg(not(feature = "loom"))]

use std::path::Path;
use striped_pool_model::specimens::{Ancestor, SPECIMENS, STRIPE_COUNT, stripe_count_is_ignored};
use striped_pool_model::{Check, Env, World, shortest};

/// No fault needs more moves than this.
const LONGEST: usize = 8;

fn compare(name: &str, trace: &str) -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(&path, trace)?;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == trace, "{} differs; found:\n{trace}", path.display());
    Ok(())
}

#[test]
fn every_fault_of_the_machine_is_refuted() -> std::io::Result<()> {
    for specimen in SPECIMENS {
        let refuted = specimen.refute().unwrap_or_else(|| panic!("{} stands", specimen.name));
        assert!(refuted.moves() <= LONGEST, "{} takes {} moves", specimen.name, refuted.moves());
        compare(specimen.name, &refuted.text())?;
    }
    Ok(())
}

/// The length of a shortest way to break `check`, found without the search: all sequences of moves, layer by layer. Of
/// LIVE-PROGRESS with the schedule that wakes nobody, which is part of the counterexample.
fn shortest_by_hand(env: &Env, check: Check) -> usize {
    let left = |world: &World<Ancestor>| {
        let schedule = || world.stuck(env).map(|schedule| schedule.len());
        if check == Check::Progress { schedule() } else { world.failed.has(check).then_some(0) }
    };
    let next = |world: &World<Ancestor>| {
        let mut moves = Vec::new();
        world.moves(env, &mut moves);
        moves.into_iter().map(|mv| world.after(env, mv).world).collect::<Vec<_>>()
    };
    let (mut layer, mut best, mut depth) = (vec![World::<Ancestor>::new(env)], LONGEST + 1, 0);
    while depth < best {
        best = layer.iter().filter_map(left).map(|left| depth + left).fold(best, usize::min);
        layer = layer.iter().flat_map(next).collect();
        depth += 1;
    }
    best
}

#[test]
fn every_counterexample_is_shortest() {
    for specimen in SPECIMENS {
        let moves = specimen.refute().unwrap_or_else(|| panic!("{} stands", specimen.name)).moves();
        assert_eq!(moves, shortest_by_hand(&specimen.env, specimen.check), "{}", specimen.name);
    }
}

#[test]
fn configured_stripe_count_is_refuted() -> std::io::Result<()> {
    compare(STRIPE_COUNT, &stripe_count_is_ignored().map(|found| found.text()).unwrap_or_default())
}

#[test]
fn shipped_machine_stands_in_the_same_surroundings() {
    for specimen in SPECIMENS {
        for check in Check::ALL {
            let env = Env { drops_late_results: false, ..specimen.env };
            let moves = shortest::<striped_pool_model::Shipped>(env, check);
            assert_eq!(moves, None, "{} in the surroundings of {}", check.id(), specimen.name);
        }
    }
}
