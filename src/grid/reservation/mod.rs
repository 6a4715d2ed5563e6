//! What can be reserved.
//!
//! * [`Request`]: what a person asked for; [`Request::check`] makes it a [`Reservation`].
//! * [`price`]: what it costs and what one gets for it.
//! * [`Reservation::pack`], [`Reservation::unpack`]: the map that the broker reads.
mod check;
mod packed;
mod password;
pub mod price;

use std::fmt;

pub use check::{Locations, Request, ReservationError};
pub use packed::UnpackError;
pub use password::Password;

/// What an integer of the schema language holds when nobody set it; a duration of it means one
/// week (spec: capacity §3.1, §11).
pub const NOT_SET: u32 = 2_147_483_647;
/// Seconds that a reservation without duration lasts: one week (spec: capacity §6.4).
pub const WEEK: u64 = 604_800;
/// Seconds of a month of a reservation: 30 days (spec: capacity §7).
pub const MONTH: u64 = 30 * 86_400;

/// A kind of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A virtual machine with Zero-OS.
    Vm,
    /// An archive with the S3 protocol.
    S3,
    /// A namespace of a 0-DB.
    Namespace,
    /// A domain that leads to backends.
    ReverseProxy,
    /// More time for an earlier reservation.
    Extension,
}

impl Kind {
    /// Returns the packed word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Vm => "vm",
            Kind::S3 => "s3",
            Kind::Namespace => "namespace",
            Kind::ReverseProxy => "reverse_proxy",
            Kind::Extension => "extension",
        }
    }

    /// Reads a packed word.
    pub fn parse(word: &str) -> Option<Kind> {
        let all = [
            Kind::Vm,
            Kind::S3,
            Kind::Namespace,
            Kind::ReverseProxy,
            Kind::Extension,
        ];
        all.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A kind of disk. The numbers are the packed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskType {
    /// Turning.
    Hdd = 1,
    /// Solid state.
    Ssd = 2,
}

/// How keys of a 0-DB namespace are made. The numbers are the packed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The server numbers the values.
    Seq = 1,
    /// The user names them.
    User = 2,
    /// The key is the place in the file.
    Direct = 3,
}

impl DiskType {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            DiskType::Hdd => "hdd",
            DiskType::Ssd => "ssd",
        }
    }
}

impl Mode {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Seq => "seq",
            Mode::User => "user",
            Mode::Direct => "direct",
        }
    }
}

/// What is reserved, with what only this kind has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A virtual machine.
    Vm {
        /// 1 or 2, see [`price::machine`].
        size: u32,
        /// Id of a node or a farmer.
        location: String,
        /// Who may log in; only with a duration (later revision of the format).
        organization: Option<String>,
    },
    /// An S3 archive.
    S3 {
        /// 1 or 2, see [`price::archive_gigabytes`].
        size: u32,
        /// Id of a node or a farmer.
        location: String,
    },
    /// A 0-DB namespace.
    Namespace {
        /// Gigabytes.
        size: u32,
        /// Id of a node or a farmer.
        location: String,
        /// On what disk.
        disk_type: DiskType,
        /// How keys are made.
        mode: Mode,
        /// Empty: the broker makes one.
        password: Password,
    },
    /// A reverse proxy.
    ReverseProxy {
        /// The name that leads to the backends.
        domain: String,
        /// Where requests go.
        backend_urls: Vec<String>,
    },
    /// More time.
    Extension {
        /// The payment of the earlier reservation.
        transaction_id: String,
    },
}

/// A reservation that passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Months; None for one week.
    pub duration: Option<u32>,
    /// Where news go; lower case.
    pub email: String,
    /// When it was made, seconds since 1970; 0 for an extension, which does not say it.
    pub created: u64,
    /// What is reserved.
    pub wanted: Wanted,
}

impl Reservation {
    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        match self.wanted {
            Wanted::Vm { .. } => Kind::Vm,
            Wanted::S3 { .. } => Kind::S3,
            Wanted::Namespace { .. } => Kind::Namespace,
            Wanted::ReverseProxy { .. } => Kind::ReverseProxy,
            Wanted::Extension { .. } => Kind::Extension,
        }
    }

    /// Returns the size; None for a kind without.
    pub fn size(&self) -> Option<u32> {
        match self.wanted {
            Wanted::Vm { size, .. } | Wanted::S3 { size, .. } | Wanted::Namespace { size, .. } => {
                Some(size)
            }
            Wanted::ReverseProxy { .. } | Wanted::Extension { .. } => None,
        }
    }

    /// Returns the node or farmer; empty for a kind without.
    pub fn location(&self) -> &str {
        match &self.wanted {
            Wanted::Vm { location, .. }
            | Wanted::S3 { location, .. }
            | Wanted::Namespace { location, .. } => location,
            Wanted::ReverseProxy { .. } | Wanted::Extension { .. } => "",
        }
    }

    /// Returns when it ends, seconds since 1970, when it begins at `start`.
    pub fn expiry(&self, start: u64) -> u64 {
        expiry(start, self.duration)
    }
}

/// Returns when a time of so many months (None: one week) ends that begins at `start` (seconds
/// since 1970). Months begin at a whole minute (spec: capacity §7).
pub fn expiry(start: u64, duration: Option<u32>) -> u64 {
    match duration {
        None => start.saturating_add(WEEK),
        Some(months) => {
            let minute = start.saturating_sub(start % 60);
            minute.saturating_add(MONTH.saturating_mul(u64::from(months)))
        }
    }
}
