//! From an image to an flist.
use std::sync::atomic::AtomicBool;

use super::content::{Chunking, chunk};
use super::error::Result;
use super::layers::plan;
use super::open::Image;
use super::startup::{LOCATION, Startup};
use crate::flist::pieces::chunk_content;
use crate::flist::{Backend, Error, Format, Kind, Meta, Metadata, Node, Tree};

/// Directories that a container needs for what is mounted there; engines make them when an image
/// has none.
const MOUNT_POINTS: [&[u8]; 3] = [b"dev", b"proc", b"sys"];
/// Who owns what the conversion adds.
const ROOT: &str = "root";

/// How an image is converted.
#[derive(Default)]
pub struct ConvertOptions<'a> {
    /// Puts the command of the image after the arguments of its entry point; the original drops it.
    pub keep_cmd: bool,
    /// Threads that make chunks; 0 for as many as the machine has cores.
    pub threads: usize,
    /// Is told how many bytes of files are done, of how many.
    pub progress: Option<&'a (dyn Fn(u64, u64) + Sync)>,
    /// Set from elsewhere: it ends with [`Error::Stopped`] soon after.
    pub stop: Option<&'a AtomicBool>,
}

/// What became of an image.
#[derive(Debug)]
pub struct Converted {
    /// The tree, with `/.startup.toml` in it.
    pub tree: Tree,
    /// The process that it starts.
    pub startup: Startup,
    /// The name of the flist by the rule of the original: `nginxdemos-hello-latest.flist`.
    pub name: String,
    /// Chunks that were put into the backend, as it did not have them.
    pub uploaded: usize,
    /// Chunks that were there already.
    pub present: usize,
}

impl Image {
    /// Converts the image; its chunks are put into the backend when there is one.
    ///
    /// # Errors
    /// When a layer is not what it is called, holds what cannot be in a tree, or is larger than
    /// the limits; when the backend fails. Nothing is put into the backend before all layers were
    /// checked.
    pub fn convert(
        &self,
        backend: Option<&dyn Backend>,
        options: &ConvertOptions<'_>,
    ) -> Result<Converted> {
        let mut plan = plan(&self.layers, &self.limits, options.stop)?;
        let chunking = Chunking {
            backend,
            threads: options.threads,
            progress: options.progress,
            stop: options.stop,
        };
        let stored = chunk(&mut plan, &self.layers, &chunking)?;
        let mut tree = plan.tree;
        let meta = |mode: u16| Meta {
            mode,
            user: ROOT.into(),
            group: ROOT.into(),
            uid: Some(0),
            gid: Some(0),
            modified: self.created,
            created: self.created,
        };
        for place in MOUNT_POINTS {
            if tree.get(place).is_none() {
                let directory = Node {
                    meta: meta(0o755),
                    kind: Kind::Dir,
                };
                tree.insert(place.to_vec(), directory)
                    .map_err(Error::from)?;
            }
        }
        let startup = Startup::of(self.config(), options.keep_cmd);
        let text = startup.to_toml();
        let (blocks, own) = chunk_content(backend, text.as_bytes())?;
        let file = Node {
            meta: meta(0o644),
            kind: Kind::File {
                size: text.len() as u64,
                blocks,
            },
        };
        tree.replace(LOCATION.to_vec(), file).map_err(Error::from)?;
        Ok(Converted {
            tree,
            startup,
            name: self.flist_name(),
            uploaded: stored.uploaded + own.uploaded,
            present: stored.present + own.present,
        })
    }
}

impl Converted {
    /// The flist as bytes.
    ///
    /// # Errors
    /// As [`crate::flist::write`].
    pub fn to_flist(&self, metadata: &Metadata, format: Format) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        crate::flist::write(&self.tree, metadata, format, &mut bytes)?;
        Ok(bytes)
    }
}
