//! Questions to one registry.
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::time::timeout;

use super::auth::Challenge;
use super::options::PullOptions;
use crate::flist::image::error::{ImageError, Result};
use crate::flist::image::reference::Reference;
use crate::web;

const USER_AGENT: &str = concat!("kosmos/", env!("CARGO_PKG_VERSION"));
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);
/// Redirects of one request.
const MAX_REDIRECTS: usize = 8;
/// The largest answer of a token server, and the most that is read of an error, in bytes.
const MAX_ANSWER: u64 = 256 * 1024;
/// The longest pause that a registry may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Characters that are shown of what a server says.
const MAX_SHOWN: usize = 200;

/// A registry, as it is asked about one repository.
pub(super) struct Registry {
    client: Client,
    /// Addresses to try, until one answers: `https://registry`.
    bases: Vec<Url>,
    /// Which of them answered.
    base: Mutex<Option<Url>>,
    name: String,
    repository: String,
    authorization: Mutex<Option<HeaderValue>>,
    /// Tokens are asked for one after the other.
    gate: tokio::sync::Mutex<()>,
    pub(super) options: PullOptions,
}

/// What a request came to, when it may be tried again.
pub(super) enum Miss {
    /// It may be better later.
    Later(ImageError, Option<Duration>),
    /// It will not be better.
    Never(ImageError),
}

