//! Writing data files anew, without what was overwritten or deleted.
//!
//! What still counts is copied into new files, which are forced to the disk before they get their
//! names; their numbers lie between those of the old files and that of the file that is written to
//! meanwhile. Then the old files are removed, the oldest first. Entries that are read later win, so
//! a server that is killed between any two of these steps finds the same keys and values.
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::log::{MAGIC, Position, path};
use super::record::{self, HEADER, What};

/// What files are called before they are complete.
const UNFINISHED: &str = "unfinished-";
/// Bytes that are copied at once.
const STEP: usize = 256 * 1024;

/// Where counting went on: the next server goes on from here, though what had the last place or
/// number may be gone.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The last place in the order of writing.
    pub place: u64,
    /// The last number that was given as a key, as its bytes; empty for none.
    pub key: Vec<u8>,
    /// Seconds since 1970.
    pub time: u64,
}

/// Files that shall be written anew.
#[derive(Debug)]
pub struct Rewriting {
    /// Folder of the data files.
    pub folder: PathBuf,
    /// Numbers of the old files.
    pub old: Range<u32>,
    /// Numbers that the new ones may have.
    pub new: Range<u32>,
    /// Entries of the old files, in bytes.
    pub before: u64,
    /// A new file is begun when one is larger.
    pub file_size: u64,
}

/// New files, complete and on the disk, but without their names.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// Numbers and files.
    pub files: Vec<(u32, PathBuf)>,
    /// Where the entries lie now, in the order in which they were given.
    pub positions: Vec<Position>,
    /// Their bytes.
    pub bytes: u64,
}

/// A file that is written.
struct Output {
    out: BufWriter<File>,
    shared: Arc<File>,
    end: u64,
}

impl Rewriting {
    /// Copies entries into new files.
    ///
    /// # Errors
    /// When something cannot be read or written; then nothing of it is left.
    pub fn write(&self, mark: &Mark, entries: &[Position]) -> io::Result<Rewritten> {
        let mut rewritten = Rewritten::default();
        match self.copy(mark, entries, &mut rewritten) {
            Ok(()) => Ok(rewritten),
            Err(error) => {
                rewritten.discard();
                Err(error)
            }
        }
    }

    fn copy(&self, mark: &Mark, entries: &[Position], rewritten: &mut Rewritten) -> io::Result<()> {
        let mut numbers = self.new.clone();
        let mut next = |rewritten: &mut Rewritten| {
            let number = numbers.next();
            let number = number.ok_or_else(|| io::Error::other("too many data files"))?;
            self.begin(number, rewritten)
        };
        let mut output = next(rewritten)?;
        let mark = record::encode(What::Mark, &mark.key, b"", mark.place, mark.time);
        output.write(&mark, rewritten)?;
        let mut buffer = vec![0; STEP];
        for entry in entries {
            if output.end >= self.file_size {
                output.finish()?;
                output = next(rewritten)?;
            }
            let (mut at, mut left) = (entry.start(), entry.span());
            rewritten
                .positions
                .push(entry.moved(output.shared.clone(), output.end + HEADER as u64));
            while left > 0 {
                let length = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
                let part = buffer.get_mut(..length).unwrap_or_default();
                // As it is: a value that is damaged stays one that is known to be.
                entry.file().read_exact_at(part, at)?;
                output.write(part, rewritten)?;
                at += length as u64;
                left -= length as u64;
            }
        }
        output.finish()
    }

    fn begin(&self, number: u32, rewritten: &mut Rewritten) -> io::Result<Output> {
        let path = self.folder.join(format!("{UNFINISHED}{number:06}"));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        rewritten.files.push((number, path));
        let mut output = Output {
            shared: Arc::new(file.try_clone()?),
            out: BufWriter::with_capacity(STEP, file),
            end: MAGIC.len() as u64,
        };
        output.out.write_all(MAGIC)?;
        Ok(output)
    }
}

impl Output {
    fn write(&mut self, bytes: &[u8], rewritten: &mut Rewritten) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.end += bytes.len() as u64;
        rewritten.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

impl Rewritten {
    /// Gives the files their names.
    ///
    /// # Errors
    /// When the disk does not; the old files still count then, with or without the new ones.
    pub fn name(&self, folder: &Path) -> io::Result<()> {
        for (number, file) in &self.files {
            fs::rename(file, path(folder, *number))?;
        }
        // Before the old ones are removed the names have to be on the disk.
        File::open(folder)?.sync_all()
    }

    /// Removes the files.
    pub fn discard(&self) {
        for (_, file) in &self.files {
            // What stays is removed at the next start.
            let _ = fs::remove_file(file);
        }
    }
}

/// Removes what a server that was killed had not finished.
///
/// # Errors
/// When it cannot be removed.
pub fn clean(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
