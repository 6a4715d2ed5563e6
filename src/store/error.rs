//! What can go wrong in the store, in words that a person can act on.
//!
//! No variant ever carries a passphrase, a word, a key or the data of a record. Names and
//! locations of records do appear: whoever sees these errors has the store unlocked.
use std::path::{Path, PathBuf};

use super::health::DamageReport;
use super::record::RecordId;
use super::slot::SlotKind;

/// Result of every store operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Every failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused a file operation.
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        /// Verb phrase, for example `read` or `create the folder`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Entropy(String),
    /// The storage engine failed: its own words. Nothing acknowledged is concerned.
    #[error("the storage engine could not {what}: {text}")]
    Engine {
        /// Verb phrase, for example `open` or `commit`.
        what: &'static str,
        /// The engine's text.
        text: String,
    },
    /// The files of the store are damaged so far that they cannot be opened.
    #[error("the store {} is damaged and cannot be opened ({reason}); {}", dir.display(), offer(backups))]
    Unreadable {
        /// Folder of the store.
        dir: PathBuf,
        /// What was found.
        reason: String,
        /// Automatic backups that exist, newest first.
        backups: Vec<PathBuf>,
    },
    /// The operating system lets nobody open the files now; nothing is damaged.
    #[error("the store {} cannot be opened: {reason}; it is not damaged{}", dir.display(), remedy(reason))]
    Refused {
        /// Folder of the store.
        dir: PathBuf,
        /// The system's answer.
        reason: String,
    },
    /// Another process holds the store and did not let go in time.
    #[error("the store {} is in use by another kosmos{}", dir.display(), pid_text(*pid))]
    Locked {
        /// Folder of the store.
        dir: PathBuf,
        /// The process that wrote `lock.pid`, when it could be read.
        pid: Option<u32>,
    },
    /// There is no store in the folder.
    #[error("there is no store in {}", .0.display())]
    NotAStore(PathBuf),
    /// The folder already holds a store or other files.
    #[error("{} is not empty: a store is created or restored only into an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// Another process replaced or reset the store while this one was using it.
    #[error("the store was replaced by another kosmos: open and unlock it again")]
    Replaced,
    /// The header record is not one that this version understands.
    #[error("the header of the store is not valid: {0}")]
    Header(String),
    /// Argon2id parameters outside the accepted bounds.
    #[error(
        "key derivation parameters are out of bounds: {what} is {found}, accepted are {lowest} to {highest}"
    )]
    KdfBounds {
        /// Which parameter, with its unit.
        what: &'static str,
        /// What was found.
        found: u64,
        /// Lowest accepted value.
        lowest: u64,
        /// Highest accepted value.
        highest: u64,
    },
    /// The passphrase, words or key file do not open the slot. Nothing more is revealed.
    #[error("wrong {0}")]
    WrongKey(SlotKind),
    /// The store has no slot of this kind.
    #[error("this store cannot be unlocked with a {0}")]
    NoSlot(SlotKind),
    /// The last way to unlock must stay.
    #[error("the {0} is the only way to unlock this store: add another one first")]
    LastSlot(SlotKind),
    /// A passphrase slot needs a passphrase.
    #[error("the passphrase is empty: give one, or use a key file")]
    EmptyPassphrase,
    /// Recovery words that cannot be right, see the text.
    #[error("{0}")]
    Words(#[from] super::words::WordsError),
    /// Others can read the key file.
    #[error("the key file {} can be read by others (mode {mode:03o}): chmod 600 it", path.display())]
    KeyFileOpen {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file has neither accepted form.
    #[error(
        "the key file {} has {length} characters: expected 64 hex digits (32 bytes) or 64 characters of text",
        path.display()
    )]
    KeyFileForm {
        /// The key file.
        path: PathBuf,
        /// Length found, without a final line end.
        length: u64,
    },
    /// A name, location or text that cannot be stored.
    #[error("{what} {value:?} cannot be stored: {reason}")]
    Invalid {
        /// `name`, `location` or `schema url`.
        what: &'static str,
        /// The value, cut to 80 characters.
        value: String,
        /// Why.
        reason: &'static str,
    },
    /// Another stored record has the same location, parent and name.
    #[error("could not save, was not unique: another {name} is stored in {location}")]
    NotUnique {
        /// Location path.
        location: String,
        /// Name.
        name: String,
        /// The stored record.
        id: RecordId,
    },
    /// The record changed on disk since it was read.
    #[error(
        "{name} was {} by another kosmos since it was read: use .load() to take its version or .save(force=True)",
        if found.is_some() { "changed" } else { "deleted" }
    )]
    Conflict {
        /// Name of the record.
        name: String,
        /// Revision that the caller had read.
        expected: u64,
        /// Revision found; `None` when the record is gone.
        found: Option<u64>,
    },
    /// No record has this id.
    #[error("no record {0} is stored")]
    NotFound(RecordId),
    /// A record does not authenticate or decode. The rest stays usable, nothing is deleted.
    #[error(
        "the stored record {id}{} is damaged ({reason}): restore it from a backup",
        at(location, name)
    )]
    Damaged {
        /// Its id.
        id: RecordId,
        /// Location, when known.
        location: Option<String>,
        /// Name, when known.
        name: Option<String>,
        /// What failed.
        reason: &'static str,
    },
    /// The store as a whole failed its integrity check: reading works, writing is refused.
    #[error("the store is read-only: {0}")]
    ReadOnly(Box<DamageReport>),
    /// A database failed its integrity check: reading works, writing is refused.
    #[error("the database is read-only: {0}")]
    DatabaseReadOnly(Box<DamageReport>),
    /// The store knows a database whose files are gone.
    #[error("the files of the database {name} are missing: {} does not hold them", dir.display())]
    DatabaseLost {
        /// Its name.
        name: String,
        /// The folder where they should be.
        dir: PathBuf,
    },
    /// A note of a database does not authenticate.
    #[error("the note {0} of the database is damaged: import the database from an export")]
    DamagedNote(String),
    /// Bytes that another store sealed, or that were changed since.
    #[error("it was encrypted by another store, or changed since")]
    NotSealedHere,
    /// A backup or export file is not valid.
    #[error("{} is not a usable {kind}: {reason}", path.display())]
    File {
        /// `backup` or `export`.
        kind: &'static str,
        /// The file.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// A file that must not be overwritten exists.
    #[error("{} exists already: choose another name", .0.display())]
    Exists(PathBuf),
    /// The operation needs a store on disk.
    #[error("an ephemeral store has no {0}")]
    Ephemeral(&'static str),
    /// A record is too large.
    #[error("the record has {found} bytes, at most {highest} can be stored")]
    TooLarge {
        /// Size found.
        found: usize,
        /// Limit.
        highest: usize,
    },
}

impl StoreError {
    /// Wraps an I/O error with what was tried on which path.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }

    /// An engine that did not open: refused by the system, or damaged.
    pub(crate) fn not_opened(dir: &Path, reason: String) -> Self {
        let dir = dir.to_path_buf();
        let code = reason
            .split_once("(os error ")
            .and_then(|(_, rest)| rest.split(')').next()?.parse::<i32>().ok());
        match code {
            Some(code) if REFUSALS.contains(&code) => Self::Refused { dir, reason },
            _ => Self::Unreadable {
                backups: super::backup::list(&dir),
                dir,
                reason,
            },
        }
    }
}

/// Answers of the system that say nothing about the content of a file. The engine gives them as
/// text only.
const REFUSALS: [i32; 9] = [
    libc::ENOSPC,
    libc::EDQUOT,
    libc::EROFS,
    libc::EACCES,
    libc::EPERM,
    libc::EMFILE,
    libc::ENFILE,
    libc::ENOMEM,
    libc::EFBIG,
];

/// What to do about a refusal of the system, when that is plain.
fn remedy(reason: &str) -> &'static str {
    let full = [libc::ENOSPC, libc::EDQUOT];
    match full
        .iter()
        .any(|code| reason.contains(&format!("(os error {code})")))
    {
        true => ". Free some space on its disk and try again",
        false => "",
    }
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}