impl From<ImageError> for Miss {
    fn from(error: ImageError) -> Self {
        Self::Never(error)
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(web::is_this_machine)
}

impl Registry {
    pub(super) fn new(reference: &Reference, options: &PullOptions) -> Result<Self> {
        let host = reference.host();
        let wrong = |reason: String| ImageError::Unreachable {
            registry: host.to_owned(),
            reason,
        };
        let scheme = options.registry.as_deref().and_then(|registry| {
            let (scheme, rest) = registry.split_once("://")?;
            (rest.trim_end_matches('/') == reference.registry()).then_some(scheme)
        });
        let url = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/")).map_err(|e| wrong(e.to_string()))
        };
        let (plain, safe) = (url("http")?, url("https")?);
        let bases = match scheme {
            Some("https") => vec![safe],
            Some("http") if options.insecure || is_loopback(&plain) => vec![plain],
            Some("http") => return Err(ImageError::Plain(host.to_owned())),
            Some(other) => {
                return Err(wrong(format!(
                    "the protocol {other} is not one of a registry"
                )));
            }
            None if is_loopback(&plain) => vec![plain],
            None if options.insecure => vec![safe, plain],
            None => vec![safe],
        };
        let plain_allowed = options.insecure || bases.iter().any(|base| base.scheme() == "http");
        let redirects = Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error("too many redirects");
            }
            match attempt.url().scheme() == "https" || plain_allowed {
                true => attempt.follow(),
                false => attempt.error("it redirects to plain HTTP"),
            }
        });
        let tls = options.insecure || bases.iter().any(|base| base.scheme() != "http");
        let builder = web::client(tls)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .redirect(redirects);
        let client = builder.build().map_err(|e| wrong(plain_error(e)))?;
        Ok(Self {
            client,
            bases,
            base: Mutex::new(None),
            name: host.to_owned(),
            repository: reference.repository().to_owned(),
            authorization: Mutex::new(None),
            gate: tokio::sync::Mutex::new(()),
            options: options.clone(),
        })
    }

    pub(super) fn answer(&self, what: &str, reason: impl Into<String>) -> ImageError {
        ImageError::Answer {
            registry: self.name.clone(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    /// Asks for `manifests/latest`, `blobs/sha256:…`; answers 200 and 206 only.
    pub(super) async fn get(
        &self,
        path: &str,
        what: &str,
        headers: HeaderMap,
    ) -> std::result::Result<Response, Miss> {
        let known = self
            .base
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let bases = known.map_or_else(|| self.bases.clone(), |base| vec![base]);
        let mut unreachable = None;
        for base in bases {
            match self.get_at(&base, path, what, &headers).await {
                Err(Miss::Later(error @ ImageError::Unreachable { .. }, pause)) => {
                    unreachable = Some(Miss::Later(error, pause));
                }
                outcome => {
                    let mut known = self.base.lock().unwrap_or_else(PoisonError::into_inner);
                    *known = Some(base);
                    return outcome;
                }
            }
        }
        Err(unreachable.unwrap_or_else(|| {
            Miss::Never(ImageError::Unreachable {
                registry: self.name.clone(),
                reason: "there is no address to ask".into(),
            })
        }))
    }

    async fn get_at(
        &self,
        base: &Url,
        path: &str,
        what: &str,
        headers: &HeaderMap,
    ) -> std::result::Result<Response, Miss> {
        let address = format!("{base}v2/{}/{path}", self.repository);
        let mut asked = false;
        loop {
            let authorization = self.authorization();
            let mut request = self.client.get(&address).headers(headers.clone());
            if let Some(value) = &authorization {
                request = request.header(AUTHORIZATION, value);
            }
            let response = self.send(request).await?;
            let status = response.status();
            if status != StatusCode::UNAUTHORIZED {
                return self.judge(response, what).await;
            }
            let challenges: Vec<Challenge> = response
                .headers()
                .get_all(WWW_AUTHENTICATE)
                .iter()
                .filter_map(|value| Challenge::parse(value.to_str().ok()?))
                .collect();
            if asked {
                let reason = said(response).await;
                return Err(self.denied(what, &reason).into());
            }
            asked = true;
            let _turn = self.gate.lock().await;
            // Another request may have got a token in the meantime.
            if self.authorization() == authorization {
                let value = self.authorize(&challenges, what).await?;
                let mut kept = self
                    .authorization
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *kept = Some(value);
            }
        }
    }

    fn authorization(&self) -> Option<HeaderValue> {
        let kept = self
            .authorization
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> std::result::Result<Response, Miss> {
        let unreachable = |reason: String| ImageError::Unreachable {
            registry: self.name.clone(),
            reason,
        };
        match timeout(self.options.silence, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) if e.is_redirect() => {
                Err(Miss::Never(self.answer("a request", plain_error(e))))
            }
            Ok(Err(e)) => Err(Miss::Later(unreachable(plain_error(e)), None)),
            Err(_) => {
                let seconds = self.options.silence.as_secs_f32();
                let reason = format!("no answer within {seconds:.1} s");
                Err(Miss::Later(unreachable(reason), None))
            }
        }
    }

    fn denied(&self, what: &str, reason: &str) -> ImageError {
        let hint = match self.options.login {
            Some(_) => "the user or the password is wrong, or may not read it",
            None => "it does not exist there, or it needs a user and a password",
        };
        ImageError::Denied {
            registry: self.name.clone(),
            what: what.to_owned(),
            reason: match reason.is_empty() {
                true => hint.to_owned(),
                false => format!("{reason} ({hint})"),
            },
        }
    }

    async fn judge(&self, response: Response, what: &str) -> std::result::Result<Response, Miss> {
        let status = response.status();
        match status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                Ok(response)
            }
            StatusCode::NOT_FOUND => Err(Miss::Never(ImageError::NotThere {
                registry: self.name.clone(),
                what: what.to_owned(),
            })),
            StatusCode::FORBIDDEN => {
                let reason = said(response).await;
                Err(self.denied(what, &reason).into())
            }
            _ => {
                let pause = response.headers().get(RETRY_AFTER);
                let pause: Option<u64> = pause.and_then(|value| value.to_str().ok()?.parse().ok());
                let pause = pause.map(|seconds| Duration::from_secs(seconds).min(MAX_PAUSE));
                let reason = said(response).await;
                let reason = match reason.is_empty() {
                    true => status.to_string(),
                    false => format!("{status}: {reason}"),
                };
                let error = self.answer(what, reason);
                match status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
                    true => Err(Miss::Later(error, pause)),
                    false => Err(Miss::Never(error)),
                }
            }
        }
    }

    /// Gets what opens the registry.
    async fn authorize(
        &self,
        challenges: &[Challenge],
        what: &str,
    ) -> std::result::Result<HeaderValue, Miss> {
        let secret = |text: String| {
            let value = HeaderValue::from_str(&text);
            let mut value = value.map_err(|_| self.answer(what, "its token is none"))?;
            value.set_sensitive(true);
            Ok::<_, ImageError>(value)
        };
        let bearer = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => Some((realm, service, scope)),
            Challenge::Basic => None,
        });
        let Some((realm, service, scope)) = bearer else {
            return match (&self.options.login, challenges.contains(&Challenge::Basic)) {
                (Some(login), true) => {
                    use base64::Engine as _;
                    let pair = zeroize::Zeroizing::new(format!(
                        "{}:{}",
                        login.user,
                        login.password.as_str()
                    ));
                    let pair = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
                    Ok(secret(format!("Basic {pair}"))?)
                }
                (None, true) => Err(self.denied(what, "").into()),
                (_, false) => Err(self
                    .answer(what, "it refuses, and does not say how to log in")
                    .into()),
            };
        };
        let mut url = Url::parse(realm)
            .map_err(|_| self.answer(what, "the address of its token server is none"))?;
        let plain = url.scheme() == "http" && (self.options.insecure || is_loopback(&url));
        if url.scheme() != "https" && !plain {
            return Err(ImageError::Plain(url.host_str().unwrap_or_default().to_owned()).into());
        }
        let own = format!("repository:{}:pull", self.repository);
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = service {
                query.append_pair("service", service);
            }
            query.append_pair("scope", scope.as_ref().unwrap_or(&own));
        }
        let mut request = self.client.get(url);
        if let Some(login) = &self.options.login {
            request = request.basic_auth(&login.user, Some(login.password.as_str()));
        }
        let response = self.send(request).await?;
        let status = response.status();
        if matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST
        ) {
            let reason = said(response).await;
            return Err(self.denied(what, &reason).into());
        }
        let response = self.judge(response, "the request for a token").await?;
        let bytes = self
            .body(response, "the request for a token", MAX_ANSWER)
            .await?;
        let token: Option<Token> = serde_json::from_slice(&bytes).ok();
        let token = token.and_then(|token| token.token.or(token.access_token));
        let token = token.filter(|token| !token.is_empty());
        let token = token
            .ok_or_else(|| self.answer("the request for a token", "there is no token in it"))?;
        Ok(secret(format!("Bearer {token}"))?)
    }

    /// All bytes of an answer.
    pub(super) async fn body(
        &self,
        mut response: Response,
        what: &str,
        most: u64,
    ) -> std::result::Result<Vec<u8>, Miss> {
        let mut bytes = Vec::new();
        loop {
            let piece = timeout(self.options.silence, response.chunk()).await;
            match piece {
                Ok(Ok(Some(piece))) => {
                    if (bytes.len() + piece.len()) as u64 > most {
                        return Err(Miss::Never(ImageError::Limit {
                            what: what.to_owned(),
                            most,
                            unit: "bytes",
                        }));
                    }
                    bytes.extend_from_slice(&piece);
                }
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Err(e)) => {
                    let reason = format!("it breaks off: {}", plain_error(e));
                    return Err(Miss::Later(self.answer(what, reason), None));
                }
                Err(_) => return Err(Miss::Later(self.answer(what, "it stalls"), None)),
            }
        }
    }

    /// Tries again what may be better later.
    pub(super) async fn patiently<T, F>(&self, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Miss>>,
    {
        let mut failures = 0;
        loop {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(Miss::Never(error)) => return Err(error),
                Err(Miss::Later(error, pause)) => {
                    failures += 1;
                    if failures >= self.options.attempts {
                        return Err(error);
                    }
                    self.pause(failures, pause).await;
                }
            }
        }
    }

    pub(super) async fn pause(&self, failures: u32, asked: Option<Duration>) {
        let own = self.options.pause * 2_u32.saturating_pow(failures.saturating_sub(1).min(6));
        tokio::time::sleep(asked.unwrap_or(own).min(MAX_PAUSE)).await;
    }
}

