//! What conversions need from outside: a clock, random bytes, a time zone, rates and the registry.
//!
//! Everything is passed in, so a test can freeze, seed and replace it.
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jiff::tz::TimeZone;

use super::money::Rates;
use super::registry::Registry;

/// Answers the time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now(&self) -> i64 {
        self()
    }
}

/// A clock that stands still at the given epoch seconds.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub i64);

impl Clock for FixedClock {
    fn now(&self) -> i64 {
        self.0
    }
}

/// Gives random bytes, for new guids.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl<F: Fn(&mut [u8]) + Send + Sync> Random for F {
    fn fill(&self, buffer: &mut [u8]) {
        self(buffer)
    }
}

/// The surroundings of schemas and objects. Objects keep a shared reference to theirs.
pub struct Context {
    registry: Registry,
    clock: Box<dyn Clock>,
    random: Box<dyn Random>,
    zone: TimeZone,
    rates: RwLock<Arc<Rates>>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl Context {
    /// Makes surroundings with an empty registry, the built-in rates and dates in UTC.
    pub fn new(clock: impl Clock + 'static, random: impl Random + 'static) -> Self {
        Self {
            registry: Registry::default(),
            clock: Box::new(clock),
            random: Box::new(random),
            zone: TimeZone::UTC,
            rates: RwLock::new(Arc::clone(Rates::builtin())),
        }
    }

    /// Takes another time zone for reading and printing dates.
    pub fn with_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// The schemas by url and md5.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The time in epoch seconds.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The time zone of dates.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The rates in use.
    pub fn rates(&self) -> Arc<Rates> {
        Arc::clone(&self.rates.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the rates; ids of currencies never change.
    pub fn set_rates(&self, rates: Rates) {
        *self.rates.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rates);
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// Surroundings for checking default texts while parsing: a leap day, so that `02/29` passes.
    pub(crate) fn detached() -> &'static Arc<Self> {
        const LEAP_DAY: i64 = 951_782_400; // 2000-02-29T00:00:00Z
        static DETACHED: LazyLock<Arc<Context>> =
            LazyLock::new(|| Arc::new(Context::new(FixedClock(LEAP_DAY), |_: &mut [u8]| {})));
        &DETACHED
    }
}
