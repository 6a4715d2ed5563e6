//! From an uploaded archive of a root file system to a tree with its chunks.
//!
//! Nothing is unpacked onto this machine. The archive is somebody's: what it unpacks to is limited,
//! names that lead out of it are refused, and a file in it that cannot be kept is counted.
use std::io::{BufReader, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use crate::flist::hub::Account;
use crate::flist::{
    BLOCK_SIZE, Backend, Block, Chunk, Kind, Meta, Node, SpecialKind, Tree, display,
};

/// Most bytes that an archive may unpack to.
const LARGEST: u64 = 16 << 30;
/// Most entries of an archive.
const MOST_ENTRIES: usize = 2_000_000;
/// Longest path in bytes; the system takes no longer ones.
const LONGEST: usize = 4096;

/// What an archive became.
pub struct Unpacked {
    /// The tree.
    pub tree: Tree,
    /// Entries that could not be taken: hard links to what is not there.
    pub failures: u64,
}

/// Reads a gzipped tar archive. Chunks go into the backend as they come.
///
/// # Errors
/// What is wrong with the archive, or with the backend.
pub fn unpack(archive: impl Read, backend: &dyn Backend) -> Result<Unpacked, String> {
    let mut archive = BufReader::with_capacity(1 << 16, archive);
    let start = std::io::BufRead::fill_buf(&mut archive).map_err(broken)?;
    if !start.starts_with(b"\x1f\x8b") {
        return Err("the archive is not compressed with gzip".into());
    }
    let limited = MultiGzDecoder::new(archive).take(LARGEST + 1);
    let mut archive = Archive::new(limited);
    let mut unpacked = Unpacked {
        tree: Tree::new(directory(0)),
        failures: 0,
    };
    let mut left = LARGEST;
    let mut buffer = vec![0; BLOCK_SIZE];
    for (number, entry) in archive.entries().map_err(broken)?.enumerate() {
        if number >= MOST_ENTRIES {
            return Err(format!("the archive has more than {MOST_ENTRIES} entries"));
        }
        let entry = entry.map_err(broken)?;
        add(&mut unpacked, entry, backend, &mut left, &mut buffer)?;
    }
    match unpacked.tree.len() {
        1 => Err("the archive is empty".into()),
        _ => Ok(unpacked),
    }
}

fn broken(error: std::io::Error) -> String {
    format!("the archive is damaged: {error}")
}

/// Owner root and time, where an archive says nothing.
fn directory(time: u32) -> Meta {
    Meta {
        mode: 0o755,
        user: "root".into(),
        group: "root".into(),
        uid: Some(0),
        gid: Some(0),
        modified: time,
        created: time,
    }
}

fn add(
    unpacked: &mut Unpacked,
    mut entry: Entry<'_, impl Read>,
    backend: &dyn Backend,
    left: &mut u64,
    buffer: &mut [u8],
) -> Result<(), String> {
    let location = location(&entry.path_bytes())?;
    let meta = meta(&entry);
    let tree = &mut unpacked.tree;
    let device = |entry: &Entry<'_, _>| {
        let header = entry.header();
        let major = header.device_major().ok().flatten();
        major.zip(header.device_minor().ok().flatten())
    };
    let special = |kind, device| Kind::Special { kind, device };
    let kind = match entry.header().entry_type() {
        EntryType::Directory => Kind::Dir,
        EntryType::Symlink => Kind::Link {
            target: entry.link_name_bytes().unwrap_or_default().into_owned(),
        },
        EntryType::Link => {
            let target = self::location(&entry.link_name_bytes().unwrap_or_default())?;
            // It is the same file: with its contents, its owner and its mode.
            let there = tree.get(&target).filter(|node| node.kind != Kind::Dir);
            let Some(there) = there.cloned() else {
                unpacked.failures += 1;
                return Ok(());
            };
            return put(tree, location, there);
        }
        EntryType::Char => special(SpecialKind::CharDevice, device(&entry)),
        EntryType::Block => special(SpecialKind::BlockDevice, device(&entry)),
        EntryType::Fifo => special(SpecialKind::Fifo, None),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let (size, blocks) = chunks(&mut entry, &location, backend, left, buffer)?;
            Kind::File { size, blocks }
        }
        // What archives say of themselves.
        _ => return Ok(()),
    };
    put(tree, location, Node { meta, kind })
}

