//! Connections to a node.
//!
//! Blocking reads hold their connection, so each command has one to itself: idle connections are
//! kept, and a new one is made when none is idle. A connection is given back only after a whole
//! answer; one that was left in the middle of a command (an error, Ctrl-C) is closed.
//!
//! * [`certificate`]: TLS without an authority: any certificate, remembered by its fingerprint.
//! * [`stream`]: TCP, TLS and unix sockets.
mod certificate;
mod stream;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, Value};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::{Error, Result};
use super::{jwt, plain};

pub use certificate::Fingerprint;

/// Idle connections kept per node.
const MOST_IDLE: usize = 8;

/// Where a node is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Over the network.
    Tcp {
        /// Name or address.
        host: String,
        /// Its port.
        port: u16,
        /// With TLS, as all nodes but development ones want it.
        tls: bool,
    },
    /// A socket on this machine; neither TLS nor password.
    Unix(std::path::PathBuf),
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Endpoint::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Endpoint::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Endpoint::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How long is waited for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection is there, TLS and password included.
    pub connect: Duration,
    /// Until the node says that it took a job.
    pub accept: Duration,
    /// Longest single blocking read.
    pub poll: Duration,
    /// Added to the time a blocking read may take, for the way there and back.
    pub slack: Duration,
}

impl Default for Limits {
    /// 10 s to connect and to accept, reads of 10 s, 5 s for the way.
    fn default() -> Self {
        use super::protocol::keys;
        Limits {
            connect: Duration::from_secs(10),
            accept: keys::ACCEPT_TIMEOUT,
            poll: keys::POLL,
            slack: Duration::from_secs(5),
        }
    }
}

/// Everything a connection needs from outside.
pub struct Options {
    /// Where the node is.
    pub endpoint: Endpoint,
    /// Token or password; empty for none.
    pub password: Zeroizing<String>,
    /// Database; nodes have 0 only.
    pub db: i64,
    /// Certificate of an earlier connection; None remembers the first one that is seen.
    pub fingerprint: Option<Fingerprint>,
    /// Longest time until a job ends, unless a call says otherwise.
    pub timeout: Duration,
    /// How long is waited for everything else.
    pub limits: Limits,
    /// Random bytes, for ids of jobs.
    pub random: fn(&mut [u8]),
    /// The clock, to tell a token that ended.
    pub clock: fn() -> SystemTime,
}

struct Connection {
    redis: MultiplexedConnection,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may wait for an answer nobody wants any more.
        self.driver.abort();
    }
}

