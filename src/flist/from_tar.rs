//! From a tar archive to a tree, with its chunks in a backend.
//!
//! The archive is read once from its beginning to its end and never unpacked to this machine.
//! Whoever made it is not trusted: names that leave the tree, sizes without end and links to what
//! is not there are refused or told, each with its name. Layers of images are read elsewhere
//! ([`super::image`]): in these one wrong entry is reason enough to refuse the whole.
use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use regex::bytes::RegexSet;
use tar::{Archive, Entry, EntryType};

use super::backend::Backend;
use super::build::{BuildOptions, Built, exclusion, threads};
use super::chunk::BLOCK_SIZE;
use super::error::{Error, Result};
use super::pieces::{Piece, Pieces, chunk_pieces};
use super::record::SpecialKind;
use super::tree::{Kind, Meta, Node, Tree, display, split_location};
use super::unpack::unpacked;

/// Longest path, and longest target of a link, in bytes; the system takes no longer ones.
const MAX_PATH: usize = 4096;
/// Longest name in a path.
const MAX_NAME: usize = 255;
/// Bytes of headers before one entry: long names and further attributes of it.
const MAX_HEADERS: u64 = 1024 * 1024;

/// What an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TarLimits {
    /// Entries of all kinds.
    pub entries: usize,
    /// Bytes of the unpacked archive.
    pub bytes: u64,
    /// Bytes of one file, unpacked.
    pub file: u64,
}

impl Default for TarLimits {
    /// Two million entries, 64 GiB, files of 32 GiB.
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            bytes: 64 << 30,
            file: 32 << 30,
        }
    }
}

/// Makes a tree of a tar archive, which may be compressed with gzip or zstd. Of entries with the
/// same name the last one counts. What cannot be taken is told in [`Built::skipped`].
///
/// # Errors
/// An archive that is damaged or too large, and as [`super::from_dir`].
pub fn from_tar(
    archive: impl Read,
    backend: Option<&dyn Backend>,
    limits: &TarLimits,
    options: &BuildOptions<'_>,
) -> Result<Built> {
    let exclude = exclusion(options)?;
    let archive = BufReader::with_capacity(64 * 1024, archive);
    let archive = unpacked(archive).map_err(damaged)?;
    let (read, chunked) = chunk_pieces(backend, threads(options.threads), None, |pieces| {
        let reader = Reader {
            tree: Tree::new(unknown()),
            skipped: Vec::new(),
            numbers: HashMap::new(),
            contents: 0,
            pieces,
            limits,
            exclude,
        };
        reader.read(archive, options)
    });
    let (chunked, mut read) = (chunked?, read?);
    for (location, number) in read.numbers {
        if let Some(Kind::File { blocks, .. }) =
            read.tree.get_mut(&location).map(|node| &mut node.kind)
        {
            *blocks = chunked.of(number).to_vec();
        }
    }
    Ok(Built {
        tree: read.tree,
        skipped: read.skipped,
        uploaded: chunked.counts.uploaded,
        present: chunked.counts.present,
    })
}

fn damaged(error: io::Error) -> Error {
    Error::Tar(error.to_string())
}

/// Directories that an archive does not have: root's.
fn unknown() -> Meta {
    Meta {
        mode: 0o755,
        user: "root".into(),
        group: "root".into(),
        uid: Some(0),
        gid: Some(0),
        modified: 0,
        created: 0,
    }
}

/// Stops archives that never end: of all bytes, and of those before the next entry.
struct Gauge<R> {
    inner: R,
    left: u64,
    headers: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Gauge<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it unpacks to more bytes than are allowed"))?;
        if let Some(left) = self.headers.get() {
            let left = left.checked_sub(read as u64).ok_or_else(|| {
                io::Error::other(format!(
                    "an entry has more than {MAX_HEADERS} bytes of headers"
                ))
            })?;
            self.headers.set(Some(left));
        }
        Ok(read)
    }
}

/// What was read of an archive.
struct Taken {
    tree: Tree,
    skipped: Vec<(String, String)>,
    numbers: HashMap<Vec<u8>, usize>,
}

struct Reader<'a> {
    tree: Tree,
    skipped: Vec<(String, String)>,
    /// Number of the content of each file; hard links share one.
    numbers: HashMap<Vec<u8>, usize>,
    /// How many contents there are.
    contents: usize,
    pieces: Pieces<'a>,
    limits: &'a TarLimits,
    exclude: RegexSet,
}

