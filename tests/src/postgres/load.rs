//! The load: tasks that get a connection in every way there is, and do everything with it that the pool must survive.
//!
//! | of 100 gets | how | of 100 leases | what |
//! |---|---|---|---|
//! | 30 | waits | 84 | a transfer, given back |
//! | 20 | dropped by `tokio::time::timeout` at a random moment | 3 | a transfer, discarded |
//! | 10 | dropped by `tokio::select!`, likewise | 10 | a transfer that is dropped at a random moment |
//! | 5 | polled once and dropped | 3 | a panic in the middle of a transaction |
//! | 35 | `get_owned_async_until` a random moment | | |

use super::bank::{ACCOUNTS, LARGEST, Order, panic_midway, transfer};
use super::run::Rig;
use super::session::{Database, Session};
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use fastrand::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use striped_pool::{AsyncManager, GetError, ManagedPool, OwnedManagedLease, WaitedFor};
use tokio::time::{sleep, timeout};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// The longest that a transfer may take before it is dropped.
const LONG: Duration = Duration::from_millis(250);
/// After something has failed.
const PAUSE: Duration = Duration::from_millis(2);
/// In which half the impatient lose their patience, in microseconds.
const SOON: u64 = 2_000;
const LATE: u64 = 100_000;

/// What all tasks of a run share.
pub(super) struct World<M: AsyncManager> {
    pub(super) pool: ManagedPool<M>,
    pub(super) tally: Tally,
    pub(super) is_over: AtomicBool,
    /// Whether the server is about to be held: from now on nobody is patient, since who waits for the server without end keeps
    /// the place from all others.
    pub(super) is_held: AtomicBool,
    /// How many patient gets there are.
    pub(super) patient: AtomicU64,
    pub(super) rig: Rig,
    pub(super) seed: u64,
    /// How long a get may take that nobody gives up.
    pub(super) patience: Duration,
}

