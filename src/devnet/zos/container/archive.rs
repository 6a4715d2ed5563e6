//! Unpacks a root file system from a tar archive that nobody vouches for.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

/// Most bytes that an archive may unpack to: a small archive must not fill the disk.
const LARGEST: u64 = 16 << 30;
/// Most entries of an archive.
const MOST_ENTRIES: u64 = 2_000_000;

/// Unpacks a tar archive, plain or gzip, into a new folder.
///
/// Names with `..` or from the root (other than `./` and a leading `/`, which is dropped) are
/// refused, and so are hard links out; nothing is ever written through a symbolic link that leads
/// out of the folder. Devices, pipes and sockets are left out: a container has its own `/dev`.
pub fn unpack(mut file: File, target: &Path) -> io::Result<()> {
    let mut magic = [0; 2];
    let gzip = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    fs::create_dir(target)?;
    fs::set_permissions(target, Permissions::from_mode(0o755))?;
    let file = BufReader::with_capacity(1 << 16, file);
    if gzip {
        unpack_from(MultiGzDecoder::new(file), target)
    } else {
        unpack_from(file, target)
    }
}

fn unpack_from(from: impl Read, target: &Path) -> io::Result<()> {
    let mut archive = Archive::new(from.take(LARGEST));
    archive.set_preserve_permissions(true);
    archive.set_preserve_ownerships(nix::unistd::geteuid().is_root());
    archive.set_preserve_mtime(true);
    let mut folders: Vec<(PathBuf, u32)> = Vec::new();
    let mut count = 0u64;
    let mut size = 0u64;
    for entry in archive.entries()? {
        let mut entry = entry?;
        count = count.saturating_add(1);
        size = size.saturating_add(entry.size());
        if count > MOST_ENTRIES || size > LARGEST {
            return Err(invalid(format!(
                "the archive is too large: at most {MOST_ENTRIES} entries and {LARGEST} bytes"
            )));
        }
        let kind = entry.header().entry_type();
        let name = entry.path()?.into_owned();
        check_name(&name, "name")?;
        match kind {
            EntryType::Char | EntryType::Block | EntryType::Fifo => continue,
            EntryType::Link => {
                let link = entry.link_name()?.unwrap_or_default().into_owned();
                check_name(&link, "hard link to")?;
            }
            EntryType::Directory => {
                let mode = entry.header().mode()? & 0o7777;
                let name: PathBuf = name.components().filter(normal).collect();
                // Its own mode comes last: a folder without w must still take its files.
                folders.push((target.join(name), mode));
                entry.set_preserve_permissions(false);
            }
            _ => {}
        }
        if !entry.unpack_in(target)? {
            return Err(invalid(format!(
                "name {} leads out of the root",
                name.display()
            )));
        }
    }
    if count == 0 {
        return Err(invalid("the archive is empty".to_owned()));
    }
    for (folder, mode) in folders.iter().rev() {
        // A later entry may have put a link in its place; modes are not set through links.
        if fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir()) {
            fs::set_permissions(folder, Permissions::from_mode(*mode))?;
        }
    }
    Ok(())
}

fn check_name(name: &Path, what: &str) -> io::Result<()> {
    if name.components().any(|part| part == Component::ParentDir) {
        return Err(invalid(format!(
            "{what} {} leads out of the root",
            name.display()
        )));
    }
    Ok(())
}

fn normal(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
