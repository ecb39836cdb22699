//! std, loom or shuttle: the only file that names them, with what std needs and loom does not in `sync/`.
//!
//! Everything that the runtime shares between threads is written in loom's dialect (`with` instead of `get`, tracked
//! allocation) and imported from here. The features `loom` and `shuttle` swap this file's meaning and nothing else: the
//! code that ships is the code that they run. loom searches all schedules of small programs, with weak memory; shuttle
//! samples schedules of longer ones and takes every atomic for sequentially consistent. If both are asked for, it is loom.
//!
//! What differs under both, beyond the types:
//! - time does not pass by itself: each reading of a [`Clock`] is one second later than the one before, a deadline of
//!   zero has passed and any other never does. Timeouts are thereby choices of the scenario, not of a clock.
//! - freed memory is used again in an order that follows from the interleaving alone: [`alloc`].
//! - under loom with histories recorded (feature `trace`), the guess before a compare-and-swap is never stale: `guessed`.
//!   Without, it is as stale as loom can make it.
//! - [`Yields`] and `back_off` are none, [`COURTESY_SPINS`] is 2: yielding and spinning only delay a thread, which
//!   is a schedule that they explore anyway. A [`Line`] knows nothing: what follows from it are other delays, and that
//!   a take which waits is tried without waiting first, which is explored always.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this is the file that the lints send everybody to"
)]

pub(crate) use core::sync::atomic::Ordering;

#[cfg(feature = "loom")]
pub(crate) use self::with_loom::*;
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
pub(crate) use self::with_shuttle::*;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
pub(crate) use self::with_std::*;

/// Shared ownership of immutable data (parts of stripes, user closures). Never loom's: nothing is synchronised
/// through it.
pub(crate) type Shared<T> = std::sync::Arc<T>;

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod clock;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod line;
#[cfg(not(feature = "loom"))]
mod plain_cell;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod yields;

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod with_std {
    use std::time::{Duration, Instant};

    pub(crate) type Arc<T> = std::sync::Arc<T>;
    pub(crate) type AtomicBool = std::sync::atomic::AtomicBool;
    pub(crate) type AtomicIsize = std::sync::atomic::AtomicIsize;
    pub(crate) type AtomicPtr<T> = std::sync::atomic::AtomicPtr<T>;
    pub(crate) type AtomicUsize = std::sync::atomic::AtomicUsize;
    pub(crate) type AtomicU8 = std::sync::atomic::AtomicU8;
    pub(crate) type Mutex<T> = std::sync::Mutex<T>;

    pub(crate) use super::clock::Clock;
    pub(crate) use super::line::Line;
    pub(crate) use super::plain_cell::*;
    pub(crate) use super::yields::Yields;
    pub(crate) use std::alloc::{alloc, dealloc};
    pub(crate) use std::thread::{JoinHandle, Thread, current};

    /// A thread-local whose first value is a constant: no check at each access whether it exists yet.
    macro_rules! const_thread_local {
        ($name:ident: $type:ty = $value:expr) => {
            std::thread_local! { static $name: $type = const { $value } }
        };
    }
    pub(crate) use const_thread_local;

    /// Lets others run first.
    pub(crate) fn yield_now() {
        std::thread::yield_now();
    }

    /// How often a thread spins, at most, before it begins a commit although others ask it to give way: some 20 µs,
    /// enough for the longest transition (10 000 entries) of a thread that runs.
    pub(crate) const COURTESY_SPINS: u32 = 1024;
    /// And how often it then yields, for one that does not run. Few: beside other busy processes each can take long.
    pub(crate) const COURTESY_YIELDS: u32 = 2;
    /// How often a thread spins before it tries again where nobody waits: 2 to 4 µs.
    pub(crate) const BACK_OFF_SPINS: u32 = 128;

    pub(crate) use core::hint::spin_loop;

    /// Lets others go on for a moment; how often it spun.
    pub(crate) fn back_off() -> u32 {
        let mut spun = 0;
        for _ in 0..BACK_OFF_SPINS {
            spin_loop();
            spun += 1;
        }
        spun
    }

    /// A named thread.
    pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(name.to_owned()).spawn(run)
    }

    /// Until when a wait lasts.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Deadline(Option<Instant>);

    impl Deadline {
        pub(crate) const NEVER: Self = Self(None);

        /// A deadline too far away to be represented never passes.
        pub(crate) fn after(wait: Duration) -> Self {
            Self(Instant::now().checked_add(wait))
        }

        pub(crate) fn has_passed(self) -> bool {
            self.0.is_some_and(|at| Instant::now() >= at)
        }

        /// Parks until unparked, the deadline, or for no reason at all.
        pub(crate) fn park(self) {
            match self.0 {
                None => std::thread::park(),
                Some(at) => std::thread::park_timeout(at.saturating_duration_since(Instant::now())),
            }
        }
    }

    /// How long something takes, by the precise clock.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Stopwatch(Instant);

    impl Stopwatch {
        pub(crate) fn start() -> Self {
            Self(Instant::now())
        }

        pub(crate) fn elapsed(self) -> Duration {
            self.0.elapsed()
        }
    }

    /// A small number that is this thread's for good; threads are numbered as they first ask.
    pub(crate) fn thread_number() -> usize {
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        std::thread_local! {
            // ORDERING: Relaxed: only uniqueness counts, and a read-modify-write gives it; nothing is published.
            static NUMBER: usize = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        NUMBER.try_with(|number| *number).unwrap_or(0)
    }
}

