//! The files that a container finds in its root, written after the root changed: a link in an
//! image leads to a place in the image.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::Path;

use super::super::frame::SetUp;

/// Most of an image's resolv.conf that is kept.
const LONGEST_RESOLV: u64 = 64 * 1024;

/// Writes host names, name servers and the configuration files.
pub fn write(set_up: &SetUp) -> Result<(), String> {
    let name = &set_up.hostname;
    let hosts =
        format!("127.0.0.1    {name}.local {name}\n127.0.0.1    localhost.localdomain localhost\n");
    fs::create_dir_all("/etc").map_err(at("/etc"))?;
    put("/etc/hosts", &hosts, 0o644).map_err(at("/etc/hosts"))?;
    put("/etc/hostname", name, 0o644).map_err(at("/etc/hostname"))?;
    if !set_up.resolv.is_empty() {
        let mut text = plain_text("/etc/resolv.conf");
        text.push('\n');
        text.push_str(&set_up.resolv);
        put("/etc/resolv.conf", &text, 0o644).map_err(at("/etc/resolv.conf"))?;
    }
    remove("/etc/mtab")
        .and_then(|()| symlink("../proc/self/mounts", "/etc/mtab"))
        .map_err(at("/etc/mtab"))?;
    for (path, text) in &set_up.config {
        let parent = Path::new(path).parent().unwrap_or(Path::new("/"));
        let folders = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        folders
            .and_then(|()| put(path, text, 0o600))
            .map_err(at(path))?;
    }
    Ok(())
}

fn at(path: &str) -> impl FnOnce(io::Error) -> String {
    move |e| format!("cannot write {path} in the container: {e}")
}

/// Writes a new file. What was there goes first: it may be a link or a pipe.
fn put(path: &str, text: &str, mode: u32) -> io::Result<()> {
    remove(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn remove(path: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// What an ordinary file holds; nothing for all else.
fn plain_text(path: &str) -> String {
    let mut text = String::new();
    if fs::metadata(path).is_ok_and(|about| about.is_file())
        && let Ok(file) = File::open(path)
    {
        // Not text: as good as nothing.
        let _ = file.take(LONGEST_RESOLV).read_to_string(&mut text);
    }
    text
}
