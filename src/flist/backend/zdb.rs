//! Chunks in a 0-DB, or in a hash of a Redis server.
use std::sync::Arc;

use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::network::Driver;
use super::{Address, Backend, BackendError};
use crate::flist::chunk::ChunkId;
use crate::zdb::{Client, Error, Limits, Options, Selected};

/// Requests at once.
const REQUESTS: usize = 8;

/// Chunks in a 0-DB, or in a hash of a Redis server. A request is tried again when the connection
/// breaks.
#[derive(Debug)]
pub struct ZdbBackend {
    client: Arc<Client>,
    driver: Driver,
    name: String,
}

impl ZdbBackend {
    /// Opens the backend at an address of that kind. It connects when it is first asked.
    ///
    /// # Errors
    /// An address of another kind; no thread to work on.
    pub fn open(address: &Address) -> Result<Self, BackendError> {
        Self::with_limits(address, Limits::default())
    }

    /// The same with other limits of time.
    ///
    /// # Errors
    /// As [`ZdbBackend::open`].
    pub fn with_limits(address: &Address, limits: Limits) -> Result<Self, BackendError> {
        let name = address.to_string();
        let Address::Zdb {
            endpoint,
            namespace,
            password,
            token,
        } = address
        else {
            return Err(BackendError {
                backend: name,
                reason: "this is no 0-DB".into(),
            });
        };
        let mut options = Options::new(endpoint.clone());
        options.secret = Zeroizing::clone(token);
        options.namespace = Some(Selected {
            name: namespace.clone(),
            password: Zeroizing::clone(password),
        });
        options.plain_redis = true;
        options.limits = limits;
        Ok(Self {
            client: Arc::new(Client::new(options)),
            driver: Driver::start(&name)?,
            name,
        })
    }

    fn ask<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        ask: impl FnOnce(Arc<Client>) -> F,
    ) -> Result<T, BackendError> {
        let answer = self.driver.wait(&self.name, ask(self.client.clone()))?;
        answer.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> BackendError {
        let text = error.to_string();
        // The address stands in the name already.
        let own = format!("{}: ", self.client.address());
        BackendError {
            backend: self.name.clone(),
            reason: text.strip_prefix(&own).unwrap_or(&text).to_owned(),
        }
    }
}

impl Backend for ZdbBackend {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        let id = *id;
        let found = self.ask(move |client| async move { client.get(&id.0).await })?;
        Ok(found.filter(|bytes| !bytes.is_empty()))
    }

    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        let (id, bytes) = (*id, bytes.to_vec());
        self.ask(move |client| async move { client.set(&id.0, &bytes).await.map(drop) })
    }

    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        let id = *id;
        self.ask(move |client| async move { client.exists(&id.0).await })
    }

    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, BackendError> {
        let ids = ids.to_vec();
        self.ask(move |client| async move {
            let mut asked = JoinSet::new();
            for id in ids {
                let client = client.clone();
                asked.spawn(async move { (id, client.exists(&id.0).await) });
            }
            let mut missing = Vec::new();
            // Tasks do not panic, and nobody cancels them.
            while let Some(Ok((id, answer))) = asked.join_next().await {
                if !answer? {
                    missing.push(id);
                }
            }
            Ok(missing)
        })
    }

    fn requests(&self) -> usize {
        REQUESTS
    }
}
