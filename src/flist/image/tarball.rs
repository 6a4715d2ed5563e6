//! From a tar archive of files to a tree.
use std::path::Path;

use super::blob::Blob;
use super::content::{Chunking, chunk};
use super::convert::ConvertOptions;
use super::error::Result;
use super::layers::plan;
use super::limits::Limits;
use super::open::Layer;
use crate::flist::{Backend, Built};

/// Makes a tree of a tar archive, which may be compressed with gzip or zstd. Chunks are computed,
/// and put into the backend when there is one. Owners get the names of the archive's own
/// `/etc/passwd` and `/etc/group`.
///
/// # Errors
/// When the archive is damaged, holds what cannot be in a tree, or is larger than `limits`; when
/// the backend fails. Nothing is put into the backend before all of it was checked.
pub fn from_tar(
    path: &Path,
    backend: Option<&dyn Backend>,
    limits: &Limits,
    options: &ConvertOptions<'_>,
) -> Result<Built> {
    let layers = [Layer {
        blob: Blob::whole(path)?,
        digest: None,
        diff_id: None,
    }];
    let mut plan = plan(&layers, false, limits)?;
    let stored = chunk(
        &mut plan,
        &layers,
        &Chunking {
            backend,
            threads: options.threads,
            progress: options.progress,
        },
    )?;
    Ok(Built {
        tree: plan.tree,
        skipped: Vec::new(),
        uploaded: stored.uploaded,
        present: stored.present,
    })
}
