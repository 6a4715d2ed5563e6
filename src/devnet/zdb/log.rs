//! The data files of a namespace: entries one after the other, never changed once written. When
//! most of them do not count any more, the files are written anew ([`rewrite`]).
//!
//! What a process wrote is in the system's hands when the answer goes out, so a killed server loses
//! nothing that it confirmed. A tail that is cut off is dropped when the files are opened; a rest
//! that cannot be understood is first kept aside as `*.damaged-<offset>`.
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{self, HEADER, Header, What};
use super::rewrite::{self, Rewriting, Rewritten};

/// First bytes of a data file.
pub(super) const MAGIC: &[u8; 8] = b"0-data\x00\x01";
/// Length of [`MAGIC`].
const START: u64 = MAGIC.len() as u64;

/// How large data files get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// A new file is begun when one has so many bytes.
    pub file: u64,
    /// So many bytes of entries that do not count any more are left where they are, and more as
    /// long as there are fewer of them than of those that count.
    pub waste: u64,
}

impl Default for Sizes {
    /// Files of 256 MiB, 16 MiB of waste.
    fn default() -> Self {
        Self {
            file: 256 << 20,
            waste: 16 << 20,
        }
    }
}

/// Where the value of an entry lies.
#[derive(Clone, Debug)]
pub struct Position {
    file: Arc<File>,
    /// Offset of the key in the file.
    offset: u64,
    key: usize,
    value: usize,
    checksum: u32,
}

impl Position {
    /// Length of the value.
    pub fn len(&self) -> usize {
        self.value
    }

    /// Bytes of the whole entry.
    pub fn span(&self) -> u64 {
        (HEADER + self.key + self.value) as u64
    }

    /// Where the entry begins in its file.
    pub(super) fn start(&self) -> u64 {
        self.offset - HEADER as u64
    }

    /// The file that it lies in.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The same entry in another file; `offset` is that of its key.
    pub(super) fn moved(&self, file: Arc<File>, offset: u64) -> Self {
        Self {
            file,
            offset,
            ..self.clone()
        }
    }

    /// Reads the value; None when the file does not hold any more what was written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; self.key + self.value];
        match self.file.read_exact_at(&mut bytes, self.offset) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(e),
        }
        let value = bytes.split_off(self.key);
        let sound = record::checksum(&bytes, &value) == self.checksum;
        Ok(sound.then_some(value))
    }
}

/// The data files of a namespace, open for appending.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    sizes: Sizes,
    file: Arc<File>,
    number: u32,
    end: u64,
    /// Number of the oldest file.
    oldest: u32,
    /// Bytes of entries in the files before the last one.
    before: u64,
    /// How often everything was forgotten.
    clearings: u64,
}

impl Log {
    /// Opens the files of a folder, and calls `each` for every entry in the order of writing.
    ///
    /// # Errors
    /// When files cannot be read or made.
    pub fn open(
        folder: &Path,
        sizes: Sizes,
        mut each: impl FnMut(&Header, Vec<u8>, Position),
    ) -> io::Result<Log> {
        rewrite::clean(folder)?;
        let mut numbers: Vec<u32> = fs::read_dir(folder)?
            .filter_map(|entry| number(&entry.ok()?.file_name().into_string().ok()?))
            .collect();
        numbers.sort_unstable();
        let oldest = numbers.first().copied().unwrap_or_default();
        let (mut last, mut before) = (None, 0);
        for number in numbers {
            let path = path(folder, number);
            let file = Arc::new(OpenOptions::new().read(true).write(true).open(&path)?);
            let end = scan(&file, &path, &mut each)?;
            if let Some((_, _, end)) = last.replace((file, number, end)) {
                before += end - START;
            }
        }
        let (file, number, end) = match last {
            Some(last) => last,
            None => begin(folder, 0)?,
        };
        Ok(Log {
            folder: folder.to_owned(),
            sizes,
            file,
            number,
            end,
            oldest,
            before,
            clearings: 0,
        })
    }

    /// How large files get.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Bytes of all entries, those that do not count any more with them.
    pub fn written(&self) -> u64 {
        self.before + self.end - START
    }

    /// Begins the next file.
    fn go_on(&mut self, number: u32) -> io::Result<()> {
        let before = self.written();
        (self.file, self.number, self.end) = begin(&self.folder, number)?;
        self.before = before;
        Ok(())
    }

    /// Begins a new file, so that all older ones can be written anew beside it. `live` is how many
    /// bytes the entries have that still count.
    ///
    /// # Errors
    /// When the file cannot be made; nothing has changed then.
    pub fn set_aside(&mut self, live: u64) -> io::Result<(Rewriting, u64)> {
        let files = live / self.sizes.file.max(1) + 2;
        let old = self.oldest..self.number + 1;
        let next = u32::try_from(files).ok();
        let next = next.and_then(|files| old.end.checked_add(files));
        let next = next.ok_or_else(|| io::Error::other("too many data files"))?;
        self.go_on(next)?;
        let rewriting = Rewriting {
            folder: self.folder.clone(),
            new: old.end..next,
            old,
            before: self.before,
            file_size: self.sizes.file,
        };
        Ok((rewriting, self.clearings))
    }

