//! A file tree in memory: what flists are read into, merged as, and written from.
use std::collections::{BTreeMap, HashMap};

use super::record::{Block, SpecialKind};

/// Owner, mode and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits (07777).
    pub mode: u16,
    /// Name of the user, or the number as text.
    pub user: String,
    /// Name of the group, or the number as text.
    pub group: String,
    /// Number of the user, where known.
    pub uid: Option<u32>,
    /// Number of the group, where known.
    pub gid: Option<u32>,
    /// Time of the last change of the content, Unix seconds.
    pub modified: u32,
    /// Time of the last change of the inode, Unix seconds.
    pub created: u32,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A regular file.
    File {
        /// Its size in bytes.
        size: u64,
        /// Its pieces. Empty for an empty file, and for one whose chunks were never made.
        blocks: Vec<Block>,
    },
    /// A symbolic link.
    Link {
        /// Where it leads.
        target: Vec<u8>,
    },
    /// A device, a pipe, a socket.
    Special {
        /// What it is.
        kind: SpecialKind,
        /// Major and minor number of a device.
        device: Option<(u32, u32)>,
    },
}

/// A file, directory, link or special file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Owner, mode and times.
    pub meta: Meta,
    /// What it is.
    pub kind: Kind,
}

/// Why something cannot be in a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A path that would leave the tree, or is none.
    #[error("'{0}' cannot be a path in an flist: its parts must be names, without '.' and '..'")]
    Path(String),
    /// A path that is there already.
    #[error("{0} is there twice")]
    Twice(String),
    /// A path in something that is no directory, or is not there.
    #[error("{0} is not in a directory of this tree")]
    NoParent(String),
    /// The root must be a directory.
    #[error("the root of a tree must be a directory")]
    Root,
}

/// A file tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// By path without slashes at the ends; nothing is the root.
    nodes: BTreeMap<Vec<u8>, Node>,
}

/// A path for people: it begins with a slash, and what is no text is escaped.
pub fn display(location: &[u8]) -> String {
    let text = String::from_utf8_lossy(location);
    let mut shown = String::with_capacity(text.len() + 1);
    shown.push('/');
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// The directory that something is in, and its name; None for the root.
pub(super) fn split_location(location: &[u8]) -> Option<(&[u8], &[u8])> {
    if location.is_empty() {
        return None;
    }
    match location.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => Some((location.get(..slash)?, location.get(slash + 1..)?)),
        None => Some((&[], location)),
    }
}

/// The location of a name in a directory.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory.is_empty() {
        true => name.to_vec(),
        false => [directory, b"/", name].concat(),
    }
}

/// A directory with what is in it, by name.
pub(super) type DirectoryOf<'a> = (&'a [u8], &'a Node, Vec<(&'a [u8], &'a Node)>);

impl Tree {
    /// Begins a tree with its root directory.
    pub fn new(root: Meta) -> Self {
        let node = Node {
            meta: root,
            kind: Kind::Dir,
        };
        Self {
            nodes: BTreeMap::from([(Vec::new(), node)]),
        }
    }

