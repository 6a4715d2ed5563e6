//! The members of tar archives that come from elsewhere, one after the other.
//!
//! What the headers say is limited before it is believed: names, extended headers and link targets
//! have a most, so that no archive makes this machine keep more than it sends.
use std::io::{ErrorKind, Read};
use std::ops::Range;

use tar::{EntryType, Header};

const BLOCK: usize = 512;
/// Where numbers stand in a header.
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
/// The longest extended header, in bytes; they hold names, times and attributes.
const MAX_EXTENSION: u64 = 1024 * 1024;
/// Extended headers before one member.
const MAX_EXTENSIONS: usize = 16;
/// The longest path and the longest link target, in bytes (`PATH_MAX` of Linux).
const MAX_PATH: usize = 4096;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberKind {
    File,
    Dir,
    Symlink,
    HardLink,
    BlockDevice,
    CharDevice,
    Fifo,
}

/// A member of an archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Its place among the members.
    pub(super) index: u64,
    /// Its path as it stands there.
    pub(super) path: Vec<u8>,
    pub(super) kind: MemberKind,
    /// Permission bits.
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Unix seconds.
    pub(super) modified: u32,
    /// Bytes of its content.
    pub(super) size: u64,
    /// Where its content begins in the archive.
    pub(super) offset: u64,
    /// Target of a link.
    pub(super) link: Vec<u8>,
    pub(super) device: Option<(u32, u32)>,
}

/// An archive that is read from its beginning to its end. Reading from it reads the content of the
/// member that came last.
pub(super) struct Members<R> {
    source: R,
    /// Bytes of the content that were not read yet.
    left: u64,
    /// Zero bytes after it.
    padding: u64,
    position: u64,
    count: u64,
    ended: bool,
}

/// What an extended header says about the member after it.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    modified: Option<u64>,
}

fn wrong(reason: impl Into<String>) -> std::io::Error {
    std::io::Error::new(ErrorKind::InvalidData, reason.into())
}

/// A number of a header. Some tools leave out those that are nothing.
fn field(
    header: &Header,
    at: Range<usize>,
    read: impl Fn(&Header) -> std::io::Result<u64>,
) -> std::io::Result<u64> {
    let bytes = header.as_bytes().get(at).unwrap_or_default();
    match bytes.iter().all(|byte| matches!(byte, 0 | b' ')) {
        true => Ok(0),
        false => read(header).map_err(|e| wrong(e.to_string())),
    }
}

fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name).escape_debug().to_string();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("'{}…'", text.get(..at).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}

