//! [`Fetch`] over HTTP, with several nodes.
//!
//! Nodes are tried in random order; a node that cannot be reached is skipped, any HTTP answer ends
//! the search. Connections are kept and shared. A node that was out of reach a moment ago is tried
//! last, so that two hundred look-ups do not wait for the same dead node two hundred times.
//! Everything is bounded: the time to connect, the time until an answer begins, the silence within
//! an answer, its whole duration, and its size.
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::error::{ExplorerError, Unreachable};
use super::fetch::{Answer, Fetch, FetchError, FetchFuture};
use crate::web;

/// Every request must carry a user agent that contains this (spec: tfchain node §1).
const USER_AGENT: &str = "Rivine-Agent";

/// Limits of an [`HttpFetch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// Time to connect to one node, TLS included.
    pub connect: Duration,
    /// Time of a whole search until some node begins to answer; what is left of it is shared
    /// fairly by the nodes that are still to be tried.
    pub search: Duration,
    /// Longest silence within an answer.
    pub silence: Duration,
    /// Longest duration of one answer.
    pub answer: Duration,
    /// Largest answer, in bytes.
    pub bytes: usize,
    /// How long a node that was out of reach is tried only after the others.
    pub shunned: Duration,
    /// How long a node that lags or lied is tried only after the others.
    pub avoided: Duration,
}

impl Default for HttpLimits {
    /// 3 s to connect, 9 s until an answer begins, 5 s of silence and 60 s in all, 64 MiB.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            search: Duration::from_secs(9),
            silence: Duration::from_secs(5),
            answer: Duration::from_secs(60),
            bytes: 64 * 1024 * 1024,
            shunned: Duration::from_secs(30),
            avoided: Duration::from_secs(600),
        }
    }
}

/// A source of random numbers, for the order in which nodes are tried.
pub type RandomSource = Box<dyn Fn() -> u64 + Send + Sync>;

/// Explorer nodes reached over HTTP or HTTPS.
pub struct HttpFetch {
    nodes: Vec<Node>,
    limits: HttpLimits,
    random: RandomSource,
    client: OnceLock<Result<reqwest::Client, String>>,
}

struct Node {
    address: Arc<str>,
    failed_at: Mutex<Option<Instant>>,
    /// When it was last said to lag or to lie.
    avoided_at: Mutex<Option<Instant>>,
}

/// How the attempt to reach one node ended when it brought no answer.
enum Miss {
    /// Not connected: nothing was sent.
    Unsent(String),
    /// Connected, perhaps sent, no answer in time.
    Silent(String),
    /// Connected, perhaps sent, and the connection was closed.
    Dropped(String),
}

