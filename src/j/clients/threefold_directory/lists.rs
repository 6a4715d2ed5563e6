//! Nodes and farmers as tables for people, and as data for scripts.
use std::sync::Arc;

use serde::Serialize;

use super::element;
use crate::grid::directory::{Farmer, ListOrder, Location, Node};
use crate::j::clients::zos::rows::shown;
use crate::object::columns::aligned;
use crate::object::{Class, Error, Member, Paint, Param, Result, Ty, Value, class_of, similar};

/// What nodes can be sorted by, for help.
pub const ORDERS: &str =
    "cru, mru, hru or sru (most free first), country, farmer, node or updated (newest first)";
const WORDS: [&str; 8] = [
    "cru", "mru", "hru", "sru", "country", "farmer", "node", "updated",
];

/// Reads what to sort by.
///
/// # Errors
/// A word that is none of [`ORDERS`].
pub fn order(word: &str) -> Result<ListOrder> {
    ListOrder::parse(word).ok_or_else(|| {
        let error = Error::value(format!("nodes are sorted by {ORDERS}, not by '{word}'"));
        similar::hinted(error, word, WORDS.into_iter())
    })
}

/// A record as a dict with the order of its keys.
pub fn plain(record: &impl Serialize) -> Value {
    shown(&serde_json::to_value(record).unwrap_or_default())
}

/// A node as a dict, with what is free.
pub fn node_value(node: &Node) -> Value {
    shown(&node_json(node))
}

fn node_json(node: &Node) -> serde_json::Value {
    let mut json = serde_json::to_value(node).unwrap_or_default();
    if let Some(map) = json.as_object_mut() {
        let free = serde_json::to_value(node.free()).unwrap_or_default();
        map.insert("free_resources".into(), free);
    }
    json
}

/// A number of units: whole ones without a point.
fn units(number: f64) -> String {
    match number.fract() == 0.0 {
        true => format!("{number:.0}"),
        false => format!("{number:.1}"),
    }
}

fn place(location: Option<&Location>) -> [String; 2] {
    match location {
        Some(place) => [place.country.clone(), place.city.clone()],
        None => ["-".into(), "-".into()],
    }
}

/// A list of nodes.
pub struct NodeList(pub Vec<Node>);

impl Class for NodeList {
    const NAME: &'static str = "NodeList";
    const DOC: &'static str = "Nodes of the grid; a table on screen, dicts in a script.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "sort",
            &[Param::required("by", Ty::Str, ORDERS)],
            Ty::Object(class_of::<NodeList>),
            "The same nodes in another order.",
            "j.clients.threefold_directory.nodes().sort('sru')",
            |this: &Arc<NodeList>, args| {
                let mut nodes = this.0.clone();
                order(args.text("by"))?.sort(&mut nodes);
                Ok(Value::object(NodeList(nodes)))
            },
        ),
        Member::property(
            "ids",
            Ty::List,
            "The ids of the nodes.",
            "j.clients.threefold_directory.nodes().ids",
            |this: &Arc<NodeList>, _| {
                let ids = this.0.iter().map(|node| node.node_id.clone());
                Ok(ids.map(Value::Str).collect())
            },
        ),
        Member::method(
            "list",
            &[],
            Ty::List,
            "The same as a plain list of dicts.",
            "j.clients.threefold_directory.nodes().list()",
            |this: &Arc<NodeList>, _| Ok(this.0.iter().map(node_value).collect()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        if self.0.is_empty() {
            return "no node has what is asked for".into();
        }
        let titles = [
            "node",
            "farmer",
            "country",
            "city",
            "free cpu",
            "of",
            "free memory",
            "of",
            "free ssd",
            "of",
            "free hdd",
            "of",
        ];
        let mut rows = vec![titles.map(String::from).to_vec()];
        rows.extend(self.0.iter().map(|node| {
            let (free, total) = (node.free(), node.total_resources);
            let mut row = vec![node.node_id.clone(), node.farmer_id.clone()];
            row.extend(place(node.location.as_ref()));
            for (free, total) in [
                (free.cru, total.cru),
                (free.mru, total.mru),
                (free.sru, total.sru),
                (free.hru, total.hru),
            ] {
                row.extend([units(free), units(total)]);
            }
            row
        }));
        let table = aligned(&rows, &[4, 5, 6, 7, 8, 9, 10, 11]);
        let count = self.0.len();
        let nodes = if count == 1 { "node" } else { "nodes" };
        format!("{table}\n{count} {nodes}; memory in GiB, disks in GB")
    }
    fn inline(&self) -> String {
        format!("NodeList({} nodes)", self.0.len())
    }
    fn to_json(&self) -> serde_json::Value {
        self.0.iter().map(node_json).collect()
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().map(node_value).collect())
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        element(&self.items()?, index)
    }
}

/// A list of farmers.
pub struct FarmerList(pub Vec<Farmer>);

impl Class for FarmerList {
    const NAME: &'static str = "FarmerList";
    const DOC: &'static str = "Farmers of the grid; a table on screen, dicts in a script.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "list",
        &[],
        Ty::List,
        "The same as a plain list of dicts.",
        "j.clients.threefold_directory.farmers().list()",
        |this: &Arc<FarmerList>, _| Ok(this.0.iter().map(plain).collect()),
    )]];

    fn repr(&self, _paint: Paint) -> String {
        if self.0.is_empty() {
            return "no farmers".into();
        }
        let mut rows = vec![["farmer", "name", "country", "city"].map(String::from)];
        rows.extend(self.0.iter().map(|farmer| {
            let [country, city] = place(farmer.location.as_ref());
            [
                farmer.iyo_organization.clone(),
                farmer.name.clone(),
                country,
                city,
            ]
        }));
        aligned(&rows, &[])
    }
    fn inline(&self) -> String {
        format!("FarmerList({} farmers)", self.0.len())
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().map(plain).collect())
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        element(&self.items()?, index)
    }
}
