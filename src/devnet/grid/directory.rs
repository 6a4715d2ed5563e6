//! The capacity directory: farms and nodes, their interface for programs, and a page to look
//! through them that works without scripts.
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::super::error::{Error, Result};
use super::super::folder;
use super::super::http;
use super::super::query::{Query, percent_decode};
use super::farms;
use super::page;
use crate::grid::directory::{
    Farmer, Filter, Location, Node, Units, farmer_body, farmers_body, node_body, nodes_body,
};

/// Content type of the interface, as the original's server writes it.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Body of a look-up that found nothing.
const NOTHING: &str = "{}\n";
/// Longest name or id that is taken.
const LONGEST: usize = 80;

/// What is kept on disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Data {
    pub(super) farmers: Vec<Farmer>,
    pub(super) nodes: Vec<Node>,
}

/// The directory of a devnet.
#[derive(Debug)]
pub struct Directory {
    data: Mutex<Data>,
    /// What the broker has taken, by node. It knows that itself after a start.
    taken: Mutex<HashMap<String, Units>>,
    file: PathBuf,
}

/// A farm to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFarm {
    /// Its id.
    pub id: String,
    /// Its name; the id when empty.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// What each of its nodes has.
    pub units: Units,
    /// How many nodes.
    pub nodes: u32,
}

impl NewFarm {
    /// The farm as the query of a request.
    pub(in crate::devnet) fn query(&self) -> String {
        let (place, units) = (&self.location, &self.units);
        // Only its query is of interest.
        let Ok(mut url) = reqwest::Url::parse("http://devnet") else {
            return String::new();
        };
        url.query_pairs_mut()
            .append_pair("id", &self.id)
            .append_pair("name", &self.name)
            .append_pair("continent", &place.continent)
            .append_pair("country", &place.country)
            .append_pair("city", &place.city)
            .append_pair("latitude", &place.latitude.to_string())
            .append_pair("longitude", &place.longitude.to_string())
            .append_pair("cru", &units.cru.to_string())
            .append_pair("mru", &units.mru.to_string())
            .append_pair("hru", &units.hru.to_string())
            .append_pair("sru", &units.sru.to_string())
            .append_pair("nodes", &self.nodes.to_string());
        url.query().unwrap_or_default().to_owned()
    }

    /// The farm of such a query.
    pub(in crate::devnet) fn from_query(query: &Query) -> std::result::Result<Self, String> {
        let number = |name: &str| -> std::result::Result<f64, String> {
            let text = query.get(name);
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| format!("{name}: '{text}' is no number"))
        };
        let text = |name: &str| query.get(name).to_owned();
        let nodes = query.get("nodes");
        Ok(Self {
            id: text("id"),
            name: text("name"),
            location: Location {
                city: text("city"),
                continent: text("continent"),
                country: text("country"),
                latitude: number("latitude")?,
                longitude: number("longitude")?,
            },
            units: Units {
                cru: number("cru")?,
                hru: number("hru")?,
                mru: number("mru")?,
                sru: number("sru")?,
            },
            nodes: nodes
                .parse()
                .map_err(|_| format!("nodes: '{nodes}' is no whole number"))?,
        })
    }
}

/// Nodes that a farm may be given at once.
pub const MOST_NODES: u32 = 100;

impl Directory {
    /// Opens the directory on its file; a new one has a few farms in several countries.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(file: PathBuf) -> Result<Self> {
        let data = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Start {
                reason: format!("{} is damaged: {error}; remove it", file.display()),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => farms::all(),
            Err(error) => return Err(Error::file("cannot read", file)(error)),
        };
        Ok(Self {
            data: Mutex::new(data),
            taken: Mutex::default(),
            file,
        })
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, Units>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The nodes that a filter takes, as they are told: with their farm's location, where it has
    /// one.
    pub fn nodes(&self, filter: &Filter) -> Vec<Node> {
        let data = self.data();
        let taken = data.nodes.iter().filter(|node| filter.takes(node));
        taken.map(|node| self.shown(&data, node)).collect()
    }

    /// A node by its id.
    pub fn node(&self, id: &str) -> Option<Node> {
        let data = self.data();
        let node = data.nodes.iter().find(|node| node.node_id == id)?;
        Some(self.shown(&data, node))
    }

