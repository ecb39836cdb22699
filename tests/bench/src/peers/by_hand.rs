//! What people write by hand: `parking_lot`'s mutex around a vector, and a condition variable.

use super::{Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// Idle resources, and how many may still be made.
#[derive(Debug)]
struct Idle {
    resources: Vec<Resource>,
    room: u32,
}

/// `get` waits on the condition variable.
#[derive(Debug)]
pub struct ByHand {
    idle: Mutex<Idle>,
    returned: Condvar,
    maker: Maker,
}

/// Borrows the pool; gives back when dropped.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a ByHand,
    /// Absent only while it is dropped.
    resource: Option<Resource>,
}

impl ByHand {
    /// What is there, or the right to make one.
    #[inline]
    fn take(&self, mut idle: MutexGuard<'_, Idle>) -> Result<Lease<'_>, NotLent> {
        if let Some(resource) = idle.resources.pop() {
            return Ok(Lease { pool: self, resource: Some(resource) });
        }
        idle.room -= 1;
        drop(idle);
        self.make()
    }

    #[cold]
    fn make(&self) -> Result<Lease<'_>, NotLent> {
        let Ok(resource) = self.maker.make() else {
            self.make_room();
            return Err(NotLent::Failed);
        };
        Ok(Lease { pool: self, resource: Some(resource) })
    }

    fn make_room(&self) {
        self.idle.lock().room += 1;
        self.returned.notify_one();
    }
}

impl Idle {
    fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.room == 0
    }
}

impl Peer for ByHand {
    const FACTS: Facts = Facts {
        name: "parking_lot by hand",
        version: "parking_lot 0.12.5",
        order: Order::Barging,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "`Mutex<Vec>` and `Condvar`; one notified for each return, after the lock is let go",
    };
    type Lease<'a> = Lease<'a>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let idle = Idle { resources: Vec::with_capacity(capacity as usize), room: capacity };
        Self { idle: Mutex::new(idle), returned: Condvar::new(), maker }
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        let mut idle = self.idle.lock();
        while idle.is_empty() {
            self.returned.wait(&mut idle);
        }
        self.take(idle)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        let deadline = Instant::now() + wait;
        let mut idle = self.idle.lock();
        while idle.is_empty() {
            if self.returned.wait_until(&mut idle, deadline).timed_out() && idle.is_empty() {
                return Err(NotLent::TimedOut);
            }
        }
        self.take(idle)
    }

    fn discard(mut lease: Self::Lease<'_>) {
        lease.resource = None;
    }
}

impl Deref for Lease<'_> {
    type Target = Resource;

    #[inline]
    fn deref(&self) -> &Resource {
        let Some(resource) = &self.resource else { unreachable!("absent only while it is dropped") };
        resource
    }
}

impl DerefMut for Lease<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Resource {
        let Some(resource) = &mut self.resource else { unreachable!("absent only while it is dropped") };
        resource
    }
}

impl Drop for Lease<'_> {
    #[inline]
    fn drop(&mut self) {
        match self.resource.take() {
            Some(resource) => {
                self.pool.idle.lock().resources.push(resource);
                self.pool.returned.notify_one();
            }
            None => self.pool.make_room(),
        }
    }
}
