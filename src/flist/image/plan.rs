//! The tree that layers make, one over the other; and where the contents of its files are.
use std::collections::{HashMap, HashSet};

use super::limits::Limits;
use super::members::{Member, MemberKind};
use crate::flist::tree::{join, split_location};
use crate::flist::{Kind, Meta, Node, SpecialKind, Tree, display};

/// What marks something of a lower layer as gone.
const WHITEOUT: &[u8] = b".wh.";
/// What marks everything in a directory of lower layers as gone.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Symbolic links on the way to one file (as Linux has it).
const MAX_LINKS: usize = 40;
/// The longest name, in bytes (`NAME_MAX` of Linux).
const MAX_NAME: usize = 255;

/// Why a member has no place in the tree.
pub(super) enum PlanError {
    /// What is wrong with it.
    Member(String),
    /// Too many entries.
    Entries,
    /// Too many bytes of names.
    Names,
}

impl From<String> for PlanError {
    fn from(reason: String) -> Self {
        Self::Member(reason)
    }
}

/// The tree so far.
pub(super) struct Plan {
    pub(super) tree: Tree,
    /// Layer and member that hold the content of a file, by its location. May name files that are
    /// not in the tree any more.
    pub(super) sources: HashMap<Vec<u8>, (usize, u64)>,
    /// What the layer that is applied now brought.
    added: HashSet<Vec<u8>>,
    /// Directories that the layer that is applied now emptied.
    emptied: HashSet<Vec<u8>>,
    layer: usize,
    entries: u64,
    names: u64,
    limits: Limits,
}

fn root_meta() -> Meta {
    Meta {
        mode: 0o755,
        user: "0".into(),
        group: "0".into(),
        uid: Some(0),
        gid: Some(0),
        modified: 0,
        created: 0,
    }
}

