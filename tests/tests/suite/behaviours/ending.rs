//! Drain and close.

use crate::subject::{Failure, Kind, Look, assert_gone, assert_sound, start, start_waiter, take};
use crate::world::World;
use core::time::Duration;

pub(crate) fn a_drain_frees_what_is_idle_and_leaves_what_is_lent(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 4);
    let [first, second, third, fourth] = [(); 4].map(|()| take(&pool));
    drop((first, second));
    pool.wait_until("two are idle", || pool.look().idle == 2);
    pool.drain();
    pool.wait_until("their room is free", || pool.look() == Look { available: 2, idle: 0, out: 2, waiting: 0 });
    assert_eq!(world.freed(), [0, 1]);
    drop((third, fourth));
    pool.wait_until("the others are idle", || pool.look().idle == 2);
    assert_sound(&world, &pool, 4, 0);
    assert_eq!(world.freed(), [0, 1], "what was lent is kept");
}

pub(crate) fn a_close_tells_all_who_wait_and_all_who_come(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let waiters: Vec<_> = (0..6)
        .map(|number| {
            start_waiter(&pool, move |pool| async move {
                match number % 2 {
                    0 => pool.get().await.map(drop),
                    _ => pool.get_within(Duration::from_secs(3600)).await.map(drop),
                }
            })
        })
        .collect();
    pool.close();
    for waiter in waiters {
        assert_eq!(waiter.joined(), Err(Failure::Closed));
    }
    let late = start(&pool, |pool| async move { pool.get().await.map(drop) });
    assert_eq!(late.joined(), Err(Failure::Closed));
    assert_eq!(world.live(), 1, "what is lent is left alone");
    drop(lease);
    assert_gone(&world, &pool);
}

pub(crate) fn a_close_frees_what_is_idle_now_and_what_is_lent_later(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 3);
    let (idle, lent, broken) = (take(&pool), take(&pool), take(&pool));
    drop(idle);
    pool.wait_until("one is idle", || pool.look().idle == 1);
    pool.close();
    pool.wait_until("the idle one is freed", || world.freed() == [0]);
    assert_eq!((world.live(), pool.look().out), (2, 2));
    drop(lent);
    pool.wait_until("the lent one is freed", || world.freed() == [0, 1]);
    broken.discard();
    assert_gone(&world, &pool);
}
