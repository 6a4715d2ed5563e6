//! The files of an flist, as a file system looks them up: by number, and by name in a directory.
use std::collections::HashMap;

use crate::flist::{Block, Kind, Node, Tree, display};

/// Where the root stands.
pub const ROOT: u32 = 0;

/// All files of an flist. They never change, and containers share them.
#[derive(Debug)]
pub struct Table {
    entries: Vec<Entry>,
}

/// A file, directory or link.
#[derive(Debug)]
pub struct Entry {
    /// Its name in its directory.
    pub name: Box<[u8]>,
    /// Its directory; that of the root is the root.
    pub parent: u32,
    /// Permission bits.
    pub mode: u16,
    /// Number of its user.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
    /// Time of its last change, Unix seconds.
    pub modified: u32,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry is. Devices and sockets are none: they are left out (spec: flist §6).
#[derive(Debug)]
pub enum EntryKind {
    /// A directory: what is in it, by name.
    Dir(Vec<u32>),
    /// A regular file.
    File {
        /// Size in bytes.
        size: u64,
        /// Its pieces.
        blocks: Box<[Block]>,
    },
    /// A symbolic link.
    Link(Box<[u8]>),
}

impl Table {
    /// Makes it of a tree.
    ///
    /// # Errors
    /// More files than numbers.
    pub fn new(tree: &Tree) -> Result<Self, String> {
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let mut entries: Vec<Entry> = Vec::with_capacity(tree.len());
        // A directory comes before what is in it: its path is the beginning of theirs.
        for (location, node) in tree.iter() {
            let (parent, name) = split(location);
            let kind = match &node.kind {
                Kind::Dir => EntryKind::Dir(Vec::new()),
                Kind::File { size, blocks } => EntryKind::File {
                    size: *size,
                    blocks: blocks.as_slice().into(),
                },
                Kind::Link { target } => EntryKind::Link(target.as_slice().into()),
                Kind::Special { .. } => continue,
            };
            let number = u32::try_from(entries.len()).map_err(|_| "too many files".to_owned())?;
            let parent = match location.is_empty() {
                true => ROOT,
                false => *numbers
                    .get(parent)
                    .ok_or_else(|| format!("{} is in no directory", display(location)))?,
            };
            if !location.is_empty()
                && let Some(EntryKind::Dir(inside)) = entries
                    .get_mut(parent as usize)
                    .map(|entry| &mut entry.kind)
            {
                inside.push(number);
            }
            if matches!(kind, EntryKind::Dir(_)) {
                numbers.insert(location, number);
            }
            entries.push(entry(name, parent, node, kind));
        }
        for at in 0..entries.len() {
            let Some(EntryKind::Dir(inside)) = entries.get_mut(at).map(|e| &mut e.kind) else {
                continue;
            };
            let mut inside = std::mem::take(inside);
            inside.sort_by(|a, b| name_of(&entries, *a).cmp(name_of(&entries, *b)));
            if let Some(entry) = entries.get_mut(at) {
                entry.kind = EntryKind::Dir(inside);
            }
        }
        Ok(Table { entries })
    }

    /// Returns an entry.
    pub fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)
    }

    /// Finds a name in a directory.
    pub fn find(&self, directory: u32, name: &[u8]) -> Option<u32> {
        let EntryKind::Dir(inside) = &self.get(directory)?.kind else {
            return None;
        };
        let found = inside.binary_search_by(|one| name_of(&self.entries, *one).cmp(name));
        inside.get(found.ok()?).copied()
    }

    /// All entries, the root first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The path of an entry, for people.
    pub fn path(&self, number: u32) -> String {
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut at = number;
        while at != ROOT
            && let Some(entry) = self.get(at)
        {
            parts.push(&entry.name);
            at = entry.parent;
        }
        parts.reverse();
        display(&parts.join(&b'/'))
    }
}

fn entry(name: &[u8], parent: u32, node: &Node, kind: EntryKind) -> Entry {
    Entry {
        name: name.into(),
        parent,
        mode: node.meta.mode & 0o777,
        uid: node.meta.uid.unwrap_or_default(),
        gid: node.meta.gid.unwrap_or_default(),
        modified: node.meta.modified,
        kind,
    }
}

fn name_of(entries: &[Entry], number: u32) -> &[u8] {
    entries
        .get(number as usize)
        .map(|entry| &*entry.name)
        .unwrap_or_default()
}

/// Directory and name of a location.
fn split(location: &[u8]) -> (&[u8], &[u8]) {
    match location.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (
            location.get(..slash).unwrap_or_default(),
            location.get(slash + 1..).unwrap_or_default(),
        ),
        None => (&[], location),
    }
}