    /// Takes new files in the place of old ones; false when everything was forgotten since, and
    /// they are as well.
    ///
    /// # Errors
    /// When the disk fails; the old files still count then.
    pub fn adopt(
        &mut self,
        (rewriting, clearings): &(Rewriting, u64),
        rewritten: &Rewritten,
    ) -> io::Result<bool> {
        if *clearings != self.clearings {
            rewritten.discard();
            return Ok(false);
        }
        if let Err(error) = rewritten.name(&self.folder) {
            rewritten.discard();
            return Err(error);
        }
        self.before = self.before - rewriting.before + rewritten.bytes;
        self.oldest = rewriting.new.start;
        for number in rewriting.old.clone() {
            // An older file must not stay without those after it: they say what was deleted.
            if remove(&self.folder, number).is_err() {
                // The next time they are written anew it may go.
                self.oldest = number;
                break;
            }
        }
        Ok(true)
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// When it cannot be written; nothing is then.
    pub fn append(
        &mut self,
        what: What,
        key: &[u8],
        value: &[u8],
        place: u64,
        time: u64,
    ) -> io::Result<Position> {
        if self.end >= self.sizes.file {
            self.go_on(self.number + 1)?;
        }
        let bytes = record::encode(what, key, value, place, time);
        if let Err(error) = self.file.write_all_at(&bytes, self.end) {
            // What was written of it is no entry; if this fails too, opening drops it.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        let position = Position {
            file: self.file.clone(),
            offset: self.end + HEADER as u64,
            key: key.len(),
            value: value.len(),
            checksum: record::checksum(key, value),
        };
        self.end += bytes.len() as u64;
        Ok(position)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When files cannot be removed or made.
    pub fn clear(&mut self) -> io::Result<()> {
        // The oldest first: those after it say what was deleted.
        let next = self.number + 1;
        for old in self.oldest..next {
            remove(&self.folder, old)?;
        }
        (self.file, self.number, self.end) = begin(&self.folder, next)?;
        (self.oldest, self.before) = (next, 0);
        self.clearings += 1;
        Ok(())
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Where a data file lies.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("data-{number:06}"))
}

/// Removes a data file; one that is not there is no error.
fn remove(folder: &Path, number: u32) -> io::Result<()> {
    match fs::remove_file(path(folder, number)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn number(name: &str) -> Option<u32> {
    name.strip_prefix("data-")?.parse().ok()
}

fn begin(folder: &Path, number: u32) -> io::Result<(Arc<File>, u32, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path(folder, number))?;
    file.write_all_at(MAGIC, 0)?;
    Ok((Arc::new(file), number, START))
}

/// Reads the entries of a file, and cuts off what is none; answers its new end.
fn scan(
    file: &Arc<File>,
    path: &Path,
    each: &mut impl FnMut(&Header, Vec<u8>, Position),
) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(64 * 1024, file.as_ref());
    reader.seek(SeekFrom::Start(0))?;
    let mut end = 0;
    let mut cut = true;
    let mut magic = [0; MAGIC.len()];
    if reader.read_exact(&mut magic).is_ok() && magic == *MAGIC {
        end = START;
        loop {
            let mut head = [0; HEADER];
            if end + HEADER as u64 > length {
                break;
            }
            reader.read_exact(&mut head)?;
            let Some(header) = record::header(&head) else {
                cut = false;
                break;
            };
            let next = end + (HEADER + header.key + header.value) as u64;
            if next > length {
                break;
            }
            let mut key = vec![0; header.key];
            reader.read_exact(&mut key)?;
            reader.seek_relative(i64::try_from(header.value).unwrap_or(i64::MAX))?;
            let position = Position {
                file: file.clone(),
                offset: end + HEADER as u64,
                key: header.key,
                value: header.value,
                checksum: header.checksum,
            };
            each(&header, key, position);
            end = next;
        }
    } else {
        cut = length < START;
    }
    if end < length && !cut {
        keep_aside(file, path, end)?;
    }
    if end < length {
        file.set_len(end)?;
    }
    if end == 0 {
        file.write_all_at(MAGIC, 0)?;
        end = START;
    }
    Ok(end)
}

/// Copies what follows `from` to a file of its own.
fn keep_aside(file: &File, path: &Path, from: u64) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{from}"));
    let mut rest = file;
    rest.seek(SeekFrom::Start(from))?;
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(PathBuf::from(name))?;
    io::copy(&mut rest, &mut out)?;
    out.sync_all()
}
