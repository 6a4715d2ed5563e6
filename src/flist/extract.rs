//! From an flist to files.
use std::ffi::{CString, OsStr};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::backend::Backend;
use super::chunk::Chunk;
use super::error::{Error, Result};
use super::record::SpecialKind;
use super::tree::{Kind, Meta, Node, Tree, display};

/// How files are made.
#[derive(Default)]
pub struct ExtractOptions<'a> {
    /// Give files to the users that the flist names by number. Needs the right to do so.
    pub owners: bool,
    /// Keep the set-uid, set-gid and sticky bits.
    pub all_mode_bits: bool,
    /// Is told how many files are done, of how many.
    pub progress: Option<&'a dyn Fn(usize, usize)>,
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Regular files.
    pub files: usize,
    /// Directories, the root not counted.
    pub directories: usize,
    /// Symbolic links.
    pub links: usize,
    /// Devices and sockets, which are not made.
    pub skipped: Vec<String>,
}

/// Makes the files of a tree in a folder, which must be empty or not there.
///
/// Directories come first and links last, and every directory is made here: so nothing is ever
/// written through a link, wherever it leads.
///
/// # Errors
/// When something is in the folder, cannot be made, or a chunk is missing or wrong. What was made
/// until then stays.
pub fn extract(
    tree: &Tree,
    backend: &dyn Backend,
    folder: &Path,
    options: &ExtractOptions<'_>,
) -> Result<Extracted> {
    fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
    let mut inside = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    if inside.next().is_some() {
        return Err(Error::file("write into", folder)(
            std::io::ErrorKind::DirectoryNotEmpty.into(),
        ));
    }
    let place = |location: &[u8]| -> PathBuf { folder.join(OsStr::from_bytes(location)) };
    let mut made = Extracted::default();
    let all: Vec<(&[u8], &Node)> = tree.iter().filter(|(at, _)| !at.is_empty()).collect();
    let directories = || all.iter().filter(|(_, node)| node.kind == Kind::Dir);
    for (location, _) in directories() {
        let path = place(location);
        // Until everything is in it, it must be ours to write to.
        let made_dir = DirBuilder::new().mode(0o700).create(&path);
        made_dir.map_err(Error::file("make", path))?;
        made.directories += 1;
    }
    let total = all.len() - made.directories;
    for (done, (location, node)) in all
        .iter()
        .filter(|(_, node)| node.kind != Kind::Dir)
        .enumerate()
    {
        let path = place(location);
        match &node.kind {
            Kind::Dir => {}
            Kind::File { size, blocks } => {
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)
                    .map_err(Error::file("make", path.clone()))?;
                let mut written = 0_u64;
                for block in blocks {
                    let piece = open(backend, block, location)?;
                    written += piece.len() as u64;
                    file.write_all(&piece)
                        .map_err(Error::file("write", path.clone()))?;
                }
                if written != *size {
                    return Err(Error::Changed {
                        path: display(location),
                        before: *size,
                        after: written,
                    });
                }
                finish(&path, Some(&file), &node.meta, options)?;
                made.files += 1;
            }
            Kind::Link { .. } => {}
            Kind::Special { kind, .. } => match kind {
                SpecialKind::Fifo => {
                    fifo(&path).map_err(Error::file("make", path.clone()))?;
                    finish(&path, None, &node.meta, options)?;
                    made.files += 1;
                }
                _ => made.skipped.push(display(location)),
            },
        }
        if let Some(progress) = options.progress {
            progress(done + 1, total);
        }
    }
    for (location, node) in &all {
        if let Kind::Link { target } = &node.kind {
            let path = place(location);
            symlink(OsStr::from_bytes(target), &path).map_err(Error::file("make", path.clone()))?;
            own(&path, &node.meta, options)?;
            made.links += 1;
        }
    }
    // The deepest first: what a directory says of itself may take the right to write into it.
    for (location, node) in all.iter().rev().filter(|(_, node)| node.kind == Kind::Dir) {
        finish(&place(location), None, &node.meta, options)?;
    }
    if let Some(root) = tree.get(b"") {
        finish(folder, None, &root.meta, options)?;
    }
    Ok(made)
}

/// Returns what a file holds; nothing for what is no file.
///
/// # Errors
/// When a chunk is missing or wrong, or the pieces do not add up to its size.
pub fn content(node: &Node, location: &[u8], backend: &dyn Backend) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let Kind::File { size, blocks } = &node.kind else {
        return Ok(content);
    };
    for block in blocks {
        content.extend(open(backend, block, location)?);
    }
    match content.len() as u64 == *size {
        true => Ok(content),
        false => Err(Error::Changed {
            path: display(location),
            before: *size,
            after: content.len() as u64,
        }),
    }
}

/// Fetches a chunk and opens it.
fn open(backend: &dyn Backend, block: &super::Block, location: &[u8]) -> Result<Vec<u8>> {
    let Some(bytes) = backend.get(&block.id)? else {
        return Err(Error::Missing {
            path: display(location),
            id: block.id,
            backend: backend.name(),
        });
    };
    Chunk::open(block, &bytes).map_err(|reason| Error::Chunk {
        path: display(location),
        id: block.id,
        reason,
    })
}

fn own(path: &Path, meta: &Meta, options: &ExtractOptions<'_>) -> Result<()> {
    match options.owners {
        true => lchown(path, meta.uid, meta.gid).map_err(Error::file("give away", path)),
        false => Ok(()),
    }
}

/// Owner, mode and time of something that is no link.
fn finish(
    path: &Path,
    file: Option<&File>,
    meta: &Meta,
    options: &ExtractOptions<'_>,
) -> Result<()> {
    own(path, meta, options)?;
    let bits = if options.all_mode_bits { 0o7777 } else { 0o777 };
    let permissions = fs::Permissions::from_mode(u32::from(meta.mode) & bits);
    fs::set_permissions(path, permissions).map_err(Error::file("set the mode of", path))?;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(meta.modified.into());
    if let Some(file) = file {
        file.set_modified(modified)
            .map_err(Error::file("set the time of", path))?;
    }
    Ok(())
}

fn fifo(path: &Path) -> std::io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the pointer is to a text that ends with a zero byte and lives through the call.
    match unsafe { libc::mkfifo(path.as_ptr(), 0o600) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}
