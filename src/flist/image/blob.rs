//! Where the parts of an image are: files of a folder, or pieces of an archive.
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::digest::Digest;
use super::error::{ImageError, Result};
use super::limits::Limits;
use super::members::{MemberKind, Members};
use crate::flist::Error;
use crate::flist::unpack::{is_compressed, unpacked};

/// Symbolic links on the way to a member of an archive.
const MAX_LINKS: usize = 8;
/// Members of the archive that an image comes in.
const MAX_MEMBERS: usize = 100_000;
/// What is read at once, in bytes.
pub(super) const BUFFER: usize = 256 * 1024;

/// A part of an image: a whole file, or a piece of one.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    file: PathBuf,
    offset: u64,
    pub(super) size: u64,
    /// Keeps an unpacked archive as long as something of it is used.
    _scratch: Option<Arc<Scratch>>,
}

impl Blob {
    pub(super) fn open(&self) -> Result<Take<File>> {
        let mut file = File::open(&self.file).map_err(Error::file("read", &self.file))?;
        file.seek(SeekFrom::Start(self.offset))
            .map_err(Error::file("read", &self.file))?;
        Ok(file.take(self.size))
    }

    pub(super) fn failed(&self, error: std::io::Error) -> ImageError {
        Error::file("read", &self.file)(error).into()
    }

    /// All bytes of a document.
    pub(super) fn read(&self, what: &str, limits: &Limits) -> Result<Vec<u8>> {
        if self.size > limits.document {
            return Err(ImageError::Limit {
                what: what.to_owned(),
                most: limits.document,
                unit: "bytes",
            });
        }
        let mut bytes = Vec::new();
        let read = self.open()?.read_to_end(&mut bytes);
        read.map_err(|e| self.failed(e))?;
        match bytes.len() as u64 == self.size {
            true => Ok(bytes),
            false => Err(ImageError::Size {
                what: what.to_owned(),
                expected: self.size,
                found: bytes.len() as u64,
            }),
        }
    }

    /// All bytes of a document that goes by its digest.
    pub(super) fn read_checked(
        &self,
        what: &str,
        digest: &Digest,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        let bytes = self.read(what, limits)?;
        check(what, digest, &bytes)?;
        Ok(bytes)
    }
}

/// Compares bytes with the digest that they go by.
pub(super) fn check(what: &str, digest: &Digest, bytes: &[u8]) -> Result<()> {
    let mut hasher = digest.hasher();
    hasher.update(bytes);
    same(what, digest, hasher.finish())
}

/// Compares digests.
pub(super) fn same(what: &str, expected: &Digest, found: Digest) -> Result<()> {
    match *expected == found {
        true => Ok(()),
        false => Err(ImageError::Digest {
            what: what.to_owned(),
            expected: expected.clone(),
            found,
        }),
    }
}

/// A file that goes with the last one who uses it.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is ours; when it stays, it is in the way of nobody.
        let _ = fs::remove_file(&self.0);
    }
}

/// The files that an image consists of, by their names.
#[derive(Debug)]
pub(super) enum Parts {
    /// In a folder.
    Folder(PathBuf),
    /// In an archive.
    Archive {
        /// By path without `./` at the beginning.
        blobs: HashMap<Vec<u8>, Blob>,
        /// Names that are other names of something.
        links: HashMap<Vec<u8>, Vec<u8>>,
    },
}

impl Parts {
    /// A part by its name; None when it is not there.
    pub(super) fn get(&self, name: &str) -> Result<Option<Blob>> {
        match self {
            Self::Folder(folder) => {
                let inside = |part: &str| !part.is_empty() && part != "." && part != "..";
                if !name.split('/').all(inside) {
                    return Ok(None);
                }
                let file = folder.join(name);
                match fs::metadata(&file) {
                    Ok(data) if data.is_file() => Ok(Some(Blob {
                        file,
                        offset: 0,
                        size: data.len(),
                        _scratch: None,
                    })),
                    Ok(_) => Ok(None),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(e) => Err(Error::file("read", file)(e).into()),
                }
            }
            Self::Archive { blobs, links } => {
                let mut name = clean(name.as_bytes());
                for _ in 0..MAX_LINKS {
                    match (blobs.get(&name), links.get(&name)) {
                        (Some(blob), _) => return Ok(Some(blob.clone())),
                        (None, Some(target)) => name = target.clone(),
                        (None, None) => return Ok(None),
                    }
                }
                Ok(None)
            }
        }
    }