impl Reader<'_> {
    fn read(mut self, archive: impl Read, options: &BuildOptions<'_>) -> Result<Taken> {
        let headers = Rc::new(Cell::new(Some(MAX_HEADERS)));
        let mut archive = Archive::new(Gauge {
            inner: archive,
            left: self.limits.bytes,
            headers: headers.clone(),
        });
        let mut entries = archive.entries().map_err(damaged)?;
        let mut number = 0;
        loop {
            headers.set(Some(MAX_HEADERS));
            let Some(entry) = entries.next() else { break };
            let mut entry = entry.map_err(damaged)?;
            headers.set(None);
            number += 1;
            if number > self.limits.entries {
                let most = self.limits.entries;
                return Err(Error::Tar(format!("it has more than {most} entries")));
            }
            if options
                .stop
                .is_some_and(|stop| stop.load(Ordering::Relaxed))
            {
                return Err(Error::Stopped);
            }
            if self.pieces.has_failed() {
                break;
            }
            if let Err(reason) = self.add(&mut entry)? {
                let name = display(&entry.path_bytes());
                self.skipped.push((name, reason));
            }
            // What is left of it is read here, and not taken for headers of the next one.
            io::copy(&mut entry, &mut io::sink()).map_err(damaged)?;
            if let Some(progress) = options.progress {
                progress(number, 0);
            }
        }
        if number == 0 {
            return Err(Error::Tar("nothing is in it".into()));
        }
        Ok(Taken {
            tree: self.tree,
            skipped: self.skipped,
            numbers: self.numbers,
        })
    }

    /// Takes an entry; the inner error is why this one cannot be taken.
    fn add(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<std::result::Result<(), String>> {
        let location = match location(&entry.path_bytes()) {
            Ok(location) => location,
            Err(reason) => return Ok(Err(reason)),
        };
        if self.is_excluded(&location) {
            return Ok(Ok(()));
        }
        if let Err(reason) = self.make_parents(&location) {
            return Ok(Err(reason));
        }
        let meta = match meta(entry) {
            Ok(meta) => meta,
            Err(reason) => return Ok(Err(reason)),
        };
        let special = |kind, device| Kind::Special { kind, device };
        let kind = match entry.header().entry_type() {
            EntryType::Directory => Kind::Dir,
            EntryType::Symlink => match entry.link_name_bytes() {
                Some(target) if !target.is_empty() && target.len() <= MAX_PATH => Kind::Link {
                    target: target.into_owned(),
                },
                _ => return Ok(Err("a link without a target that can be one".into())),
            },
            EntryType::Link => return Ok(self.hard_link(entry, location)),
            EntryType::Char => special(SpecialKind::CharDevice, device(entry)),
            EntryType::Block => special(SpecialKind::BlockDevice, device(entry)),
            EntryType::Fifo => special(SpecialKind::Fifo, None),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let (size, content) = self.content(entry, &location)?;
                self.numbers.insert(location.clone(), content);
                let blocks = Vec::new();
                Kind::File { size, blocks }
            }
            // What archives say of themselves, and no file.
            EntryType::XGlobalHeader => return Ok(Ok(())),
            other => {
                return Ok(Err(format!(
                    "an entry of kind {:?}",
                    other.as_byte() as char
                )));
            }
        };
        let put = self.tree.replace(location, Node { meta, kind });
        Ok(put.map_err(|error| error.to_string()))
    }

    fn is_excluded(&self, location: &[u8]) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let path = [b"/", location].concat();
        let ends = path.iter().enumerate().skip(1);
        let mut ends: Vec<usize> = ends
            .filter(|(_, b)| **b == b'/')
            .map(|(at, _)| at)
            .collect();
        ends.push(path.len());
        // What is in a directory that is left out is left out too.
        ends.iter().any(|end| {
            path.get(..*end)
                .is_some_and(|part| self.exclude.is_match(part))
        })
    }

    /// Archives may leave out directories. What is in something else than a directory is refused:
    /// it would be written through a link.
    fn make_parents(&mut self, location: &[u8]) -> std::result::Result<(), String> {
        let Some((parent, _)) = split_location(location) else {
            return Ok(());
        };
        match self.tree.get(parent).map(|node| &node.kind) {
            Some(Kind::Dir) => return Ok(()),
            Some(_) => return Err(format!("{} is no directory", display(parent))),
            None => {}
        }
        self.make_parents(parent)?;
        let node = Node {
            meta: unknown(),
            kind: Kind::Dir,
        };
        let made = self.tree.insert(parent.to_vec(), node);
        made.map_err(|error| error.to_string())
    }

    /// The same file once more: with its contents, its owner and its mode.
    fn hard_link(
        &mut self,
        entry: &Entry<'_, impl Read>,
        at: Vec<u8>,
    ) -> std::result::Result<(), String> {
        let target = location(&entry.link_name_bytes().unwrap_or_default())?;
        let there = self.tree.get(&target).cloned();
        let there = there
            .ok_or_else(|| format!("a hard link to {}, which is not there", display(&target)))?;
        if there.kind == Kind::Dir {
            return Err(format!("a hard link to the directory {}", display(&target)));
        }
        if target == at {
            return Ok(());
        }
        if let Some(number) = self.numbers.get(&target).copied() {
            self.numbers.insert(at.clone(), number);
        }
        self.tree
            .replace(at, there)
            .map_err(|error| error.to_string())
    }

    /// Hands the pieces of a file over; answers its size and the number of its content.
    fn content(&mut self, entry: &mut impl Read, location: &[u8]) -> Result<(u64, usize)> {
        let file = self.contents;
        self.contents += 1;
        let (mut size, mut place) = (0_u64, 0);
        let mut buffer = Vec::new();
        loop {
            // A piece is as large as what comes: small files need no half megabyte each.
            buffer.clear();
            let mut part = entry.by_ref().take(BLOCK_SIZE as u64);
            part.read_to_end(&mut buffer).map_err(damaged)?;
            if buffer.is_empty() {
                break;
            }
            size += buffer.len() as u64;
            if size > self.limits.file {
                return Err(Error::Tar(format!(
                    "{} has more than {} bytes",
                    display(location),
                    self.limits.file
                )));
            }
            let bytes = std::mem::take(&mut buffer);
            let is_last = bytes.len() < BLOCK_SIZE;
            let piece = Piece { file, place, bytes };
            if !self.pieces.put(piece) || is_last {
                break;
            }
            place += 1;
        }
        Ok((size, file))
    }
}

