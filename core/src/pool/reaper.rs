//! A thread that reaps now and then, for those who have no timer of their own.

use super::Pool;
use crate::sync::{Arc, AtomicBool, Deadline, JoinHandle, Ordering, spawn};
use core::fmt;
use core::time::Duration;
use std::io;

/// Reaps a pool at intervals, in a thread of its own, until it is dropped or the pool is closed.
///
/// It does not keep the pool open: the last [`Pool`] handle still closes it, and the thread ends at its next turn.
/// Dropping the reaper tells the thread to end and does not wait for a `free` that it may be running.
#[must_use = "dropping a reaper stops it"]
pub struct Reaper {
    is_stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Reaper {
    /// Starts to call [`Pool::reap`] every `interval`. A panic of `free` is reported by the panic hook and does not end
    /// the reaper.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for an interval of zero, and whatever the system says if it has no thread left.
    pub fn start<T: Send + 'static, E>(pool: &Pool<T, E>, interval: Duration) -> io::Result<Self> {
        if interval.is_zero() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a reaper's interval must be longer than zero"));
        }
        let inner = Arc::clone(&pool.inner);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let is_told = Arc::clone(&is_stopped);
        let thread = spawn("striped-pool reaper", move || {
            // ORDERING: Relaxed: a flag that nothing is published with; seeing it late costs one turn.
            let is_over = || inner.is_closed() || is_told.load(Ordering::Relaxed);
            while !is_over() {
                let turn = Deadline::after(interval);
                while !turn.has_passed() && !is_over() {
                    turn.park();
                }
                if !is_over() {
                    inner.reap().swallow();
                }
            }
        })?;
        Ok(Self { is_stopped, thread })
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // ORDERING: Relaxed: as in the thread; the unpark below makes it look.
        self.is_stopped.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
    }
}

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaper").finish_non_exhaustive()
    }
}
