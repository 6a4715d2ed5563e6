//! The web gateway: a reverse proxy that forwards HTTP by host name, as the grid's gateways do.
//!
//! A domain has one backend or several, which take turns. Bodies stream through in both
//! directions; `Host` stays what the client asked for, `X-Forwarded-*` say where it came from.
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode, Version};

use super::error::Result;
use super::http::{self, TEXT};
use super::serving::{Peer, Serving};

/// How long a backend may take to be connected to, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(60);
/// Domains of one gateway.
const MAX_DOMAINS: usize = 10_000;
/// Longest name of the domain name system.
const MAX_NAME: usize = 253;
/// Headers that are between two neighbours only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// How a gateway names itself in `Via`.
const VIA: &str = "kosmos-gateway";
/// Gateways that a request may pass; more is a circle.
const MAX_HOPS: usize = 4;

/// Why a domain cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No name of a host.
    #[error("'{0}' is no domain: expected a name such as www.example.org")]
    Domain(String),
    /// An endpoint without scheme, host or port (the text is that of the original's gateway).
    #[error("wrong format for endpoint {0}: expected http://host:port")]
    Endpoint(String),
    /// Nothing to forward to.
    #[error("'{0}' has no backend: give at least one, http://host:port")]
    NoBackend(String),
    /// Somebody has it.
    #[error("the domain '{0}' is served for somebody else already")]
    Taken(String),
    /// [`MAX_DOMAINS`].
    #[error("the gateway serves {MAX_DOMAINS} domains already")]
    Full,
}

/// A request's body on its way on. The lock is never waited for: it makes the body one that
/// threads may share, which the client asks for and does not do.
struct Upload(Mutex<Body>);

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<http_body::Frame<Bytes>, axum::Error>>> {
        let body = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(cx)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}

/// Where the requests of one domain go.
#[derive(Debug)]
struct Route {
    backends: Vec<reqwest::Url>,
    turn: AtomicUsize,
}

/// What a gateway serves.
#[derive(Debug)]
struct Gateway {
    routes: RwLock<HashMap<String, Arc<Route>>>,
    /// Made with the first request: it loads the machine's certificates.
    client: OnceLock<Option<reqwest::Client>>,
}

impl Gateway {
    fn client(&self) -> Option<&reqwest::Client> {
        let made = self.client.get_or_init(|| {
            let client = crate::web::client(true);
            client
                .connect_timeout(CONNECT)
                .read_timeout(ANSWER)
                .build()
                .ok()
        });
        made.as_ref()
    }
}

/// A gateway that runs in this process, until it is stopped or dropped.
#[derive(Debug)]
pub struct Handle {
    gateway: Arc<Gateway>,
    serving: Serving,
}

/// Starts a gateway on the tokio runtime that this is called on. Port 0 takes a free one.
///
/// # Errors
/// When the port is taken.
pub async fn start(listen: SocketAddr) -> Result<Handle> {
    let gateway = Arc::new(Gateway {
        routes: RwLock::default(),
        client: OnceLock::new(),
    });
    let app = Router::new()
        .fallback(forward)
        .with_state(Arc::clone(&gateway));
    let serving = Serving::start(listen, app).await?;
    Ok(Handle { gateway, serving })
}

impl Handle {
    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.serving.addr()
    }

    /// Serves a domain. `replace` says that who asks has it already.
    ///
    /// # Errors
    /// A [`RouteError`]; nothing changed then.
    pub fn serve(
        &self,
        domain: &str,
        backends: &[String],
        replace: bool,
    ) -> std::result::Result<(), RouteError> {
        let name = checked_domain(domain)?;
        if backends.is_empty() {
            return Err(RouteError::NoBackend(name));
        }
        let backends = backends.iter().map(|text| endpoint(text));
        let route = Route {
            backends: backends.collect::<std::result::Result<_, _>>()?,
            turn: AtomicUsize::new(0),
        };
        let mut routes = self.gateway.routes.write();
        let routes = routes.as_mut().unwrap_or_else(|poison| poison.get_mut());
        match routes.contains_key(&name) {
            true if !replace => return Err(RouteError::Taken(name)),
            false if routes.len() >= MAX_DOMAINS => return Err(RouteError::Full),
            _ => routes.insert(name, Arc::new(route)),
        };
        Ok(())
    }

    /// Serves a domain no more; whether it did.
    pub fn remove(&self, domain: &str) -> bool {
        let name = normal(domain);
        let mut routes = self.gateway.routes.write();
        let routes = routes.as_mut().unwrap_or_else(|poison| poison.get_mut());
        routes.remove(&name).is_some()
    }

    /// The domains that are served, sorted.
    pub fn domains(&self) -> Vec<String> {
        let routes = self.gateway.routes.read();
        let routes = routes.unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = routes.keys().cloned().collect();
        names.sort();
        names
    }

    /// Stops it.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

