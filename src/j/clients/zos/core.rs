//! The connection of an instance, and errors in the user's words.
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use crate::j::instances::Base;
use crate::j::world::World;
use crate::object::{Error, Kind, Result, Value};
use crate::zos::transport::Limits;
use crate::zos::{self, Client, Endpoint, Fingerprint, Options, identity, jwt};

/// What an instance shares with everything that hangs on it.
pub struct Core {
    /// Its stored properties.
    pub base: Arc<Base>,
    client: Mutex<Option<Client>>,
    /// When a token was asked to be renewed last, in seconds since 1970.
    renewal: Mutex<i64>,
}

/// Seconds between two tries to renew a token.
const RENEWAL_PAUSE: i64 = 60;

impl Core {
    /// Connects to nothing.
    pub fn new(base: Arc<Base>) -> Arc<Self> {
        Arc::new(Core {
            base,
            client: Mutex::new(None),
            renewal: Mutex::new(0),
        })
    }

    /// What the tree needs from outside.
    pub fn world(&self) -> &Arc<World> {
        &self.base.world
    }

    /// Drops the connections: the next command makes new ones from the properties.
    pub fn forget(&self) {
        self.slot().take();
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client of the node as the properties say now.
    ///
    /// # Errors
    /// Properties that make no address.
    pub fn client(&self) -> Result<Client> {
        self.renew()?;
        let mut slot = self.slot();
        if let Some(client) = slot.as_ref() {
            return Ok(client.clone());
        }
        let client = Client::new(self.options()?);
        *slot = Some(client.clone());
        Ok(client)
    }

    fn now(&self) -> i64 {
        let since = self.world().now().duration_since(SystemTime::UNIX_EPOCH);
        i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
    }

    /// True when the password is a token for an organization that lasts for a while, or can be
    /// renewed.
    pub fn has_token_of(&self, organization: &str) -> bool {
        let password = Zeroizing::new(self.base.text("password"));
        jwt::claims(&password).is_some_and(|claims| {
            let speaks = |name: &String| name.eq_ignore_ascii_case(organization);
            let lasts = claims
                .expires
                .is_some_and(|end| end > self.now() + identity::EARLY);
            claims.organizations.iter().any(speaks) && (lasts || claims.renewable)
        })
    }

    /// Renews a token that ends soon, and keeps the new one. When that fails, the old one is used
    /// as long as it lasts; then the node says what it thinks of it.
    fn renew(&self) -> Result<()> {
        let password = Zeroizing::new(self.base.text("password"));
        let Some(claims) = jwt::claims(&password).filter(|claims| claims.renewable) else {
            return Ok(());
        };
        let now = self.now();
        if claims
            .expires
            .is_none_or(|end| end - identity::EARLY >= now)
        {
            return Ok(());
        }
        {
            let mut last = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
            if (now - *last).abs() < RENEWAL_PAUSE {
                return Ok(());
            }
            *last = now;
        }
        let address = self.base.text("identity_url");
        let asked = identity::renewed(&address, &password, identity::VALIDITY);
        match self.world().block_on(asked)? {
            Ok(token) => {
                let clean = self.base.is_stored() && !self.base.is_unsaved();
                self.base.set("password", &Value::Str(token.to_string()))?;
                if clean {
                    self.base.save(false)?;
                }
                self.forget();
                Ok(())
            }
            Err(error) => {
                let path = self.base.path();
                self.world()
                    .host
                    .note(&format!("the token of {path} was not renewed: {error}"));
                Ok(())
            }
        }
    }

    fn options(&self) -> Result<Options> {
        let base = &self.base;
        let flag = |name| matches!(base.get(name), Some(Value::Bool(true)));
        let socket = base.text("unixsocket");
        let endpoint = if socket.is_empty() {
            let host = base.text("host").trim().to_string();
            if host.is_empty() {
                return Err(Error::value(format!("{} has no host", base.path()))
                    .hint(format!("{}.host = '…'", base.path())));
            }
            let port = base.int("port");
            let port = u16::try_from(port)
                .map_err(|_| Error::value(format!("port {port} is none: expected 1 to 65535")))?;
            Endpoint::Tcp {
                host,
                port,
                tls: flag("ssl"),
            }
        } else {
            Endpoint::Unix(PathBuf::from(socket))
        };
        let timeout = u64::try_from(base.int("timeout")).unwrap_or_default();
        Ok(Options {
            endpoint,
            password: Zeroizing::new(base.text("password")),
            db: base.int("db"),
            fingerprint: Fingerprint::parse(&base.text("fingerprint")),
            // None means ten seconds, as the clients of 2019 had it.
            timeout: Duration::from_secs(if timeout == 0 { 10 } else { timeout }),
            limits: Limits::default(),
            // Ids of jobs need not be secret, only different; without entropy a node would say so.
            random: |bytes| {
                let _ = getrandom::fill(bytes);
            },
            clock: SystemTime::now,
        })
    }

    /// Runs a question to the node to its end.
    ///
    /// # Errors
    /// What it failed with, in the user's words; [`Kind::Interrupted`].
    pub fn ask<T>(&self, question: impl Future<Output = zos::Result<T>>) -> Result<T> {
        let answer = self.world().block_on(question)?;
        self.remember();
        answer.map_err(|error| self.explain(error))
    }

    /// Keeps the certificate of the first connection.
    pub fn remember(&self) {
        let seen = self
            .slot()
            .as_ref()
            .and_then(|client| client.transport().fingerprint());
        let Some(seen) = seen else { return };
        if !self.base.text("fingerprint").is_empty() {
            return;
        }
        let clean = self.base.is_stored() && !self.base.is_unsaved();
        let kept = self.base.set("fingerprint", &Value::Str(seen.to_string()));
        // What is stored already must know it after a restart of the shell as well. If that fails
        // it stays unsaved, and the shell says so at its end.
        if kept.is_ok() && clean {
            let _ = self.base.save(false);
        }
    }

    /// An error of the library in the user's words, with what to do about it here.
    pub fn explain(&self, error: zos::Error) -> Error {
        let path = self.base.path();
        match &error {
            zos::Error::CertificateChanged { .. } => Error::from(error).hint(format!(
                "if the node was restarted: {path}.trust_certificate()"
            )),
            zos::Error::Connect { .. } => Error::from(error).hint(format!(
                "check {path}.host and {path}.port, and that the node runs"
            )),
            _ => error.into(),
        }
    }
}

/// An error about something that is not there.
pub fn not_found(text: impl Into<String>) -> Error {
    Error::new(Kind::NotFound, text)
}
