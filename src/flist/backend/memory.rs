//! Chunks in memory.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Backend, BackendError};
use crate::flist::chunk::ChunkId;

/// Chunks in memory.
#[derive(Debug, Default)]
pub struct MemoryBackend {
    chunks: Mutex<HashMap<ChunkId, Vec<u8>>>,
}

impl MemoryBackend {
    /// Number of chunks.
    pub fn len(&self) -> usize {
        let chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.len()
    }

    /// Returns true when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Backend for MemoryBackend {
    fn name(&self) -> String {
        "memory".into()
    }

    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        let chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(chunks.get(id).cloned())
    }

    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.insert(*id, bytes.to_vec());
        Ok(())
    }

    fn holds(&self, id: &ChunkId, _bytes: &[u8]) -> Result<bool, BackendError> {
        self.has(id)
    }

    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        let chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(chunks.contains_key(id))
    }
}
