//! Encrypted named records on sled: what makes instances survive a restart.
//!
//! ```text
//! <dir>/            0700
//!   sled/           the engine: trees objects, index, schemas, meta
//!   generation      sealed number of the last change, to notice a lost tail
//!   backups/        automatic backups, one sealed file each
//!   databases/      one folder per database, see [`Vault`]
//!   lock.pid        advisory lock, held per operation, and who holds it
//! ```
//!
//! A random master key, wrapped once per way to unlock ([`SlotKind`]), gives the keys that seal
//! records, hash names and seal the manifest of the whole. Every change is one transaction over
//! records, index and manifest. The engine is open only while an operation runs, so several
//! shells work at once; reads are answered from a sealed mirror in memory while nobody changed
//! the store. Whoever can put back the whole folder to an older state, generation file included,
//! is not noticed: that cannot be detected locally.
//!
//! | what | where |
//! |---|---|
//! | the store, its opening and its making | [`store`], `open`, `state`, `edit` |
//! | records, and databases beside them | `record`, [`vault`] |
//! | keys and the ways to unlock | `keys`, `slot`, `kdf`, `keyfile`, `words`, `access` |
//! | what lies on disk, sealed | `seal`, `header`, `manifest`, `frames`, `files` |
//! | the engine, and several shells at once | `backend`, `on_sled`, `memory`, `site`, `lock`, `mirror` |
//! | damage, backups, moving elsewhere | `check`, `health`, `backup`, `transfer` |
//! | secrets of this process | `process` |
//!
//! The room never prints or prompts. The shell leads the dialogue with [`Store::open`],
//! [`Locked::unlock`], [`Store::create`] and shows the [`Warning`]s.
mod access;
mod backend;
mod backup;
mod check;
mod edit;
mod error;
mod files;
mod frames;
mod header;
mod health;
mod kdf;
mod keyfile;
mod keys;
mod lock;
mod manifest;
mod memory;
mod mirror;
mod on_sled;
mod open;
mod process;
mod record;
mod seal;
mod site;
mod slot;
mod state;
#[allow(clippy::module_inception, reason = "the type of that name lives there")]
mod store;
mod transfer;
mod vault;
mod words;

pub use backup::BackupInfo;
pub use check::CheckReport;
pub use error::{Result, StoreError};
pub use files::Warning;
pub use health::{DamageReport, Health};
pub use kdf::KdfCost;
pub use open::{Locked, NewLock};
pub use process::harden_process;
pub use record::{MAX_RECORD, Record, RecordId, Summary};
pub use slot::{SlotKind, Unlock};
pub use store::{Expect, Hold, Options, Saved, Scan, Store};
pub use transfer::{ExportReport, ImportReport, Merge};
pub use vault::{DamagedEntry, Entry, Vault, VaultEdit, VaultReport, VaultView};
pub use words::{RecoveryWords, WORD_COUNT, WordsError};
