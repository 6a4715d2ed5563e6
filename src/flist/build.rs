//! From a folder of this machine to a tree, with its chunks in a backend.
use std::collections::HashMap;
use std::fs::{self, File, Metadata as FileMetadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use regex::bytes::RegexSet;

use super::backend::Backend;
use super::chunk::{BLOCK_SIZE, Chunk, ChunkId};
use super::error::{Error, Result};
use super::record::{Block, SpecialKind};
use super::tree::{Kind, Meta, Node, Tree, display, join};
use super::upload::{Uploads, with_uploads};

/// Names of users and groups by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Names {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Names {
    /// Reads the texts of `/etc/passwd` and `/etc/group`; lines that are none are skipped.
    pub fn from_texts(passwd: &str, group: &str) -> Self {
        let read = |text: &str| {
            let lines = text.lines().filter_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next().filter(|name| !name.is_empty())?;
                let number = fields.nth(1)?.parse().ok()?;
                Some((number, name.to_owned()))
            });
            // The first name of a number is the one that the system tells.
            let mut names = HashMap::new();
            for (number, name) in lines {
                names.entry(number).or_insert(name);
            }
            names
        };
        Self {
            users: read(passwd),
            groups: read(group),
        }
    }

    /// The name of a user, or the number as text.
    pub fn user(&self, uid: u32) -> String {
        let name = self.users.get(&uid).cloned();
        name.unwrap_or_else(|| uid.to_string())
    }

    /// The name of a group, or the number as text.
    pub fn group(&self, gid: u32) -> String {
        let name = self.groups.get(&gid).cloned();
        name.unwrap_or_else(|| gid.to_string())
    }
}

/// How a folder becomes a tree.
#[derive(Default)]
pub struct BuildOptions<'a> {
    /// Names of users and groups.
    pub names: Names,
    /// Paths within the folder (they begin with `/`) that match one of these regular expressions
    /// are left out, with everything in them.
    pub exclude: Vec<String>,
    /// Threads that read files; 0 for as many as the machine has cores.
    pub threads: usize,
    /// Is told how many files are done, of how many.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
    /// Set from elsewhere: it ends with [`Error::Stopped`] soon after.
    pub stop: Option<&'a AtomicBool>,
}

/// What became of a folder.
#[derive(Debug)]
pub struct Built {
    /// The tree.
    pub tree: Tree,
    /// Paths that could not be read, with the reason; they are not in the tree.
    pub skipped: Vec<(String, String)>,
    /// Chunks that were put into the backend, as it did not have them.
    pub uploaded: usize,
    /// Chunks that were there already.
    pub present: usize,
}

/// Makes a tree of a folder. Chunks are computed, and put into the backend when there is one.
///
/// # Errors
/// When the folder cannot be read, the backend fails, or a pattern is none. Files in it that
/// cannot be read are told in [`Built::skipped`].
pub fn from_dir(
    folder: &Path,
    backend: Option<&dyn Backend>,
    options: &BuildOptions<'_>,
) -> Result<Built> {
    let exclude = exclusion(options)?;
    let root = fs::metadata(folder).map_err(Error::file("read", folder))?;
    if !root.is_dir() {
        return Err(Error::file("read", folder)(
            std::io::ErrorKind::NotADirectory.into(),
        ));
    }
    let mut built = Built {
        tree: Tree::new(meta(&root, &options.names)),
        skipped: Vec::new(),
        uploaded: 0,
        present: 0,
    };
    let mut files: Vec<(Vec<u8>, PathBuf, u64)> = Vec::new();
    let mut waiting = vec![(Vec::new(), folder.to_owned())];
    while let Some((location, path)) = waiting.pop() {
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(e) if location.is_empty() => return Err(Error::file("read", path)(e)),
            Err(e) => {
                built.skipped.push((display(&location), e.to_string()));
                continue;
            }
        };
        for entry in entries.flatten() {
            let at = join(&location, entry.file_name().as_bytes());
            if exclude.is_match(&[b"/", at.as_slice()].concat()) {
                continue;
            }
            let path = entry.path();
            let found =
                fs::symlink_metadata(&path).and_then(|data| Ok((kind(&path, &data)?, data)));
            let (kind, data) = match found {
                Ok(found) => found,
                Err(e) => {
                    built.skipped.push((display(&at), e.to_string()));
                    continue;
                }
            };
            match kind {
                Kind::Dir => waiting.push((at.clone(), path)),
                Kind::File { size, .. } if size > 0 => files.push((at.clone(), path, size)),
                _ => {}
            }
            let meta = meta(&data, &options.names);
            built.tree.insert(at, Node { meta, kind })?;
        }
    }
    // Large files first, so that none of them is left for one thread at the end.
    files.sort_by_key(|(_, _, size)| std::cmp::Reverse(*size));
    read_files(&mut built, &files, backend, options)?;
    Ok(built)
}

