//! The notary: keeps sealed reservations by their hash, over gedis and REST.
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::super::accept::take_in;
use super::super::error::Result;
use super::super::folder;
use super::super::http::{self, JSON, TEXT};
use super::super::node::Node;
use super::super::query::Query;
use super::super::resp::request::{Limits, Parser};
use super::super::resp::wire::{flush, read, refuse};
use super::super::resp::{Protocol, Reply};
use super::identity::Identity;
use crate::grid::gedis::meta::{api_meta, core_schemas};
use crate::grid::gedis::{Call, CommandName, Value};
use crate::grid::notary::{
    EXISTS, FORGED, HASH, NOT_FOUND, Register, RestAnswer, STORED, Stored, description,
    register_schema,
};
use crate::grid::sealed::notary_hash;
use crate::tfchain::{BotName, BotRecord};

/// Clients at once; more wait until one leaves.
const CLIENTS: usize = 1_024;
/// What a client may send.
const LIMITS: Limits = Limits {
    arguments: 16,
    bytes: 4 * 1024 * 1024,
};
/// Namespace and actor of the calls.
const NAMESPACE: &str = "default";
const ACTOR: &str = "notary_actor";

/// A reservation on disk.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: u64,
    #[serde(flatten)]
    rest: RestAnswer,
}

/// The notary of a devnet.
#[derive(Debug)]
pub struct Notary {
    folder: PathBuf,
    node: Arc<Node>,
    identity: Arc<Identity>,
    next: AtomicU64,
    /// Held while one is added, so that none is added twice.
    adding: Mutex<()>,
}

