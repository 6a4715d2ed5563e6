//! The outside of an flist: a compressed tar archive of one SQLite database.
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::{Error, Result};
use super::unpack::unpacked;

/// The member that holds the database.
const MEMBER: &str = "flistdb.sqlite3";
/// The largest database that is read, in bytes: some four million files.
pub const MAX_DATABASE: u64 = 1024 * 1024 * 1024;
/// Members that are looked at before giving up.
const MAX_MEMBERS: usize = 64;

/// Reads the database out of an archive, which may be compressed with gzip or zstd.
pub(super) fn unpack(bytes: impl Read) -> Result<Vec<u8>> {
    let wrong = |reason: String| Error::Archive(reason);
    let mut bytes = std::io::BufReader::with_capacity(64 * 1024, bytes);
    let start = std::io::BufRead::fill_buf(&mut bytes).map_err(|e| wrong(e.to_string()))?;
    if start.is_empty() {
        return Err(wrong("the file is empty".into()));
    }
    // Writers use gzip; readers take more (spec: flist §1).
    member(unpacked(bytes).map_err(|e| wrong(e.to_string()))?)
}

fn member(archive: impl Read) -> Result<Vec<u8>> {
    let wrong = |e: std::io::Error| Error::Archive(e.to_string());
    let mut archive = tar::Archive::new(archive);
    let mut names = Vec::new();
    for entry in archive.entries().map_err(wrong)?.take(MAX_MEMBERS) {
        let entry = entry.map_err(wrong)?;
        let path = entry.path_bytes().into_owned();
        let name = path.strip_prefix(b"./").unwrap_or(&path);
        if name != MEMBER.as_bytes() || !entry.header().entry_type().is_file() {
            names.push(String::from_utf8_lossy(name).into_owned());
            continue;
        }
        let size = entry.size();
        if size > MAX_DATABASE {
            return Err(Error::Archive(format!(
                "its database has {size} bytes, {MAX_DATABASE} is the most"
            )));
        }
        // What the header says is not yet there: a small file must not make room for a gigabyte.
        let mut database = Vec::new();
        let mut limited = entry.take(MAX_DATABASE);
        limited.read_to_end(&mut database).map_err(wrong)?;
        if database.len() as u64 != size {
            return Err(Error::Archive("it is cut off".into()));
        }
        return Ok(database);
    }
    let rocks = names.iter().any(|name| name.contains("CURRENT"));
    Err(Error::Archive(match rocks {
        true => "it is one of before 2019, which is not supported any more".into(),
        false => format!("there is no {MEMBER} in it"),
    }))
}

/// Packs a database as the original does: a folder, and the file in it.
pub(super) fn pack(database: &[u8], modified: u64, out: impl Write) -> std::io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    let header = |mode: u32, size: u64, kind: tar::EntryType| {
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(modified);
        header.set_size(size);
        header.set_entry_type(kind);
        header
    };
    let mut folder = header(0o700, 0, tar::EntryType::Directory);
    archive.append_data(&mut folder, "./", std::io::empty())?;
    let size = database.len() as u64;
    let mut file = header(0o644, size, tar::EntryType::Regular);
    archive.append_data(&mut file, format!("./{MEMBER}"), database)?;
    archive.into_inner()?.finish()?.flush()
}