#[cfg(feature = "loom")]
mod with_loom {
    pub(crate) type Arc<T> = loom::sync::Arc<T>;
    pub(crate) type AtomicBool = loom::sync::atomic::AtomicBool;
    pub(crate) type AtomicIsize = loom::sync::atomic::AtomicIsize;
    #[cfg(not(feature = "trace"))]
    pub(crate) type AtomicPtr<T> = loom::sync::atomic::AtomicPtr<T>;
    #[cfg(feature = "trace")]
    pub(crate) use super::guessed::AtomicPtr;
    pub(crate) type AtomicUsize = loom::sync::atomic::AtomicUsize;
    pub(crate) type AtomicU8 = loom::sync::atomic::AtomicU8;
    pub(crate) type Mutex<T> = loom::sync::Mutex<T>;
    pub(crate) type UnsafeCell<T> = loom::cell::UnsafeCell<T>;

    pub(crate) use super::checked::*;
    pub(crate) use loom::cell::{ConstPtr, MutPtr};
    pub(crate) use loom::thread::{JoinHandle, Thread, current, park, yield_now};

    macro_rules! const_thread_local {
        ($name:ident: $type:ty = $value:expr) => {
            loom::thread_local! { static $name: $type = $value }
        };
    }
    pub(crate) use const_thread_local;

    pub(crate) use loom::hint::spin_loop;

    /// loom sees to it that what is tracked is freed.
    pub(crate) type Tracked = loom::alloc::Track<()>;

    pub(crate) fn track() -> Tracked {
        loom::alloc::Track::new(())
    }

    /// A named thread.
    pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
        loom::thread::Builder::new().name(name.to_owned()).spawn(run)
    }

    loom::lazy_static! {
        static ref NEXT: loom::sync::atomic::AtomicUsize = loom::sync::atomic::AtomicUsize::new(0);
    }

    loom::thread_local! {
        // ORDERING: Relaxed: as under std.
        static NUMBER: usize = NEXT.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    }

    pub(crate) fn thread_number() -> usize {
        NUMBER.try_with(|number| *number).unwrap_or(0)
    }
}

