//! What capacity costs, and what one gets for it (spec: capacity §2.1).
use super::{Kind, Reservation, Wanted};
use crate::tfchain::Amount;

/// Units of size 1 of a machine or an archive: 41.65 TFT; size 2 costs twice as much.
const SIZE_ONE: u128 = 41_650_000_000;
/// Units of a gigabyte of a namespace: 0.0833 TFT.
const GIGABYTE: u128 = 83_300_000;
/// Units of a reverse proxy: 10 TFT.
const REVERSE_PROXY: u128 = 10_000_000_000;

/// What a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// CPU cores.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Disk in GiB.
    pub disk_gib: u32,
}

/// Returns what a machine of a size has; None for a size that there is not.
pub fn machine(size: u32) -> Option<Machine> {
    let (cpus, memory_mib, disk_gib) = match size {
        1 => (1, 2048, 10),
        2 => (2, 4096, 40),
        _ => return None,
    };
    Some(Machine {
        cpus,
        memory_mib,
        disk_gib,
    })
}

/// Returns the gigabytes of an archive of a size; None for a size that there is not.
pub fn archive_gigabytes(size: u32) -> Option<u32> {
    match size {
        1 => Some(500),
        2 => Some(1000),
        _ => None,
    }
}

/// Returns the price of a kind and size for one month, or for one week where no duration is
/// given; None for an extension, which costs what the extended reservation costs.
pub fn price(kind: Kind, size: u32) -> Option<Amount> {
    let units = match kind {
        Kind::Vm | Kind::S3 => SIZE_ONE * u128::from(size),
        Kind::Namespace => GIGABYTE * u128::from(size),
        Kind::ReverseProxy => REVERSE_PROXY,
        Kind::Extension => return None,
    };
    Some(Amount::from_units(units))
}

impl Reservation {
    /// Returns what the reservation costs for its whole duration; None for an extension, see
    /// [`Reservation::extension_price`].
    pub fn price(&self) -> Option<Amount> {
        let once = price(self.kind(), self.size().unwrap_or(1))?;
        Some(once.times(u64::from(self.duration.unwrap_or(1))))
    }

    /// Returns what it costs to extend this reservation by so many months; None for an extension.
    pub fn extension_price(&self, months: u32) -> Option<Amount> {
        let once = price(self.kind(), self.size().unwrap_or(1))?;
        Some(once.times(u64::from(months)))
    }

    /// Says what one gets: `2 CPU, 4 GiB memory, 40 GiB disk`.
    pub fn gives(&self) -> String {
        match &self.wanted {
            Wanted::Vm { size, .. } => match machine(*size) {
                Some(it) => format!(
                    "{} CPU, {} GiB memory, {} GiB disk",
                    it.cpus,
                    it.memory_mib / 1024,
                    it.disk_gib
                ),
                None => format!("size {size}"),
            },
            Wanted::S3 { size, .. } => match archive_gigabytes(*size) {
                Some(gigabytes) => format!("{gigabytes} GB"),
                None => format!("size {size}"),
            },
            Wanted::Namespace {
                size, disk_type, ..
            } => format!("{size} GB on {}", disk_type.as_str()),
            Wanted::ReverseProxy { domain, .. } => domain.clone(),
            Wanted::Extension { transaction_id } => format!("more time for {transaction_id}"),
        }
    }
}