    /// A blob by its digest.
    pub(super) fn blob(&self, digest: &Digest) -> Result<Option<Blob>> {
        self.get(&format!("blobs/{}/{}", digest.algorithm(), digest.hex()))
    }

    /// Finds the members of an archive; a compressed one is unpacked into a file first.
    pub(super) fn of_archive(path: &Path, scratch: Option<&Path>, limits: &Limits) -> Result<Self> {
        let file = File::open(path).map_err(Error::file("read", path))?;
        let mut source = BufReader::with_capacity(BUFFER, file);
        let start = source.fill_buf().map_err(Error::file("read", path))?;
        let no_image = |reason: String| ImageError::NoImage {
            place: path.display().to_string(),
            reason,
        };
        if start.is_empty() {
            return Err(no_image("the file is empty".into()));
        }
        if !is_compressed(start) {
            let plain = unpacked(source).map_err(|e| no_image(e.to_string()))?;
            return members(plain, path, None).map_err(|e| no_image(e.to_string()));
        }
        let folder = scratch.or(path.parent()).unwrap_or(Path::new("."));
        let (target, mut out) = temporary(folder)?;
        let target = Arc::new(target);
        let plain = unpacked(source).map_err(|e| no_image(e.to_string()))?;
        let mut plain = plain.take(limits.unpacked.saturating_add(1));
        let written = std::io::copy(&mut plain, &mut out).map_err(|e| no_image(e.to_string()))?;
        if written > limits.unpacked {
            return Err(ImageError::Limit {
                what: path.display().to_string(),
                most: limits.unpacked,
                unit: "bytes",
            });
        }
        let file = File::open(&target.0).map_err(Error::file("read", &target.0))?;
        let plain = BufReader::with_capacity(BUFFER, file);
        members(plain, &target.0.clone(), Some(target)).map_err(|e| no_image(e.to_string()))
    }
}

/// Makes a new file that others cannot read; it goes with the answer.
pub(super) fn temporary(folder: &Path) -> Result<(Scratch, File)> {
    use std::os::unix::fs::OpenOptionsExt;
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let own = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".image.{}.{own}", std::process::id()));
    // Whatever has this name was left by a process that is gone.
    let _ = fs::remove_file(&path);
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(Error::file("make", &path))?;
    Ok((Scratch(path), file))
}

fn clean(name: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

fn members(
    source: impl Read,
    file: &Path,
    scratch: Option<Arc<Scratch>>,
) -> std::io::Result<Parts> {
    let mut members = Members::new(source);
    let (mut blobs, mut links) = (HashMap::new(), HashMap::new());
    while let Some(member) = members.next()? {
        if blobs.len() + links.len() > MAX_MEMBERS {
            return Err(std::io::Error::other(format!(
                "it has more than {MAX_MEMBERS} parts"
            )));
        }
        let name = clean(&member.path);
        match member.kind {
            MemberKind::File => {
                let blob = Blob {
                    file: file.to_owned(),
                    offset: member.offset,
                    size: member.size,
                    _scratch: scratch.clone(),
                };
                blobs.insert(name, blob);
            }
            MemberKind::HardLink => {
                links.insert(name, clean(&member.link));
            }
            MemberKind::Symlink => {
                let folder = name.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                let folder = name.get(..folder).unwrap_or_default();
                let target = clean(&[folder, b"/", &member.link].concat());
                links.insert(name, target);
            }
            _ => {}
        }
    }
    Ok(Parts::Archive { blobs, links })
}
