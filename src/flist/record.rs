//! The rows of an flist: directories with what is in them, and ownership with mode.
use super::chunk::ChunkId;
use super::message::{Builder, Message, MessageError, Struct, StructAt};

/// A piece of a file: where its chunk is, and what opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Id of the chunk in the backend.
    pub id: ChunkId,
    /// Its key: the BLAKE2b-128 hash of the piece.
    pub key: [u8; 16],
}

/// Kinds of special files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialKind {
    /// A socket; the original writes this one for every special file.
    Socket,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharDevice,
    /// A named pipe.
    Fifo,
    /// Something else.
    Unknown,
}

/// What an inode is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes {
    /// A directory, by the key of its row.
    Dir {
        /// The key.
        key: String,
    },
    /// A regular file.
    File {
        /// Size of its pieces in units of 4096 bytes: 128.
        block_size: u16,
        /// Its pieces, in order. Files of 2019 made without a backend have none.
        blocks: Vec<Block>,
    },
    /// A symbolic link.
    Link {
        /// Where it leads, as it was found.
        target: Vec<u8>,
    },
    /// A device, a pipe, a socket.
    Special {
        /// What it says it is.
        kind: SpecialKind,
        /// `major,minor` of a device.
        data: Vec<u8>,
    },
}

/// Something in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inode {
    /// Its name.
    pub name: Vec<u8>,
    /// Its size in bytes; of a link the length of its target.
    pub size: u64,
    /// What it is.
    pub attributes: Attributes,
    /// Key of the row with its owner and mode.
    pub acl_key: String,
    /// Time of the last change of its content, Unix seconds.
    pub modified: u32,
    /// Time of the last change of its inode, Unix seconds.
    pub created: u32,
}

/// A row of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its name; nothing for the root.
    pub name: Vec<u8>,
    /// Its path without slashes at the ends; nothing for the root.
    pub location: Vec<u8>,
    /// What is in it.
    pub contents: Vec<Inode>,
    /// Key of the row of the directory that it is in; its own for the root.
    pub parent: String,
    /// 4096.
    pub size: u64,
    /// Key of the row with its owner and mode.
    pub acl_key: String,
    /// As of an [`Inode`].
    pub modified: u32,
    /// As of an [`Inode`].
    pub created: u32,
}

/// A row of ownership and mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// Name of the user, or the number where it has none.
    pub user: String,
    /// Name of the group, or the number.
    pub group: String,
    /// Permission bits; in the format of 2019 with the type of the file.
    pub mode: u16,
    /// Number of the user; -1 when it is not known.
    pub uid: i64,
    /// Number of the group; -1 when it is not known.
    pub gid: i64,
}

type Result<T> = std::result::Result<T, MessageError>;

impl SpecialKind {
    const ALL: [Self; 5] = [
        Self::Socket,
        Self::BlockDevice,
        Self::CharDevice,
        Self::Fifo,
        Self::Unknown,
    ];

    fn number(self) -> u16 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place
            .and_then(|place| u16::try_from(place).ok())
            .unwrap_or(4)
    }

    fn from_number(number: u16) -> Self {
        let kind = Self::ALL.get(usize::from(number)).copied();
        kind.unwrap_or(Self::Unknown)
    }
}

/// A name that stays in its directory.
fn name(bytes: &[u8]) -> Result<Vec<u8>> {
    let leaves = bytes.is_empty() || bytes == b"." || bytes == b"..";
    if leaves || bytes.contains(&b'/') || bytes.contains(&0) {
        let shown = String::from_utf8_lossy(bytes).escape_debug().to_string();
        return Err(MessageError::Value(format!("'{shown}' is no file name")));
    }
    Ok(bytes.to_vec())
}

fn sixteen(bytes: &[u8]) -> Result<[u8; 16]> {
    bytes
        .try_into()
        .map_err(|_| MessageError::Value(format!("a hash has 16 bytes, not {}", bytes.len())))
}

impl Inode {
    fn read(inode: Struct<'_>) -> Result<Self> {
        const KIND: usize = 8;
        let part = inode
            .structure(1)?
            .ok_or(MessageError::Kind("what an inode is"))?;
        let attributes = match inode.u16(KIND) {
            0 => Attributes::Dir {
                key: part.string(0)?,
            },
            1 => {
                let blocks = part.list(0)?.map(|block| {
                    Ok(Block {
                        id: ChunkId(sixteen(block.data_of(0)?)?),
                        key: sixteen(block.data_of(1)?)?,
                    })
                });
                Attributes::File {
                    block_size: part.u16(0),
                    blocks: blocks.collect::<Result<_>>()?,
                }
            }
            2 => Attributes::Link {
                target: part.text(0)?.to_vec(),
            },
            3 => Attributes::Special {
                kind: SpecialKind::from_number(part.u16(0)),
                data: part.data_of(0)?.to_vec(),
            },
            other => {
                return Err(MessageError::Value(format!("an inode of kind {other}")));
            }
        };
        Ok(Self {
            name: name(inode.text(0)?)?,
            size: inode.u64(0),
            attributes,
            acl_key: inode.string(2)?,
            modified: inode.u32(12),
            created: inode.u32(16),
        })
    }

