//! Web gateways: services that a proxy finds in etcd, under the keys of traefik (spec: capacity
//! §10).
//!
//! etcd is asked over its JSON gateway. A service is a name, one domain, and the endpoints that
//! serve it.
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::tfchain::explorer::{Answer, Fetch, ServerText};

/// Where the gateway of etcd may have its paths, newest first.
const VERSIONS: [&str; 3] = ["/v3", "/v3beta", "/v3alpha"];
const BACKENDS: &str = "/traefik/backends/";
const FRONTENDS: &str = "/traefik/frontends/";
/// Weight of an endpoint: all are alike.
const WEIGHT: &str = "10";
/// Requests go to the endpoints in turns.
const METHOD: &str = "wrr";

/// What can go wrong with a gateway.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GatewayError {
    /// An endpoint without scheme, host or port.
    #[error("wrong format for endpoint {0}")]
    Endpoint(String),
    /// A name that cannot be a part of a key.
    #[error("'{0}' is no name of a service: letters, digits, -, _ and . only")]
    Name(String),
    /// No domain.
    #[error("'{0}' is no domain")]
    Domain(String),
    /// etcd could not be reached.
    #[error("etcd is out of reach: {0}")]
    OutOfReach(String),
    /// etcd refused, in its own words.
    #[error("etcd answers with status {status}: {says}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        says: ServerText,
    },
    /// An answer that makes no sense.
    #[error("the answer of etcd makes no sense")]
    Answer,
}

/// A service: requests for `domain` go to `endpoints`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The domain; empty while nothing is exposed.
    pub domain: String,
    /// `http://10.244.1.2:8080`.
    pub endpoints: Vec<String>,
}

/// A gateway.
pub struct Gateway {
    etcd: Arc<dyn Fetch>,
}

#[derive(Serialize)]
struct Put {
    key: String,
    value: String,
}

#[derive(Serialize)]
struct Range {
    key: String,
    range_end: String,
}

#[derive(Deserialize, Default)]
struct Found {
    #[serde(default)]
    kvs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    #[serde(default)]
    value: String,
}

/// Checks the name of a service.
///
/// # Errors
/// [`GatewayError::Name`].
pub fn check_name(name: &str) -> Result<(), GatewayError> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match !name.is_empty() && name.len() <= 63 && name.chars().all(sound) {
        true => Ok(()),
        false => Err(GatewayError::Name(ServerText::new(name).to_string())),
    }
}

/// Checks an endpoint: scheme, host and port must be written.
///
/// # Errors
/// [`GatewayError::Endpoint`].
pub fn check_endpoint(endpoint: &str) -> Result<(), GatewayError> {
    let wrong = || GatewayError::Endpoint(endpoint.to_owned());
    let (scheme, rest) = endpoint.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').ok_or_else(wrong)?;
    let sound = !scheme.is_empty()
        && scheme.chars().all(|c| c.is_ascii_alphanumeric())
        && !host.is_empty()
        && !host.contains([' ', '@'])
        && port.parse::<u16>().is_ok_and(|port| port > 0);
    sound.then_some(()).ok_or_else(wrong)
}

/// Checks a domain.
///
/// # Errors
/// [`GatewayError::Domain`].
pub fn check_domain(domain: &str) -> Result<(), GatewayError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let sound = !domain.is_empty()
        && domain.len() <= 253
        && domain.chars().all(letters)
        && domain.split('.').all(|label| !label.is_empty());
    sound
        .then_some(())
        .ok_or_else(|| GatewayError::Domain(ServerText::new(domain).to_string()))
}

impl Service {
    /// Returns the keys and values of the service, in order.
    pub fn keys(&self) -> Vec<(String, String)> {
        let name = &self.name;
        let mut keys = Vec::new();
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            let server = format!("{BACKENDS}{name}/servers/server{at}");
            keys.push((format!("{server}/url"), endpoint.clone()));
            keys.push((format!("{server}/weight"), WEIGHT.to_owned()));
        }
        keys.push((
            format!("{BACKENDS}{name}/loadBalancer/method"),
            METHOD.to_owned(),
        ));
        keys.push((format!("{FRONTENDS}{name}/backend"), name.clone()));
        keys.push((
            format!("{FRONTENDS}{name}/routes/rule0/rule"),
            format!("Host:{}", self.domain),
        ));
        keys
    }
}