/// The patterns of what is left out.
pub(super) fn exclusion(options: &BuildOptions<'_>) -> Result<RegexSet> {
    RegexSet::new(&options.exclude).map_err(|e| Error::Pattern {
        pattern: options.exclude.join("', '"),
        reason: e.to_string(),
    })
}

fn kind(path: &Path, data: &FileMetadata) -> std::io::Result<Kind> {
    let of = data.file_type();
    let special = |kind, device| Ok(Kind::Special { kind, device });
    let device = || {
        let number = data.rdev();
        Some((libc::major(number), libc::minor(number)))
    };
    if of.is_dir() {
        Ok(Kind::Dir)
    } else if of.is_file() {
        Ok(Kind::File {
            size: data.size(),
            blocks: Vec::new(),
        })
    } else if of.is_symlink() {
        let target = fs::read_link(path)?;
        Ok(Kind::Link {
            target: target.as_os_str().as_bytes().to_vec(),
        })
    } else if of.is_block_device() {
        special(SpecialKind::BlockDevice, device())
    } else if of.is_char_device() {
        special(SpecialKind::CharDevice, device())
    } else if of.is_fifo() {
        special(SpecialKind::Fifo, None)
    } else {
        special(SpecialKind::Socket, None)
    }
}

fn meta(data: &FileMetadata, names: &Names) -> Meta {
    // Times before 1970 and after 2106 cannot be written.
    let time = |seconds: i64| u32::try_from(seconds.max(0)).unwrap_or(u32::MAX);
    Meta {
        mode: (data.mode() & 0o7777) as u16,
        user: names.user(data.uid()),
        group: names.group(data.gid()),
        uid: Some(data.uid()),
        gid: Some(data.gid()),
        modified: time(data.mtime()),
        created: time(data.ctime()),
    }
}

/// Pieces that one thread reads of a large file before others may go on with it: 4 MiB. As many
/// are encrypted side by side.
const PART: usize = 8;

/// A part of a file: that many pieces from a first one on.
struct Part {
    /// Place in the list of files.
    file: usize,
    first: u64,
    /// It is the last one, and reads to the end of the file, wherever that is by now.
    is_last: bool,
}

/// What reading a part gave.
struct Pieces {
    blocks: Vec<Block>,
    bytes: u64,
}

/// The parts of all files, the large ones first, so that none of them is left for one thread at
/// the end.
fn parts(files: &[(Vec<u8>, PathBuf, u64)]) -> Vec<Part> {
    let mut all = Vec::with_capacity(files.len());
    for (file, (_, _, size)) in files.iter().enumerate() {
        let pieces = size.div_ceil(BLOCK_SIZE as u64);
        let parts = pieces.div_ceil(PART as u64);
        all.extend((0..parts).map(|part| Part {
            file,
            first: part * PART as u64,
            is_last: part + 1 == parts,
        }));
    }
    all
}

