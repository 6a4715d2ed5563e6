//! HTTP requests with headers, bounded in time and size.
use std::time::Duration;

use reqwest::Method;
use tokio::time::timeout;

use crate::tfchain::explorer::ServerText;
use crate::web;

/// Limits of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time until an answer begins; a body that is sent has a second more for each MiB.
    pub begin: Duration,
    /// Longest silence within an answer.
    pub silence: Duration,
    /// Largest answer that is kept in memory, in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    /// 20 s until an answer begins, 20 s of silence, 16 MiB.
    fn default() -> Self {
        Limits {
            begin: Duration::from_secs(20),
            silence: Duration::from_secs(20),
            bytes: 16 * 1024 * 1024,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// An address that is none.
    #[error("'{0}' is no address; expected http://host:port or https://host")]
    Address(String),
    /// Nobody answers, or the answer broke off.
    #[error("{address} is out of reach: {reason}")]
    OutOfReach {
        /// Scheme, host and port.
        address: String,
        /// What happened.
        reason: ServerText,
    },
    /// More than is kept.
    #[error("the answer of {address} is larger than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port.
        address: String,
        /// The limit.
        limit: usize,
    },
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The tag of what was stored or read, with its quotes.
    pub etag: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A client for one server.
pub struct Web {
    client: reqwest::Client,
    limits: Limits,
}

/// An answer that is read piece by piece.
pub struct Incoming {
    response: reqwest::Response,
    address: String,
    limits: Limits,
}

/// Reads an address.
///
/// # Errors
/// [`WebError::Address`] for anything but `http` or `https` with a host.
pub fn address(text: &str) -> Result<reqwest::Url, WebError> {
    let url = reqwest::Url::parse(text.trim()).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| WebError::Address(ServerText::new(text).to_string()))
}

/// Scheme, host and port: a path or query may hold a signature.
fn origin(url: &reqwest::Url) -> String {
    url.origin().ascii_serialization()
}

impl Web {
    /// A client. Opens nothing.
    ///
    /// # Errors
    /// When the machine has no certificates to check others by.
    pub fn new(limits: Limits) -> Result<Web, WebError> {
        let client = web::client(true)
            .connect_timeout(Duration::from_secs(5))
            .build();
        match client {
            Ok(client) => Ok(Web { client, limits }),
            Err(error) => Err(WebError::OutOfReach {
                address: "this machine".into(),
                reason: ServerText::new(&error.to_string()),
            }),
        }
    }

    /// Sends a request, and waits until its answer begins.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn begin(
        &self,
        method: Method,
        url: reqwest::Url,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Incoming, WebError> {
        let address = origin(&url);
        let more = Duration::from_secs(u64::try_from(body.len() >> 20).unwrap_or(0));
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let limit = self.limits.begin + more;
        match timeout(limit, request.send()).await {
            Ok(Ok(response)) => Ok(Incoming {
                response,
                address,
                limits: self.limits.clone(),
            }),
            Ok(Err(error)) => Err(out_of_reach(address, error)),
            Err(_) => Err(WebError::OutOfReach {
                address,
                reason: ServerText::new(&format!("no answer within {} s", limit.as_secs())),
            }),
        }
    }

    /// Sends a request and reads its whole answer.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn ask(
        &self,
        method: Method,
        url: reqwest::Url,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, WebError> {
        self.begin(method, url, headers, body).await?.whole().await
    }
}

impl Incoming {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The next piece; None at the end.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, WebError> {
        match timeout(self.limits.silence, self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.map(|piece| piece.to_vec())),
            Ok(Err(error)) => Err(out_of_reach(self.address.clone(), error)),
            Err(_) => Err(WebError::OutOfReach {
                address: self.address.clone(),
                reason: ServerText::new("the answer stalls"),
            }),
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// When it breaks off, or is too large.
    pub async fn whole(mut self) -> Result<Reply, WebError> {
        let status = self.status();
        let header = |name: &str| {
            let value = self.response.headers().get(name);
            value.and_then(|text| text.to_str().ok()).map(String::from)
        };
        let (etag, location) = (header("etag"), header("location"));
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len().saturating_add(piece.len()) > self.limits.bytes {
                return Err(WebError::TooLarge {
                    address: self.address,
                    limit: self.limits.bytes,
                });
            }
            body.extend(piece);
        }
        Ok(Reply {
            status,
            etag,
            location,
            body,
        })
    }
}

fn out_of_reach(address: String, error: reqwest::Error) -> WebError {
    WebError::OutOfReach {
        address,
        reason: ServerText::new(&web::cause(error)),
    }
}
