//! Writing flists to files.
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::database::Metadata;
use super::error::{Error, Result};
use super::keys::Format;
use super::tree::Tree;

/// Writes a tree as an flist to a file, as a whole or not at all.
///
/// # Errors
/// [`Error::File`]; nothing was written then.
pub fn write_file(tree: &Tree, metadata: &Metadata, format: Format, file: &Path) -> Result<()> {
    let failed = || Error::file("write", file);
    if file.is_dir() {
        return Err(failed()(std::io::ErrorKind::IsADirectory.into()));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unique = getrandom::u64().unwrap_or_default();
    let temporary = file.with_file_name(format!(".{name}.{unique:016x}.tmp"));
    let written = (|| {
        // An flist is made to be published.
        let out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&temporary)
            .map_err(failed())?;
        let mut out = BufWriter::new(out);
        super::write::write(tree, metadata, format, &mut out)?;
        out.flush().map_err(failed())?;
        out.get_ref().sync_all().map_err(failed())?;
        fs::rename(&temporary, file).map_err(failed())
    })();
    if written.is_err() {
        // Ours and incomplete: nothing of value is lost.
        let _ = fs::remove_file(&temporary);
    }
    written
}
