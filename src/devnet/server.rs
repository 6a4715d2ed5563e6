//! The node's HTTP server: agent and host checks, submitting, control, everything else by
//! [`super::explorer_api`].

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header, request};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::watch;

use super::answers::{GridAddresses, Status};
use super::bridge::Withdrawal;
use super::control::{PREFIX, TOKEN_HEADER};
use super::error::Error;
use super::explorer_api::json::Json;
use super::explorer_api::{self, AGENT, BROWSER, CALL, DECODING, Reply, Route};
use super::grid::{Grid, NewFarm};
use super::http::{self, BodyError, JSON, TEXT};
use super::node::{Node, Refused};
use super::query::Query;
use super::token::token_matches;

/// Methods of a path that can only be read.
const GET: &str = "GET, OPTIONS";
/// Methods of the pool.
const GET_POST: &str = "GET, POST, OPTIONS";

/// What the server needs besides the node.
#[derive(Debug)]
pub(super) struct Server {
    pub node: Arc<Node>,
    pub status: StatusSource,
    pub token: String,
    /// Set to true when somebody asked the devnet to stop.
    pub stop: watch::Sender<bool>,
    pub grid: Arc<Grid>,
}

/// What [`Status`] is made of besides the node.
#[derive(Clone, Debug)]
pub(super) struct StatusSource {
    pub addr: SocketAddr,
    pub faucet: SocketAddr,
    pub hub: SocketAddr,
    pub grid: GridAddresses,
    pub block_every_ms: Option<u64>,
    pub dir: String,
    pub mail_server: Option<String>,
}

impl StatusSource {
    pub fn status(&self, node: &Node) -> Status {
        let state = node.read();
        Status {
            pid: std::process::id(),
            addr: self.addr,
            faucet: self.faucet,
            hub: self.hub,
            grid: self.grid,
            height: state.chain.height(),
            block_id: state.chain.tip_id().to_string(),
            block_time: state.chain.tip_time(),
            block_every_ms: self.block_every_ms,
            pool: state.pool.entries().len(),
            clock_offset: node.clock().offset(),
            now: node.clock().now(),
            dir: self.dir.clone(),
            mail_server: self.mail_server.clone(),
            notices: node.notices().to_vec(),
        }
    }
}

