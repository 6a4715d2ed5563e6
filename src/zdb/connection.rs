//! The connection to a server: one, shared by all commands, made anew after a break.
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::{Error, Result, line};

/// Where a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Over the network.
    Tcp {
        /// Name or address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A socket on this machine.
    Unix(PathBuf),
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Endpoint::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Endpoint::Tcp { host, port } => write!(f, "{host}:{port}"),
            Endpoint::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How long is waited for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection is there, password and namespace included.
    pub connect: Duration,
    /// Until an answer is there.
    pub answer: Duration,
    /// How often a command is tried when the connection breaks; at least once.
    pub tries: u32,
    /// Pause before the second try; four times longer before each further one.
    pub pause: Duration,
}

impl Default for Limits {
    /// 5 s to connect, 30 s for an answer, three tries after 100 and 400 ms.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            tries: 3,
            pause: Duration::from_millis(100),
        }
    }
}

/// A namespace to work in.
#[derive(Clone, Default)]
pub struct Selected {
    /// Its name.
    pub name: String,
    /// Its password; empty for none.
    pub password: Zeroizing<String>,
}

/// Everything a connection needs.
#[derive(Clone)]
pub struct Options {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// For `AUTH`: the administrator's password, or a gateway's token; empty for none.
    pub secret: Zeroizing<String>,
    /// The namespace; None for that which the server gives.
    pub namespace: Option<Selected>,
    /// A plain Redis server is good as well: the namespace is a hash there.
    pub plain_redis: bool,
    /// How long is waited for what.
    pub limits: Limits,
}

impl Options {
    /// A server without any password.
    pub fn new(endpoint: Endpoint) -> Self {
        Options {
            endpoint,
            secret: Zeroizing::default(),
            namespace: None,
            plain_redis: false,
            limits: Limits::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("endpoint", &self.endpoint)
            .field(
                "namespace",
                &self.namespace.as_ref().map(|space| &space.name),
            )
            .field("plain_redis", &self.plain_redis)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What is open.
struct Open {
    redis: MultiplexedConnection,
    driver: JoinHandle<()>,
    /// Tells a connection that broke from the one after it.
    number: u64,
    /// It is a plain Redis server.
    is_plain: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The connection to a server.
pub(super) struct Connection {
    options: Options,
    address: String,
    open: Mutex<Option<Open>>,
    next: AtomicU64,
}

impl Connection {
    pub(super) fn new(options: Options) -> Self {
        Connection {
            address: options.endpoint.to_string(),
            options,
            open: Mutex::new(None),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    /// Runs a command; `make` is told whether the server is a plain Redis. `repeats` says that
    /// doing it twice does no harm: then it is tried again after a break.
    ///
    /// # Errors
    /// See [`Error`].
    pub(super) async fn run(
        &self,
        what: &'static str,
        repeats: bool,
        make: impl Fn(bool) -> Cmd,
    ) -> Result<Value> {
        let limits = &self.options.limits;
        let mut pause = limits.pause;
        let mut tries = limits.tries.max(1);
        loop {
            tries -= 1;
            let done = match self.redis().await {
                // Nothing was sent yet.
                Err(error) => (Err(error), true),
                Ok((redis, number, is_plain)) => {
                    let done = self.ask(redis, what, &make(is_plain)).await;
                    if matches!(&done, Err(Error::Closed { .. } | Error::NoAnswer { .. })) {
                        self.close(number).await;
                    }
                    (done, repeats)
                }
            };
            match done {
                (Err(error), true) if error.is_of_the_connection() && tries > 0 => {
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
                (done, _) => return done,
            }
        }
    }

    async fn ask(
        &self,
        mut redis: MultiplexedConnection,
        what: &'static str,
        cmd: &Cmd,
    ) -> Result<Value> {
        let limit = self.options.limits.answer;
        match timeout(limit, redis.send_packed_command(cmd)).await {
            Err(_) => Err(Error::NoAnswer {
                address: self.address(),
                what,
                seconds: limit.as_secs().max(1),
            }),
            Ok(Ok(Value::ServerError(error))) => Err(self.failure(&RedisError::from(error), what)),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.failure(&error, what)),
        }
    }

    /// The connection that is open, or a new one.
    async fn redis(&self) -> Result<(MultiplexedConnection, u64, bool)> {
        let mut open = self.open.lock().await;
        let usable = open.as_ref().filter(|open| !open.driver.is_finished());
        let known = match usable {
            Some(open) => open,
            None => {
                let limit = self.options.limits.connect;
                let new = timeout(limit, self.connect()).await;
                let new = new.unwrap_or_else(|_| {
                    Err(self.unreachable(format!("no answer within {} s", limit.as_secs().max(1))))
                })?;
                &*open.insert(new)
            }
        };
        Ok((known.redis.clone(), known.number, known.is_plain))
    }

    async fn close(&self, number: u64) {
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|open| open.number == number) {
            *open = None;
        }
    }

    fn unreachable(&self, reason: String) -> Error {
        Error::Connect {
            address: self.address(),
            reason,
        }
    }

    async fn stream(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.options.endpoint {
            Endpoint::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Endpoint::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }

    async fn connect(&self) -> Result<Open> {
        let stream = self.stream().await;
        let stream = stream.map_err(|error| self.unreachable(error.to_string()))?;
        // What the library would send by itself is not for a 0-DB.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let (redis, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| self.failure(&error, "the connection"))?;
        let mut open = Open {
            redis,
            driver: tokio::spawn(driver),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            is_plain: false,
        };
        let say = |what: &'static str, words: &[&str]| {
            let mut cmd = redis::cmd(what);
            words.iter().for_each(|word| {
                cmd.arg(*word);
            });
            let redis = open.redis.clone();
            async move { self.ask(redis, what, &cmd).await }
        };
        if !self.options.secret.is_empty() {
            say("AUTH", &[&self.options.secret]).await?;
        }
        if let Some(space) = &self.options.namespace {
            let mut words = vec![space.name.as_str()];
            if !space.password.is_empty() {
                words.push(&space.password);
            }
            match say("SELECT", &words).await {
                Ok(_) => {}
                Err(Error::Refused { reason, .. })
                    if self.options.plain_redis && is_of_redis(&reason) =>
                {
                    if !space.password.is_empty() {
                        match say("AUTH", &[&space.password]).await {
                            // It asks for none.
                            Err(Error::Refused { reason, .. }) if reason.starts_with("ERR ") => {}
                            answer => drop(answer?),
                        }
                    }
                    open.is_plain = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(open)
    }

    fn failure(&self, error: &RedisError, what: &'static str) -> Error {
        let address = self.address();
        match error.kind() {
            ErrorKind::Parse => Error::Garbage {
                address,
                what,
                found: line(&error.to_string()),
            },
            ErrorKind::Io | ErrorKind::Client => Error::Closed {
                address,
                reason: line(&error.to_string()),
            },
            _ => {
                let words = [error.code(), error.detail()];
                let text: Vec<&str> = words.into_iter().flatten().collect();
                Error::Refused {
                    address,
                    what,
                    reason: line(&text.join(" ")),
                }
            }
        }
    }
}

/// Errors of Redis begin with a word in capitals; those of 0-DB do not.
fn is_of_redis(reason: &str) -> bool {
    ["ERR ", "NOAUTH ", "WRONGPASS "]
        .iter()
        .any(|word| reason.starts_with(word))
}