fn read_files(
    built: &mut Built,
    files: &[(Vec<u8>, PathBuf, u64)],
    backend: Option<&dyn Backend>,
    options: &BuildOptions<'_>,
) -> Result<()> {
    let parts = parts(files);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<(usize, Result<Pieces>)>> = Mutex::new(Vec::with_capacity(parts.len()));
    let is_stopped = || {
        options
            .stop
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    };
    let work = |uploads: &Uploads<'_>| {
        let mut buffer = vec![0; PART * BLOCK_SIZE];
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = parts.get(place) else { return };
            let Some((location, path, _)) = files.get(part.file) else {
                return;
            };
            if is_stopped() || uploads.has_failed() {
                // The others would fail too: nothing more is begun.
                next.store(parts.len(), Ordering::Relaxed);
                return;
            }
            let result = pieces(path, location, part, uploads, &mut buffer);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((place, result));
            drop(results);
            if part.is_last {
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(progress) = options.progress {
                    progress(done, files.len());
                }
            }
        }
    };
    let ((), counts) = with_uploads(backend, |uploads| {
        std::thread::scope(|scope| {
            for _ in 1..threads(options.threads).min(parts.len()) {
                scope.spawn(|| work(uploads));
            }
            work(uploads);
        });
    });
    if is_stopped() {
        return Err(Error::Stopped);
    }
    let counts = counts?;
    (built.uploaded, built.present) = (counts.uploaded, counts.present);
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    let mut found: Vec<Result<Pieces>> = Vec::with_capacity(files.len());
    found.resize_with(files.len(), || {
        Ok(Pieces {
            blocks: Vec::new(),
            bytes: 0,
        })
    });
    for (place, result) in results {
        let Some(whole) = parts.get(place).and_then(|part| found.get_mut(part.file)) else {
            continue;
        };
        match (whole, result) {
            (Err(_), _) => {}
            (whole, Err(error)) => *whole = Err(error),
            (Ok(whole), Ok(part)) => {
                whole.blocks.extend(part.blocks);
                whole.bytes += part.bytes;
            }
        }
    }
    for ((location, _, size), found) in files.iter().zip(found) {
        let found = found.and_then(|found| match found.bytes == *size {
            true => Ok(found),
            false => Err(Error::Changed {
                path: display(location),
                before: *size,
                after: found.bytes,
            }),
        });
        match found {
            Ok(found) => {
                if let Some(Kind::File { blocks, .. }) =
                    built.tree.get_mut(location).map(|node| &mut node.kind)
                {
                    *blocks = found.blocks;
                }
            }
            Err(error @ Error::Backend(_)) => return Err(error),
            Err(error) => {
                built.tree.remove(location);
                built.skipped.push((display(location), error.to_string()));
            }
        }
    }
    Ok(())
}

/// Threads that hash and compress; 0 for as many as the machine has cores.
pub(super) fn threads(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

fn pieces(
    path: &Path,
    location: &[u8],
    part: &Part,
    uploads: &Uploads<'_>,
    buffer: &mut [u8],
) -> Result<Pieces> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    if part.first > 0 {
        let begin = SeekFrom::Start(part.first * BLOCK_SIZE as u64);
        file.seek(begin).map_err(Error::file("read", path))?;
    }
    let mut found = Pieces {
        blocks: Vec::new(),
        bytes: 0,
    };
    loop {
        let length = fill(&mut file, buffer).map_err(Error::file("read", path))?;
        let read = buffer.get(..length).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        found.bytes += length as u64;
        let pieces: Vec<&[u8]> = read.chunks(BLOCK_SIZE).collect();
        for chunk in pieces_of(&pieces, location)? {
            found.blocks.push(chunk.block);
            uploads.put(chunk)?;
        }
        if !part.is_last || length < buffer.len() {
            break;
        }
    }
    Ok(found)
}

/// The chunks of pieces of a file.
pub(super) fn pieces_of(pieces: &[&[u8]], location: &[u8]) -> Result<Vec<Chunk>> {
    Chunk::of_several(pieces).map_err(|reason| Error::Chunk {
        path: display(location),
        id: ChunkId([0; 16]),
        reason,
    })
}

/// Reads until the buffer is full or there is no more.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(length)
}