/// A domain as it is compared: lower case, no port, no dot at its end.
fn normal(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether two texts name the same domain.
pub fn same_domain(one: &str, other: &str) -> bool {
    normal(one.trim()) == normal(other.trim())
}

fn checked_domain(domain: &str) -> std::result::Result<String, RouteError> {
    let name = normal(domain.trim());
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = name.len() <= MAX_NAME
        && name.split('.').all(label)
        && name.parse::<IpAddr>().is_err()
        && name != "localhost";
    match good {
        true => Ok(name),
        false => Err(RouteError::Domain(domain.chars().take(80).collect())),
    }
}

/// A backend: scheme, host and port must be written (spec: web gateway).
fn endpoint(text: &str) -> std::result::Result<reqwest::Url, RouteError> {
    let wrong = || RouteError::Endpoint(text.chars().take(120).collect());
    let url = reqwest::Url::parse(text.trim()).map_err(|_| wrong())?;
    let rest = text.trim().split_once("://").map(|(_, rest)| rest);
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let has_port = authority
        .and_then(|authority| authority.rsplit_once(':'))
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port != 0));
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && has_port;
    good.then_some(url).ok_or_else(wrong)
}

async fn forward(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).map(normal);
    let Some(host) = host.filter(|host| !host.is_empty()) else {
        return told(StatusCode::BAD_REQUEST, "the request names no host");
    };
    let route = {
        let routes = gateway.routes.read();
        let routes = routes.unwrap_or_else(PoisonError::into_inner);
        routes.get(&host).cloned()
    };
    let Some(route) = route else {
        let shown: String = host.chars().take(MAX_NAME).collect();
        return told(
            StatusCode::NOT_FOUND,
            &format!("no reverse proxy is reserved for '{shown}'"),
        );
    };
    if hops(request.headers()) >= MAX_HOPS {
        return told(
            StatusCode::LOOP_DETECTED,
            "the backend of this domain leads back to the gateway",
        );
    }
    let Some(client) = gateway.client() else {
        return told(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the gateway can make no connections on this machine",
        );
    };
    let (parts, body) = request.into_parts();
    let headers = onward(&parts.headers, &host, peer.ip());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    // A body can be sent once; without one another backend can be asked after a failure.
    let tries = match body.is_end_stream() {
        true => route.backends.len(),
        false => 1,
    };
    let first = route.turn.fetch_add(1, Ordering::Relaxed);
    let mut body = Some(body);
    let mut timed_out = false;
    for nr in 0..tries {
        let place = first.wrapping_add(nr) % route.backends.len().max(1);
        let Some(url) = route.backends.get(place).and_then(|to| joined(to, path)) else {
            return told(StatusCode::BAD_REQUEST, "the path cannot be forwarded");
        };
        let mut asked = client.request(parts.method.clone(), url);
        asked = asked.headers(headers.clone());
        if tries == 1
            && let Some(body) = body.take().filter(|body| !body.is_end_stream())
        {
            asked = asked.body(reqwest::Body::wrap(Upload(Mutex::new(body))));
        }
        match asked.send().await {
            Ok(answer) => return back(answer),
            Err(error) => timed_out = error.is_timeout() && !error.is_connect(),
        }
    }
    match timed_out {
        true => told(
            StatusCode::GATEWAY_TIMEOUT,
            "the backend of this domain did not answer in time",
        ),
        false => told(
            StatusCode::BAD_GATEWAY,
            "no backend of this domain can be reached",
        ),
    }
}