/// A path of the archive as one of the tree; a slash before it is left out, as tar does.
fn location(path: &[u8]) -> std::result::Result<Vec<u8>, String> {
    if path.len() > MAX_PATH {
        return Err(format!(
            "its path has {} bytes, {MAX_PATH} is the most",
            path.len()
        ));
    }
    let parts = path.split(|byte| *byte == b'/');
    let parts: Vec<&[u8]> = parts.filter(|part| *part != b".").collect();
    if let Some(long) = parts.iter().find(|part| part.len() > MAX_NAME) {
        return Err(format!(
            "a name of {} bytes, {MAX_NAME} is the most",
            long.len()
        ));
    }
    Tree::location(&parts.join(&b'/')).map_err(|error| error.to_string())
}

fn device(entry: &Entry<'_, impl Read>) -> Option<(u32, u32)> {
    let major = entry.header().device_major().ok().flatten();
    major.zip(entry.header().device_minor().ok().flatten())
}

fn meta(entry: &Entry<'_, impl Read>) -> std::result::Result<Meta, String> {
    let header = entry.header();
    let number = |what: &str, id: io::Result<u64>| {
        let id = id.map_err(|e| format!("its {what} cannot be read: {e}"))?;
        u32::try_from(id).map_err(|_| format!("its {what} is {id}"))
    };
    let (uid, gid) = (
        number("user", header.uid())?,
        number("group", header.gid())?,
    );
    let name = |bytes: Option<&[u8]>, id: u32| {
        let text = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        text.filter(|text| !text.is_empty())
            .unwrap_or_else(|| id.to_string())
    };
    let mode = header
        .mode()
        .map_err(|e| format!("its mode cannot be read: {e}"))?;
    // Times after 2106 cannot be written.
    let time = header.mtime().unwrap_or_default();
    let time = u32::try_from(time).unwrap_or(u32::MAX);
    Ok(Meta {
        mode: (mode & 0o7777) as u16,
        user: name(header.username_bytes(), uid),
        group: name(header.groupname_bytes(), gid),
        uid: Some(uid),
        gid: Some(gid),
        modified: time,
        created: time,
    })
}