    /// Turns a path of a user into a location: slashes at the ends and empty parts fall away.
    ///
    /// # Errors
    /// When a part of it is `.` or `..`, or holds a zero byte.
    pub fn location(path: &[u8]) -> Result<Vec<u8>, TreeError> {
        let parts: Vec<&[u8]> = path
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty())
            .collect();
        let wrong = |part: &&[u8]| *part == b"." || *part == b".." || part.contains(&0);
        match parts.iter().any(wrong) {
            true => Err(TreeError::Path(String::from_utf8_lossy(path).into_owned())),
            false => Ok(parts.join(&b'/')),
        }
    }

    /// Adds a node; the directory it is in must be there.
    ///
    /// # Errors
    /// When it is there already, or its directory is not.
    pub fn insert(&mut self, location: Vec<u8>, node: Node) -> Result<(), TreeError> {
        let clean = Self::location(&location)?;
        if clean != location {
            return Err(TreeError::Path(display(&location)));
        }
        if self.nodes.contains_key(&location) {
            return Err(TreeError::Twice(display(&location)));
        }
        let parent = split_location(&location).and_then(|(parent, _)| self.nodes.get(parent));
        match parent.map(|parent| &parent.kind) {
            Some(Kind::Dir) => {
                self.nodes.insert(location, node);
                Ok(())
            }
            _ => Err(TreeError::NoParent(display(&location))),
        }
    }

    /// Adds a node in the place of what is there; what was in a directory that is none any more
    /// goes too.
    ///
    /// # Errors
    /// As [`Tree::insert`]; [`TreeError::Root`].
    pub fn replace(&mut self, location: Vec<u8>, node: Node) -> Result<(), TreeError> {
        let stays_dir = |old: &Node| matches!((&old.kind, &node.kind), (Kind::Dir, Kind::Dir));
        match self.nodes.get_mut(&location) {
            Some(old) if stays_dir(old) => {
                *old = node;
                Ok(())
            }
            Some(_) if location.is_empty() => Err(TreeError::Root),
            _ => {
                self.remove(&location);
                self.insert(location, node)
            }
        }
    }

    /// Takes a node away, with everything in it; the root stays. Returns true when it was there.
    pub fn remove(&mut self, location: &[u8]) -> bool {
        if location.is_empty() || self.nodes.remove(location).is_none() {
            return false;
        }
        self.clear(location);
        true
    }

    /// Takes away everything in a directory.
    pub fn clear(&mut self, location: &[u8]) {
        if location.is_empty() {
            self.nodes.retain(|at, _| at.is_empty());
            return;
        }
        let first = [location, b"/"].concat();
        // The character after the slash ends the range of everything below.
        let last = [location, b"0"].concat();
        let below: Vec<Vec<u8>> = self
            .nodes
            .range(first..last)
            .map(|(at, _)| at.clone())
            .collect();
        for at in below {
            self.nodes.remove(&at);
        }
    }

    /// Returns a node.
    pub fn get(&self, location: &[u8]) -> Option<&Node> {
        self.nodes.get(location)
    }

    /// Returns a node, to change it.
    pub fn get_mut(&mut self, location: &[u8]) -> Option<&mut Node> {
        self.nodes.get_mut(location)
    }

    /// Returns all nodes with their locations; a directory comes before what is in it.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Node)> {
        self.nodes.iter().map(|(at, node)| (at.as_slice(), node))
    }

    /// Returns everything below a directory, in order, without itself.
    pub fn below(&self, location: &[u8]) -> impl Iterator<Item = (&[u8], &Node)> {
        let first = match location.is_empty() {
            // The root is nothing, and everything else is more.
            true => vec![0],
            false => [location, b"/"].concat(),
        };
        let last = (!location.is_empty()).then(|| [location, b"0"].concat());
        let range = self.nodes.range(first..);
        range
            .take_while(move |(at, _)| last.as_ref().is_none_or(|last| *at < last))
            .map(|(at, node)| (at.as_slice(), node))
    }

    /// Number of nodes, the root included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// False: there is always a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns every directory with what is in it, by name; both in order.
    pub(super) fn directories(&self) -> Vec<DirectoryOf<'_>> {
        let mut contents: HashMap<&[u8], Vec<(&[u8], &Node)>> = HashMap::new();
        for (at, node) in self.iter() {
            if let Some((parent, name)) = split_location(at) {
                contents.entry(parent).or_default().push((name, node));
            }
        }
        let directories = self.iter().filter(|(_, node)| node.kind == Kind::Dir);
        directories
            .map(|(at, node)| {
                let mut inside = contents.remove(at).unwrap_or_default();
                inside.sort_by_key(|(name, _)| *name);
                (at, node, inside)
            })
            .collect()
    }
}