impl Plan {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            tree: Tree::new(root_meta()),
            sources: HashMap::new(),
            added: HashSet::new(),
            emptied: HashSet::new(),
            layer: 0,
            entries: 0,
            names: 0,
            limits,
        }
    }

    /// Begins with a layer.
    pub(super) fn begin(&mut self, layer: usize) {
        self.layer = layer;
        self.added.clear();
        self.emptied.clear();
    }

    /// Applies a member of the layer.
    pub(super) fn apply(&mut self, member: &Member) -> Result<(), PlanError> {
        let parts = parts(&member.path)?;
        let Some((name, above)) = parts.split_last() else {
            return Ok(self.root(member)?);
        };
        if name.starts_with(WHITEOUT) {
            return Ok(self.take_away(name, above)?);
        }
        let directory = self.directory(above)?;
        self.make_directories(&directory)?;
        let location = join(&directory, name);
        let node = self.node(member, &location)?;
        self.count(&location)?;
        if let Kind::File { size, .. } = &node.kind
            && *size > 0
            && member.kind == MemberKind::File
        {
            let source = (self.layer, member.index);
            self.sources.insert(location.clone(), source);
        }
        self.added.insert(location.clone());
        let replaced = self.tree.replace(location, node);
        replaced.map_err(|e| PlanError::Member(e.to_string()))
    }

    fn count(&mut self, location: &[u8]) -> Result<(), PlanError> {
        self.entries += 1;
        self.names = self.names.saturating_add(location.len() as u64);
        if self.entries > self.limits.entries {
            return Err(PlanError::Entries);
        }
        match self.names > self.limits.names {
            true => Err(PlanError::Names),
            false => Ok(()),
        }
    }

    fn root(&mut self, member: &Member) -> Result<(), String> {
        if member.kind != MemberKind::Dir {
            return Err("the root is no directory in it".into());
        }
        if let Some(root) = self.tree.get_mut(b"") {
            root.meta = meta(member);
        }
        Ok(())
    }

    fn node(&mut self, member: &Member, location: &[u8]) -> Result<Node, String> {
        let special = |kind| Kind::Special {
            kind,
            device: member.device,
        };
        let kind = match member.kind {
            MemberKind::File => Kind::File {
                size: member.size,
                blocks: Vec::new(),
            },
            MemberKind::Dir => Kind::Dir,
            MemberKind::Symlink if member.link.is_empty() || member.link.contains(&0) => {
                return Err(format!("the link {} leads nowhere", display(location)));
            }
            MemberKind::Symlink => Kind::Link {
                target: member.link.clone(),
            },
            MemberKind::HardLink => return self.linked(member, location),
            MemberKind::BlockDevice => special(SpecialKind::BlockDevice),
            MemberKind::CharDevice => special(SpecialKind::CharDevice),
            MemberKind::Fifo => special(SpecialKind::Fifo),
        };
        Ok(Node {
            meta: meta(member),
            kind,
        })
    }

    /// What a hard link is another name of.
    fn linked(&mut self, member: &Member, location: &[u8]) -> Result<Node, String> {
        let missing = || {
            format!(
                "{} is a hard link to {}, which is not there",
                display(location),
                display(&member.link)
            )
        };
        let parts = parts(&member.link)?;
        let (name, above) = parts.split_last().ok_or_else(missing)?;
        let target = join(&self.directory(above)?, name);
        let node = self.tree.get(&target).cloned().ok_or_else(missing)?;
        if node.kind == Kind::Dir {
            return Err(format!(
                "{} is a hard link to the directory {}",
                display(location),
                display(&target)
            ));
        }
        if let Some(source) = self.sources.get(&target).copied() {
            self.sources.insert(location.to_vec(), source);
        }
        Ok(node)
    }

    /// Where a directory is, when the symbolic links on the way are followed. They never lead out
    /// of the tree: its root is theirs.
    fn directory(&self, parts: &[&[u8]]) -> Result<Vec<u8>, String> {
        let mut waiting: Vec<Vec<u8>> = parts.iter().rev().map(|part| part.to_vec()).collect();
        let mut at: Vec<u8> = Vec::new();
        let mut links = 0;
        while let Some(part) = waiting.pop() {
            if part == b".." {
                at = split_location(&at).map_or_else(Vec::new, |(parent, _)| parent.to_vec());
                continue;
            }
            let next = join(&at, &part);
            match self.tree.get(&next).map(|node| &node.kind) {
                Some(Kind::Link { target }) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(format!(
                            "{} goes through more than {MAX_LINKS} symbolic links",
                            display(&parts.join(&b'/'))
                        ));
                    }
                    if target.starts_with(b"/") {
                        at.clear();
                    }
                    let named = target.split(|byte| *byte == b'/').rev();
                    let named = named.filter(|part| !part.is_empty() && *part != b".");
                    waiting.extend(named.map(<[u8]>::to_vec));
                }
                Some(Kind::Dir) | None => at = next,
                Some(_) => {
                    return Err(format!(
                        "{} lies in {}, which is no directory",
                        display(&parts.join(&b'/')),
                        display(&next)
                    ));
                }
            }
        }
        Ok(at)
    }

    /// Makes the directories that no member named.
    fn make_directories(&mut self, location: &[u8]) -> Result<(), PlanError> {
        let ends = location.iter().enumerate();
        let ends = ends.filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let ends: Vec<usize> = ends.chain([location.len()]).collect();
        for end in ends {
            let Some(at) = location.get(..end).filter(|at| !at.is_empty()) else {
                continue;
            };
            if self.tree.get(at).is_none() {
                self.count(at)?;
                self.added.insert(at.to_vec());
                let node = Node {
                    meta: root_meta(),
                    kind: Kind::Dir,
                };
                let made = self.tree.insert(at.to_vec(), node);
                made.map_err(|e| PlanError::Member(e.to_string()))?;
            }
        }
        Ok(())
    }

    /// Takes away what lower layers brought; what this layer brought stays.
    fn take_away(&mut self, marker: &[u8], above: &[&[u8]]) -> Result<(), String> {
        let directory = self.directory(above)?;
        if marker == OPAQUE {
            if self.emptied.insert(directory.clone()) {
                self.forget_below(&directory);
            }
            return Ok(());
        }
        let name = marker.strip_prefix(WHITEOUT).unwrap_or(marker);
        if name.starts_with(WHITEOUT) {
            // Notes of a file system of another time.
            return Ok(());
        }
        if name.is_empty() || name == b"." || name == b".." {
            return Err(format!(
                "{} takes away what has no name",
                display(&join(&directory, marker))
            ));
        }
        let location = join(&directory, name);
        self.forget_below(&location);
        if !self.added.contains(&location) && self.tree.below(&location).next().is_none() {
            self.tree.remove(&location);
        }
        Ok(())
    }

    /// Takes away everything in a directory that is not of this layer.
    fn forget_below(&mut self, location: &[u8]) {
        // From the last to the first: what is in a directory comes before it.
        let below = self.tree.below(location);
        let below: Vec<Vec<u8>> = below.map(|(at, _)| at.to_vec()).collect();
        for at in below.into_iter().rev() {
            if !self.added.contains(&at) && self.tree.below(&at).next().is_none() {
                self.tree.remove(&at);
            }
        }
    }
}

/// The parts of a path in an archive. Where it begins with a slash, the root of the tree is meant.
fn parts(path: &[u8]) -> Result<Vec<&[u8]>, String> {
    let parts: Vec<&[u8]> = path
        .split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
        .collect();
    for part in &parts {
        if *part == b".." || part.contains(&0) {
            return Err(format!(
                "the name '{}' would leave the image",
                String::from_utf8_lossy(path).escape_debug()
            ));
        }
        if part.len() > MAX_NAME {
            return Err(format!(
                "a name of {} bytes is too long, {MAX_NAME} is the most",
                part.len()
            ));
        }
    }
    Ok(parts)
}

fn meta(member: &Member) -> Meta {
    Meta {
        mode: member.mode,
        // Names come at the end, from the image's own list of users.
        user: member.uid.to_string(),
        group: member.gid.to_string(),
        uid: Some(member.uid),
        gid: Some(member.gid),
        modified: member.modified,
        created: member.modified,
    }
}
