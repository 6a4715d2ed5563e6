//! Chunks of a hub, over HTTP.
use std::sync::Arc;

use super::network::Driver;
use super::{Address, Backend, BackendError};
use crate::flist::chunk::ChunkId;
use crate::flist::hub::{Direct, HubError};

/// Requests at once.
const REQUESTS: usize = 4;

/// Chunks of a hub, over HTTP (spec: flist §13, `zhubdirect`).
#[derive(Debug)]
pub struct HubBackend {
    direct: Arc<Direct>,
    driver: Driver,
    name: String,
}

impl HubBackend {
    /// Opens the backend at an address of that kind. It connects when it is first asked.
    ///
    /// # Errors
    /// An address of another kind, or one to which the token cannot be sent; no thread to work on.
    pub fn open(address: &Address) -> Result<Self, BackendError> {
        let name = address.to_string();
        let failed = |reason: String| BackendError {
            backend: name.clone(),
            reason,
        };
        let Address::Hub { url, token } = address else {
            return Err(failed("this is no hub".into()));
        };
        let token = Some(token).filter(|token| !token.is_empty());
        let direct = Direct::new(url, token).map_err(|e| failed(e.to_string()))?;
        Ok(Self {
            direct: Arc::new(direct),
            driver: Driver::start(&name)?,
            name,
        })
    }

    fn ask<T: Send + 'static, F: Future<Output = Result<T, HubError>> + Send + 'static>(
        &self,
        ask: impl FnOnce(Arc<Direct>) -> F,
    ) -> Result<T, BackendError> {
        let answer = self.driver.wait(&self.name, ask(self.direct.clone()))?;
        answer.map_err(|error| BackendError {
            backend: self.name.clone(),
            reason: error.to_string(),
        })
    }
}

impl Backend for HubBackend {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        let id = *id;
        self.ask(move |direct| async move { direct.get(&id).await })
    }

    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        self.put_all(&[(*id, bytes.to_vec())])
    }

    fn put_all(&self, chunks: &[(ChunkId, Vec<u8>)]) -> Result<(), BackendError> {
        let chunks = chunks.to_vec();
        self.ask(move |direct| async move { direct.insert(&chunks).await })
    }

    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        Ok(self.missing(&[*id])?.is_empty())
    }

    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, BackendError> {
        let ids = ids.to_vec();
        self.ask(move |direct| async move { direct.exists(&ids).await })
    }

    fn requests(&self) -> usize {
        REQUESTS
    }
}
