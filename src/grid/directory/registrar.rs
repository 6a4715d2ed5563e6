//! Telling a directory about nodes and farms: what nodes and farmers do, not users (spec: capacity
//! §1.2).
use reqwest::{Method, Url};
use serde_json::{Value as Json, json};

use super::client::DirectoryError;
use super::record::{Node, Units};
use crate::grid::web::{self, Limits, Reply, Web, WebError};
use crate::tfchain::explorer::ServerText;

/// A directory to which things are told.
pub struct Registrar {
    web: Web,
    base: Url,
}

/// A farm as its farmer tells it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FarmChange {
    /// Id of the farmer: the organization.
    pub organization: String,
    /// Its name; empty for no change.
    pub name: String,
    /// Where the farmer is paid; empty for none.
    pub wallet_address: String,
    /// Degrees north and east.
    pub place: Option<(f64, f64)>,
    /// City, country and continent, for a directory that cannot tell them from the place.
    pub names: [String; 3],
}

impl FarmChange {
    fn query(&self) -> Vec<(&'static str, String)> {
        let [city, country, continent] = self.names.clone();
        let place = self.place.map(|(lat, lng)| format!("{lat},{lng}"));
        let all = [
            ("organization", self.organization.clone()),
            ("name", self.name.clone()),
            ("walletAddress", self.wallet_address.clone()),
            ("farmAddress", place.unwrap_or_default()),
            ("city", city),
            ("country", country),
            ("continent", continent),
        ];
        let given = all.into_iter().filter(|(_, value)| !value.is_empty());
        given.collect()
    }
}

impl Registrar {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(address: &str) -> Result<Self, DirectoryError> {
        Ok(Registrar {
            base: web::address(address).map_err(out_of_reach)?,
            web: Web::new(Limits::default()).map_err(out_of_reach)?,
        })
    }

    /// Registers a node, or changes what is known of it; returns it as it is known then. `token`
    /// says who the farmer is.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn node_register(&self, node: &Node, token: &str) -> Result<Node, DirectoryError> {
        let mut body = serde_json::to_value(node).unwrap_or_default();
        if let Some(map) = body.as_object_mut() {
            map.insert("farmer_id".into(), token.into());
        }
        let reply = self.tell(Method::POST, &["api", "nodes"], &body).await?;
        match reply.status {
            200 | 201 => serde_json::from_slice(&reply.body)
                .map_err(|e| DirectoryError::Answer(format!("no node: {e}"))),
            _ => Err(refused(&reply)),
        }
    }

    /// Says what of a node is reserved.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn reserved_update(&self, id: &str, units: Units) -> Result<(), DirectoryError> {
        self.units(id, "reserved", units, None).await
    }

    /// Says what of a node is in use. `token` says who the farmer is.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn actual_update(
        &self,
        id: &str,
        units: Units,
        token: &str,
    ) -> Result<(), DirectoryError> {
        self.units(id, "actual", units, Some(token)).await
    }

    async fn units(
        &self,
        id: &str,
        what: &str,
        units: Units,
        token: Option<&str>,
    ) -> Result<(), DirectoryError> {
        let missing = || DirectoryError::NotFound {
            what: "node",
            id: ServerText::new(id).to_string(),
        };
        if id.trim().is_empty() || matches!(id, "." | "..") {
            return Err(missing());
        }
        let mut body = json!({
            "cru": units.cru, "mru": units.mru, "hru": units.hru, "sru": units.sru,
        });
        if let (Some(token), Some(map)) = (token, body.as_object_mut()) {
            map.insert("farmer_id".into(), token.into());
        }
        let path = ["api", "nodes", id, what];
        let reply = self.tell(Method::PUT, &path, &body).await?;
        match reply.status {
            200 | 204 => Ok(()),
            404 => Err(missing()),
            _ => Err(refused(&reply)),
        }
    }

    /// Registers a farm. `token` says who the farmer is.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn farmer_create(
        &self,
        farm: &FarmChange,
        token: &str,
    ) -> Result<(), DirectoryError> {
        self.farm(farm, "farmer_create", token).await
    }

    /// Changes what is known of a farm: what is given, nothing else.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn farmer_update(
        &self,
        farm: &FarmChange,
        token: &str,
    ) -> Result<(), DirectoryError> {
        self.farm(farm, "farmer_update", token).await
    }

    async fn farm(&self, farm: &FarmChange, what: &str, token: &str) -> Result<(), DirectoryError> {
        let mut url = self.url(&["api", what]);
        url.query_pairs_mut().extend_pairs(farm.query());
        let bearer = format!("bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let asked = self.web.ask(Method::GET, url, &headers, Vec::new()).await;
        let reply = asked.map_err(out_of_reach)?;
        // Done leads to a page that says so; who must sign in first is led elsewhere.
        let done = reply.location.as_deref().is_some_and(|to| {
            let path = to.split(['?', '#']).next().unwrap_or_default();
            path.ends_with("/farm_registered") || path.ends_with("/farm_updated")
        });
        match (reply.status, done) {
            (200..300, _) | (300..400, true) => Ok(()),
            (300..400, false) => Err(DirectoryError::Refused {
                status: reply.status,
                says: ServerText::new("it asks to sign in first, in a browser"),
            }),
            (404, _) => Err(DirectoryError::NotFound {
                what: "farmer",
                id: ServerText::new(&farm.organization).to_string(),
            }),
            _ => Err(refused(&reply)),
        }
    }

    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url
    }

    async fn tell(
        &self,
        method: Method,
        path: &[&str],
        body: &Json,
    ) -> Result<Reply, DirectoryError> {
        let headers = [("content-type", "application/json")];
        let body = body.to_string().into_bytes();
        let asked = self.web.ask(method, self.url(path), &headers, body).await;
        asked.map_err(out_of_reach)
    }
}

/// What the directory says of why it refuses: the text in its JSON, or all of it.
fn refused(reply: &Reply) -> DirectoryError {
    let json: Option<Json> = serde_json::from_slice(&reply.body).ok();
    let text = json.as_ref().and_then(|json| {
        let text = json.get("errors").or_else(|| json.get("message"))?;
        text.as_str()
    });
    DirectoryError::Refused {
        status: reply.status,
        says: match text {
            Some(text) => ServerText::new(text),
            None => ServerText::from_body(&reply.body),
        },
    }
}

fn out_of_reach(error: WebError) -> DirectoryError {
    DirectoryError::OutOfReach(error.to_string())
}