/// What a server says about a refusal: the messages of its errors, without what could deceive.
async fn said(mut response: Response) -> String {
    #[derive(Deserialize)]
    struct Said {
        #[serde(default)]
        errors: Vec<OneError>,
        details: Option<String>,
    }
    #[derive(Deserialize)]
    struct OneError {
        code: Option<String>,
        message: Option<String>,
    }
    let mut bytes = Vec::new();
    let read = async {
        while let Ok(Some(piece)) = response.chunk().await {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > MAX_ANSWER {
                break;
            }
        }
    };
    // What is missing of an explanation is no error of its own.
    let _ = timeout(CONNECT, read).await;
    let Ok(said) = serde_json::from_slice::<Said>(&bytes) else {
        return String::new();
    };
    let errors = said.errors.into_iter();
    let messages =
        errors.filter_map(|error| error.message.filter(|m| !m.is_empty()).or(error.code));
    let text: Vec<String> = messages.chain(said.details).collect();
    let text: String = text.join("; ");
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(MAX_SHOWN).collect()
}

/// What happened, as a text for people.
pub(super) fn plain_error(error: reqwest::Error) -> String {
    web::cause(error)
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SHOWN)
        .collect()
}

/// The header that says which kinds of manifests are understood.
pub(super) fn accepted() -> HeaderMap {
    const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
        application/vnd.docker.distribution.manifest.list.v2+json, \
        application/vnd.oci.image.manifest.v1+json, \
        application/vnd.docker.distribution.manifest.v2+json";
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(ACCEPTED))])
}
