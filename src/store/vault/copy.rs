//! The content of vaults, sealed as it is, out of a store's folder and into another: for backups.
//!
//! The keys of the vaults are records of the store, so nothing is opened here.
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FOLDER;
use super::lease;
use crate::store::backend::{Backend, Batch, Tree};
use crate::store::error::{Result, StoreError};
use crate::store::files;
use crate::store::on_sled::{OnSled, Tuning};
use crate::store::site::{GENERATION_FILE, Site};

/// Bytes of a folder's name, which is their hex form.
pub(crate) const NAME: usize = 8;
/// So many bytes are written to an engine at once.
const BATCH: usize = 1024 * 1024;

/// A part of a vault.
pub(crate) enum Part<'a> {
    /// A key of its engine and its value.
    Entry(Tree, &'a [u8], &'a [u8]),
    /// The last part: the file beside the engine, empty when there is none.
    End(&'a [u8]),
}

/// Names of the folders of vaults in a store's folder, sorted.
///
/// # Errors
/// When the folder is there and cannot be read.
pub(crate) fn names(store: &Path) -> Result<Vec<[u8; NAME]>> {
    let folder = store.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StoreError::io("read the folder", &folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(StoreError::io("read the folder", &folder))?
            .path();
        let mut name = [0; NAME];
        let text = path.file_name().unwrap_or_default().to_string_lossy();
        if hex::decode_to_slice(text.as_ref(), &mut name).is_ok()
            && OnSled::exists(&path.join(OnSled::FOLDER))
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn folder(store: &Path, name: &[u8; NAME]) -> PathBuf {
    store.join(FOLDER).join(hex::encode(name))
}

/// Calls with every part of a vault; nobody else can use it meanwhile.
///
/// # Errors
/// When another process holds it longer than `wait`, it cannot be read, or what `visit` answers.
pub(crate) fn read(
    store: &Path,
    name: &[u8; NAME],
    wait: Duration,
    visit: &mut dyn FnMut(Part<'_>) -> Result<()>,
) -> Result<()> {
    let dir = folder(store, name);
    let site = Site::Disk(dir.clone());
    let session = lease::enter(&site, wait)?;
    let backend = session.backend.as_ref();
    let outcome = Tree::ALL
        .iter()
        .try_for_each(|tree| {
            backend.scan(*tree, &mut |key, value| {
                visit(Part::Entry(*tree, key, value))
            })
        })
        .and_then(|()| files::read_if_exists(&dir.join(GENERATION_FILE)));
    session.leave();
    visit(Part::End(&outcome?.unwrap_or_default()))
}

/// Makes the folders of vaults from their parts.
pub(crate) struct Writer {
    store: PathBuf,
    open: Option<Open>,
}

/// The vault that is being made.
struct Open {
    name: [u8; NAME],
    engine: OnSled,
    batch: Batch,
    size: usize,
}

impl Writer {
    /// For a store's folder that is being made.
    pub(crate) fn new(store: &Path) -> Self {
        Self {
            store: store.to_path_buf(),
            open: None,
        }
    }

    /// Writes the next part; the parts of a vault follow each other.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn part(&mut self, name: &[u8; NAME], part: Part<'_>) -> Result<()> {
        let mut open = match self.open.take() {
            Some(open) if open.name == *name => open,
            _ => Open::new(&self.store, name)?,
        };
        match part {
            Part::Entry(tree, key, value) => {
                open.size += key.len() + value.len();
                open.batch.put(tree, key, value.to_vec());
                if open.size >= BATCH {
                    open.write()?;
                }
                self.open = Some(open);
                Ok(())
            }
            Part::End(generation) => open.finish(&self.store, generation),
        }
    }
}

impl Open {
    fn new(store: &Path, name: &[u8; NAME]) -> Result<Self> {
        files::create_private_dir(&store.join(FOLDER))?;
        let dir = folder(store, name);
        files::create_private_dir(&dir)?;
        let path = dir.join(OnSled::FOLDER);
        files::create_private_dir(&path)?;
        Ok(Self {
            name: *name,
            engine: OnSled::open(&path, Duration::ZERO, Tuning::LARGE)?,
            batch: Batch::default(),
            size: 0,
        })
    }

    fn write(&mut self) -> Result<()> {
        self.size = 0;
        self.engine
            .transact(&std::mem::take(&mut self.batch))
            .map(|_| ())
    }

    fn finish(mut self, store: &Path, generation: &[u8]) -> Result<()> {
        self.write()?;
        self.engine.flush()?;
        Box::new(self.engine).close()?;
        match generation {
            [] => Ok(()),
            bytes => files::write_bytes(&folder(store, &self.name).join(GENERATION_FILE), bytes),
        }
    }
}
