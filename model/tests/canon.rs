//! Whether the search may treat worlds that differ only in names as one: on worlds small enough to search by name.
//!
//! Every world is visited under its full description; only the values of waiter ids are replaced by their ranks, without
//! which there would be no end. Worlds of one canonical hash must then have the same future (as many moves into each
//! other class), and there must be exactly as many classes as the search counts.
#![cfg(not(feature = "loom"))]

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use striped_pool_model::world::{Client, Task};
use striped_pool_model::{Env, Machine, Shipped, Tombstones, Twin, View, World, explore};

/// A world under its full description.
type Full = (View, Vec<u8>, Vec<Client>, Vec<Vec<Task>>, striped_pool_model::world::Resources);

/// `world` with waiter ids replaced by their ranks.
fn full<M: Machine>(world: &World<M>) -> Full {
    let known = world.clients.iter().filter_map(|client| match client {
        Client::Waiting { id, .. } => *id,
        Client::Idle | Client::Creating | Client::Holding(_) => None,
    });
    let mut ids: Vec<u64> = known.chain(world.view.waiters.iter().map(|waiter| waiter.0)).collect();
    ids.sort_unstable();
    ids.dedup();
    let rank = |id: u64| u64::try_from(ids.partition_point(|known| *known < id)).unwrap_or(u64::MAX);
    let (mut view, mut clients) = (world.view.clone(), world.clients.clone());
    view.next_id = rank(view.next_id);
    view.waiters.iter_mut().for_each(|waiter| waiter.0 = rank(waiter.0));
    for client in &mut clients {
        if let Client::Waiting { id: Some(id), .. } = client {
            *id = rank(*id);
        }
    }
    (view, world.machine.layout(), clients, world.jobs.clone(), world.alive)
}

fn check<M: Machine>(env: Env) {
    let hasher = RandomState::new();
    let class = |world: &World<M>| hasher.hash_one(world);
    let start = World::<M>::new(&env);
    let mut seen = HashSet::from([full(&start)]);
    let mut futures: HashMap<u64, Vec<u64>> = HashMap::new();
    let (mut todo, mut moves) = (VecDeque::from([start]), Vec::new());
    while let Some(world) = todo.pop_front() {
        moves.clear();
        world.moves(&env, &mut moves);
        let mut future = Vec::new();
        for mv in &moves {
            let next = world.after(&env, *mv).world;
            assert!(next.failed.is_empty());
            future.push(class(&next));
            if seen.insert(full(&next)) {
                todo.push_back(next);
            }
        }
        future.sort_unstable();
        let known = futures.entry(class(&world)).or_insert_with(|| future.clone());
        assert!(*known == future, "one class, two futures: {world:?}");
        // A search asks only one of a class.
        assert!(world.withstands_stale_events() && world.progresses(&env), "{world:?}");
    }
    let report = explore::explore::<M>("by class", env, 1);
    explore::say(&format!("by name: {} worlds in {} classes", seen.len(), futures.len()));
    assert_eq!(report.states, futures.len());
    assert_eq!(report.transitions, futures.values().map(Vec::len).sum::<usize>());
    assert!(seen.len() > 2 * futures.len(), "nothing was merged");
}

#[test]
fn classes_of_two_clients_have_one_future() {
    check::<Shipped>(Env::new(2, 1, 2, 1));
}

#[test]
fn classes_of_three_clients_have_one_future() {
    check::<Shipped>(Env::new(3, 1, 1, 1));
}

#[test]
fn classes_of_layouts_have_one_future() {
    check::<Twin<Shipped, Tombstones<1>>>(Env::new(2, 1, 1, 1));
}
