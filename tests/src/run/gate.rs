//! A gate that the workers pass between turns. While it is shut they stand there, without leases.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_shut: bool,
    standing: u32,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes through, when the gate is open.
    pub(super) fn pass(&self) {
        let mut state = self.lock();
        if state.is_shut {
            state.standing += 1;
            self.changed.notify_all();
            state = self.changed.wait_while(state, |state| state.is_shut).unwrap_or_else(PoisonError::into_inner);
            state.standing -= 1;
        }
    }

    /// Shuts the gate and waits until `workers` stand before it; whether they all came in time.
    pub(super) fn shut(&self, workers: u32, patience: Duration) -> bool {
        let mut state = self.lock();
        state.is_shut = true;
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.standing < workers);
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }

    /// Lets everybody through.
    pub(super) fn open(&self) {
        self.lock().is_shut = false;
        self.changed.notify_all();
    }
}
