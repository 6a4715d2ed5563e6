//! Reading flists.
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::archive;
use super::database::{Database, Metadata};
use super::error::{Error, Result};
use super::keys::path_key;
use super::record::{Acl, Attributes, Directory, Inode, SpecialKind};
use super::tree::{Kind, Meta, Node, Tree, TreeError, display, join};

/// Mode and owner where the row of them is missing (spec: flist §6).
const LOST: (u16, u32) = (0o400, 1000);
/// Digits of the keys of directories, and of ownership and mode.
const DIRECTORY_KEY: u32 = 32;
const ACL_KEY: u32 = 16;
/// The deepest path that is followed; deeper ones cannot be opened by the system either.
const MAX_DEPTH: usize = 2048;

/// An flist that was read.
#[derive(Debug)]
pub struct Flist {
    database: Database,
    acls: HashMap<String, Acl>,
}

impl Flist {
    /// Reads an flist from a file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::file("read", path))?;
        Self::from_reader(file)
    }

    /// Reads an flist from anything.
    ///
    /// # Errors
    /// As [`Flist::open`].
    pub fn from_reader(bytes: impl Read) -> Result<Self> {
        let database = Database::open(&archive::unpack(bytes)?)?;
        let mut acls = HashMap::new();
        database.each_entry(ACL_KEY, |key, value| {
            let acl = Acl::from_message(&value).map_err(|reason| Error::Row {
                key: key.clone(),
                reason,
            })?;
            acls.insert(key, acl);
            Ok::<_, Error>(())
        })?;
        let flist = Self { database, acls };
        // The root must be there, else it is some other database.
        flist.directory_by_key(&path_key(b""), "/")?;
        Ok(flist)
    }

    /// Returns the further rows: `backend`, `entrypoint`, …
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn metadata(&self) -> Result<Metadata> {
        self.database.metadata()
    }

    /// Returns the rows of ownership and mode by their keys.
    pub fn acls(&self) -> &HashMap<String, Acl> {
        &self.acls
    }

    /// Returns the row of a directory, as it is stored.
    ///
    /// # Errors
    /// [`Error::NoDirectory`]; [`Error::Row`] when it is broken.
    pub fn directory(&self, location: &[u8]) -> Result<Directory> {
        self.directory_by_key(&path_key(location), &display(location))
    }

    /// Returns the rows of all directories by their keys, as they are stored.
    ///
    /// # Errors
    /// As [`Flist::directory`].
    pub fn directories(&self) -> Result<Vec<(String, Directory)>> {
        let mut found = Vec::new();
        self.database.each_entry(DIRECTORY_KEY, |key, value| {
            match Directory::from_message(&value) {
                Ok(directory) => {
                    found.push((key, directory));
                    Ok(())
                }
                Err(reason) => Err(Error::Row { key, reason }),
            }
        })?;
        Ok(found)
    }

    fn directory_by_key(&self, key: &str, path: &str) -> Result<Directory> {
        let Some(message) = self.database.entry(key)? else {
            return Err(Error::NoDirectory { path: path.into() });
        };
        Directory::from_message(&message).map_err(|reason| Error::Row {
            key: key.into(),
            reason,
        })
    }

    /// Returns what is in a directory, in the order in which it is stored.
    ///
    /// # Errors
    /// As [`Flist::directory`].
    pub fn list(&self, location: &[u8]) -> Result<Vec<(Vec<u8>, Node)>> {
        let found = self.find(location)?;
        let Attributes::Dir { key } = &found.attributes else {
            return Err(Error::NoDirectory {
                path: display(location),
            });
        };
        let directory = self.directory_by_key(key, &display(location))?;
        Ok(directory
            .contents
            .iter()
            .map(|inode| (inode.name.clone(), self.node(inode)))
            .collect())
    }

    /// Returns one node.
    ///
    /// # Errors
    /// [`Error::NotFound`], and as [`Flist::directory`].
    pub fn stat(&self, location: &[u8]) -> Result<Node> {
        Ok(self.node(&self.find(location)?))
    }

    /// Follows a path from the root, by the keys that stand in the directories.
    fn find(&self, location: &[u8]) -> Result<Inode> {
        let root = self.directory(b"")?;
        let mut inode = Inode {
            name: Vec::new(),
            size: root.size,
            attributes: Attributes::Dir { key: path_key(b"") },
            acl_key: root.acl_key,
            modified: root.modified,
            created: root.created,
        };
        let parts = location.split(|byte| *byte == b'/');
        for part in parts.filter(|part| !part.is_empty()) {
            let missing = || Error::NotFound {
                path: display(location),
            };
            let Attributes::Dir { key } = &inode.attributes else {
                return Err(missing());
            };
            let directory = self.directory_by_key(key, &display(location))?;
            let mut contents = directory.contents.into_iter();
            inode = contents
                .find(|inode| inode.name == part)
                .ok_or_else(missing)?;
        }
        Ok(inode)
    }

    fn meta(&self, acl_key: &str, modified: u32, created: u32) -> Meta {
        let acl = self.acls.get(acl_key);
        let number = |id: i64| u32::try_from(id).ok();
        match acl {
            Some(acl) => Meta {
                mode: acl.mode & 0o7777,
                user: acl.user.clone(),
                group: acl.group.clone(),
                uid: number(acl.uid),
                gid: number(acl.gid),
                modified,
                created,
            },
            None => Meta {
                mode: LOST.0,
                user: LOST.1.to_string(),
                group: LOST.1.to_string(),
                uid: Some(LOST.1),
                gid: Some(LOST.1),
                modified,
                created,
            },
        }
    }

    fn node(&self, inode: &Inode) -> Node {
        let kind = match &inode.attributes {
            Attributes::Dir { .. } => Kind::Dir,
            Attributes::File { blocks, .. } => Kind::File {
                size: inode.size,
                blocks: blocks.clone(),
            },
            Attributes::Link { target } => Kind::Link {
                target: target.clone(),
            },
            Attributes::Special { kind, data } => Kind::Special {
                kind: self.special_kind(*kind, &inode.acl_key),
                device: device(data),
            },
        };
        Node {
            meta: self.meta(&inode.acl_key, inode.modified, inode.created),
            kind,
        }
    }

    /// The original always writes `socket`; the true kind is in the mode, in the format of 2019.
    fn special_kind(&self, said: SpecialKind, acl_key: &str) -> SpecialKind {
        let mode = self.acls.get(acl_key).map_or(0, |acl| acl.mode);
        match mode & 0o170_000 {
            0o010_000 => SpecialKind::Fifo,
            0o020_000 => SpecialKind::CharDevice,
            0o060_000 => SpecialKind::BlockDevice,
            0o140_000 => SpecialKind::Socket,
            _ => said,
        }
    }

    /// Reads the whole tree.
    ///
    /// # Errors
    /// A directory that is missing or broken, a name that is there twice, a directory that is in
    /// itself.
    pub fn tree(&self) -> Result<Tree> {
        let mut rows: HashMap<String, Directory> = self.directories()?.into_iter().collect();
        let root_key = path_key(b"");
        let root = rows
            .remove(&root_key)
            .ok_or_else(|| Error::NoDirectory { path: "/".into() })?;
        let mut tree = Tree::new(self.meta(&root.acl_key, root.modified, root.created));
        let mut waiting = vec![(Vec::new(), root, 0_usize)];
        while let Some((location, directory, depth)) = waiting.pop() {
            for inode in &directory.contents {
                let at = join(&location, &inode.name);
                if let Attributes::Dir { key } = &inode.attributes {
                    // Each row is used once: what is in itself is not found a second time.
                    let row = rows.remove(key).filter(|_| depth < MAX_DEPTH);
                    let row = row.ok_or_else(|| Error::NoDirectory { path: display(&at) })?;
                    waiting.push((at.clone(), row, depth + 1));
                }
                tree.insert(at, self.node(inode))
                    .map_err(|error: TreeError| Error::Tree(error))?;
            }
        }
        Ok(tree)
    }
}

/// `major,minor`.
fn device(data: &[u8]) -> Option<(u32, u32)> {
    let (major, minor) = std::str::from_utf8(data).ok()?.split_once(',')?;
    Some((major.trim().parse().ok()?, minor.trim().parse().ok()?))
}