impl Server {
    /// Answers an HTTP request.
    pub async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        if !has_agent(&head.headers) {
            return Reply::Error(400, BROWSER.into()).into_response();
        }
        let path = head.uri.path();
        if let Some(action) = path.strip_prefix(PREFIX)
            && self.may_control(&head)
        {
            return self
                .control(action, head.uri.query().unwrap_or_default())
                .await;
        }
        let Some(route) = explorer_api::find(path) else {
            return without_last_slash(path).into_response();
        };
        let pool = route == Route::Pool;
        match head.method {
            Method::GET => {
                let query = Query::parse(head.uri.query().unwrap_or_default());
                let gateway = self.status.addr.to_string();
                let node = Arc::clone(&self.node);
                // A long answer must not keep other connections of this thread waiting.
                let reply = tokio::task::spawn_blocking(move || {
                    explorer_api::answer(&node.read(), &route, &query, &gateway)
                });
                match reply.await {
                    Ok(reply) => reply.into_response(),
                    Err(e) => Reply::Error(500, e.to_string()).into_response(),
                }
            }
            Method::POST if pool => self.submit(body).await.into_response(),
            Method::OPTIONS if pool => Reply::Options("*").into_response(),
            _ => Reply::MethodNotAllowed(if pool { GET_POST } else { GET }).into_response(),
        }
    }

    async fn submit(&self, body: axum::body::Body) -> Reply {
        let bytes = match http::read_body(body).await {
            Ok(bytes) => bytes,
            Err(BodyError::TooLarge) => {
                let text = format!("{DECODING}the body has more than {} bytes", http::MAX_BODY);
                return Reply::Error(413, text);
            }
            Err(BodyError::Broken) => {
                return Reply::Error(400, format!("{DECODING}unexpected EOF"));
            }
        };
        let transaction = match explorer_api::decode_transaction(&bytes) {
            Ok(transaction) => transaction,
            Err(message) => return Reply::Error(400, message),
        };
        let submitted = match self.node.submit(transaction) {
            Ok((id, pending)) => pending.wait().await.map(|()| id).map_err(Refused::from),
            Err(refused) => Err(refused),
        };
        match submitted {
            Ok(id) => {
                let mut json = Json::default();
                json.raw(r#"{"transactionid":"#).plain(id).raw("}");
                Reply::Json(json.into_body())
            }
            Err(Refused::Rule(text)) => Reply::Error(400, format!("{CALL}{text}")),
            Err(Refused::Storage(e)) => {
                self.node.note(&e.to_string());
                Reply::Error(500, format!("{CALL}{e}"))
            }
        }
    }

    fn may_control(&self, head: &request::Parts) -> bool {
        let token = head.headers.get(TOKEN_HEADER);
        head.method == Method::POST
            && token.is_some_and(|token| token_matches(token.as_bytes(), &self.token))
    }

    async fn control(&self, action: &str, query: &str) -> Response {
        let query = Query::parse(query);
        let result = match action {
            "status" => Ok(value(&self.status.status(&self.node))),
            "block_make" => self.block_make().await,
            "clock" => self.set_clock(query.get("offset")).await,
            "accounts" => Ok(value(&self.node.accounts())),
            "minter" => self.node.minter().map(|account| value(&account)),
            "bridge" => self.bridge(&query).await,
            "mails" => Ok(value(&self.grid.mails())),
            "mails_page" => Ok(value(&self.grid.mails_page())),
            "mail" => Ok(value(&self.grid.mail_of(query.get("of")).await)),
            "broker" => {
                self.grid.ready().await;
                Ok("{}".into())
            }
            "farm_add" => self.farm_add(&query),
            "farmer_token" => self.farmer_token(query.get("farmer")),
            "stop" => {
                self.stop.send_replace(true);
                Ok("{}".into())
            }
            _ => return Reply::NotFound.into_response(),
        };
        match result {
            Ok(body) => http::answer(StatusCode::OK, JSON, body),
            Err(message) => http::answer(StatusCode::BAD_REQUEST, TEXT, message),
        }
    }

    async fn block_make(&self) -> Result<String, String> {
        let text = |e: Error| e.to_string();
        let (made, pending) = self.node.make_block().map_err(text)?;
        pending.wait().await.map_err(text)?;
        Ok(value(&made))
    }

    async fn bridge(&self, query: &Query) -> Result<String, String> {
        let withdrawal = Withdrawal::from_query(query)?;
        let (bridged, pending) = self
            .node
            .bridge(&withdrawal)
            .map_err(|refused| refused.to_string())?;
        pending.wait().await.map_err(|e| e.to_string())?;
        Ok(value(&bridged))
    }

    fn farm_add(&self, query: &Query) -> Result<String, String> {
        let farm = NewFarm::from_query(query)?;
        let nodes = self.grid.directory().add(&farm);
        nodes.map(|ids| value(&ids)).map_err(|e| e.to_string())
    }

    fn farmer_token(&self, farmer: &str) -> Result<String, String> {
        let token = self.grid.directory().token(farmer);
        token.map(|token| value(&*token)).map_err(|e| e.to_string())
    }

    async fn set_clock(&self, offset: &str) -> Result<String, String> {
        let seconds = offset.parse().map_err(|_| {
            format!("`{offset}` is no clock offset, a whole number of seconds is expected")
        })?;
        let text = |e: Error| e.to_string();
        let pending = self.node.set_clock_offset(seconds).map_err(text)?;
        pending.wait().await.map_err(text)?;
        Ok(value(&self.status.status(&self.node)))
    }
}

fn value(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

fn has_agent(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(header::USER_AGENT)
        .map(|agent| agent.as_bytes());
    agent.is_some_and(|agent| {
        agent
            .windows(AGENT.len())
            .any(|part| part == AGENT.as_bytes())
    })
}

/// The reference sends a client that puts a slash behind a known path to the path without it.
fn without_last_slash(path: &str) -> Reply {
    match path
        .strip_suffix('/')
        .filter(|path| explorer_api::find(path).is_some())
    {
        Some(path) => Reply::Redirect(path.to_owned()),
        None => Reply::NotFound,
    }
}