fn told(status: StatusCode, text: &str) -> Response<Body> {
    http::answer(status, TEXT, format!("{text}\n"))
}

/// The backend's address with the path that was asked for behind its own.
/// None when dots in it lead out of that.
fn joined(backend: &reqwest::Url, path: &str) -> Option<reqwest::Url> {
    let base = backend.as_str().trim_end_matches('/');
    let path = if path.starts_with('/') { path } else { "/" };
    let url = reqwest::Url::parse(&format!("{base}{path}")).ok()?;
    let inside = url
        .path()
        .strip_prefix(backend.path().trim_end_matches('/'));
    inside
        .is_some_and(|rest| rest.starts_with('/'))
        .then_some(url)
}

fn hops(headers: &HeaderMap) -> usize {
    let via = headers.get_all(header::VIA).iter();
    let via = via.filter_map(|via| via.to_str().ok());
    via.map(|via| via.matches(VIA).count()).sum()
}

/// Headers of the request as the backend gets them.
fn onward(headers: &HeaderMap, host: &str, peer: IpAddr) -> HeaderMap {
    let mut onward = end_to_end(headers);
    let text = |text: &str| HeaderValue::from_str(text).ok();
    let before = headers
        .get_all(&FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let before: Vec<&str> = before.collect();
    let through = match before.is_empty() {
        true => peer.to_string(),
        false => format!("{}, {peer}", before.join(", ")),
    };
    let added = [
        (FORWARDED_FOR, text(&through)),
        (FORWARDED_HOST, text(host)),
        (FORWARDED_PROTO, text("http")),
    ];
    for (name, value) in added {
        if let Some(value) = value {
            onward.insert(name, value);
        }
    }
    onward.append(header::VIA, HeaderValue::from_static("1.1 kosmos-gateway"));
    onward
}

/// Headers without those between neighbours.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    let named = headers.get_all(header::CONNECTION).iter();
    let named = named.filter_map(|value| value.to_str().ok());
    for name in named.flat_map(|value| value.split(',')) {
        kept.remove(name.trim());
    }
    for name in HOP_BY_HOP {
        kept.remove(name);
    }
    kept
}

/// The backend's answer as the client gets it.
fn back(answer: reqwest::Response) -> Response<Body> {
    let answer: Response<reqwest::Body> = answer.into();
    let (mut parts, body) = answer.into_parts();
    parts.headers = end_to_end(&parts.headers);
    parts.version = Version::HTTP_11;
    Response::from_parts(parts, Body::new(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_scheme_host_and_port() {
        for good in [
            "http://127.0.0.1:80",
            "https://a.example:443/x",
            "http://[::1]:8080",
        ] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://a",
            "a:80",
            "ftp://a:21",
            "http://:80",
            "http://u:p@a:80",
            "http://a:0",
        ] {
            assert_eq!(
                endpoint(bad),
                Err(RouteError::Endpoint(bad.into())),
                "{bad}"
            );
        }
    }

    #[test]
    fn nothing_leads_out_of_the_path_of_a_backend() {
        let backend = endpoint("http://127.0.0.1:80/app").unwrap();
        let of = |path: &str| joined(&backend, path).map(|url| url.to_string());
        assert_eq!(
            of("/x?y=/../z").as_deref(),
            Some("http://127.0.0.1/app/x?y=/../z")
        );
        assert_eq!(of("/").as_deref(), Some("http://127.0.0.1/app/"));
        for bad in ["/../secret", "/%2e%2e/secret", "/../app2/x", "/.."] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn domains_are_names() {
        assert_eq!(
            checked_domain(" WWW.Example.org. "),
            Ok("www.example.org".into())
        );
        for bad in [
            "",
            "a b",
            "-a.org",
            "a..b",
            "127.0.0.1",
            "localhost",
            &"a".repeat(300),
        ] {
            assert!(checked_domain(bad).is_err(), "{bad}");
        }
    }
}