    fn write(&self, builder: &mut Builder, at: StructAt) {
        builder.text(at.pointer(0), &self.name);
        builder.number(at, 0, self.size.to_le_bytes());
        let kind: u16 = match &self.attributes {
            Attributes::Dir { key } => {
                let part = builder.structure(at.pointer(1), 0, 1);
                builder.text(part.pointer(0), key.as_bytes());
                0
            }
            Attributes::File { block_size, blocks } => {
                let part = builder.structure(at.pointer(1), 1, 1);
                builder.number(part, 0, block_size.to_le_bytes());
                let places = builder.list(part.pointer(0), blocks.len(), 0, 2);
                for (place, block) in places.zip(blocks) {
                    builder.data(place.pointer(0), &block.id.0);
                    builder.data(place.pointer(1), &block.key);
                }
                1
            }
            Attributes::Link { target } => {
                let part = builder.structure(at.pointer(1), 0, 1);
                builder.text(part.pointer(0), target);
                2
            }
            Attributes::Special { kind, data } => {
                let part = builder.structure(at.pointer(1), 1, 1);
                builder.number(part, 0, kind.number().to_le_bytes());
                builder.data(part.pointer(0), data);
                3
            }
        };
        builder.number(at, 8, kind.to_le_bytes());
        builder.text(at.pointer(2), self.acl_key.as_bytes());
        builder.number(at, 12, self.modified.to_le_bytes());
        builder.number(at, 16, self.created.to_le_bytes());
    }
}

impl Directory {
    /// Reads the message of a row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_message(bytes: &[u8]) -> Result<Self> {
        let message = Message::parse(bytes)?;
        let root = message.root()?;
        Ok(Self {
            name: root.text(0)?.to_vec(),
            location: root.text(1)?.to_vec(),
            contents: root.list(2)?.map(Inode::read).collect::<Result<_>>()?,
            parent: root.string(3)?,
            size: root.u64(0),
            acl_key: root.string(4)?,
            modified: root.u32(8),
            created: root.u32(12),
        })
    }

    /// Makes the message of a row.
    pub fn to_message(&self) -> Vec<u8> {
        let mut builder = Builder::new();
        let root = builder.root(2, 5);
        builder.number(root, 0, self.size.to_le_bytes());
        builder.number(root, 8, self.modified.to_le_bytes());
        builder.number(root, 12, self.created.to_le_bytes());
        builder.text(root.pointer(0), &self.name);
        builder.text(root.pointer(1), &self.location);
        let places = builder.list(root.pointer(2), self.contents.len(), 3, 3);
        for (place, inode) in places.zip(&self.contents) {
            inode.write(&mut builder, place);
        }
        builder.text(root.pointer(3), self.parent.as_bytes());
        builder.text(root.pointer(4), self.acl_key.as_bytes());
        builder.finish()
    }
}

impl Acl {
    /// Reads the message of a row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_message(bytes: &[u8]) -> Result<Self> {
        let message = Message::parse(bytes)?;
        let root = message.root()?;
        // The default of these fields is -1, and they are stored as their difference to it.
        let number = |at: usize| !(root.u64(at)) as i64;
        Ok(Self {
            user: root.string(0)?,
            group: root.string(1)?,
            mode: root.u16(0),
            uid: number(8),
            gid: number(16),
        })
    }

    /// Makes the message of a row, with numbers when there are any.
    pub fn to_message(&self) -> Vec<u8> {
        let has_numbers = self.uid != -1 || self.gid != -1;
        let mut builder = Builder::new();
        let root = builder.root(if has_numbers { 3 } else { 1 }, 3);
        builder.number(root, 0, self.mode.to_le_bytes());
        if has_numbers {
            builder.number(root, 8, (!(self.uid as u64)).to_le_bytes());
            builder.number(root, 16, (!(self.gid as u64)).to_le_bytes());
        }
        builder.text(root.pointer(0), self.user.as_bytes());
        builder.text(root.pointer(1), self.group.as_bytes());
        builder.finish()
    }
}
