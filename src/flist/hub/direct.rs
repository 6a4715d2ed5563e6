//! Chunks brought to a hub directly, without an flist.
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use zeroize::Zeroizing;

use super::error::HubError;
use super::transport::{Effect, LONG, QUICK, Server};
use crate::flist::ChunkId;

/// The door of a hub for chunks.
#[derive(Debug, Clone)]
pub struct Direct {
    server: Server,
}

impl Direct {
    /// Takes its address. Connects to nothing.
    ///
    /// # Errors
    /// An address that is none, or one to which the token cannot be sent.
    pub fn new(address: &str, token: Option<&Zeroizing<String>>) -> Result<Self, HubError> {
        let server = Server::new(address, token, None)?;
        Ok(Self { server })
    }

    /// Answers which of these chunks it does not have.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn exists(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, HubError> {
        let keys: Vec<String> = ids.iter().map(|id| BASE64_STANDARD.encode(id.0)).collect();
        let url = self.server.url(["exists"]);
        let request = || self.server.request(Method::POST, url.clone()).json(&keys);
        let answer = self.server.ask(Effect::None, QUICK, request).await?;
        let missing: Vec<String> = self.server.read(&answer)?;
        missing
            .iter()
            .map(|key| {
                let bytes = BASE64_STANDARD.decode(key).ok();
                let id = bytes.and_then(|bytes| bytes.try_into().ok());
                id.map(ChunkId)
                    .ok_or_else(|| self.server.garbage(format!("'{key}' is no key of a chunk")))
            })
            .collect()
    }

    /// Fetches a chunk; None when the hub does not have it.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, HubError> {
        let url = self.server.url(["chunk", &id.to_string()]);
        let request = || self.server.request(Method::GET, url.clone());
        match self.server.ask(Effect::None, QUICK, request).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(HubError::Failed { status: 404, .. } | HubError::Refused { status: 404, .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Brings chunks. It can be repeated: a chunk is what its id says.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn insert(&self, chunks: &[(ChunkId, Vec<u8>)]) -> Result<(), HubError> {
        let boundary = format!("kosmos-{:016x}", getrandom::u64().unwrap_or_default());
        let mut body = Vec::new();
        for (id, bytes) in chunks {
            let key = BASE64_STANDARD.encode(id.0);
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"files[]\"; \
                 filename=\"{key}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let body = bytes::Bytes::from(body);
        let url = self.server.url(["insert"]);
        let request = || {
            self.server
                .request(Method::PUT, url.clone())
                .header(
                    CONTENT_TYPE,
                    format!("multipart/form-data; boundary={boundary}"),
                )
                .body(body.clone())
        };
        self.server.ask(Effect::None, LONG, request).await.map(drop)
    }
}
