//! Files that a user asks the tree to write or read.
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::object::{Error, Kind, Result};

/// Writes `text` as a whole or not at all: a temporary file beside it, then a rename. The file is
/// readable by its owner alone; `what` names it in errors.
///
/// # Errors
/// [`Kind::Io`] when it cannot be written; nothing was written then.
pub fn write(file: &Path, text: &str, what: &str) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new(
            Kind::Io,
            format!("cannot write {what} to {}: {e}", file.display()),
        )
        .hint("nothing was written; choose a folder that exists and that you may write to")
    };
    if file.is_dir() {
        return Err(failed(ErrorKind::IsADirectory.into()));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unique = getrandom::u64().unwrap_or_default();
    let temporary = file.with_file_name(format!(".{name}.{unique:016x}.tmp"));
    let written = (|| {
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&temporary, file)
    })();
    written.map_err(|e| {
        // Ours and incomplete: nothing of value is lost.
        let _ = fs::remove_file(&temporary);
        failed(e)
    })
}

/// Reads a text file of `limit` bytes at most; `what` says what it should hold.
///
/// # Errors
/// [`Kind::Io`] when it cannot be read, is too long or no text.
pub fn read(file: &Path, limit: u64, what: &str) -> Result<String> {
    let failed = |reason: String| {
        Error::new(
            Kind::Io,
            format!("cannot read {what} from {}: {reason}", file.display()),
        )
    };
    let open = fs::File::open(file).map_err(|e| failed(e.to_string()))?;
    let mut text = String::new();
    let read = open
        .take(limit.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(|e| failed(e.to_string()))?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(failed(format!("it has more than {limit} bytes")));
    }
    Ok(text)
}
