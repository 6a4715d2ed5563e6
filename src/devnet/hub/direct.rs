//! Chunks over HTTP: which are missing, new ones, one by its id.
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::reply::{self, Refusal, json, success};
use super::{BYTES, Hub, form, is_read};
use crate::devnet::http;
use crate::flist::ChunkId;

impl Hub {
    /// Answers a request for chunks.
    pub(super) async fn direct(self: &Arc<Self>, path: &[&str], request: Request) -> Response {
        let method = request.method().clone();
        if let ["chunk", id] = path
            && is_read(&method)
        {
            return self.chunk(id).await;
        }
        if let Err(why) = self.access.who(request.headers()) {
            return self.not_in(why);
        }
        let answered = match path {
            ["exists"] if method == Method::POST => self.missing(request).await,
            ["insert"] if method == Method::PUT => self.insert(request).await,
            _ => return reply::bare(StatusCode::METHOD_NOT_ALLOWED, "This is not done here."),
        };
        answered.unwrap_or_else(Refusal::into_response)
    }

    /// Runs a question to the backend on a thread of its own.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Hub) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let hub = Arc::clone(self);
        match tokio::task::spawn_blocking(move || ask(&hub)).await {
            Ok(answer) => answer,
            Err(e) => Err(Refusal::new(e.to_string())),
        }
    }

    async fn chunk(self: &Arc<Self>, id: &str) -> Response {
        let bytes = hex::decode(id).ok().and_then(|id| id.try_into().ok());
        let Some(id) = bytes.map(ChunkId) else {
            return reply::bare(StatusCode::NOT_FOUND, "This is no id of a chunk.");
        };
        let found =
            self.ask(move |hub| hub.chunks.get(&id).map_err(|e| Refusal::new(e.to_string())));
        match found.await {
            Ok(Some(bytes)) => http::answer(StatusCode::OK, BYTES, bytes),
            Ok(None) => reply::bare(StatusCode::NOT_FOUND, "There is no such chunk."),
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn missing(self: &Arc<Self>, request: Request) -> Result<Response, Refusal> {
        let malformed = || Refusal::new("malformed json request");
        let body = http::read_body(request.into_body()).await;
        let body = body.map_err(|_| malformed())?;
        let keys: Vec<String> = serde_json::from_slice(&body).map_err(|_| malformed())?;
        let missing = self.ask(move |hub| {
            let mut missing = Vec::new();
            for key in keys {
                let there = match id_of(&key) {
                    Some(id) => hub
                        .chunks
                        .has(&id)
                        .map_err(|e| Refusal::new(e.to_string()))?,
                    None => false,
                };
                if !there {
                    missing.push(key);
                }
            }
            Ok(missing)
        });
        Ok(json(&missing.await?))
    }

    async fn insert(self: &Arc<Self>, request: Request) -> Result<Response, Refusal> {
        let chunks = form::chunks(request).await?;
        if chunks.is_empty() {
            return Err(Refusal::new("no file found"));
        }
        let kept = self.ask(move |hub| {
            for (key, bytes) in &chunks {
                // A chunk is taken for what its id says by everybody, so it must be that.
                let id = id_of(key).filter(|id| *id == ChunkId::of(bytes));
                let id = id.ok_or_else(|| {
                    Refusal::new("malformed chunk").because(format!(
                        "'{key}' is not the key of the {} bytes that came with it",
                        bytes.len()
                    ))
                })?;
                hub.chunks
                    .put(&id, bytes)
                    .map_err(|e| Refusal::new(e.to_string()))?;
            }
            Ok(())
        });
        kept.await.map(|()| success(None))
    }
}

fn id_of(key: &str) -> Option<ChunkId> {
    let bytes = BASE64_STANDARD.decode(key).ok()?;
    bytes.try_into().ok().map(ChunkId)
}
