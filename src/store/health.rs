//! The verdict on the store as a whole: good, or read-only with a report.
use std::fmt;
use std::path::PathBuf;

/// Whether the store may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Manifest, generation and content agree.
    Good,
    /// They do not: reading works, writing is refused until the store is restored or the loss
    /// accepted.
    ReadOnly(Box<DamageReport>),
}

/// What the integrity check of the whole store found (spec: sealed manifest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamageReport {
    /// The first thing that did not agree, as a sentence.
    pub reason: String,
    /// Records that should be there, as far as known.
    pub expected: Option<u64>,
    /// Records that are there.
    pub found: u64,
    /// Generation (number of committed changes) that was expected.
    pub expected_generation: u64,
    /// Generation found in the store.
    pub found_generation: u64,
    /// Automatic backups to restore from, newest first.
    pub backups: Vec<PathBuf>,
}

impl DamageReport {
    /// Number of missing records, when the number that should be there is known.
    pub fn missing(&self) -> Option<u64> {
        self.expected
            .map(|expected| expected.saturating_sub(self.found))
    }

    /// Number of committed changes that are lost.
    pub fn lost_changes(&self) -> u64 {
        self.expected_generation
            .saturating_sub(self.found_generation)
    }
}

impl fmt::Display for DamageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.missing() {
            Some(0) | None => write!(f, "; {} records are present", self.found)?,
            Some(missing) => {
                let expected = self.expected.unwrap_or_default();
                write!(f, "; {missing} of {expected} records are missing")?;
            }
        }
        match self.lost_changes() {
            0 => {}
            1 => f.write_str("; the last change is lost")?,
            n => write!(f, "; the last {n} changes are lost")?,
        }
        match self.backups.first() {
            Some(newest) => write!(f, "; restore the backup {}", newest.display()),
            None => f.write_str("; there is no automatic backup"),
        }
    }
}
