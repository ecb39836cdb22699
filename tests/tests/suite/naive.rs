//! A naive pool, and faults to plant in it: what pools are known to get wrong, one at a time.
//!
//! One lock, a line of channels. It is asynchronous, so that every behaviour applies to it. Without a fault it passes all of them;
//! `faults.rs` says which behaviour fails with which.

use crate::runtimes::Smol;
use crate::subject::{Failure, Lent, Look, Subject};
use crate::world::{LIMIT, Resource, World};
use core::cell::Cell;
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use smol::channel::{Receiver, Sender, bounded};
use smol::future::or;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::panicking;
use std::time::Instant;

/// What a pool gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Forgets a resource that comes back while nobody waits.
    ForgetsAResource,
    /// Gives the room of a discarded resource away before it is freed.
    FreesLate,
    /// Wakes nobody when a resource comes back.
    WakesNobody,
    /// Serves the last who came.
    LastComeFirstServed,
    /// Wakes nobody when there is room again.
    RoomWakesNobody,
    /// Counts what is detached as if it were lent for ever.
    DetachKeepsRoom,
    /// Lends on what somebody held who panicked.
    KeepsAfterPanic,
    /// Loses the room of a create that failed.
    FailureKeepsRoom,
    /// Loses the room of a create that panicked.
    PanicKeepsRoom,
    /// Loses the room of a create that was dropped.
    DropKeepsRoom,
    /// Leaves those in line who have gone.
    GoneStaysInLine,
    /// Loses what was handed to somebody who has gone.
    LosesWhatIsHandedOver,
    /// Takes its place when the future is made.
    IsEager,
    /// Drains nothing.
    DrainsNothing,
    /// Closes without telling anybody.
    CloseTellsNobody,
    /// Closes without freeing what is idle.
    CloseKeepsIdle,
    /// Keeps what comes back after the close.
    KeepsAfterClose,
}

thread_local! {
    /// What pools that this thread makes get wrong.
    static PLANTED: Cell<Fault> = const { Cell::new(Fault::None) };
}

impl Fault {
    /// Does `work`, in which the pools that this thread makes have the fault.
    pub(crate) fn planted<A>(self, work: impl FnOnce() -> A) -> A {
        let before = PLANTED.replace(self);
        let answer = work();
        PLANTED.set(before);
        answer
    }
}

/// What a get is given.
enum Grant {
    Resource(Resource),
    Room,
}

struct State {
    capacity: u32,
    room: u32,
    idle: Vec<Resource>,
    line: VecDeque<(u64, Sender<Grant>)>,
    tickets: u64,
    is_closed: bool,
}

impl State {
    /// Whose turn it is.
    fn next(&mut self, fault: Fault) -> Option<(u64, Sender<Grant>)> {
        if fault == Fault::LastComeFirstServed { self.line.pop_back() } else { self.line.pop_front() }
    }
}

/// The pool, with its fault.
#[derive(Clone)]
pub(crate) struct Naive {
    state: Arc<Mutex<State>>,
    world: Arc<World>,
    fault: Fault,
}

/// What a get finds at its first look.
enum Found {
    Grant(Grant),
    Place(Place),
    Closed,
}

impl Naive {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on what nobody has.
    fn hand(&self, mut grant: Grant) {
        let fault = self.fault;
        let mut state = self.state();
        let is_told = match grant {
            Grant::Resource(_) => fault != Fault::WakesNobody,
            Grant::Room => fault != Fault::RoomWakesNobody,
        };
        while let Some((_, sender)) = is_told.then(|| state.next(fault)).flatten() {
            match sender.try_send(grant) {
                Ok(()) => return,
                Err(refused) => grant = refused.into_inner(),
            }
        }
        match grant {
            Grant::Resource(_) if fault == Fault::ForgetsAResource => {}
            Grant::Resource(resource) if state.is_closed && fault != Fault::KeepsAfterClose => {
                self.world.end(resource);
                state.room += 1;
            }
            Grant::Resource(resource) => state.idle.push(resource),
            Grant::Room => state.room += 1,
        }
    }

    fn free(&self, resource: Resource) {
        if self.fault == Fault::FreesLate {
            // Whoever has the room makes another; nobody does if nobody waits.
            let (made, start) = (self.world.made(), Instant::now());
            self.hand(Grant::Room);
            while self.world.made() == made && start.elapsed() < Duration::from_millis(100) {
                std::thread::sleep(Duration::from_micros(100));
            }
            return self.world.end(resource);
        }
        self.world.end(resource);
        self.hand(Grant::Room);
    }

    fn look_for(&self) -> Found {
        let mut state = self.state();
        if state.is_closed {
            return Found::Closed;
        }
        if let Some(resource) = state.idle.pop() {
            return Found::Grant(Grant::Resource(resource));
        }
        if state.room > 0 {
            state.room -= 1;
            return Found::Grant(Grant::Room);
        }
        let (sender, receiver) = bounded(1);
        state.tickets += 1;
        let ticket = state.tickets;
        state.line.push_back((ticket, sender));
        Found::Place(Place { pool: self.clone(), ticket, receiver })
    }

