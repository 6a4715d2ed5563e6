//! Flists as roots of containers (spec: flist §§4, 6, 7).
//!
//! Where the machine allows FUSE in the namespaces of a container, the flist is a file system of
//! its own there and chunks are fetched when something reads them ([`mount`]). The mount lives in
//! the container's namespace and is served by the node: it goes with either of them, and a node
//! that was killed leaves none. Elsewhere the files are made once per flist in a folder that
//! containers share ([`extracted`]).
//!
//! * [`source`]: finds an flist and its chunk store. * [`table`]: its files, as they are looked up.
//! * [`chunks`]: reads pieces of files. * [`opened`]: an flist that containers use.
mod chunks;
mod extracted;
mod mount;
mod opened;
mod owners;
mod source;
mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sha2::{Digest, Sha256};

pub use opened::Opened;

use crate::devnet::zos::container::DEFAULT_STORAGE;
use crate::flist::{Address, ChunkCache, Flist, open_address};
use extracted::Extracts;
use owners::Owners;
use source::Source;

/// Bytes of chunks that a node keeps unless told otherwise.
const CHUNKS: u64 = 2 << 30;
/// Bytes of files of flists that a node keeps, where they must be made, beyond those in use.
const FILES: u64 = 8 << 30;

/// How much a node keeps of flists.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of chunks.
    pub chunks: u64,
    /// Bytes of made files; those that containers use are kept beyond it.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            chunks: CHUNKS,
            files: FILES,
        }
    }
}

/// The flists of a node.
pub struct Flists {
    dir: PathBuf,
    limits: Limits,
    extracts: Arc<Extracts>,
    /// By content and chunk store; containers hold them.
    open: Mutex<HashMap<(String, String), Weak<Opened>>>,
}

impl Flists {
    /// Keeps chunks and files in a folder, which is made when it is first needed. What a killed
    /// node left half made in it goes.
    pub fn new(dir: PathBuf, limits: Limits) -> Arc<Self> {
        let extracts = Arc::new(Extracts::open(dir.join("files"), limits.files));
        Arc::new(Flists {
            dir,
            limits,
            extracts,
            open: Mutex::default(),
        })
    }

    /// Opens the flist at an `http` or `https` address.
    ///
    /// # Errors
    /// A text for people: it cannot be downloaded, is none, or its chunks cannot be had.
    pub async fn at_url(&self, url: &str, storage: &str) -> Result<Arc<Opened>, String> {
        let kept = source::Kept::new(self.dir.join("lists"));
        let source = source::download(url, &kept).await?;
        self.open(source, storage).await
    }

    /// Opens the flist in a file of this machine; `shown` is its name for people.
    ///
    /// # Errors
    /// As [`Flists::at_url`].
    pub async fn at_path(
        &self,
        path: &Path,
        shown: &str,
        storage: &str,
    ) -> Result<Arc<Opened>, String> {
        let bytes = source::read(path).await?;
        let source = Source {
            name: shown.to_owned(),
            bytes,
            storage: None,
        };
        self.open(source, storage).await
    }

    async fn open(&self, source: Source, storage: &str) -> Result<Arc<Opened>, String> {
        let digest = hex::encode(Sha256::digest(&source.bytes));
        let key = (digest.clone(), storage.to_owned());
        if let Some(open) = self.known(&key) {
            return Ok(open);
        }
        let (chunks, limit) = (self.dir.join("chunks"), self.limits.chunks);
        let (extracts, storage) = (Arc::clone(&self.extracts), storage.to_owned());
        let opening = tokio::task::spawn_blocking(move || {
            let name = &source.name;
            let fail = |e: crate::flist::Error| format!("{name}: {e}");
            let flist = Flist::from_reader(source.bytes.as_slice()).map_err(fail)?;
            let mut tree = flist.tree().map_err(fail)?;
            Owners::of_this_machine().settle(&mut tree);
            let address = address(&flist, &storage, source.storage.as_deref())
                .map_err(|e| format!("{name}: {e}"))?;
            let backend = open_address(&address).map_err(|e| e.to_string())?;
            let cache = ChunkCache::open(&chunks, limit, backend).map_err(|e| e.to_string())?;
            let opened = Opened::new(source.name, digest, tree, Arc::new(cache), extracts)?;
            opened.try_out()?;
            Ok::<_, String>(Arc::new(opened))
        });
        let opened = opening.await.map_err(|e| e.to_string())??;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, one| one.strong_count() > 0);
        open.insert(key, Arc::downgrade(&opened));
        Ok(opened)
    }

    fn known(&self, key: &(String, String)) -> Option<Arc<Opened>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(key)?.upgrade()
    }
}

/// Where the chunks are: where the caller says, else where the flist says, else where its hub
/// says, else at the hub of the grid.
fn address(flist: &Flist, given: &str, by_hub: Option<&str>) -> Result<Address, String> {
    let parse = |text: &str| Address::parse(text).map_err(|e| e.to_string());
    if !given.is_empty() && given != DEFAULT_STORAGE {
        return parse(given);
    }
    let rows = flist.metadata().map_err(|e| e.to_string())?;
    if let Some(row) = rows.get("backend") {
        let names_socket = serde_json::from_str::<serde_json::Value>(row)
            .is_ok_and(|row| row.get("socket").is_some_and(|s| s.as_str() != Some("")));
        if names_socket {
            return Err(
                "it wants its chunks from a socket of this machine: give storage instead".into(),
            );
        }
        return Address::from_metadata(row).map_err(|e| e.to_string());
    }
    parse(by_hub.unwrap_or(DEFAULT_STORAGE))
}
