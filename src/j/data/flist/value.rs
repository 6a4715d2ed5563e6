//! An flist that was opened.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{contents, facts, listing};
use crate::flist::{Flist, Metadata, Tree};
use crate::j::world::World;
use crate::object::{Class, Member, Paint, Result};

/// Where an flist came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of this machine.
    File(PathBuf),
    /// A server.
    Address(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Address(url) => f.write_str(url),
        }
    }
}

/// An flist that was opened. It stays as it was, whatever becomes of the file.
pub struct FlistValue {
    world: Arc<World>,
    source: Source,
    /// Bytes of the file.
    size: u64,
    flist: Mutex<Flist>,
    tree: OnceLock<Tree>,
}

impl FlistValue {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no flist.
    pub fn from_file(world: &Arc<World>, path: &Path) -> Result<Arc<Self>> {
        let flist = Flist::open(path)?;
        let size = std::fs::metadata(path).map_or(0, |data| data.len());
        Ok(Self::of(world, Source::File(path.to_owned()), size, flist))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are no flist.
    pub fn from_bytes(world: &Arc<World>, source: Source, bytes: &[u8]) -> Result<Arc<Self>> {
        let flist = Flist::from_reader(bytes)?;
        Ok(Self::of(world, source, bytes.len() as u64, flist))
    }

    fn of(world: &Arc<World>, source: Source, size: u64, flist: Flist) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            source,
            size,
            flist: Mutex::new(flist),
            tree: OnceLock::new(),
        })
    }

    /// What it needs from outside.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Where it came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The flist itself.
    pub fn flist(&self) -> MutexGuard<'_, Flist> {
        self.flist.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The further rows.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn metadata(&self) -> Result<Metadata> {
        Ok(self.flist().metadata()?)
    }

    /// The whole tree, read when it is first needed.
    ///
    /// # Errors
    /// When a part of it is broken.
    pub fn whole(&self) -> Result<&Tree> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let tree = self.flist().tree()?;
        Ok(self.tree.get_or_init(|| tree))
    }
}

impl Class for FlistValue {
    const NAME: &'static str = "flist";
    const DOC: &'static str = "A file tree whose contents lie in a backend as chunks.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[listing::MEMBERS, facts::MEMBERS, contents::MEMBERS];

    fn repr(&self, _paint: Paint) -> String {
        format!("<flist {}>", self.source)
    }
    fn to_json(&self) -> serde_json::Value {
        self.source.to_string().into()
    }
}
