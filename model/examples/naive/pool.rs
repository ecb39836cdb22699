//! A pool as one writes it in an afternoon: a mutex, a condition variable, and resources made in advance.
//!
//! [`Naive`] looks for an idle resource, and if there is none, waits until one comes back; between the two it lets go of the
//! lock. What comes back in between wakes nobody, for nobody waits yet; and who waits then, waits for ever. [`Fixed`] keeps the
//! lock from the look to the wait. It is r2d2's old bug, and r2d2's fix (commit f9f6bec of 2017, "Fix rare race
//! condition"); the same gap is suspected in djc/bb8#122.

use super::sync::{Condvar, Mutex, MutexGuard};
use striped_pool_model::programs::Op;
use striped_pool_model::real::{Answer, RealPool, note};

/// A connection, say.
#[derive(Debug)]
pub(crate) struct Resource(u64);

struct State {
    idle: Vec<Resource>,
    is_closed: bool,
}

/// The pool, which waits in one way or the other.
pub(crate) struct Pool<const IS_FIXED: bool> {
    state: Mutex<State>,
    returned: Condvar,
}

pub(crate) type Naive = Pool<false>;
pub(crate) type Fixed = Pool<true>;

impl<const IS_FIXED: bool> Pool<IS_FIXED> {
    fn take(&self) -> Answer<Resource> {
        if IS_FIXED { self.take_and_keep_the_lock() } else { self.take_naively() }
    }

    fn take_naively(&self) -> Answer<Resource> {
        loop {
            // The lock is held in here …
            if let Some(answer) = look(&mut self.lock()) {
                return answer;
            }
            // … and in here, but not in between.
            drop(self.wait(self.lock()));
        }
    }

    fn take_and_keep_the_lock(&self) -> Answer<Resource> {
        let mut state = self.lock();
        loop {
            if let Some(answer) = look(&mut state) {
                return answer;
            }
            state = self.wait(state);
        }
    }

    fn try_take(&self) -> Answer<Resource> {
        look(&mut self.lock()).unwrap_or(Answer::Nothing)
    }

    fn put(&self, resource: Resource) {
        self.lock().idle.push(resource);
        note("wakes who waits");
        self.returned.notify_one();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.returned.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics inside")
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        note("waits");
        self.returned.wait(state).expect("nobody panics inside")
    }
}

/// The answer to a take, unless it has to wait.
fn look(state: &mut State) -> Option<Answer<Resource>> {
    if state.is_closed {
        return Some(Answer::Closed);
    }
    let found = state.idle.pop();
    note(if found.is_some() { "finds one" } else { "finds none" });
    found.map(Answer::Got)
}

impl<const IS_FIXED: bool> RealPool for Pool<IS_FIXED> {
    type Held = Resource;
    const OPERATIONS: &'static [Op] = &[Op::Take, Op::TryTake, Op::Put, Op::Close];

    fn new(capacity: usize) -> Self {
        let idle = (0..capacity as u64).map(Resource).collect();
        Self { state: Mutex::new(State { idle, is_closed: false }), returned: Condvar::new() }
    }

    fn run(&self, op: Op, held: Option<Resource>) -> Answer<Resource> {
        match (op, held) {
            (Op::Take, _) => return self.take(),
            (Op::TryTake, _) => return self.try_take(),
            (Op::Put, Some(resource)) => self.put(resource),
            (Op::Close, _) => self.close(),
            (op, held) => unreachable!("{op:?} of {held:?} is not one of the operations"),
        }
        Answer::Done
    }

    fn identity(held: &Resource) -> Option<u64> {
        Some(held.0)
    }
}
