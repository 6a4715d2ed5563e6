//! Asking a directory.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::filter::Filter;
use super::record::{Farmer, Node, Units};
use crate::grid::reservation::Locations;
use crate::tfchain::explorer::{Fetch, FetchError, ServerText};

/// Seconds for which an answer is remembered (spec: capacity §1.6).
pub const CACHE: u64 = 600;
/// The most answers that are remembered.
const MOST_KEPT: usize = 64;

/// Tells the seconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A directory.
pub struct Directory {
    fetch: Arc<dyn Fetch>,
    clock: Clock,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    since: u64,
    body: Arc<Vec<u8>>,
}

/// What a directory lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// How many entries could not be read, and are left out.
    pub unreadable: usize,
}

/// What can go wrong with a directory.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DirectoryError {
    /// It could not be reached, or its answer broke off.
    #[error("the capacity directory is out of reach: {0}")]
    OutOfReach(String),
    /// It has no node or farmer of this id.
    #[error("the capacity directory has no {what} '{id}'")]
    NotFound {
        /// `node` or `farmer`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// It refused, in its own words.
    #[error("the capacity directory answers with status {status}: {says}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words, cleaned and cut.
        says: ServerText,
    },
    /// An answer that cannot be read.
    #[error("the answer of the capacity directory makes no sense: {0}")]
    Answer(String),
}

impl Directory {
    /// Asks nothing yet. `fetch` is of the directory's address, `clock` tells when an answer is
    /// too old.
    pub fn new(fetch: Arc<dyn Fetch>, clock: Clock) -> Self {
        Directory {
            fetch,
            clock,
            kept: Mutex::default(),
        }
    }

    /// Returns the directory's address.
    pub fn address(&self) -> String {
        self.fetch
            .addresses()
            .into_iter()
            .next()
            .unwrap_or_default()
    }

    /// Forgets what was answered.
    pub fn forget(&self) {
        self.locked().clear();
    }

    /// Returns the nodes that are wanted, in the directory's order.
    ///
    /// # Errors
    /// See [`DirectoryError`]; entries that cannot be read are left out and counted.
    pub async fn nodes(&self, filter: &Filter) -> Result<Listing<Node>, DirectoryError> {
        let path = path(&["api", "nodes"], &filter.query());
        let mut nodes: Listing<Node> = list(&self.kept(&path).await?)?;
        // A directory that forgets a filter is not believed.
        nodes.items.retain(|node| {
            filter.takes(node)
                || filter.country.as_ref().is_some_and(|country| {
                    // The filter compares with the node's own country, the answer may show the farmer's.
                    !country.is_empty()
                        && Filter {
                            country: None,
                            ..filter.clone()
                        }
                        .takes(node)
                })
        });
        Ok(nodes)
    }

    /// Returns a node. It is asked for anew.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn node(&self, id: &str) -> Result<Node, DirectoryError> {
        self.one("node", "nodes", id).await
    }

    /// Returns all farmers, in the directory's order.
    ///
    /// # Errors
    /// See [`DirectoryError`]; entries that cannot be read are left out and counted.
    pub async fn farmers(&self) -> Result<Listing<Farmer>, DirectoryError> {
        list(&self.kept("/api/farmers").await?)
    }

    /// Returns a farmer. It is asked for anew.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn farmer(&self, id: &str) -> Result<Farmer, DirectoryError> {
        self.one("farmer", "farmers", id).await
    }

    /// Returns what all nodes have together.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn resource_units(&self) -> Result<Units, DirectoryError> {
        let nodes = self.nodes(&Filter::default()).await?;
        let units = nodes.items.iter().map(|node| node.total_resources);
        Ok(units.fold(Units::default(), Units::plus))
    }

    async fn one<T: DeserializeOwned>(
        &self,
        what: &'static str,
        list: &str,
        id: &str,
    ) -> Result<T, DirectoryError> {
        let missing = || DirectoryError::NotFound {
            what,
            id: ServerText::new(id).to_string(),
        };
        // Without an id, the list would be asked for; with dots, something else.
        if id.trim().is_empty() || matches!(id, "." | "..") {
            return Err(missing());
        }
        match self.get(&path(&["api", list, id], &[])).await {
            Ok(body) => serde_json::from_slice(&body)
                .map_err(|e| DirectoryError::Answer(format!("no {what}: {e}"))),
            Err(DirectoryError::Refused { status: 404, .. }) => Err(missing()),
            Err(error) => Err(error),
        }
    }

    async fn kept(&self, path: &str) -> Result<Arc<Vec<u8>>, DirectoryError> {
        let now = (self.clock)();
        if let Some(kept) = self.locked().get(path) {
            // A clock that was set back makes nothing younger.
            if now.checked_sub(kept.since).is_some_and(|age| age < CACHE) {
                return Ok(kept.body.clone());
            }
        }
        let body = Arc::new(self.get(path).await?);
        let mut all = self.locked();
        if all.len() >= MOST_KEPT {
            all.clear();
        }
        let since = now;
        let kept = Kept {
            since,
            body: body.clone(),
        };
        all.insert(path.to_owned(), kept);
        Ok(body)
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, DirectoryError> {
        let answer = self.fetch.get(path).await.map_err(out_of_reach)?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(DirectoryError::Refused {
                status,
                says: ServerText::from_body(&answer.body),
            }),
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Locations for Directory {
    async fn is_valid(&self, location: &str) -> bool {
        self.farmer(location).await.is_ok() || self.node(location).await.is_ok()
    }
}

fn list<T: DeserializeOwned>(body: &[u8]) -> Result<Listing<T>, DirectoryError> {
    let entries: Vec<&serde_json::value::RawValue> = serde_json::from_slice(body)
        .map_err(|e| DirectoryError::Answer(format!("no list: {e}")))?;
    let all = entries.len();
    let items: Vec<T> = entries
        .iter()
        .filter_map(|entry| serde_json::from_str(entry.get()).ok())
        .collect();
    Ok(Listing {
        unreadable: all - items.len(),
        items,
    })
}

fn out_of_reach(error: FetchError) -> DirectoryError {
    DirectoryError::OutOfReach(error.into_reason())
}

/// A path with its parts escaped, and a query.
fn path(parts: &[&str], query: &[(&str, String)]) -> String {
    let Ok(mut url) = reqwest::Url::parse("http://directory") else {
        return String::new();
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(parts);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let query = url.query().map(|query| format!("?{query}"));
    url.path().to_owned() + query.as_deref().unwrap_or_default()
}