impl Gateway {
    /// A gateway whose etcd has a JSON gateway behind `etcd`.
    pub fn new(etcd: Arc<dyn Fetch>) -> Self {
        Gateway { etcd }
    }

    async fn ask(&self, call: &str, body: &impl Serialize) -> Result<Vec<u8>, GatewayError> {
        let body = serde_json::to_string(body).unwrap_or_default();
        let mut last = None;
        for version in VERSIONS {
            let endpoint = format!("{version}/kv/{call}");
            let answer = self.etcd.post(&endpoint, &body).await;
            let Answer { status, body, .. } =
                answer.map_err(|error| GatewayError::OutOfReach(error.into_reason()))?;
            match status {
                200..300 => return Ok(body),
                404 => {
                    last = Some(GatewayError::Refused {
                        status,
                        says: ServerText::from_body(&body),
                    });
                }
                _ => {
                    return Err(GatewayError::Refused {
                        status,
                        says: ServerText::from_body(&body),
                    });
                }
            }
        }
        Err(last.unwrap_or(GatewayError::Answer))
    }

    /// Writes the keys of a service; those of its earlier endpoints go.
    ///
    /// # Errors
    /// A service that cannot be; what etcd says.
    pub async fn deploy(&self, service: &Service) -> Result<(), GatewayError> {
        check_name(&service.name)?;
        check_domain(&service.domain)?;
        for endpoint in &service.endpoints {
            check_endpoint(endpoint)?;
        }
        self.delete(&service.name).await?;
        for (key, value) in service.keys() {
            let put = Put {
                key: STANDARD.encode(key),
                value: STANDARD.encode(value),
            };
            self.ask("put", &put).await?;
        }
        Ok(())
    }

    /// Removes the keys of a service.
    ///
    /// # Errors
    /// A name that is none; what etcd says.
    pub async fn delete(&self, name: &str) -> Result<(), GatewayError> {
        check_name(name)?;
        // What leads to the backend goes first.
        for place in [FRONTENDS, BACKENDS] {
            self.ask("deleterange", &prefix(&format!("{place}{name}/")))
                .await?;
        }
        Ok(())
    }

    /// Returns the services that are deployed, by name.
    ///
    /// # Errors
    /// What etcd says.
    pub async fn services(&self) -> Result<Vec<Service>, GatewayError> {
        let fronts = self.read(FRONTENDS).await?;
        let backs = self.read(BACKENDS).await?;
        let mut services: Vec<Service> = Vec::new();
        for (key, value) in fronts {
            let Some((name, rest)) = key.split_once('/') else {
                continue;
            };
            if !services.iter().any(|service| service.name == name) {
                services.push(Service {
                    name: name.to_owned(),
                    ..Service::default()
                });
            }
            if rest.ends_with("/rule")
                && let Some(domain) = value.strip_prefix("Host:")
                && let Some(service) = services.iter_mut().find(|one| one.name == name)
            {
                service.domain = domain.to_owned();
            }
        }
        for (key, value) in backs {
            let Some((name, rest)) = key.split_once('/') else {
                continue;
            };
            if rest.starts_with("servers/")
                && rest.ends_with("/url")
                && let Some(service) = services.iter_mut().find(|one| one.name == name)
            {
                service.endpoints.push(value);
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(services)
    }

    /// The keys behind a prefix, without it, and their values.
    async fn read(&self, place: &str) -> Result<Vec<(String, String)>, GatewayError> {
        let body = self.ask("range", &prefix(place)).await?;
        let found: Found = serde_json::from_slice(&body).map_err(|_| GatewayError::Answer)?;
        let text = |encoded: &str| {
            let bytes = STANDARD.decode(encoded).ok()?;
            Some(ServerText::new(&String::from_utf8(bytes).ok()?).to_string())
        };
        let pairs = found.kvs.iter().filter_map(|pair| {
            let key = text(&pair.key)?;
            Some((key.strip_prefix(place)?.to_owned(), text(&pair.value)?))
        });
        Ok(pairs.collect())
    }
}

/// All keys that begin with a text: up to the text with its last byte raised.
fn prefix(text: &str) -> Range {
    let mut end = text.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    Range {
        key: STANDARD.encode(text),
        range_end: STANDARD.encode(end),
    }
}
