//! A raw loopback server that behaves as badly as it is told to, and a [`Fetch`] that replays
//! recorded exchanges.
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kosmos::tfchain::Network;
use kosmos::tfchain::explorer::{
    Answer, Explorer, Fetch, FetchError, FetchFuture, HttpFetch, HttpLimits,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// A well-formed answer.
    Http(u16, Vec<u8>),
    /// A well-formed answer after a pause.
    Slow(Duration, u16, Vec<u8>),
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed at once.
    Close,
    /// The head of an answer, then one byte at a time with a pause.
    Drip(Duration),
    /// An answer without end, in chunks or announced with a length.
    Endless { announced: bool },
}

impl Reply {
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::Http(status, format!("{value}\n").into_bytes())
    }
}

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: Vec<u8>,
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A loopback server; it ends when dropped.
pub struct Server {
    pub address: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Connections taken so far.
    pub connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, count) = (seen.clone(), connections.clone());
        let task = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tasks.spawn(serve(stream, handler.clone(), log.clone()));
            }
        });
        Self {
            address,
            seen,
            connections,
            task,
        }
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Handler>, log: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let reply = handler(&request);
        log.lock().unwrap().push(request);
        if answer(&mut stream, reply).await.is_none() {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap());
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    let mut first = head.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    Some(Seen {
        method,
        path,
        head,
        body,
    })
}

/// Returns None when the connection is to be closed.
async fn answer(stream: &mut TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Http(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            let head = if status == 204 {
                "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
            } else {
                head
            };
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&body).await.ok()
        }
        Reply::Slow(pause, status, body) => {
            tokio::time::sleep(pause).await;
            Box::pin(answer(stream, Reply::Http(status, body))).await
        }
        Reply::Raw(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.shutdown().await.ok()?;
            None
        }
        Reply::Hang => std::future::pending().await,
        Reply::Close => None,
        Reply::Drip(pause) => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                .await
                .ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Endless { announced } => {
            let head = if announced {
                "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            };
            stream.write_all(head.as_bytes()).await.ok()?;
            let mut piece = b"10000\r\n".to_vec();
            piece.extend(vec![b' '; 0x10000]);
            piece.extend(b"\r\n");
            loop {
                stream.write_all(&piece).await.ok()?;
            }
        }
    }
}

/// An address on which nothing listens.
pub async fn dead_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Limits short enough for tests.
pub fn short_limits() -> HttpLimits {
    HttpLimits {
        connect: Duration::from_millis(500),
        search: Duration::from_millis(600),
        silence: Duration::from_millis(300),
        answer: Duration::from_millis(900),
        bytes: 4 * 1024 * 1024,
        shunned: Duration::from_secs(30),
        avoided: Duration::from_secs(30),
    }
}

/// A client that tries the nodes in the order given.
pub fn explorer<S: AsRef<str>>(addresses: &[S], limits: HttpLimits) -> Explorer {
    // Picking the last of those left at every step keeps the order.
    let fetch = HttpFetch::new(addresses, Box::new(keeps_order(addresses.len())), limits).unwrap();
    Explorer::new(Network::Devnet, Arc::new(fetch))
}

fn keeps_order(nodes: usize) -> impl Fn() -> u64 {
    let call = AtomicUsize::new(0);
    move || {
        let steps = nodes.saturating_sub(1).max(1);
        let step = call.fetch_add(1, Ordering::SeqCst) % steps;
        (nodes - 1 - step) as u64
    }
}

/// Recorded answers by endpoint, served without a socket.
#[derive(Default)]
pub struct Replay {
    pub answers: HashMap<String, (u16, Vec<u8>)>,
    pub posts: Mutex<Vec<serde_json::Value>>,
    pub gets: Mutex<Vec<String>>,
    pub post_answer: Option<(u16, Vec<u8>)>,
}

impl Replay {
    /// Loads the exchanges of a vector file.
    pub fn from_exchanges(exchanges: &serde_json::Value) -> Self {
        let mut replay = Self::default();
        for exchange in exchanges.as_array().unwrap() {
            let request = &exchange["request"];
            if request["method"] == "GET" {
                replay.answers.insert(
                    request["path"].as_str().unwrap().to_owned(),
                    recorded_answer(exchange),
                );
            }
        }
        replay
    }

    pub fn explorer(self: &Arc<Self>) -> Explorer {
        Explorer::new(Network::Devnet, self.clone())
    }
}

/// The status and the body of a recorded exchange.
pub fn recorded_answer(exchange: &serde_json::Value) -> (u16, Vec<u8>) {
    let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
    let body = match exchange.get("body") {
        Some(body) => format!("{body}\n").into_bytes(),
        None => exchange["body_text"]
            .as_str()
            .unwrap_or("")
            .as_bytes()
            .to_vec(),
    };
    (status, body)
}

impl Fetch for Replay {
    fn get<'a>(&'a self, endpoint: &'a str) -> FetchFuture<'a> {
        Box::pin(async move {
            self.gets.lock().unwrap().push(endpoint.to_owned());
            match self.answers.get(endpoint) {
                Some((status, body)) => Ok(Answer {
                    status: *status,
                    body: body.clone(),
                    node: None,
                }),
                None => panic!("the vectors hold no answer for {endpoint}"),
            }
        })
    }

    fn post<'a>(&'a self, _endpoint: &'a str, body: &'a str) -> FetchFuture<'a> {
        Box::pin(async move {
            self.posts
                .lock()
                .unwrap()
                .push(serde_json::from_str(body).unwrap());
            match &self.post_answer {
                Some((status, body)) => Ok(Answer {
                    status: *status,
                    body: body.clone(),
                    node: None,
                }),
                None => Err(FetchError::NotAvailable(Vec::new())),
            }
        })
    }

    fn addresses(&self) -> Vec<String> {
        vec!["replay".to_owned()]
    }
}
