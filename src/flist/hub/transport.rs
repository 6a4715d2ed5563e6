//! Asking a hub over HTTP: the address, the token, limits, and what is asked a second time.
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::error::{HubError, clean};
use crate::web::{self, is_this_machine};

/// The most bytes of an answer: the contents of an flist of a million files.
const LARGEST: usize = 256 << 20;
/// Time to be let in.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for the answer to a question.
pub(super) const QUICK: Duration = Duration::from_secs(60);
/// Time for what a hub works long at: uploads, conversions, merges.
pub(super) const LONG: Duration = Duration::from_secs(6 * 3600);
/// Pauses before asking again.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// What asking again does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing changes by it.
    None,
    /// It changes something.
    Changes,
}

/// An answer that is no refusal.
pub(super) struct Answer {
    pub body: Vec<u8>,
}

/// A server that is asked.
#[derive(Clone)]
pub(super) struct Server {
    pub base: Url,
    http: reqwest::Client,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The default headers of the client hold the token.
        f.debug_struct("Server")
            .field("base", &self.name())
            .finish()
    }
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    reason: String,
}

impl Server {
    /// Opens nothing; looks at the address and the token.
    pub fn new(
        address: &str,
        token: Option<&Zeroizing<String>>,
        account: Option<&str>,
    ) -> Result<Self, HubError> {
        let wrong = || HubError::Address {
            address: clean(address.split(['?', '#']).next().unwrap_or_default()),
        };
        let mut base = Url::parse(address.trim()).map_err(|_| wrong())?;
        let plain = base.username().is_empty() && base.password().is_none();
        let host = base.host_str().unwrap_or_default().to_owned();
        if !matches!(base.scheme(), "http" | "https") || host.is_empty() || !plain {
            return Err(wrong());
        }
        base.set_query(None);
        base.set_fragment(None);
        let mut headers = HeaderMap::new();
        if let Some(token) = token.filter(|token| !token.trim().is_empty()) {
            if base.scheme() != "https" && !is_this_machine(&host) {
                return Err(HubError::NotPrivate { hub: named(&base) });
            }
            let bearer = Zeroizing::new(format!("bearer {}", token.trim()));
            let mut value = HeaderValue::from_str(&bearer).map_err(|_| HubError::Token)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            if let Some(account) = account.filter(|account| !account.is_empty()) {
                let cookie = HeaderValue::from_str(&format!("active-user={account}"));
                headers.insert(
                    reqwest::header::COOKIE,
                    cookie.map_err(|_| HubError::Token)?,
                );
            }
        }
        // A redirect, which is not followed, is how a hub asks for a login.
        let builder = web::client(base.scheme() == "https")
            .default_headers(headers)
            .connect_timeout(CONNECT);
        let http = builder.build().map_err(|error| HubError::OutOfReach {
            hub: named(&base),
            reason: cause(error),
        })?;
        Ok(Self { base, http })
    }

    /// Address without path, for messages.
    pub fn name(&self) -> String {
        named(&self.base)
    }

    /// The address of a path below the base; every part is escaped.
    pub fn url<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// A request of this client.
    pub fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Asks, and asks again where that is safe.
    pub async fn ask(
        &self,
        effect: Effect,
        patience: Duration,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, HubError> {
        let mut pauses = PAUSES.iter();
        loop {
            let error = match self.once(effect, patience, request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let again = match &error {
                HubError::OutOfReach { .. } => true,
                HubError::Broken { .. } => effect == Effect::None,
                HubError::Failed { status, .. } => {
                    effect == Effect::None && matches!(status, 502..=504)
                }
                _ => false,
            };
            match pauses.next().filter(|_| again) {
                Some(pause) => sleep(*pause).await,
                None => return Err(error),
            }
        }
    }

    /// Asks once.
    pub async fn once(
        &self,
        effect: Effect,
        patience: Duration,
        request: RequestBuilder,
    ) -> Result<Answer, HubError> {
        let asking = async {
            let mut response = self.send(effect, request).await?;
            let mut body = Vec::new();
            loop {
                match response.chunk().await {
                    Ok(Some(piece)) if body.len().saturating_add(piece.len()) > LARGEST => {
                        return Err(self.garbage(format!("more than {LARGEST} bytes")));
                    }
                    Ok(Some(piece)) => body.extend_from_slice(&piece),
                    Ok(None) => break,
                    Err(error) => return Err(self.lost(effect, cause(error))),
                }
            }
            self.judge(&response, body)
        };
        match timeout(patience, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(self.lost(effect, format!("no answer within {} s", patience.as_secs()))),
        }
    }

    /// Sends a request, and answers the head of what comes.
    pub async fn send(
        &self,
        effect: Effect,
        request: RequestBuilder,
    ) -> Result<reqwest::Response, HubError> {
        request.send().await.map_err(|error| {
            if error.is_connect() {
                return HubError::OutOfReach {
                    hub: self.name(),
                    reason: cause(error),
                };
            }
            self.lost(effect, cause(error))
        })
    }

    fn lost(&self, effect: Effect, reason: String) -> HubError {
        let hub = self.name();
        match effect {
            Effect::None => HubError::Broken { hub, reason },
            Effect::Changes => HubError::Unclear { hub, reason },
        }
    }

    /// Tells answers from refusals.
    pub fn judge(&self, response: &reqwest::Response, body: Vec<u8>) -> Result<Answer, HubError> {
        let (status, hub) = (response.status(), self.name());
        if status.is_success() {
            return Ok(Answer { body });
        }
        if status.is_redirection() {
            let to = response.headers().get(LOCATION);
            let to = clean(to.and_then(|to| to.to_str().ok()).unwrap_or_default());
            let path = to.to_ascii_lowercase();
            return Err(match path.contains("login") || path.contains("oauth") {
                true => HubError::Login { hub },
                false => self.garbage(format!("it sends to '{to}', where nothing is asked")),
            });
        }
        let says = serde_json::from_slice::<Refusal>(&body).ok();
        Err(match says {
            Some(says) if status != StatusCode::FORBIDDEN => HubError::Refused {
                hub,
                status: status.as_u16(),
                message: clean(&says.message),
                reason: clean(&says.reason),
            },
            Some(says) => HubError::Forbidden {
                hub,
                says: clean(&says.message),
            },
            None if status == StatusCode::FORBIDDEN => HubError::Forbidden {
                hub,
                says: clean(&String::from_utf8_lossy(&body)),
            },
            None => HubError::Failed {
                hub,
                status: status.as_u16(),
            },
        })
    }

    /// Reads an answer.
    pub fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, HubError> {
        serde_json::from_slice(&answer.body).map_err(|e| self.garbage(e.to_string()))
    }

    /// Reads the payload of a status object.
    pub fn payload<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, HubError> {
        #[derive(Deserialize)]
        struct Status<T> {
            payload: T,
        }
        self.read::<Status<T>>(answer).map(|status| status.payload)
    }

    /// The answer makes no sense.
    pub fn garbage(&self, reason: impl Into<String>) -> HubError {
        HubError::Garbage {
            hub: self.name(),
            reason: clean(&reason.into()),
        }
    }
}

fn named(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    match base.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What happened, as a text for people.
pub(super) fn cause(error: reqwest::Error) -> String {
    clean(&web::cause(error))
}
