//! Pieces of files, fetched when they are read.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::flist::{BLOCK_SIZE, Backend, Block, Chunk};

/// Pieces that stay open for the next reader: the kernel reads a piece in several parts.
const OPEN: usize = 16;

/// The pieces of an flist. Readers may come from several threads.
pub struct Chunks {
    backend: Arc<dyn Backend>,
    /// Newest last.
    recent: Mutex<VecDeque<(Block, Arc<Vec<u8>>)>>,
}

impl Chunks {
    /// Fetches from a backend.
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Chunks {
            backend,
            recent: Mutex::default(),
        }
    }

    /// Where they come from.
    pub fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// Reads a part of a file; less at its end.
    ///
    /// # Errors
    /// A text for people: a chunk is missing or is not what the flist says.
    pub fn read(
        &self,
        size: u64,
        blocks: &[Block],
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, String> {
        let block = BLOCK_SIZE as u64;
        let end = offset.saturating_add(length as u64).min(size);
        let mut at = offset;
        let mut out = Vec::with_capacity(usize::try_from(end.saturating_sub(at)).unwrap_or(0));
        while at < end {
            let number = at / block;
            let begin = number * block;
            let wanted = (size - begin).min(block);
            let entry = usize::try_from(number).ok().and_then(|n| blocks.get(n));
            let entry = entry
                .ok_or_else(|| format!("the flist has no chunk for the bytes from {begin} on"))?;
            let piece = self.piece(entry)?;
            if piece.len() as u64 != wanted {
                let (id, has) = (entry.id, piece.len());
                return Err(format!(
                    "chunk {id} holds {has} bytes, expected {wanted} at this place"
                ));
            }
            let from = usize::try_from(at - begin).unwrap_or(usize::MAX);
            let to = usize::try_from((end - begin).min(wanted)).unwrap_or(usize::MAX);
            out.extend_from_slice(piece.get(from..to).unwrap_or_default());
            at = begin + block;
        }
        Ok(out)
    }

    fn piece(&self, block: &Block) -> Result<Arc<Vec<u8>>, String> {
        let held = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, piece)) = held().iter().find(|(known, _)| known == block) {
            return Ok(Arc::clone(piece));
        }
        let id = block.id;
        let bytes = self.backend.get(&id).map_err(|e| e.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("chunk {id} is not in {}", self.backend.name()))?;
        let piece = Chunk::open(block, &bytes)
            .map_err(|e| format!("chunk {id} of {}: {e}", self.backend.name()))?;
        let piece = Arc::new(piece);
        let mut recent = held();
        recent.push_back((*block, Arc::clone(&piece)));
        while recent.len() > OPEN {
            recent.pop_front();
        }
        Ok(piece)
    }
}