impl<R: Read> Members<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            left: 0,
            padding: 0,
            position: 0,
            count: 0,
            ended: false,
        }
    }

    /// The next member; None at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Member>> {
        let mut extension = Extension::default();
        for _ in 0..MAX_EXTENSIONS {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = field(&header, SIZE, Header::entry_size)?;
            match header.entry_type() {
                EntryType::XHeader => {
                    let records = self.extension(size)?;
                    extension.read(&records)?;
                }
                EntryType::GNULongName => {
                    extension.path = Some(until_zero(self.extension(size)?));
                }
                EntryType::GNULongLink => {
                    extension.link = Some(until_zero(self.extension(size)?));
                }
                // What it says about all members is not about files.
                EntryType::XGlobalHeader => {
                    self.extension(size)?;
                }
                _ => return self.member(&header, size, extension).map(Some),
            }
        }
        Err(wrong(format!(
            "more than {MAX_EXTENSIONS} extended headers before one file"
        )))
    }

    /// Reads what is after the last member, so that all bytes of the source were seen.
    pub(super) fn drain(mut self) -> std::io::Result<()> {
        std::io::copy(&mut self.source, &mut std::io::sink()).map(|_| ())
    }

    fn header(&mut self) -> std::io::Result<Option<Header>> {
        if self.ended {
            return Ok(None);
        }
        let rest = self.left + self.padding;
        let skipped = std::io::copy(&mut (&mut self.source).take(rest), &mut std::io::sink())?;
        if skipped < self.left {
            return Err(cut());
        }
        self.position += skipped;
        (self.left, self.padding) = (0, 0);
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut length = 0;
        while let Some(free) = block.get_mut(length..).filter(|free| !free.is_empty()) {
            match self.source.read(free) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        if length == 0 || block.iter().all(|byte| *byte == 0) {
            self.ended = true;
            return Ok(None);
        }
        if length < BLOCK {
            return Err(match self.count {
                0 => wrong("it is no tar archive"),
                _ => cut(),
            });
        }
        self.position += BLOCK as u64;
        // The checksum counts itself as spaces.
        let field = 148..156;
        let sum: u32 = header
            .as_bytes()
            .iter()
            .enumerate()
            .map(|(at, byte)| u32::from(if field.contains(&at) { b' ' } else { *byte }))
            .sum();
        if !header.cksum().is_ok_and(|said| said == sum) {
            return Err(match self.count {
                0 => wrong("it is no tar archive"),
                _ => wrong("a header of the tar archive is damaged"),
            });
        }
        Ok(Some(header))
    }

    /// The content of an extended header.
    fn extension(&mut self, size: u64) -> std::io::Result<Vec<u8>> {
        if size > MAX_EXTENSION {
            return Err(wrong(format!(
                "an extended header has {size} bytes, {MAX_EXTENSION} is the most"
            )));
        }
        self.content(size)?;
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Says that so many bytes of content follow.
    fn content(&mut self, size: u64) -> std::io::Result<()> {
        let whole = size
            .checked_next_multiple_of(BLOCK as u64)
            .filter(|whole| self.position.checked_add(*whole).is_some());
        let whole = whole.ok_or_else(|| wrong("a size in the tar archive is none"))?;
        self.left = size;
        self.padding = whole - size;
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        size: u64,
        extension: Extension,
    ) -> std::io::Result<Member> {
        let path = match extension.path {
            Some(path) => path,
            None => header.path_bytes().into_owned(),
        };
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous if path.ends_with(b"/") => MemberKind::Dir,
            EntryType::Regular | EntryType::Continuous => MemberKind::File,
            EntryType::Directory => MemberKind::Dir,
            EntryType::Symlink => MemberKind::Symlink,
            EntryType::Link => MemberKind::HardLink,
            EntryType::Block => MemberKind::BlockDevice,
            EntryType::Char => MemberKind::CharDevice,
            EntryType::Fifo => MemberKind::Fifo,
            EntryType::GNUSparse => {
                return Err(wrong(format!(
                    "{} is a sparse file of GNU tar, which images do not have",
                    shown(&path)
                )));
            }
            other => {
                return Err(wrong(format!(
                    "{} is of the unknown type {}",
                    shown(&path),
                    char::from(other.as_byte()).escape_debug()
                )));
            }
        };
        let link = match extension.link {
            Some(link) => link,
            None => header.link_name_bytes().unwrap_or_default().into_owned(),
        };
        for name in [&path, &link] {
            if name.len() > MAX_PATH {
                return Err(wrong(format!(
                    "the name {} has {} bytes, {MAX_PATH} is the most",
                    shown(name),
                    name.len()
                )));
            }
        }
        let number = |extended: Option<u64>, said: std::io::Result<u64>, what: &str| {
            let number = extended.map_or(said, Ok)?;
            u32::try_from(number)
                .map_err(|_| wrong(format!("{} of {} is none: {number}", what, shown(&path))))
        };
        let uid = number(
            extension.uid,
            field(header, UID, Header::uid),
            "the number of the user",
        )?;
        let gid = number(
            extension.gid,
            field(header, GID, Header::gid),
            "the number of the group",
        )?;
        let modified = extension.modified.or(header.mtime().ok()).unwrap_or(0);
        let has_content = kind == MemberKind::File;
        let size = match has_content {
            true => extension.size.unwrap_or(size),
            false => 0,
        };
        let device = match kind {
            MemberKind::BlockDevice | MemberKind::CharDevice => {
                let number = |field: std::io::Result<Option<u32>>| field.ok().flatten();
                let major = number(header.device_major()).unwrap_or(0);
                Some((major, number(header.device_minor()).unwrap_or(0)))
            }
            _ => None,
        };
        let mode = field(header, MODE, |header| header.mode().map(u64::from))?;
        self.content(size)?;
        self.count += 1;
        Ok(Member {
            index: self.count,
            path,
            kind,
            mode: (mode & 0o7777) as u16,
            uid,
            gid,
            modified: u32::try_from(modified).unwrap_or(u32::MAX),
            size,
            offset: self.position,
            link,
            device,
        })
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(room) = buffer.get_mut(..most).filter(|room| !room.is_empty()) else {
            return Ok(0);
        };
        match self.source.read(room)? {
            0 => Err(cut()),
            read => {
                self.left -= read as u64;
                self.position += read as u64;
                Ok(read)
            }
        }
    }
}

fn cut() -> std::io::Error {
    std::io::Error::new(ErrorKind::UnexpectedEof, "it is cut off")
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

impl Extension {
    /// Reads records of the form `length key=value` and a newline.
    fn read(&mut self, mut records: &[u8]) -> std::io::Result<()> {
        let broken = || wrong("an extended header of the tar archive is damaged");
        while !records.is_empty() {
            let space = records.iter().position(|byte| *byte == b' ');
            let length = space.and_then(|space| records.get(..space)).and_then(text);
            let length: usize = length
                .and_then(|text| text.parse().ok())
                .ok_or_else(broken)?;
            let record = space.and_then(|space| records.get(space + 1..length));
            let record = record.and_then(|record| record.strip_suffix(b"\n"));
            let record = record.ok_or_else(broken)?;
            let equals = record.iter().position(|byte| *byte == b'=');
            let (key, value) = equals.map(|at| record.split_at(at)).ok_or_else(broken)?;
            let value = value.get(1..).unwrap_or_default();
            let number = || {
                // Times have a fraction, and may lie before 1970.
                let whole = value.split(|byte| *byte == b'.').next().and_then(text);
                match whole {
                    Some(negative) if negative.starts_with('-') => Ok(0),
                    Some(whole) => whole.parse::<u64>().map_err(|_| broken()),
                    None => Err(broken()),
                }
            };
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number()?),
                b"uid" => self.uid = Some(number()?),
                b"gid" => self.gid = Some(number()?),
                b"mtime" => self.modified = Some(number()?),
                key if key.starts_with(b"GNU.sparse.") => {
                    return Err(wrong("it holds sparse files, which images do not have"));
                }
                _ => {}
            }
            records = records.get(length..).unwrap_or_default();
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