impl Notary {
    /// Opens the notary on its folder, which is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(folder: PathBuf, node: Arc<Node>, identity: Arc<Identity>) -> Result<Self> {
        folder::private_folder(&folder)?;
        let entries = std::fs::read_dir(&folder)
            .map_err(super::super::Error::file("cannot read", folder.clone()))?;
        let next = u64::try_from(entries.count()).unwrap_or(u64::MAX);
        Ok(Self {
            folder,
            node,
            identity,
            next: AtomicU64::new(next.saturating_add(1)),
            adding: Mutex::new(()),
        })
    }

    fn file(&self, hash: &str) -> Option<PathBuf> {
        let good = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        good.then(|| self.folder.join(format!("{hash}.json")))
    }

    /// Keeps a reservation; its hash.
    ///
    /// # Errors
    /// The text that a client is told.
    pub fn register(&self, register: Register) -> std::result::Result<String, String> {
        let bot = bot(&self.node, &register.threebot_id)?;
        if !register.sealed.is_signed_by(&bot.public_key) {
            return Err(FORGED.to_owned());
        }
        let hash = notary_hash(u64::from(bot.id), &register.sealed.content).to_string();
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.file(&hash).ok_or("the hash is none")?;
        if file.exists() {
            return Err(EXISTS.to_owned());
        }
        let stored = Stored {
            hash: hash.clone(),
            register,
        };
        let kept = Kept {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            rest: stored.rest(),
        };
        let text = serde_json::to_vec(&kept).map_err(|e| e.to_string())?;
        folder::replace_private(&file, &text).map_err(|e| e.to_string())?;
        Ok(hash)
    }

    /// A reservation by its hash, with its number.
    pub fn get(&self, hash: &str) -> Option<(u64, Stored)> {
        let bytes = std::fs::read(self.file(hash)?).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let stored = Stored {
            hash: kept.rest.hash.clone()?,
            register: Register::from_rest(&kept.rest)?,
        };
        Some((kept.id, stored))
    }

    /// Answers a request of the REST front; None when the path is not the notary's.
    pub(super) async fn answer(
        self: &Arc<Self>,
        method: &Method,
        uri: &Uri,
        body: Body,
    ) -> Option<Response> {
        let json = |status, rest: &RestAnswer| {
            http::answer(
                status,
                JSON,
                serde_json::to_string(rest).unwrap_or_default(),
            )
        };
        let wrong = |status, text: String| http::answer(status, TEXT, text + "\n");
        match (method, uri.path()) {
            (&Method::GET, "/get") => {
                let query = Query::parse(uri.query().unwrap_or_default());
                Some(match self.get(query.get("hash")) {
                    Some((_, stored)) => json(StatusCode::OK, &stored.rest()),
                    None => wrong(StatusCode::NOT_FOUND, NOT_FOUND.to_owned()),
                })
            }
            (&Method::POST, "/register") => {
                self.identity.ready().await;
                let Ok(bytes) = http::read_body(body).await else {
                    let text = "the body is too large or did not arrive";
                    return Some(wrong(StatusCode::BAD_REQUEST, text.into()));
                };
                let rest = serde_json::from_slice::<RestAnswer>(&bytes).ok();
                let Some(register) = rest.and_then(|rest| Register::from_rest(&rest)) else {
                    let text = "expected threebot_id, and content and content_signature in base64";
                    return Some(wrong(StatusCode::BAD_REQUEST, text.into()));
                };
                Some(match self.register(register) {
                    Ok(hash) => json(
                        StatusCode::CREATED,
                        &RestAnswer {
                            hash: Some(hash),
                            ..RestAnswer::default()
                        },
                    ),
                    Err(text) => wrong(StatusCode::BAD_REQUEST, text),
                })
            }
            _ => None,
        }
    }

    /// Takes gedis clients in until the devnet stops; their connections end with it.
    pub(super) async fn listen(
        self: Arc<Self>,
        listener: TcpListener,
        stopping: watch::Receiver<bool>,
    ) {
        let serve = |mut stream| {
            let notary = Arc::clone(&self);
            async move {
                let _ = notary.serve(&mut stream).await;
            }
        };
        take_in(listener, CLIENTS, stopping, serve).await;
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
    ) -> std::io::Result<()> {
        let mut parser = Parser::new(LIMITS);
        let mut out = Vec::new();
        loop {
            let parts = match parser.command() {
                Ok(Some(parts)) => parts,
                Ok(None) => {
                    flush(stream, &mut out).await?;
                    if read(stream, &mut parser).await? == 0 {
                        return Ok(());
                    }
                    continue;
                }
                Err(malformed) => return refuse(stream, out, &malformed).await,
            };
            let quits = parts
                .first()
                .is_some_and(|name| name.eq_ignore_ascii_case(b"quit"));
            let reply = match quits {
                true => Reply::OK,
                false => self.call(&parts).await,
            };
            reply.write(Protocol::Two, &mut out);
            if quits {
                flush(stream, &mut out).await?;
                return stream.shutdown().await;
            }
        }
    }

    async fn call(&self, parts: &[Vec<u8>]) -> Reply {
        let error = |text: &str| Reply::Error(format!("ERR {text}"));
        let first = parts.first().map(Vec::as_slice).unwrap_or_default();
        if first.eq_ignore_ascii_case(b"client") || first.eq_ignore_ascii_case(b"select") {
            // Libraries say these to every server.
            return Reply::OK;
        }
        let call = match Call::read(parts) {
            Ok(call) => call,
            Err(wrong) => return error(&wrong.to_string()),
        };
        let CommandName {
            namespace,
            actor,
            method,
        } = &call.name;
        match (namespace.as_deref(), actor.as_str(), method.as_str()) {
            (_, "system", "ping") => Reply::Simple("PONG"),
            (_, "system", "api_meta_get") => match call.argument.as_slice() {
                b"default" => Reply::Bulk(api_meta(&[description()]).into()),
                // As in the original: a namespace without actors.
                _ => Reply::Bulk(api_meta(&[]).into()),
            },
            (_, "system", "jsx_schemas_get") => Reply::Bulk(core_schemas().into()),
            (Some("system"), "system", "auth") => {
                error("the notary has no password, no AUTH is needed")
            }
            (None | Some(NAMESPACE), ACTOR, "register") => {
                self.identity.ready().await;
                self.call_register(&call)
            }
            (None | Some(NAMESPACE), ACTOR, "get") => self.call_get(&call),
            _ => error(&format!(
                "unknown command '{}'",
                String::from_utf8_lossy(first.get(..first.len().min(80)).unwrap_or_default())
            )),
        }
    }

    fn call_register(&self, call: &Call) -> Reply {
        let error = |text: String| Reply::Error(format!("ERR {text}"));
        let values = match call.values(register_schema()) {
            Ok(values) => values,
            Err(wrong) => return error(wrong.to_string()),
        };
        let Some(register) = Register::from_values(values) else {
            return error("expected threebot_id, content and content_signature".into());
        };
        match self.register(register) {
            Ok(hash) => Reply::Bulk(call.answer(&HASH, &[Value::Text(hash)], None).into()),
            Err(text) => error(text),
        }
    }

    fn call_get(&self, call: &Call) -> Reply {
        let error = |text: String| Reply::Error(format!("ERR {text}"));
        let values = match call.values(&HASH) {
            Ok(values) => values,
            Err(wrong) => return error(wrong.to_string()),
        };
        let hash = values.into_iter().next();
        let hash = hash.map(Value::into_text).unwrap_or_default();
        match self.get(&hash) {
            Some((id, stored)) => {
                Reply::Bulk(call.answer(&STORED, &stored.values(), Some(id)).into())
            }
            None => error(NOT_FOUND.to_owned()),
        }
    }
}

/// The 3bot of a name or number, as the chain has it now.
pub(super) fn bot(node: &Node, text: &str) -> std::result::Result<BotRecord, String> {
    let state = node.read();
    let bots = &state.chain.ledger().extensions().bots;
    let shown: String = text.chars().take(80).collect();
    let unknown = || format!("no 3bot '{shown}' is on the chain");
    if let Ok(number) = text.parse::<u32>() {
        return bots.get(number).cloned().ok_or_else(unknown);
    }
    let name = text.parse::<BotName>().map_err(|_| unknown())?;
    let found = bots.by_name(&name, state.chain.tip_time());
    found
        .cloned()
        .map_err(|error| format!("3bot '{shown}': {error}"))
}
