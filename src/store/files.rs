//! Private files and folders: permissions, and writing a file so that it is there whole or not
//! at all.
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::{Result, StoreError};
use super::seal;

/// Something the shell should show once; the store went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Others could read a file or folder of the store; its permissions were corrected.
    WasOpen {
        /// File or folder.
        path: PathBuf,
        /// Permission bits found.
        mode: u32,
    },
    /// The file with the last generation number was missing or unreadable; it was rewritten.
    GenerationFile {
        /// What was found.
        reason: String,
    },
    /// The file with the last generation number could not be written; the save itself is done.
    GenerationNotWritten {
        /// Why.
        reason: String,
    },
    /// The automatic backup could not be written; the save itself is done.
    Backup {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WasOpen { path, mode } => write!(
                f,
                "{} could be read by others (mode {mode:03o}); its permissions were corrected",
                path.display()
            ),
            Self::GenerationFile { reason } => {
                write!(f, "the generation file was {reason}; it was written again")
            }
            Self::GenerationNotWritten { reason } => {
                write!(
                    f,
                    "saved, but the generation file was not written: {reason}"
                )
            }
            Self::Backup { reason } => {
                write!(f, "saved, but the automatic backup failed: {reason}")
            }
        }
    }
}

/// Permission bits of a path.
fn mode_of(path: &Path) -> Result<u32> {
    let meta = fs::metadata(path).map_err(StoreError::io("look at", path))?;
    Ok(meta.permissions().mode() & 0o7777)
}

/// Creates a folder with mode 0700 from the start (parents with the default mode).
pub(crate) fn create_private_dir(dir: &Path) -> Result<()> {
    if let Some(parent) = dir.parent()
        && !parent.as_os_str().is_empty()
    {
        fs::create_dir_all(parent).map_err(StoreError::io("create the folder", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(e) => Err(StoreError::io("create the folder", dir)(e)),
    }
}

/// Whether a folder has no entries; a missing one counts as empty.
pub(crate) fn is_empty_dir(dir: &Path) -> Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(e) => Err(StoreError::io("read the folder", dir)(e)),
    }
}

/// Takes group and other permissions away below `path`; reports what had them.
pub(crate) fn make_private(path: &Path, warnings: &mut Vec<Warning>) -> Result<()> {
    let link = fs::symlink_metadata(path).map_err(StoreError::io("look at", path))?;
    if link.file_type().is_symlink() && !path.is_dir() {
        return Ok(());
    }
    let mode = mode_of(path)?;
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
            .map_err(StoreError::io("correct the permissions of", path))?;
        warnings.push(Warning::WasOpen {
            path: path.to_path_buf(),
            mode,
        });
    }
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(StoreError::io("read the folder", path))? {
            let entry = entry.map_err(StoreError::io("read the folder", path))?;
            match make_private(&entry.path(), warnings) {
                // Another process may have removed a temporary file since.
                Err(StoreError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

/// Reads a file; `None` when it does not exist.
pub(crate) fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::io("read", path)(e)),
    }
}

/// Writes a file as a whole: temporary file beside it (0600 from the first byte), fsync, rename,
/// fsync of the folder. `write` produces the content.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<()> {
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unique = u64::from_le_bytes(seal::random()?);
    let temporary = dir.join(format!(".{name}.{unique:016x}.tmp"));
    let result = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        write(&mut file)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(dir)?.sync_all()
    })();
    result.map_err(|e| {
        // Ours and incomplete: nothing of value is lost.
        let _ = fs::remove_file(&temporary);
        StoreError::io("write", path)(e)
    })
}

/// Removes temporary files of [`write_whole`] that a killed process left in a folder. Only with
/// the store's lock held, when nobody is writing one.
pub(crate) fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| {
            let unique = name
                .strip_prefix('.')
                .and_then(|name| name.strip_suffix(".tmp"));
            unique
                .and_then(|name| name.rsplit_once('.'))
                .is_some_and(|(_, unique)| {
                    unique.len() == 16 && unique.bytes().all(|b| b.is_ascii_hexdigit())
                })
        });
        if ours {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes bytes with [`write_whole`].
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, |file| file.write_all(bytes))
}
