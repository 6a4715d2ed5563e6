//! The data files of a namespace: entries one after the other, never changed once written.
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

/// First bytes of a data file.
const MAGIC: &[u8; 8] = b"0-data\x00\x01";
/// A new file is begun when one is larger.
const FILE_SIZE: u64 = 256 * 1024 * 1024;

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
    file: Arc<File>,
    number: u32,
    end: u64,
}

impl Log {
    /// Opens the files of a folder, and calls `each` for every entry in the order of writing.
    ///
    /// # Errors
    /// When files cannot be read or made.
    pub fn open(
        folder: &Path,
        mut each: impl FnMut(&Header, Vec<u8>, Position),
    ) -> io::Result<Log> {
        let mut numbers: Vec<u32> = fs::read_dir(folder)?
            .filter_map(|entry| number(&entry.ok()?.file_name().into_string().ok()?))
            .collect();
        numbers.sort_unstable();
        let mut last = None;
        for number in numbers {
            let path = path(folder, number);
            let file = Arc::new(OpenOptions::new().read(true).write(true).open(&path)?);
            let end = scan(&file, &path, &mut each)?;
            last = Some((file, number, end));
        }
        let (file, number, end) = match last {
            Some(last) => last,
            None => begin(folder, 0)?,
        };
        Ok(Log {
            folder: folder.to_owned(),
            file,
            number,
            end,
        })
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
        if self.end >= FILE_SIZE {
            (self.file, self.number, self.end) = begin(&self.folder, self.number + 1)?;
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
        // The new file first: if the others stay, they are older than nothing.
        let next = self.number + 1;
        for old in 0..next {
            match fs::remove_file(path(&self.folder, old)) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        (self.file, self.number, self.end) = begin(&self.folder, next)?;
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

fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("data-{number:06}"))
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
    Ok((Arc::new(file), number, MAGIC.len() as u64))
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
        end = MAGIC.len() as u64;
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
        cut = length < MAGIC.len() as u64;
    }
    if end < length && !cut {
        keep_aside(file, path, end)?;
    }
    if end < length {
        file.set_len(end)?;
    }
    if end == 0 {
        file.write_all_at(MAGIC, 0)?;
        end = MAGIC.len() as u64;
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
