//! The node's clock: seconds since 1970 from a source that is passed in, plus an offset.
//!
//! Tests and people who try out time locks move the offset; nothing else in the devnet asks the
//! system for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

type Source = dyn Fn() -> u64 + Send + Sync;

/// A clock in whole seconds since 1970 (UTC) with an offset that can be changed while it runs.
/// Clones share the offset.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Source>,
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// Returns the clock of the machine.
    pub fn system() -> Self {
        Self::from_source(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map(|d| d.as_secs())
                .unwrap_or_default()
        })
    }

    /// Returns a clock that reads `source` (seconds since 1970).
    pub fn from_source(source: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(source),
            offset: Arc::new(AtomicI64::new(0)),
        }
    }

    /// Returns the time: source plus offset, never below zero.
    pub fn now(&self) -> u64 {
        (self.source)().saturating_add_signed(self.offset())
    }

    /// Returns the offset in seconds.
    pub fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Sets the offset in seconds; negative values put the clock back.
    pub fn set_offset(&self, seconds: i64) {
        self.offset.store(seconds, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("now", &self.now())
            .field("offset", &self.offset())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_moves_the_time_both_ways_and_is_shared() {
        let clock = Clock::from_source(|| 1_000);
        let twin = clock.clone();
        clock.set_offset(50);
        assert_eq!(twin.now(), 1_050);
        clock.set_offset(-2_000);
        assert_eq!(twin.now(), 0);
    }
}