#[cfg(all(feature = "shuttle", not(feature = "loom")))]
mod with_shuttle {
    pub(crate) type Arc<T> = std::sync::Arc<T>;
    pub(crate) type AtomicBool = shuttle::sync::atomic::AtomicBool;
    pub(crate) type AtomicIsize = shuttle::sync::atomic::AtomicIsize;
    pub(crate) type AtomicPtr<T> = shuttle::sync::atomic::AtomicPtr<T>;
    pub(crate) type AtomicUsize = shuttle::sync::atomic::AtomicUsize;
    pub(crate) type AtomicU8 = shuttle::sync::atomic::AtomicU8;
    pub(crate) type Mutex<T> = shuttle::sync::Mutex<T>;
    /// Only that it is freed once is checked.
    pub(crate) type Tracked = Arc<()>;

    pub(crate) use super::checked::*;
    pub(crate) use super::plain_cell::*;
    pub(crate) use shuttle::hint::spin_loop;
    pub(crate) use shuttle::thread::{JoinHandle, Thread, current, park, yield_now};

    macro_rules! const_thread_local {
        ($name:ident: $type:ty = $value:expr) => {
            shuttle::thread_local! { static $name: $type = $value }
        };
    }
    pub(crate) use const_thread_local;

    pub(crate) fn track() -> Tracked {
        Arc::new(())
    }

    /// A named thread.
    pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
        shuttle::thread::Builder::new().name(name.to_owned()).spawn(run)
    }

    /// shuttle numbers the threads of a run.
    pub(crate) fn thread_number() -> usize {
        current().id().into()
    }
}

/// What loom and shuttle share: time that does not pass, and memory whose addresses follow from the schedule.
#[cfg(any(feature = "loom", feature = "shuttle"))]
mod checked {
    use super::{Tracked, park, track};
    use crate::stripe::Timestamp;
    use core::alloc::Layout;
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Yields;

    #[allow(clippy::unused_self, reason = "as std's has it")]
    impl Yields {
        pub(crate) fn new(_number: u64, _ahead: u32, _line: &Line) -> Self {
            Self
        }

        pub(crate) fn end(&self, _line: &Line, _is_served: bool) {}

        pub(crate) fn are_left(&self) -> bool {
            false
        }

        pub(crate) fn once(&mut self) {}

        pub(crate) fn looks(&self, _ahead: u32) -> u32 {
            0
        }
    }

    /// Knows nothing: no step of a schedule, nobody waits, and whoever asks is next.
    #[derive(Debug)]
    pub(crate) struct Line;

    #[allow(clippy::unused_self, reason = "as std's has it")]
    impl Line {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn note(&self, _waiting: u32, _next: u64) {}

        pub(crate) fn is_formed(&self) -> bool {
            false
        }

        pub(crate) fn is_long(&self) -> bool {
            false
        }

        pub(crate) fn ahead_of(&self, _id: u64) -> u32 {
            0
        }
    }

    pub(crate) const COURTESY_SPINS: u32 = 2;
    pub(crate) const COURTESY_YIELDS: u32 = 2;

    /// Another schedule, which is explored anyway.
    pub(crate) fn back_off() -> u32 {
        0
    }