fn put(tree: &mut Tree, location: Vec<u8>, node: Node) -> Result<(), String> {
    // Archives may leave out directories.
    for (at, _) in location.iter().enumerate().filter(|(_, b)| **b == b'/') {
        let parent = location.get(..at).unwrap_or_default();
        if !matches!(tree.get(parent).map(|node| &node.kind), Some(Kind::Dir)) {
            let node = Node {
                meta: directory(node.meta.modified),
                kind: Kind::Dir,
            };
            tree.replace(parent.to_vec(), node)
                .map_err(|e| e.to_string())?;
        }
    }
    tree.replace(location, node).map_err(|e| e.to_string())
}

/// A path of the archive as one of the tree.
fn location(path: &[u8]) -> Result<Vec<u8>, String> {
    if path.len() > LONGEST {
        return Err(format!("a path of the archive has {} bytes", path.len()));
    }
    let parts = path.split(|byte| *byte == b'/');
    let parts: Vec<&[u8]> = parts.filter(|part| *part != b".").collect();
    Tree::location(&parts.join(&b'/'))
        .map_err(|_| format!("{} leads out of the archive", display(path)))
}

/// Owner, mode and times. A field that is left empty, or is no number, counts as 0, as in tar itself.
fn meta(entry: &Entry<'_, impl Read>) -> Meta {
    let header = entry.header();
    let number = |field: std::io::Result<u64>| {
        let number = field.unwrap_or_default();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let name = |bytes: Option<&[u8]>, id: u32| {
        let text = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        text.filter(|text| !text.is_empty())
            .unwrap_or_else(|| id.to_string())
    };
    let (uid, gid) = (number(header.uid()), number(header.gid()));
    let time = number(header.mtime());
    Meta {
        mode: (header.mode().unwrap_or_default() & 0o7777) as u16,
        user: name(header.username_bytes(), uid),
        group: name(header.groupname_bytes(), gid),
        uid: Some(uid),
        gid: Some(gid),
        modified: time,
        created: time,
    }
}

fn chunks(
    entry: &mut impl Read,
    location: &[u8],
    backend: &dyn Backend,
    left: &mut u64,
    buffer: &mut [u8],
) -> Result<(u64, Vec<Block>), String> {
    let (mut size, mut blocks) = (0_u64, Vec::new());
    loop {
        let mut length = 0;
        while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match entry.read(rest).map_err(broken)? {
                0 => break,
                read => length += read,
            }
        }
        let piece = buffer.get(..length).unwrap_or_default();
        if piece.is_empty() {
            return Ok((size, blocks));
        }
        size += length as u64;
        *left = left
            .checked_sub(length as u64)
            .ok_or_else(|| format!("the archive unpacks to more than {LARGEST} bytes"))?;
        let chunk = Chunk::of(piece).map_err(|e| format!("{}: {e}", display(location)))?;
        let id = &chunk.block.id;
        if !backend.has(id).map_err(|e| e.to_string())? {
            backend.put(id, &chunk.bytes).map_err(|e| e.to_string())?;
        }
        blocks.push(chunk.block);
    }
}

/// Counts what is in a tree, the root not counted.
pub fn count(tree: &Tree, failure: u64) -> Account {
    let mut files = Account {
        failure,
        ..Account::default()
    };
    for (location, node) in tree.iter() {
        match &node.kind {
            Kind::Dir if location.is_empty() => {}
            Kind::Dir => files.directory += 1,
            Kind::File { .. } => files.regular += 1,
            Kind::Link { .. } => files.symlink += 1,
            Kind::Special { .. } => files.special += 1,
        }
    }
    files
}
