//! Where chunks are kept: [`FolderBackend`], [`MemoryBackend`], [`ZdbBackend`], [`HubBackend`],
//! and a [`ChunkCache`] before any of them.
//!
//! Everything here is blocking and takes calls from several threads at once: chunks are read by
//! FUSE, hashed and compressed on threads of their own, and none of that is async. Backends of the
//! network run on a runtime of their own ([`network`]), so their calls may come from anywhere, from
//! within another runtime too (where they hold the thread that calls).
//!
//! [`open_backend`] opens any of them from a text.
mod address;
mod cache;
mod folder;
mod hub;
mod memory;
mod network;
mod zdb;

use std::path::Path;
use std::sync::Arc;

use super::chunk::ChunkId;

pub use address::{Address, AddressError};
pub use cache::{CacheUse, ChunkCache};
pub use folder::FolderBackend;
pub use hub::HubBackend;
pub use memory::MemoryBackend;
pub use zdb::ZdbBackend;

/// Why a backend does not answer, or does not take a chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{backend}: {reason}")]
pub struct BackendError {
    /// The backend, as it calls itself.
    pub backend: String,
    /// What happened.
    pub reason: String,
}

/// A store of chunks by their ids. Calls come from several threads at once.
pub trait Backend: Send + Sync {
    /// What it is called in messages: `zdb://hub:9900`, a folder. No secrets.
    fn name(&self) -> String;

    /// Returns the bytes of a chunk; None when it is not there.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError>;

    /// Keeps a chunk. It may be there already.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError>;

    /// Returns true when a chunk is there.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        Ok(self.get(id)?.is_some())
    }

    /// Returns which of these chunks are not there.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, BackendError> {
        let mut missing = Vec::new();
        for id in ids {
            if !self.has(id)? {
                missing.push(*id);
            }
        }
        Ok(missing)
    }

    /// Keeps several chunks.
    ///
    /// # Errors
    /// When one cannot be kept.
    fn put_all(&self, chunks: &[(ChunkId, Vec<u8>)]) -> Result<(), BackendError> {
        chunks
            .iter()
            .try_for_each(|(id, bytes)| self.put(id, bytes))
    }

    /// Returns true when what is kept under an id is exactly this: asked after writing.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn holds(&self, id: &ChunkId, bytes: &[u8]) -> Result<bool, BackendError> {
        Ok(self.get(id)?.as_deref() == Some(bytes))
    }

    /// Requests that it works at side by side; 0 for one on this machine, which is not waited for.
    fn requests(&self) -> usize {
        0
    }
}

/// Opens a backend: `zdb://host:port/namespace`, `redis://host:port/hash`, `https://hub` (the door
/// of a hub for chunks), `file:///folder`, or the path of a folder. `secret` is the password or
/// token; empty takes that of the text, if there is one. Network backends connect when they are
/// first asked.
///
/// # Errors
/// A text that is none of these; a folder that cannot be made.
pub fn open_backend(text: &str, secret: &str) -> Result<Arc<dyn Backend>, BackendError> {
    let wrong = |error: AddressError| BackendError {
        backend: error.shown.clone(),
        reason: error.to_string(),
    };
    let address = Address::parse(text).map_err(wrong)?.with_secret(secret);
    open_address(&address)
}

/// Opens the backend at an address.
///
/// # Errors
/// As [`open_backend`].
pub fn open_address(address: &Address) -> Result<Arc<dyn Backend>, BackendError> {
    Ok(match address {
        Address::Folder(path) => Arc::new(FolderBackend::open(path)?),
        Address::Zdb { .. } => Arc::new(ZdbBackend::open(address)?),
        Address::Hub { .. } => Arc::new(HubBackend::open(address)?),
    })
}

/// Opens a backend with a cache of chunks before it, in `folder`, of `limit` bytes.
///
/// # Errors
/// As [`open_backend`]; a folder that cannot be made.
pub fn open_cached(
    text: &str,
    secret: &str,
    folder: &Path,
    limit: u64,
) -> Result<Arc<dyn Backend>, BackendError> {
    let backend = open_backend(text, secret)?;
    Ok(Arc::new(ChunkCache::open(folder, limit, backend)?))
}
