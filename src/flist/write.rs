//! Writing flists.
use std::collections::HashMap;
use std::io::Write;

use super::archive;
use super::database::{Database, Metadata};
use super::error::{Error, Result};
use super::keys::{Format, acl_key, path_key};
use super::record::{Acl, Attributes, Directory, Inode, SpecialKind};
use super::tree::{Kind, Meta, Node, Tree, join, split_location};

/// Size that is written for directories.
const DIRECTORY_SIZE: u64 = 4096;
/// [`super::BLOCK_SIZE`] in units of 4096 bytes.
const BLOCK_UNITS: u16 = 128;

/// Writes a tree as an flist, names in order. Equal trees give equal databases.
///
/// # Errors
/// [`Error::Database`]; [`Error::File`] when `out` cannot be written.
pub fn write(tree: &Tree, metadata: &Metadata, format: Format, out: impl Write) -> Result<()> {
    let database = Database::create()?;
    let mut acls = Acls {
        format,
        keys: HashMap::new(),
    };
    for (location, node, contents) in tree.directories() {
        let (parent, name) = split_location(location).unwrap_or_default();
        let contents = contents
            .into_iter()
            .map(|(name, node)| inode(&database, &mut acls, location, name, node));
        let directory = Directory {
            name: name.to_vec(),
            location: location.to_vec(),
            contents: contents.collect::<Result<_>>()?,
            parent: path_key(parent),
            size: DIRECTORY_SIZE,
            acl_key: acls.key(&database, node)?,
            modified: node.meta.modified,
            created: node.meta.created,
        };
        database.insert(&path_key(location), &directory.to_message())?;
    }
    for (key, value) in metadata {
        database.insert_metadata(key, value)?;
    }
    let modified = tree.get(b"").map_or(0, |root| root.meta.modified);
    archive::pack(&database.into_bytes()?, modified.into(), out)
        .map_err(Error::file("write", "the flist"))
}

fn inode(
    database: &Database,
    acls: &mut Acls,
    directory: &[u8],
    name: &[u8],
    node: &Node,
) -> Result<Inode> {
    let (size, attributes) = match &node.kind {
        Kind::Dir => {
            let key = path_key(&join(directory, name));
            (DIRECTORY_SIZE, Attributes::Dir { key })
        }
        Kind::File { size, blocks } => {
            let attributes = Attributes::File {
                block_size: BLOCK_UNITS,
                blocks: blocks.clone(),
            };
            (*size, attributes)
        }
        Kind::Link { target } => {
            let attributes = Attributes::Link {
                target: target.clone(),
            };
            (target.len() as u64, attributes)
        }
        Kind::Special { kind, device } => {
            let data = match device {
                Some((major, minor)) => format!("{major},{minor}"),
                None => "(nothing)".to_owned(),
            };
            let attributes = Attributes::Special {
                kind: *kind,
                data: data.into_bytes(),
            };
            (0, attributes)
        }
    };
    Ok(Inode {
        name: name.to_vec(),
        size,
        attributes,
        acl_key: acls.key(database, node)?,
        modified: node.meta.modified,
        created: node.meta.created,
    })
}

/// The rows of ownership and mode that were written.
struct Acls {
    format: Format,
    keys: HashMap<Owned, String>,
}

type Owned = (u16, String, String, Option<u32>, Option<u32>);

impl Acls {
    fn key(&mut self, database: &Database, node: &Node) -> Result<String> {
        let Meta {
            user,
            group,
            uid,
            gid,
            ..
        } = &node.meta;
        let mode = match self.format {
            Format::Y2019 => node.meta.mode | type_bits(&node.kind),
            Format::Y2023 => node.meta.mode,
        };
        let owned = (mode, user.clone(), group.clone(), *uid, *gid);
        if let Some(key) = self.keys.get(&owned) {
            return Ok(key.clone());
        }
        let number = |id: &Option<u32>| id.map_or(-1, i64::from);
        let acl = Acl {
            user: user.clone(),
            group: group.clone(),
            mode,
            uid: number(uid),
            gid: number(gid),
        };
        let key = acl_key(&acl, self.format);
        // In the format of 2019 a link and a file of mode 777 share a key: whoever comes first.
        if database.entry(&key)?.is_none() {
            database.insert(&key, &acl.to_message())?;
        }
        self.keys.insert(owned, key.clone());
        Ok(key)
    }
}

fn type_bits(kind: &Kind) -> u16 {
    match kind {
        Kind::Dir => 0o040_000,
        Kind::File { .. } => 0o100_000,
        Kind::Link { .. } => 0o120_000,
        Kind::Special { kind, .. } => match kind {
            SpecialKind::Socket => 0o140_000,
            SpecialKind::BlockDevice => 0o060_000,
            SpecialKind::CharDevice => 0o020_000,
            SpecialKind::Fifo => 0o010_000,
            SpecialKind::Unknown => 0,
        },
    }
}
