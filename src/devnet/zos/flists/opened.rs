//! An flist that containers use, as a root or as a mount.
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::chunks::Chunks;
use super::extracted::Extracts;
use super::mount;
use super::table::{EntryKind, ROOT, Table};
use crate::devnet::zos::container::{FlistRoot, KeptFolder, MakingFolder, Told};
use crate::flist::{Backend, Tree};

/// Services of a container; read before it is built.
const STARTUP: &[u8] = b".startup.toml";
/// Most of that file that is read beforehand.
const LONGEST_STARTUP: usize = 1 << 20;
/// Unit of sizes of a file system.
const PAGE: u64 = 4096;

/// An flist with its chunk store.
pub struct Opened {
    contents: Arc<Contents>,
    digest: String,
    tree: Arc<Tree>,
    extracts: Arc<Extracts>,
}

/// What is served of it.
pub struct Contents {
    /// Its address, for people.
    pub name: String,
    /// Its files.
    pub table: Table,
    /// What is in them.
    pub chunks: Chunks,
    /// How many files it has.
    pub files: u64,
    /// How large they are together, in pages.
    pub blocks: u64,
}

impl Opened {
    /// Brings a tree and its chunk store together.
    ///
    /// # Errors
    /// Too many files.
    pub fn new(
        name: String,
        digest: String,
        tree: Tree,
        backend: Arc<dyn Backend>,
        extracts: Arc<Extracts>,
    ) -> Result<Self, String> {
        let table = Table::new(&tree)?;
        let (mut files, mut blocks) = (0_u64, 0_u64);
        for entry in table.iter() {
            files += 1;
            if let EntryKind::File { size, .. } = &entry.kind {
                blocks = blocks.saturating_add(size.div_ceil(PAGE));
            }
        }
        let contents = Contents {
            name,
            table,
            chunks: Chunks::new(backend),
            files,
            blocks,
        };
        Ok(Opened {
            contents: Arc::new(contents),
            digest,
            tree: Arc::new(tree),
            extracts,
        })
    }

    /// Reads the services of the flist, or the beginning of some file if it has none: who creates
    /// a container of it is told that its chunks cannot be had, and not each of its programs.
    ///
    /// # Errors
    /// A text for people.
    pub fn try_out(&self) -> Result<(), String> {
        let table = &self.contents.table;
        let services = table.find(ROOT, STARTUP).and_then(|n| table.get(n));
        let files = services.into_iter().chain(table.iter());
        let mut files = files.filter_map(|entry| match &entry.kind {
            EntryKind::File { size, blocks } if *size > 0 => Some((*size, blocks)),
            _ => None,
        });
        let Some((size, blocks)) = files.next() else {
            return Ok(());
        };
        let length = match services {
            Some(_) => LONGEST_STARTUP,
            None => 1,
        };
        let read = self.contents.chunks.read(size, blocks, 0, length);
        read.map(drop)
            .map_err(|reason| format!("{}: {reason}", self.contents.name))
    }
}

impl FlistRoot for Opened {
    fn serve(&self, device: OwnedFd, one_user: bool, told: Told) -> std::io::Result<()> {
        let contents = Arc::clone(&self.contents);
        mount::serve(contents, device, one_user, told)
    }

    fn extracted<'a>(&'a self, told: Told) -> MakingFolder<'a> {
        let (extracts, digest) = (Arc::clone(&self.extracts), self.digest.clone());
        let (tree, contents) = (Arc::clone(&self.tree), Arc::clone(&self.contents));
        Box::pin(async move {
            let making = tokio::task::spawn_blocking(move || {
                let backend = contents.chunks.backend();
                extracts.get(&digest, &contents.name, &tree, backend, &told)
            });
            let lease = making.await.map_err(|e| e.to_string())??;
            Ok(KeptFolder {
                path: lease.path().to_owned(),
                lease,
            })
        })
    }
}