    // All threads of a model run on one thread of the system, so this is one allocator for the model.
    std::thread_local! {
        static FREE: RefCell<Vec<(usize, Layout)>> = const { RefCell::new(Vec::new()) };
        static LIVE: RefCell<BTreeMap<usize, Tracked>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// Memory whose address is that of the block freed last, if one is free; tracked until it is freed.
    ///
    /// Not malloc's: whether an address is used again decides which compare-and-swaps succeed, so it must follow from
    /// the interleaving alone, or no schedule could be replayed.
    ///
    /// # Safety
    ///
    /// As [`std::alloc::alloc`].
    pub(crate) unsafe fn alloc(layout: Layout) -> *mut u8 {
        let free = FREE.with_borrow_mut(|free| {
            let place = free.iter().rposition(|(_, size)| *size == layout)?;
            Some(core::ptr::with_exposed_provenance_mut(free.remove(place).0))
        });
        // SAFETY: the caller's contract.
        let memory = free.unwrap_or_else(|| unsafe { std::alloc::alloc(layout) });
        let before = LIVE.with_borrow_mut(|live| live.insert(memory.expose_provenance(), track()));
        assert!(before.is_none(), "memory is in use already");
        memory
    }

    /// # Safety
    ///
    /// As [`std::alloc::dealloc`].
    pub(crate) unsafe fn dealloc(memory: *mut u8, layout: Layout) {
        let tracked = LIVE.with_borrow_mut(|live| live.remove(&memory.addr()));
        drop(tracked.expect("memory is freed once"));
        FREE.with_borrow_mut(|free| free.push((memory.expose_provenance(), layout)));
    }

    /// Each reading is one second later than the one before. The counter is invisible to loom.
    #[derive(Debug)]
    pub(crate) struct Clock(std::sync::atomic::AtomicU64);

    impl Clock {
        pub(crate) fn start() -> Self {
            Self(std::sync::atomic::AtomicU64::new(0))
        }

        pub(crate) fn now(&self) -> Timestamp {
            const SECOND: u64 = 1_000_000_000;
            // ORDERING: Relaxed: outside of the model; only that each reading is another counts.
            Timestamp(self.0.fetch_add(SECOND, std::sync::atomic::Ordering::Relaxed).saturating_add(SECOND))
        }
    }

    /// No time passes.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Stopwatch;

    impl Stopwatch {
        pub(crate) fn start() -> Self {
            Self
        }

        #[allow(clippy::unused_self, reason = "as the clock's has it")]
        pub(crate) fn elapsed(self) -> Duration {
            Duration::ZERO
        }
    }

    /// Zero has passed, anything else never does.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Deadline(bool);

    impl Deadline {
        pub(crate) const NEVER: Self = Self(false);

        pub(crate) fn after(wait: Duration) -> Self {
            Self(wait.is_zero())
        }

        pub(crate) fn has_passed(self) -> bool {
            self.0
        }

        #[allow(clippy::unused_self, reason = "as the clock's deadline has it")]
        pub(crate) fn park(self) {
            park();
        }
    }
}

#[cfg(all(feature = "loom", feature = "trace"))]
mod guessed {
    use super::Ordering;

    /// loom's, except that a load returns the newest value, and is not a step of its own.
    ///
    /// The pointer to a stripe is loaded only to guess what the compare-and-swap right after it will find. A stale guess makes
    /// that fail, which leaves nothing behind; but loom tries each of up to 7 older values at each load, and all of
    /// that multiplies: a program of two threads with two takes each has 145 124 interleavings with stale guesses and 963
    /// without. The named programs run both ways.
    ///
    /// `newest` is no communication that loom would have to know of: between a step of loom's and the next nothing else
    /// runs, so it is what loom's own word holds, and a guess that is out of date fails at the next step, which loom does know.
    /// There are two exceptions, which say little this way and are for runs without `trace`: a saturated count of readers is
    /// waited for on a guess, and the drop of a head trusts its load, because whoever drops has synchronised with all others.
    #[derive(Debug)]
    pub(crate) struct AtomicPtr<T> {
        word: loom::sync::atomic::AtomicPtr<T>,
        newest: std::sync::atomic::AtomicPtr<T>,
    }

    impl<T> AtomicPtr<T> {
        pub(crate) fn new(value: *mut T) -> Self {
            Self { word: loom::sync::atomic::AtomicPtr::new(value), newest: std::sync::atomic::AtomicPtr::new(value) }
        }

        /// A guess.
        pub(crate) fn load(&self, order: Ordering) -> *mut T {
            self.newest.load(order)
        }

        pub(crate) fn compare_exchange(
            &self,
            current: *mut T,
            new: *mut T,
            success: Ordering,
            failure: Ordering,
        ) -> Result<*mut T, *mut T> {
            let result = self.word.compare_exchange(current, new, success, failure);
            if result.is_ok() {
                // ORDERING: Relaxed: outside of the model, on one thread of the system.
                self.newest.store(new, Ordering::Relaxed);
            }
            result
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: *mut T,
            new: *mut T,
            success: Ordering,
            failure: Ordering,
        ) -> Result<*mut T, *mut T> {
            self.compare_exchange(current, new, success, failure)
        }
    }
}