impl HttpFetch {
    /// Creates a client for `addresses` (`http://host:port` or `https://host`, a slash at the end
    /// is ignored). Nothing is opened or loaded before the first request.
    ///
    /// # Errors
    /// [`ExplorerError::NodeAddress`] when an address has another form.
    pub fn new<S: AsRef<str>>(
        addresses: &[S],
        random: RandomSource,
        limits: HttpLimits,
    ) -> Result<Self, ExplorerError> {
        let nodes = addresses
            .iter()
            .map(|address| {
                let address = address.as_ref().trim().trim_end_matches('/');
                let valid = reqwest::Url::parse(address)
                    .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
                if !valid {
                    return Err(ExplorerError::NodeAddress {
                        address: address.to_owned(),
                    });
                }
                Ok(Node {
                    address: address.into(),
                    failed_at: Mutex::new(None),
                    avoided_at: Mutex::new(None),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            nodes,
            limits,
            random,
            client: OnceLock::new(),
        })
    }

    fn client(&self) -> Result<&reqwest::Client, FetchError> {
        self.client
            .get_or_init(|| self.build())
            .as_ref()
            .map_err(|reason| {
                let reason = format!("no HTTP client could be made: {reason}");
                let addresses = self.addresses();
                let unreachable = |node| Unreachable {
                    node,
                    reason: reason.clone(),
                };
                FetchError::NotAvailable(addresses.into_iter().map(unreachable).collect())
            })
    }

    fn build(&self) -> Result<reqwest::Client, String> {
        let mut addresses = self.nodes.iter().map(|node| &node.address);
        let tls = addresses.any(|address| address.starts_with("https"));
        let builder = web::client(tls)
            .user_agent(USER_AGENT)
            .connect_timeout(self.limits.connect);
        builder.build().map_err(plain)
    }

    /// Returns the nodes in the order in which they are to be tried.
    fn order(&self) -> Vec<&Node> {
        let mut order: Vec<&Node> = self.nodes.iter().collect();
        for last in (1..order.len()).rev() {
            let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
            let pick = usize::try_from((self.random)() % choices).unwrap_or(0);
            order.swap(last, pick);
        }
        order.sort_by_key(|node| {
            let avoided = is_recent(&node.avoided_at, self.limits.avoided);
            (avoided, is_recent(&node.failed_at, self.limits.shunned))
        });
        order
    }

    async fn search(
        &self,
        method: reqwest::Method,
        endpoint: &str,
        body: Option<&str>,
    ) -> Result<Answer, FetchError> {
        let client = self.client()?;
        let deadline = Instant::now() + self.limits.search;
        let mut tried = Vec::new();
        let order = self.order();
        let mut left = u32::try_from(order.len()).unwrap_or(u32::MAX);
        for node in order {
            let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            let request = || {
                let request = client.request(method.clone(), format!("{}{endpoint}", node.address));
                match body {
                    Some(body) => request
                        .header("content-type", "application/json")
                        .body(body.to_owned()),
                    None => request,
                }
            };
            let mut outcome = attempt(request(), share).await;
            if body.is_none() && matches!(&outcome, Err(Miss::Dropped(_))) {
                // A kept connection that the node closed just now; asking again is harmless.
                outcome = attempt(request(), share).await;
            }
            match outcome {
                Ok(response) => {
                    set(&node.failed_at, None);
                    let answer = self.read(response, body.is_some()).await;
                    let node = Some(node.address.clone());
                    return answer.map(|(status, body)| Answer { status, body, node });
                }
                Err(Miss::Silent(reason) | Miss::Dropped(reason)) if body.is_some() => {
                    set(&node.failed_at, Some(Instant::now()));
                    return Err(FetchError::Unclear {
                        reason: format!("{}: {reason}", node.address),
                    });
                }
                Err(Miss::Silent(reason) | Miss::Dropped(reason) | Miss::Unsent(reason)) => {
                    set(&node.failed_at, Some(Instant::now()));
                    tried.push(Unreachable {
                        node: node.address.to_string(),
                        reason,
                    });
                }
            }
        }
        Err(FetchError::NotAvailable(tried))
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        posted: bool,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let broken = |reason: String| {
            if posted {
                FetchError::Unclear { reason }
            } else {
                FetchError::Broken { reason }
            }
        };
        let limit = self.limits.bytes;
        let too_large = || {
            broken(format!(
                "the answer is larger than {} MiB",
                limit / (1024 * 1024)
            ))
        };
        let status = response.status().as_u16();
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or(0));
        let deadline = Instant::now() + self.limits.answer;
        loop {
            let until = deadline.min(Instant::now() + self.limits.silence);
            match timeout_at(until, response.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    if body.len().saturating_add(piece.len()) > limit {
                        return Err(too_large());
                    }
                    body.extend_from_slice(&piece);
                }
                Ok(Ok(None)) => return Ok((status, body)),
                Ok(Err(error)) => {
                    let reason = plain(error);
                    return Err(broken(format!(
                        "the answer breaks off after {} bytes: {reason}",
                        body.len()
                    )));
                }
                Err(_) => {
                    return Err(broken(format!(
                        "the answer stalls after {} bytes",
                        body.len()
                    )));
                }
            }
        }
    }
}

impl Fetch for HttpFetch {
    fn get<'a>(&'a self, endpoint: &'a str) -> FetchFuture<'a> {
        Box::pin(self.search(reqwest::Method::GET, endpoint, None))
    }

    fn post<'a>(&'a self, endpoint: &'a str, body: &'a str) -> FetchFuture<'a> {
        Box::pin(self.search(reqwest::Method::POST, endpoint, Some(body)))
    }

    fn addresses(&self) -> Vec<String> {
        self.nodes
            .iter()
            .map(|node| node.address.to_string())
            .collect()
    }

    fn avoid(&self, address: &str) {
        for node in self.nodes.iter().filter(|node| *node.address == *address) {
            set(&node.avoided_at, Some(Instant::now()));
        }
    }

    fn only(&self, address: &str) -> Option<Arc<dyn Fetch>> {
        let node = self.nodes.iter().find(|node| *node.address == *address)?;
        let random = Box::new(|| 0);
        let one = HttpFetch::new(&[&*node.address], random, self.limits.clone()).ok()?;
        Some(Arc::new(one))
    }
}

fn set(at: &Mutex<Option<Instant>>, when: Option<Instant>) {
    *at.lock().unwrap_or_else(PoisonError::into_inner) = when;
}

fn is_recent(at: &Mutex<Option<Instant>>, duration: Duration) -> bool {
    let at = *at.lock().unwrap_or_else(PoisonError::into_inner);
    at.is_some_and(|at| at.elapsed() < duration)
}

async fn attempt(
    request: reqwest::RequestBuilder,
    share: Duration,
) -> Result<reqwest::Response, Miss> {
    match timeout(share, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) if error.is_connect() || error.is_builder() => {
            Err(Miss::Unsent(plain(error)))
        }
        Ok(Err(error)) => Err(Miss::Dropped(plain(error))),
        Err(_) => Err(Miss::Silent(format!(
            "no answer within {:.1} s",
            share.as_secs_f32()
        ))),
    }
}

/// What happened, as a text for people.
fn plain(error: reqwest::Error) -> String {
    super::text::ServerText::new(&web::cause(error)).to_string()
}