macro_rules! tally {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What has happened until now. Nothing is published with the counters, so Relaxed will do.
        #[derive(Debug, Default)]
        pub(super) struct Tally {
            $(pub(super) $name: AtomicU64,)*
        }

        /// What had happened at some moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Count {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Tally {
            pub(super) fn count(&self) -> Count {
                Count { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

tally! {
    /// Gets.
    gets,
    /// Gets that lent something.
    lent,
    /// Transfers that were committed.
    committed,
    /// Transfers that failed.
    failed,
    /// Transfers that were dropped before they were over.
    cut_short,
    /// Holders that panicked.
    panicked,
    /// Leases that were discarded.
    discarded,
    /// Gets that were dropped.
    dropped,
    /// Gets that timed out in line.
    late_in_line,
    /// Gets that timed out in a create.
    late_in_create,
    /// Gets that timed out in a check.
    late_in_check,
    /// Creates that failed, but for the next.
    create_failed,
    /// Creates that failed because the server let nobody else in.
    refused,
    /// Gets that nobody gave up and that did not end.
    hung,
    /// Answers that no get should give.
    odd,
}

fn one_more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Count {
    /// What callers were told because the server was not there.
    pub(super) fn failures(&self) -> u64 {
        self.create_failed + self.failed
    }

    /// Timeouts in a create or in a check: the server did not answer.
    pub(super) fn unanswered(&self) -> u64 {
        self.late_in_create + self.late_in_check
    }
}

/// One task. Returns the tickets of the transfers whose commit was acknowledged.
pub(super) async fn customer<M>(world: Arc<World<M>>, index: u32) -> Vec<i64>
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let mut dice = Rng::with_seed(world.seed ^ (u64::from(index) << 32));
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while !world.is_over.load(Ordering::Relaxed) {
        one_more(&world.tally.gets);
        let Some(lease) = world.get(&mut dice).await else { continue };
        one_more(&world.tally.lent);
        number += 1;
        let source = dice.i32(1..=ACCOUNTS);
        let target = 1 + (source - 1 + dice.i32(1..ACCOUNTS)) % ACCOUNTS;
        let order = Order { ticket: i64::from(index) << 32 | number, source, target, amount: dice.i64(1..=LARGEST) };
        if world.serve(lease, order, &mut dice).await {
            acknowledged.push(order.ticket);
        }
        if world.rig == Rig::ClaimsTickets {
            acknowledged.push(-order.ticket);
        }
    }
    acknowledged
}

impl<M: AsyncManager<Resource: Session, Error: Database>> World<M> {
    /// A lease, if it is had.
    async fn get(&self, dice: &mut Rng) -> Option<OwnedManagedLease<M>> {
        let turn = if self.rig == Rig::Patient { 0 } else { dice.u8(..100) };
        let latest = if dice.bool() { SOON } else { LATE };
        let moment = Duration::from_micros(dice.u64(..latest));
        let get = self.pool.get_owned_async();
        let got = match turn {
            0..30 if self.may_be_patient() => {
                let got = timeout(self.patience, get).await.map_err(|_| &self.tally.hung);
                self.patient.fetch_sub(1, Ordering::SeqCst);
                got
            }
            30..50 => timeout(moment, get).await.map_err(|_| &self.tally.dropped),
            50..60 => tokio::select! {
                got = get => Ok(got),
                () = sleep(moment) => Err(&self.tally.dropped),
            },
            60..65 => {
                let mut get = pin!(get);
                let once = poll_fn(|context| Poll::Ready(get.as_mut().poll(context))).await;
                if let Poll::Ready(got) = once { Ok(got) } else { Err(&self.tally.dropped) }
            }
            _ => timeout(self.patience, self.pool.get_owned_async_until(sleep(moment)))
                .await
                .map_err(|_| &self.tally.hung),
        };
        let why = match got {
            Ok(Ok(lease)) => return Some(lease),
            Ok(Err(error)) => self.why(&error),
            Err(given_up) => given_up,
        };
        one_more(why);
        sleep(PAUSE).await;
        None
    }

    /// Counts a patient get, unless there should be none. Either this sees that the server is about to be held, or who waits for
    /// the patient to be served sees this one.
    fn may_be_patient(&self) -> bool {
        self.patient.fetch_add(1, Ordering::SeqCst);
        let is_held = self.is_held.load(Ordering::SeqCst);
        if is_held {
            self.patient.fetch_sub(1, Ordering::SeqCst);
        }
        !is_held
    }

    /// Where an error is counted.
    fn why(&self, error: &GetError<M::Error>) -> &AtomicU64 {
        let tally = &self.tally;
        match error {
            GetError::TimedOut(timeout) => match timeout.waited_for {
                WaitedFor::Resource => &tally.late_in_line,
                WaitedFor::Create => &tally.late_in_create,
                WaitedFor::Recycle => &tally.late_in_check,
                _ => &tally.odd,
            },
            GetError::Create(error) => {
                let is_refused = error.database().and_then(Error::code) == Some(&SqlState::TOO_MANY_CONNECTIONS);
                if is_refused { &tally.refused } else { &tally.create_failed }
            }
            GetError::Unavailable(_) | GetError::Refused | _ => &tally.odd,
        }
    }

    /// Uses a lease; whether a commit was acknowledged.
    async fn serve(&self, mut lease: OwnedManagedLease<M>, order: Order, dice: &mut Rng) -> bool {
        if self.rig == Rig::LeaksLeases && order.ticket & 0xffff_ffff == 1 {
            core::mem::forget(lease);
            return false;
        }
        let turn = if self.rig == Rig::Patient { 0 } else { dice.u8(..100) };
        if turn >= 97 {
            // In a task of its own, which ends with the panic.
            let task = tokio::spawn(async move { panic_midway(lease.client(), order).await });
            match timeout(self.patience, task).await {
                Ok(Err(_)) => one_more(&self.tally.panicked),
                Ok(Ok(_)) => one_more(&self.tally.failed),
                Err(_) => one_more(&self.tally.hung),
            }
            return false;
        }
        let moment = if turn >= 87 { Duration::from_micros(dice.u64(..SOON)) } else { LONG };
        let transferred = timeout(moment, transfer(lease.client(), order, self.rig != Rig::LosesMoney)).await;
        match &transferred {
            Ok(Ok(true)) => one_more(&self.tally.committed),
            Ok(Ok(false)) => {}
            Ok(Err(_)) => one_more(&self.tally.failed),
            Err(_) => one_more(&self.tally.cut_short),
        }
        if (84..87).contains(&turn) {
            one_more(&self.tally.discarded);
            lease.discard_async().await;
        }
        matches!(transferred, Ok(Ok(true)))
    }
}