/// The connections to one node.
pub struct Transport {
    options: Options,
    address: String,
    fingerprint: Mutex<Option<Fingerprint>>,
    idle: Mutex<Vec<Connection>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport {
    /// Connects to nothing yet.
    pub fn new(options: Options) -> Self {
        Transport {
            address: options.endpoint.to_string(),
            fingerprint: Mutex::new(options.fingerprint.clone()),
            options,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// What it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Host and port, or path of the socket.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The certificate that is remembered.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        locked(&self.fingerprint).clone()
    }

    /// Runs a command and answers its reply. `wait` is how long the node may take by itself (a
    /// blocking read). A command on a kept connection that turns out to be closed is sent once
    /// more on a new one: all commands of a client can be repeated without harm, because a node
    /// drops a job whose id it knows.
    ///
    /// # Errors
    /// Whatever connecting can fail with, no answer in time, a refusal.
    pub async fn command(&self, cmd: &Cmd, what: &str, wait: Duration) -> Result<Value> {
        if let Some(connection) = self.idle() {
            match self.run(connection, cmd, what, wait).await {
                Err(error) if error.is_connection_lost() => {}
                done => return done,
            }
        }
        let connection = self.connect().await?;
        self.run(connection, cmd, what, wait).await
    }

    /// Runs commands that answer at once, sent together, and answers their replies in order.
    ///
    /// # Errors
    /// As [`Transport::command`]; when one is refused, the replies of the others are lost.
    pub async fn commands(&self, commands: &[Cmd], what: &str) -> Result<Vec<Value>> {
        let mut pipeline = redis::pipe();
        for command in commands {
            pipeline.add_command(command.clone());
        }
        let mut connection = match self.idle() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let limit = self.options.limits.slack;
        let sent = connection
            .redis
            .send_packed_commands(&pipeline, 0, commands.len());
        match timeout(limit, sent).await {
            Err(_) => Err(Error::NoAnswer {
                address: self.address.clone(),
                what: what.into(),
                seconds: limit.as_secs().max(1),
            }),
            Ok(Ok(values)) => {
                self.keep(connection);
                Ok(values)
            }
            Ok(Err(error)) => Err(self.failure(&error, what)),
        }
    }

    /// A connection that is kept and still there.
    fn idle(&self) -> Option<Connection> {
        let mut idle = locked(&self.idle);
        idle.retain(|connection| !connection.driver.is_finished());
        idle.pop()
    }

    async fn run(
        &self,
        mut connection: Connection,
        cmd: &Cmd,
        what: &str,
        wait: Duration,
    ) -> Result<Value> {
        // Big arguments take their time on the way: 1 s more for each MiB.
        let size = cmd.args_iter().map(size).sum::<usize>() >> 20;
        let way = self.options.limits.slack + Duration::from_secs(size as u64);
        let limit = wait + way;
        match timeout(limit, connection.redis.send_packed_command(cmd)).await {
            Err(_) => Err(Error::NoAnswer {
                address: self.address.clone(),
                what: what.into(),
                seconds: limit.as_secs().max(1),
            }),
            Ok(Ok(Value::ServerError(error))) => {
                self.keep(connection);
                Err(self.failure(&RedisError::from(error), what))
            }
            Ok(Ok(value)) => {
                self.keep(connection);
                Ok(value)
            }
            Ok(Err(error)) => {
                let failure = self.failure(&error, what);
                if matches!(failure, Error::Refused { .. } | Error::Password { .. }) {
                    self.keep(connection);
                }
                Err(failure)
            }
        }
    }

    fn keep(&self, connection: Connection) {
        let mut idle = locked(&self.idle);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    async fn connect(&self) -> Result<Connection> {
        let limit = self.options.limits.connect;
        match timeout(limit, self.connect_now()).await {
            Ok(done) => done,
            Err(_) => Err(Error::Connect {
                address: self.address.clone(),
                reason: format!("no answer within {} s", limit.as_secs().max(1)),
            }),
        }
    }

    async fn connect_now(&self) -> Result<Connection> {
        let (stream, presented) = stream::open(&self.options.endpoint).await?;
        if let Some(presented) = presented {
            let mut known = locked(&self.fingerprint);
            match known.as_ref() {
                // Nothing was sent yet: the password stays here.
                Some(remembered) if *remembered != presented => {
                    return Err(Error::CertificateChanged {
                        address: self.address.clone(),
                        remembered: remembered.clone(),
                        presented,
                    });
                }
                Some(_) => {}
                None => *known = Some(presented),
            }
        }
        // The set-up that the library would send by itself is not for nodes of 2019.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let (mut redis, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| self.failure(&error, "the connection"))?;
        let driver = tokio::spawn(driver);
        let local = matches!(self.options.endpoint, Endpoint::Unix(_));
        if !local && !self.options.password.is_empty() {
            let mut auth = redis::cmd("AUTH");
            auth.arg(self.options.password.as_str());
            self.set_up(&mut redis, &auth, "AUTH").await?;
        }
        if self.options.db != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(self.options.db);
            self.set_up(&mut redis, &select, "SELECT").await?;
        }
        Ok(Connection { redis, driver })
    }

    async fn set_up(&self, redis: &mut MultiplexedConnection, cmd: &Cmd, what: &str) -> Result<()> {
        match redis.send_packed_command(cmd).await {
            Ok(Value::ServerError(error)) => Err(self.failure(&RedisError::from(error), what)),
            Ok(_) => Ok(()),
            Err(error) => Err(self.failure(&error, what)),
        }
    }

    fn failure(&self, error: &RedisError, what: &str) -> Error {
        let address = self.address.clone();
        match error.kind() {
            ErrorKind::Parse => Error::Garbage {
                address,
                reason: plain::line(&error.to_string(), 200),
            },
            ErrorKind::Io | ErrorKind::Client => Error::Closed {
                address,
                reason: plain::line(&error.to_string(), 200),
            },
            _ => {
                let words = [error.code(), error.detail()];
                let text: Vec<&str> = words.into_iter().flatten().collect();
                let reason = plain::line(&text.join(" "), 300);
                let of_password = ["NOAUTH", "WRONGPASS", "permission denied", "invalid jwt"];
                if what == "AUTH" || of_password.iter().any(|start| reason.starts_with(start)) {
                    Error::Password {
                        address,
                        reason,
                        expired: self.expired(),
                        organizations: jwt::claims(&self.options.password)
                            .map(|claims| claims.organizations),
                    }
                } else {
                    Error::Refused {
                        address,
                        what: what.into(),
                        reason,
                    }
                }
            }
        }
    }

    /// When the token ended, if it did.
    fn expired(&self) -> Option<i64> {
        let end = jwt::expires(&self.options.password)?;
        let now = (self.options.clock)()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        (i64::try_from(now.as_secs()).ok()? >= end).then_some(end)
    }
}

fn size(argument: redis::Arg<&[u8]>) -> usize {
    match argument {
        redis::Arg::Simple(bytes) => bytes.len(),
        _ => 0,
    }
}