fn at(location: &Option<String>, name: &Option<String>) -> String {
    match (location, name) {
        (Some(location), Some(name)) => format!(" ({location} {name})"),
        (Some(one), None) | (None, Some(one)) => format!(" ({one})"),
        (None, None) => String::new(),
    }
}

fn offer(backups: &[PathBuf]) -> String {
    match backups.first() {
        Some(newest) => format!("the newest backup is {}", newest.display()),
        None => "there is no automatic backup beside it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is told of damage puts an old backup in place and loses what was saved since.
    #[test]
    fn a_full_disk_is_no_damage() {
        let text =
            |reason: &str| StoreError::not_opened(Path::new("/s"), reason.into()).to_string();
        assert_eq!(
            text("IO error: No space left on device (os error 28)"),
            "the store /s cannot be opened: IO error: No space left on device (os error 28); it is \
             not damaged. Free some space on its disk and try again"
        );
        assert_eq!(
            text("IO error: Permission denied (os error 13)"),
            "the store /s cannot be opened: IO error: Permission denied (os error 13); it is not \
             damaged"
        );
        for reason in [
            "Read corrupted data at file offset None",
            "IO error: Input/output error (os error 5)",
            "IO error: failed to fill whole buffer",
        ] {
            assert!(text(reason).contains("is damaged"), "{reason}");
        }
    }
}
