//! The history file: one entry per line, appended at once, shared by all shells, readable by its
//! owner only.
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many entries are kept when the file is opened.
pub const KEPT: usize = 10_000;

/// A history file and how far it was read.
pub struct History {
    path: PathBuf,
    read: u64,
}

impl History {
    /// Opens the file, or makes it; answers the newest entries, oldest first.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn open(path: &Path) -> io::Result<(History, Vec<String>)> {
        let file = locked(path)?;
        let mut entries = decode(&read_from(&file, 0)?);
        if entries.len() > KEPT + KEPT / 10 {
            entries.drain(..entries.len() - KEPT);
            replace(path, &entries)?;
        }
        let read = std::fs::metadata(path)?.len();
        let history = History {
            path: path.to_path_buf(),
            read,
        };
        entries.drain(..entries.len().saturating_sub(KEPT));
        Ok((history, entries))
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, entry: &str) -> io::Result<()> {
        let mut file = locked(&self.path)?;
        let end = file.seek(SeekFrom::End(0))?;
        let line = encode(entry);
        file.write_all(line.as_bytes())?;
        // Entries of other shells that came in between are still to be read.
        if end == self.read {
            self.read = file.stream_position()?;
        }
        Ok(())
    }

    /// Entries that came since the last look: those of other shells, and own ones that were
    /// appended after those.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&mut self) -> io::Result<Vec<String>> {
        let length = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        if length == self.read {
            return Ok(Vec::new());
        }
        if length < self.read {
            // It was cut by a shell that started meanwhile: those entries are known.
            self.read = length;
            return Ok(Vec::new());
        }
        let file = private(&self.path)?;
        file.lock_shared()?;
        let text = read_from(&file, self.read)?;
        self.read += u64::try_from(text.len()).unwrap_or(0);
        Ok(decode(&text))
    }
}

/// Opens for reading and appending; nobody else may read it, from the first byte.
fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// The file, locked; opened again when another shell put a new one in its place meanwhile.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = private(path)?;
        file.lock()?;
        match std::fs::metadata(path) {
            Ok(now) if now.ino() == file.metadata()?.ino() => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

fn read_from(mut file: &File, start: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a new file beside the old one and puts it in its place.
fn replace(path: &Path, entries: &[String]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    let text: String = entries.iter().map(|entry| encode(entry)).collect();
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

/// One line: line ends and backslashes are escaped.
fn encode(entry: &str) -> String {
    let mut line = entry.replace('\\', "\\\\").replace('\n', "\\n");
    line.push('\n');
    line
}

fn decode(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter(|line| !line.is_empty())
        .map(decode_line)
        .collect()
}

fn decode_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}
