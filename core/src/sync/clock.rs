//! The clock that stamps what is idle, under std.

use crate::stripe::Timestamp;
use std::time::Duration;

/// A monotonic clock that starts when it is made. Coarse where the system has such a clock: it moves in steps of some
/// milliseconds (1 to 10 on Linux, 16 on Windows), and reading it is cheap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(source::Reading);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(source::reading())
    }

    /// Nanoseconds since the start.
    #[inline]
    pub(crate) fn now(self) -> Timestamp {
        let since: Duration = source::reading().duration_since(self.0).into();
        Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "macos",
    target_os = "windows"
))]
mod source {
    pub(super) use coarsetime::Instant as Reading;

    #[inline]
    pub(super) fn reading() -> Reading {
        Reading::now_without_cache_update()
    }
}

/// On other systems coarsetime reads the wall clock, which can go back.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "macos",
    target_os = "windows"
)))]
mod source {
    pub(super) use std::time::Instant as Reading;

    pub(super) fn reading() -> Reading {
        Reading::now()
    }
}
