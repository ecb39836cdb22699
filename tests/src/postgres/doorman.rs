//! Who came and went at the client's end, and who is still there at the server's.
//!
//! Rules:
//! 1. A connection is counted as made when its create gives it to the pool, and as ended when the pool lets it go.
//! 2. Who leaves is noted before the client is dropped, so before its place in the pool is free.
//! 3. If the doorman waits: a create begins when all who were noted before are gone, and `close` is ready when the one that it
//!    closes is gone. By rule 2 whoever had the place of the new one is among them. So each place has at most one backend.
//! 4. Gone is who has no process any more; `PostgreSQL` takes a backend off its lists before it lets its process end.
//! 5. If the doorman waits, a create that is dropped goes on in a task of its own: dropped half-way, nobody would know whom the
//!    server was about to let in. Its connection leaves at once.

use super::session::{Database, Session};
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use rustix::process::{Pid, test_kill_process};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use striped_pool::{AsyncManager, Manager, Usage};
use tokio::time::sleep;
use tokio_postgres::{Client, Error};

/// How often to look whether somebody is gone.
const PAUSE: Duration = Duration::from_millis(1);

/// A manager that counts what another one makes, and may wait at the door.
#[derive(Debug)]
pub struct Doorman<M> {
    manager: Arc<M>,
    door: Arc<Door>,
}

/// Who has been seen.
#[derive(Debug, Default)]
pub struct Door {
    waits: bool,
    made: AtomicU64,
    ended: AtomicU64,
    /// Those that left and may still be there.
    leaving: Mutex<Vec<Arc<Stay>>>,
}

/// A connection of the inner manager, and what is known of its backend.
#[derive(Debug)]
pub struct Guest<R> {
    /// Empty only while it ends.
    resource: Option<R>,
    stay: Arc<Stay>,
    door: Arc<Door>,
}

/// One backend's time at the server.
#[derive(Debug)]
struct Stay(Mutex<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    Coming,
    Here(Pid),
    Gone,
}

/// A create under way. Dropped before it has come to something, its connection leaves.
struct Arrival {
    stay: Arc<Stay>,
    door: Arc<Door>,
    is_over: bool,
}

impl<M> Doorman<M> {
    /// For `manager`.
    pub fn new(manager: M, waits: bool) -> Self {
        Self { manager: Arc::new(manager), door: Arc::new(Door { waits, ..Door::default() }) }
    }

    /// What it has seen.
    #[must_use]
    pub fn door(&self) -> Arc<Door> {
        Arc::clone(&self.door)
    }
}

impl Door {
    /// Connections given to the pool. Nothing is published with the counters, so Relaxed will do.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Connections that the pool has let go.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    fn leaving(&self) -> MutexGuard<'_, Vec<Arc<Stay>>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_leaving(&self, stay: &Arc<Stay>) {
        let mut leaving = self.leaving();
        leaving.retain(|stay| !stay.is_gone());
        leaving.push(Arc::clone(stay));
    }

    /// Ready when all that were noted before the call are gone.
    async fn cleared(&self) {
        let mut earlier = self.leaving().clone();
        loop {
            earlier.retain(|stay| !stay.is_gone());
            if earlier.is_empty() {
                return;
            }
            sleep(PAUSE).await;
        }
    }
}

impl Stay {
    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn is_gone(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Here(process) = *state
            && !exists(process)
        {
            *state = State::Gone;
        }
        matches!(*state, State::Gone)
    }
}

/// Whether there is such a process. A zombie is none: who was its parent's may wait for ever for somebody to collect it.
fn exists(process: Pid) -> bool {
    if test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
        return false;
    }
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    !stat.rsplit(')').next().is_some_and(|state| state.trim_start().starts_with('Z'))
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.is_over {
            self.door.note_leaving(&self.stay);
        }
    }
}

impl<R> Drop for Guest<R> {
    fn drop(&mut self) {
        self.door.ended.fetch_add(1, Ordering::Relaxed);
        self.door.note_leaving(&self.stay);
        // Then the fields, with the client.
    }
}

impl<R> Guest<R> {
    /// Notes that it leaves, and gives the connection.
    fn leave(mut self) -> R {
        self.resource.take().expect(HERE)
    }
}

const HERE: &str = "a guest has its connection until it leaves";

impl<R> Deref for Guest<R> {
    type Target = R;

    fn deref(&self) -> &R {
        self.resource.as_ref().expect(HERE)
    }
}

impl<R> DerefMut for Guest<R> {
    fn deref_mut(&mut self) -> &mut R {
        self.resource.as_mut().expect(HERE)
    }
}

impl<R: Session> Session for Guest<R> {
    fn client(&mut self) -> &mut Client {
        (**self).client()
    }
}

impl<M: Manager> Manager for Doorman<M> {
    type Resource = Guest<M::Resource>;
    type Error = M::Error;

    fn recycle(&self, guest: &mut Guest<M::Resource>, usage: &Usage) -> bool {
        self.manager.recycle(guest, usage)
    }

    fn free(&self, guest: Guest<M::Resource>) {
        self.manager.free(guest.leave());
    }

    fn detach(&self, guest: &mut Guest<M::Resource>) {
        self.manager.detach(guest);
    }
}

impl<M> AsyncManager for Doorman<M>
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    async fn create(&self) -> Result<Guest<M::Resource>, M::Error> {
        if self.door.waits {
            self.door.cleared().await;
        }
        let stay = Arc::new(Stay(Mutex::new(State::Coming)));
        let mut arrival = Arrival { stay: Arc::clone(&stay), door: self.door(), is_over: false };
        let coming = admit(Arc::clone(&self.manager), Arc::clone(&stay));
        let made = if self.door.waits {
            // Rule 5. It fails only with a panic of the manager, or with the runtime.
            tokio::spawn(coming).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
        } else {
            coming.await
        };
        arrival.is_over = made.is_ok();
        let resource = made?;
        self.door.made.fetch_add(1, Ordering::Relaxed);
        Ok(Guest { resource: Some(resource), stay, door: self.door() })
    }

    async fn validate(&self, guest: &mut Guest<M::Resource>, usage: &Usage) -> Result<(), M::Error> {
        self.manager.validate(guest, usage).await
    }

    async fn close(&self, guest: Guest<M::Resource>) {
        let stay = Arc::clone(&guest.stay);
        self.manager.close(guest.leave()).await;
        while self.door.waits && !stay.is_gone() {
            sleep(PAUSE).await;
        }
    }
}

/// A new connection, and the process of its backend.
async fn admit<M>(manager: Arc<M>, stay: Arc<Stay>) -> Result<M::Resource, M::Error>
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let made = async {
        let mut resource = manager.create().await?;
        let process = process(resource.client()).await.map_err(M::Error::of)?;
        Ok((resource, process))
    };
    match made.await {
        Ok((resource, process)) => {
            stay.set(Pid::from_raw(process).map_or(State::Gone, State::Here));
            Ok(resource)
        }
        Err(error) => {
            // It never was on the server's lists, or its connection broke.
            stay.set(State::Gone);
            Err(error)
        }
    }
}

async fn process(client: &Client) -> Result<i32, Error> {
    client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)
}
