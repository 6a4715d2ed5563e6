//! Is every chunk of a tree there, and right?
use std::collections::HashSet;

use super::backend::Backend;
use super::chunk::{BLOCK_SIZE, Chunk, ChunkId};
use super::error::Result;
use super::tree::{Kind, Tree, display};

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Different chunks that were looked at.
    pub chunks: usize,
    /// Chunks that are not in the backend, with a file that needs them.
    pub missing: Vec<(ChunkId, String)>,
    /// Chunks that are not what they should be: the id, a file, the reason.
    pub wrong: Vec<(ChunkId, String, String)>,
    /// Files whose chunks were never made, or do not add up to their size.
    pub incomplete: Vec<String>,
}

impl CheckReport {
    /// Returns true when nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.missing.is_empty() && self.wrong.is_empty() && self.incomplete.is_empty()
    }
}

/// Fetches every chunk once, and opens it. `progress` is told how many files were looked at.
///
/// # Errors
/// When the backend fails; what is wrong with chunks is in the report.
pub fn check(
    tree: &Tree,
    backend: &dyn Backend,
    mut progress: impl FnMut(usize),
) -> Result<CheckReport> {
    let mut report = CheckReport::default();
    let mut seen = HashSet::new();
    for (at, (location, node)) in tree.iter().enumerate() {
        progress(at);
        let Kind::File { size, blocks } = &node.kind else {
            continue;
        };
        if blocks.len() as u64 != size.div_ceil(BLOCK_SIZE as u64) {
            report.incomplete.push(display(location));
        }
        for (place, block) in blocks.iter().enumerate() {
            if !seen.insert((block.id, block.key)) {
                continue;
            }
            report.chunks += 1;
            let Some(bytes) = backend.get(&block.id)? else {
                report.missing.push((block.id, display(location)));
                continue;
            };
            let begin = (place * BLOCK_SIZE) as u64;
            let wanted = size.saturating_sub(begin).min(BLOCK_SIZE as u64);
            let reason = match Chunk::open(block, &bytes) {
                Ok(piece) if piece.len() as u64 == wanted => continue,
                Ok(piece) => format!("it holds {} bytes, the file needs {wanted}", piece.len()),
                Err(reason) => reason.to_string(),
            };
            report.wrong.push((block.id, display(location), reason));
        }
    }
    Ok(report)
}
