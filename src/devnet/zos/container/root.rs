//! Where a container's root comes from: a folder, an archive, or what another source knows.

use std::any::Any;
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::archive;

/// What a source answers: None when the root is not of its kind, else the root or why not.
pub type Resolved<'a> =
    Pin<Box<dyn Future<Output = Option<std::result::Result<Root, String>>> + Send + 'a>>;

/// What becomes the read-only lower layer of a container.
pub enum Root {
    /// A folder. It must not change while containers use it.
    Folder(PathBuf),
    /// Files that are fetched when they are read.
    Flist(Arc<dyn FlistRoot>),
}

/// Takes what happens while an flist is used, in words for people.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// A folder that is being made, or why it cannot be.
pub type MakingFolder<'a> =
    Pin<Box<dyn Future<Output = std::result::Result<KeptFolder, String>> + Send + 'a>>;

/// A folder that stays while somebody has its lease.
pub struct KeptFolder {
    /// The folder.
    pub path: PathBuf,
    /// Held by who uses it.
    pub lease: Arc<dyn Any + Send + Sync>,
}

/// Files that are fetched when they are read.
pub trait FlistRoot: Send + Sync {
    /// Serves them on a FUSE device that is mounted already; returns when that is unmounted. With
    /// `one_user` everything belongs to root.
    ///
    /// # Errors
    /// When the kernel does not go along.
    fn serve(&self, device: OwnedFd, one_user: bool, told: Told) -> io::Result<()>;

    /// Makes all of them in a folder, for machines without FUSE.
    fn extracted<'a>(&'a self, told: Told) -> MakingFolder<'a>;
}

/// Turns the `root` of a create call into the read-only lower layer of the container.
pub trait RootSource: Send + Sync {
    /// Finds or makes it. `storage` is the chunk store of the call. An error text stands in
    /// `mount-root-flist(<text>)`.
    fn resolve<'a>(&'a self, root: &'a str, storage: &'a str) -> Resolved<'a>;
}

/// Roots that lie on this machine: a folder as it is, `.tar`, `.tar.gz`, `.tgz` unpacked once
/// per content into a cache.
#[derive(Clone, Debug)]
pub struct LocalRoots {
    cache: PathBuf,
}

impl LocalRoots {
    /// Keeps unpacked archives in a folder, which is made when it is first needed.
    pub fn new(cache: PathBuf) -> Self {
        Self { cache }
    }

    fn find(&self, root: &str) -> std::result::Result<PathBuf, String> {
        let path = match root.split_once("://") {
            Some(("file", path)) => path,
            Some(_) => return Err(format!("invalid flist url ({root})")),
            None => root,
        };
        let path = Path::new(path);
        if !path.is_absolute() {
            return Err(format!(
                "invalid flist url ({root}): expected an absolute path"
            ));
        }
        let about =
            fs::metadata(path).map_err(|e| format!("stat {}: {}", path.display(), words(&e)))?;
        if about.is_dir() {
            return fs::canonicalize(path)
                .map_err(|e| format!("stat {}: {}", path.display(), words(&e)));
        }
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let known = [".tar", ".tar.gz", ".tgz"]
            .iter()
            .any(|end| name.ends_with(end));
        if !known {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            return Err(format!("unknown flist format .{extension}"));
        }
        self.unpacked(path)
            .map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Returns the folder with an archive's content; unpacks it when it is new.
    fn unpacked(&self, archive: &Path) -> io::Result<PathBuf> {
        let target = self.cache.join(fingerprint(archive)?);
        if target.is_dir() {
            return Ok(target);
        }
        fs::create_dir_all(&self.cache)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        // Only whole trees carry the final name, so a killed node leaves nothing half.
        let fresh = self.cache.join(format!(".new-{}", hex::encode(random)));
        let made = archive::unpack(File::open(archive)?, &fresh).and_then(|()| {
            match fs::rename(&fresh, &target) {
                // Another create was faster with the same archive.
                Err(_) if target.is_dir() => super::leftovers::remove_tree(&fresh),
                other => other,
            }
        });
        if made.is_err() {
            let _ = super::leftovers::remove_tree(&fresh);
        }
        made.map(|()| target)
    }
}

impl RootSource for LocalRoots {
    fn resolve<'a>(&'a self, root: &'a str, _storage: &'a str) -> Resolved<'a> {
        let (me, root) = (self.clone(), root.to_owned());
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || me.find(&root)).await;
            Some(
                found
                    .unwrap_or_else(|e| Err(e.to_string()))
                    .map(Root::Folder),
            )
        })
    }
}

/// SHA-256 of a file's content, as text.
fn fingerprint(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut block)?;
        if n == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(block.get(..n).unwrap_or_default());
    }
}

/// The system's words for an error, as the original node writes them.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
