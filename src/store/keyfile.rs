//! Key files: a secret in a file that only its owner can read.
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::{Result, StoreError};
use super::{files, seal};

/// Accepted length of the text.
const LENGTH: usize = 64;

/// Reads a key file: 64 hex digits (32 bytes) or 64 other characters, used as they are. A final
/// line end is ignored.
///
/// # Errors
/// When others can read the file, or when it has another length.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let fail = |e| StoreError::io("read the key file", path)(e);
    let mut file = File::open(path).map_err(fail)?;
    // The mode is that of the opened file, not of whatever the path names a moment later.
    let meta = file.metadata().map_err(fail)?;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::KeyFileOpen {
            path: path.to_path_buf(),
            mode,
        });
    }
    let mut text = Zeroizing::new(vec![0u8; LENGTH + 3]);
    let mut length = 0;
    while let Some(room) = text.get_mut(length..)
        && !room.is_empty()
    {
        match file.read(room).map_err(fail)? {
            0 => break,
            n => length += n,
        }
    }
    text.truncate(length);
    let trimmed = text.strip_suffix(b"\n").unwrap_or(&text);
    let trimmed = trimmed.strip_suffix(b"\r").unwrap_or(trimmed);
    if trimmed.len() != LENGTH {
        let length = if length > LENGTH + 2 {
            meta.len()
        } else {
            u64::try_from(trimmed.len()).unwrap_or(u64::MAX)
        };
        return Err(StoreError::KeyFileForm {
            path: path.to_path_buf(),
            length,
        });
    }
    let mut bytes = Zeroizing::new(vec![0u8; 32]);
    match hex::decode_to_slice(trimmed, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Ok(Zeroizing::new(trimmed.to_vec())),
    }
}

/// Writes a new key file with 64 random hex digits, mode 0600.
///
/// # Errors
/// When the file exists or cannot be written.
pub(crate) fn create(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path.to_path_buf()));
    }
    let secret = Zeroizing::new(seal::random::<32>()?);
    let mut text = Zeroizing::new(vec![0u8; LENGTH + 1]);
    if let Some((digits, line_end)) = text.split_at_mut_checked(LENGTH) {
        hex::encode_to_slice(secret.as_slice(), digits)
            .map_err(|e| StoreError::Entropy(e.to_string()))?;
        line_end.fill(b'\n');
    }
    files::write_bytes(path, &text)
}
