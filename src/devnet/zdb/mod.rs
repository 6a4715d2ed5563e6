//! A 0-DB server: values by keys over the Redis protocol, in namespaces, on disk.
//!
//! [`start`] runs it on the tokio runtime that this is called on. Data lie in append-only files
//! with checksums and survive being killed at any moment.
//!
//! * [`namespace`]: one namespace; [`spaces`]: all of a server.
//! * [`log`], [`record`]: data files and their entries; [`rewrite`]: without what does not count.
//! * [`command`]: what each command does.
mod command;
mod log;
mod namespace;
mod record;
mod rewrite;
mod spaces;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::accept::take_in;
use super::clock::Clock;
use super::error::{Error, Result};
use super::resp::request::{Limits, Parser};
use super::resp::wire::{FLUSH_AT, flush, read, refuse};
use super::resp::{Protocol, Reply};
use command::{Session, Shared};
pub use log::Sizes;
pub use namespace::Mode;
use spaces::Spaces;

/// Port of 0-DB.
pub const DEFAULT_PORT: u16 = 9900;
/// Clients at once; more wait until one leaves.
const CLIENTS: usize = 4_096;
/// What a client may send that may write: a value with its key and command.
const LIMITS: Limits = Limits {
    arguments: 1_100,
    bytes: 9 * 1024 * 1024,
};

/// How a server is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who chooses the keys in new namespaces.
    pub mode: Mode,
    /// The administrator's password; None makes every client an administrator.
    pub password: Option<Zeroizing<String>>,
    /// The time of entries.
    pub clock: Clock,
    /// How large data files get, and when they are written anew.
    pub sizes: Sizes,
}

impl Default for Settings {
    /// Keys of the client, no password, the clock of the machine, files of the usual sizes.
    fn default() -> Self {
        Self {
            mode: Mode::User,
            password: None,
            clock: Clock::system(),
            sizes: Sizes::default(),
        }
    }
}

/// Starts a server with its data in `folder`, which is made when it is missing. Port 0 takes a free
/// one. It runs until its handle is stopped or dropped.
///
/// # Errors
/// A taken port; a folder that is in use or cannot be read; an address that other machines can
/// reach without a password in the settings.
pub async fn start(listen: SocketAddr, folder: &Path, settings: Settings) -> Result<Handle> {
    if !listen.ip().is_loopback() && settings.password.is_none() {
        return Err(Error::Start {
            reason: format!(
                "{listen} can be reached from other machines: give the 0-DB a password, or let it \
                 listen on 127.0.0.1"
            ),
        });
    }
    let fail = |source| Error::Listen {
        addr: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(fail)?;
    let addr = listener.local_addr().map_err(fail)?;
    let (folder, mode, sizes) = (folder.to_owned(), settings.mode, settings.sizes);
    let spaces = tokio::task::spawn_blocking(move || Spaces::open(&folder, mode, sizes))
        .await
        .map_err(|e| Error::Start {
            reason: e.to_string(),
        })??;
    let shared = Arc::new(Shared {
        spaces,
        password: settings.password,
        clock: settings.clock,
    });
    let (stop, stopping) = watch::channel(false);
    let served = shared.clone();
    let serve = move |mut stream| {
        let shared = served.clone();
        async move {
            let _ = serve(&mut stream, shared).await;
        }
    };
    let runner = tokio::spawn(take_in(listener, CLIENTS, stopping, serve));
    Ok(Handle {
        addr,
        shared,
        stop,
        runner: Some(runner),
    })
}

/// A server that runs in this process.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    runner: Option<JoinHandle<()>>,
}

impl Handle {
    /// Returns the address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the address as backends of flists take it: `zdb://127.0.0.1:9900`.
    pub fn url(&self) -> String {
        format!("zdb://{}", self.addr)
    }

    /// Returns the names of the namespaces, sorted.
    pub fn namespaces(&self) -> Vec<String> {
        self.shared.spaces.names()
    }

    /// Makes a namespace that only who knows the password may write to, and only they may read
    /// unless it is `public`. What is there already gets these settings. 0 is no limit.
    ///
    /// # Errors
    /// A name that cannot be one; the disk.
    pub fn namespace(
        &self,
        name: &str,
        password: Option<&str>,
        public: bool,
        max_size: u64,
    ) -> Result<()> {
        let wrong = |reason: String| Error::Refused {
            reason: format!("namespace '{name}': {reason}"),
        };
        let spaces = &self.shared.spaces;
        spaces.create(name).map_err(|e| wrong(e.to_string()))?;
        let space = spaces
            .get(name)
            .ok_or_else(|| wrong("it was deleted".into()))?;
        space
            .set_password(password.map(str::as_bytes))
            .and_then(|()| space.set_public(public))
            .and_then(|()| space.set_max_size(max_size))
            .map_err(|e| wrong(e.to_string()))
    }

    /// Sets who chooses the keys of a namespace, which must have none yet.
    ///
    /// # Errors
    /// A namespace that is not there or has keys of the other kind; the disk.
    pub fn namespace_mode(&self, name: &str, mode: Mode) -> Result<()> {
        let wrong = |reason: String| Error::Refused {
            reason: format!("namespace '{name}': {reason}"),
        };
        let space = self.shared.spaces.get(name);
        let space = space.ok_or_else(|| wrong("it is not there".into()))?;
        space.set_mode(mode).map_err(|e| wrong(e.to_string()))
    }

    /// Deletes a namespace with all that is in it; one that is not there is no error.
    ///
    /// # Errors
    /// The disk.
    pub fn namespace_delete(&self, name: &str) -> Result<()> {
        let deleted = self.shared.spaces.delete(name);
        deleted.map(|_| ()).map_err(|e| Error::Refused {
            reason: format!("namespace '{name}': {e}"),
        })
    }

    /// Stops the server; when it returns, everything is on disk and the folder is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(runner) = self.runner.take() {
            let _ = runner.await;
        }
        let shared = self.shared.clone();
        // Every answer went out after its data were with the system: this is for power cuts.
        let _ = tokio::task::spawn_blocking(move || shared.spaces.sync()).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Serves a client until it leaves, says `QUIT`, or sends what cannot be understood.
async fn serve<S>(stream: &mut S, shared: Arc<Shared>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(mut session) = Session::new(shared) else {
        return Ok(());
    };
    let limits = |session: &Session| match session.is_stranger() {
        true => Limits::STRANGER,
        false => LIMITS,
    };
    let mut parser = Parser::new(limits(&session));
    let mut out = Vec::new();
    loop {
        let arguments = match parser.command() {
            Ok(Some(arguments)) => arguments,
            Ok(None) => {
                flush(stream, &mut out).await?;
                if read(stream, &mut parser).await? == 0 {
                    return Ok(());
                }
                continue;
            }
            Err(malformed) => return refuse(stream, out, &malformed).await,
        };
        let quits = arguments
            .first()
            .is_some_and(|name| name.eq_ignore_ascii_case(b"QUIT"));
        if quits {
            Reply::OK.write(Protocol::Two, &mut out);
            flush(stream, &mut out).await?;
            return stream.shutdown().await;
        }
        session.run(&arguments).write(Protocol::Two, &mut out);
        parser.set_limits(limits(&session));
        if out.len() >= FLUSH_AT {
            flush(stream, &mut out).await?;
        }
        // Commands do not wait for anything: others get their turn between two of them.
        tokio::task::consume_budget().await;
    }
}