    async fn go_on(self, found: Found) -> Result<NaiveLease, Failure> {
        let grant = match found {
            Found::Grant(grant) => grant,
            Found::Place(place) => place.receiver.recv().await.map_err(|_told| Failure::Closed)?,
            Found::Closed => return Err(Failure::Closed),
        };
        let resource = match grant {
            Grant::Resource(resource) => resource,
            Grant::Room => {
                let mut permit = Permit { pool: self.clone(), is_used: false };
                let made = self.world.create_async::<Smol>().await;
                permit.is_used = made.is_ok() || self.fault == Fault::FailureKeepsRoom;
                made.map_err(|_refused| Failure::Refused)?
            }
        };
        Ok(NaiveLease { pool: self, resource: Some(resource) })
    }
}

/// A place in line.
struct Place {
    pool: Naive,
    ticket: u64,
    receiver: Receiver<Grant>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.pool.fault == Fault::GoneStaysInLine {
            // Whatever is handed to it is nobody's.
            core::mem::forget(self.receiver.clone());
            return;
        }
        self.pool.state().line.retain(|(ticket, _)| *ticket != self.ticket);
        if let Ok(grant) = self.receiver.try_recv()
            && self.pool.fault != Fault::LosesWhatIsHandedOver
        {
            self.pool.hand(grant);
        }
    }
}

/// The right to create one.
struct Permit {
    pool: Naive,
    is_used: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let is_lost = self.pool.fault == if panicking() { Fault::PanicKeepsRoom } else { Fault::DropKeepsRoom };
        if !self.is_used && !is_lost {
            self.pool.hand(Grant::Room);
        }
    }
}

pub(crate) struct NaiveLease {
    pool: Naive,
    resource: Option<Resource>,
}

impl Drop for NaiveLease {
    fn drop(&mut self) {
        let Some(resource) = self.resource.take() else { return };
        if panicking() && self.pool.fault != Fault::KeepsAfterPanic {
            self.pool.free(resource);
        } else {
            self.pool.hand(Grant::Resource(resource));
        }
    }
}

impl Deref for NaiveLease {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        self.resource.as_ref().expect("held")
    }
}

impl DerefMut for NaiveLease {
    fn deref_mut(&mut self) -> &mut Resource {
        self.resource.as_mut().expect("held")
    }
}

impl Lent for NaiveLease {
    fn discard(mut self: Box<Self>) {
        let resource = self.resource.take().expect("held");
        self.pool.free(resource);
    }

    fn detach(mut self: Box<Self>) -> Resource {
        if self.pool.fault != Fault::DetachKeepsRoom {
            self.pool.hand(Grant::Room);
        }
        self.resource.take().expect("held")
    }
}

impl Subject for Naive {
    type Runtime = Smol;
    type Lease = NaiveLease;

    fn limit() -> Duration {
        if PLANTED.get() == Fault::None { LIMIT } else { Duration::from_secs(2) }
    }

    fn new(world: &Arc<World>, capacity: u32) -> Self {
        let (idle, line) = (Vec::new(), VecDeque::new());
        let state = State { capacity, room: capacity, idle, line, tickets: 0, is_closed: false };
        Self { state: Arc::new(Mutex::new(state)), world: Arc::clone(world), fault: PLANTED.get() }
    }

    fn get(&self) -> impl Future<Output = Result<Self::Lease, Failure>> + Send {
        let early = (self.fault == Fault::IsEager).then(|| self.look_for());
        let pool = self.clone();
        async move {
            let found = early.unwrap_or_else(|| pool.look_for());
            pool.go_on(found).await
        }
    }

    async fn get_within(&self, wait: Duration) -> Result<Self::Lease, Failure> {
        let timer = async {
            smol::Timer::after(wait).await;
            Err(Failure::TimedOut)
        };
        // The timer first, so that what was handed over meanwhile is often dropped.
        or(timer, self.get()).await
    }

    fn drain(&self) {
        if self.fault == Fault::DrainsNothing {
            return;
        }
        let idle = core::mem::take(&mut self.state().idle);
        idle.into_iter().for_each(|resource| self.free(resource));
    }

    fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        if self.fault != Fault::CloseTellsNobody {
            state.line.clear();
        }
        if self.fault != Fault::CloseKeepsIdle {
            let idle = core::mem::take(&mut state.idle);
            drop(state);
            idle.into_iter().for_each(|resource| self.free(resource));
        }
    }

    fn look(&self) -> Look {
        let state = self.state();
        let count = |length| u32::try_from(length).expect("a small number");
        let (available, idle) = (state.room, count(state.idle.len()));
        Look { available, idle, out: state.capacity - available - idle, waiting: count(state.line.len()) }
    }
}