    /// All farmers.
    pub fn farmers(&self) -> Vec<Farmer> {
        self.data().farmers.clone()
    }

    /// A farmer by its id.
    pub fn farmer(&self, id: &str) -> Option<Farmer> {
        let data = self.data();
        let mut farmers = data.farmers.iter();
        farmers
            .find(|farmer| farmer.iyo_organization == id)
            .cloned()
    }

    /// Adds a farm with its nodes; their ids.
    ///
    /// # Errors
    /// [`Error::Refused`] when the id is taken or a value cannot be, or when it cannot be stored.
    pub fn add(&self, farm: &NewFarm) -> Result<Vec<String>> {
        let refuse = |reason: String| Error::Refused { reason };
        let good = |text: &str| {
            (1..=LONGEST).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c == '/')
        };
        if !good(&farm.id) {
            return Err(refuse(format!(
                "'{}' is no id of a farm: expected 1 to {LONGEST} characters such as my.farm",
                farm.id.chars().take(LONGEST).collect::<String>()
            )));
        }
        if !(1..=MOST_NODES).contains(&farm.nodes) {
            return Err(refuse(format!(
                "{} nodes: expected 1 to {MOST_NODES}",
                farm.nodes
            )));
        }
        let (latitude, longitude) = (farm.location.latitude, farm.location.longitude);
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(refuse(format!(
                "{latitude}, {longitude} is no place: expected -90 to 90 and -180 to 180 degrees"
            )));
        }
        let mut data = self.data();
        let mut next = data.clone();
        if next
            .farmers
            .iter()
            .any(|one| one.iyo_organization == farm.id)
        {
            return Err(refuse(format!("a farm '{}' is there already", farm.id)));
        }
        let name = match farm.name.is_empty() {
            true => farm.id.clone(),
            false => farm.name.clone(),
        };
        next.farmers.push(Farmer {
            iyo_organization: farm.id.clone(),
            location: Some(farm.location.clone()),
            name,
            wallet_addresses: Vec::new(),
        });
        let mut ids = Vec::new();
        for _ in 0..farm.nodes {
            let mut bytes = [0; 6];
            getrandom::fill(&mut bytes).map_err(|e| refuse(e.to_string()))?;
            let id = hex::encode(bytes);
            let place = farm.location.clone();
            next.nodes
                .push(farms::node(&id, &farm.id, place, farm.units));
            ids.push(id);
        }
        self.store(&next)?;
        *data = next;
        Ok(ids)
    }

    /// Takes capacity of a node, or gives it back.
    ///
    /// # Errors
    /// [`Error::Refused`] when the node is gone or has not so much left.
    pub fn reserve(&self, id: &str, units: Units, back: bool) -> Result<()> {
        if !back {
            let refuse = |why: &str| Error::Refused {
                reason: format!("the node '{id}' {why}"),
            };
            let node = self.node(id).ok_or_else(|| refuse("is gone"))?;
            if !fits(units, node.free()) {
                return Err(refuse("has not enough capacity left"));
            }
        }
        let mut taken = self.taken();
        let of = taken.entry(id.to_owned()).or_default();
        *of = match back {
            true => of.minus(units),
            false => of.plus(units),
        };
        Ok(())
    }

    /// The node at a location that is to carry something: the node of this id, or of the farm of
    /// this id the one with most capacity, and among equals the one with least of it taken.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none with so much left.
    pub fn place(&self, location: &str, units: Units) -> Result<Node> {
        let refuse = |reason: String| Error::Refused { reason };
        if let Some(node) = self.node(location) {
            return match fits(units, node.free()) {
                true => Ok(node),
                false => Err(refuse(format!(
                    "the node '{location}' has not enough capacity left"
                ))),
            };
        }
        let filter = Filter {
            farmer: Some(location.to_owned()),
            ..Filter::default()
        };
        let mut nodes = self.nodes(&filter);
        if nodes.is_empty() {
            return Err(refuse(format!("there is no node or farm '{location}'")));
        }
        nodes.retain(|node| fits(units, node.free()));
        nodes.sort_by(|a, b| {
            let total = |node: &Node| {
                let units = node.total_resources;
                (units.cru, units.mru, units.sru)
            };
            let free = |node: &Node| {
                let units = node.free();
                (units.cru, units.mru, units.sru)
            };
            let more = |a: (f64, f64, f64), b: (f64, f64, f64)| {
                let first = b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1));
                first.then(b.2.total_cmp(&a.2))
            };
            more(total(a), total(b)).then(more(free(a), free(b)))
        });
        nodes.into_iter().next().ok_or_else(|| {
            refuse(format!(
                "no node of the farm '{location}' has enough capacity left"
            ))
        })
    }

    /// A node as it is told: where its farm stands, when that is known, and with what the broker
    /// has taken of it.
    fn shown(&self, data: &Data, node: &Node) -> Node {
        let mut node = node.clone();
        let farmer = data.farmers.iter();
        let mut farmer = farmer.filter(|farmer| farmer.iyo_organization == node.farmer_id);
        let place = farmer.next().and_then(|farmer| farmer.location.clone());
        if let Some(place) = place.filter(Location::has_coordinates) {
            node.location = Some(place);
        }
        if let Some(taken) = self.taken().get(&node.node_id)
            && *taken != Units::default()
        {
            let reserved = node.reserved_resources.unwrap_or_default();
            node.reserved_resources = Some(reserved.plus(*taken));
        }
        node
    }

    fn store(&self, data: &Data) -> Result<()> {
        let text = serde_json::to_vec_pretty(data).unwrap_or_default();
        folder::replace_private(&self.file, &text)
    }

    /// Answers a request; None when the path is not the directory's.
    pub(super) fn answer(&self, method: &Method, uri: &Uri) -> Option<Response> {
        let query = Query::parse(uri.query().unwrap_or_default());
        let json = |status, body: String| http::answer(status, JSON, body);
        let found = |body: Option<String>| match body {
            Some(body) => json(StatusCode::OK, body),
            None => json(StatusCode::NOT_FOUND, NOTHING.to_owned()),
        };
        let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        if *method != Method::GET {
            return match parts.as_slice() {
                ["api", "nodes" | "farmers", ..] | [""] | ["farmers"] => Some(http::answer(
                    StatusCode::METHOD_NOT_ALLOWED,
                    http::TEXT,
                    "nodes of a devnet are its own: farms are added by j.devnet.farm_add\n",
                )),
                _ => None,
            };
        }
        Some(match parts.as_slice() {
            ["api", "nodes"] => match filter(&query) {
                Ok(filter) => json(StatusCode::OK, nodes_body(&self.nodes(&filter))),
                Err(text) => http::answer(StatusCode::BAD_REQUEST, http::TEXT, text),
            },
            ["api", "nodes", id] => {
                let node = self.node(&percent_decode(id));
                found(node.map(|node| node_body(&node)))
            }
            ["api", "farmers"] => json(StatusCode::OK, farmers_body(&self.farmers())),
            ["api", "farmers", id] => {
                let farmer = self.farmer(&percent_decode(id));
                found(farmer.map(|farmer| farmer_body(&farmer)))
            }
            [""] => page::nodes(self, &query),
            ["farmers"] => page::farmers(self),
            _ => return None,
        })
    }

    /// Countries of the nodes, sorted.
    pub(super) fn countries(&self) -> Vec<String> {
        let data = self.data();
        let places = data.nodes.iter().filter_map(|node| node.location.as_ref());
        let names: BTreeMap<String, ()> = places.map(|place| (place.country.clone(), ())).collect();
        names.into_keys().collect()
    }
}

fn fits(wanted: Units, free: Units) -> bool {
    wanted.cru <= free.cru
        && wanted.mru <= free.mru
        && wanted.hru <= free.hru
        && wanted.sru <= free.sru
}

/// The filter of a query; an empty value is none.
pub(super) fn filter(query: &Query) -> std::result::Result<Filter, String> {
    let units = |name: &str| match query.get(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let shown: String = text.chars().take(LONGEST).collect();
            format!("{name}: '{shown}' is no whole number\n")
        }),
    };
    let text = |name: &str| Some(query.get(name).to_owned()).filter(|text| !text.is_empty());
    Ok(Filter {
        cru: units("cru")?,
        mru: units("mru")?,
        hru: units("hru")?,
        sru: units("sru")?,
        country: text("country"),
        farmer: text("farmer"),
    })
}
