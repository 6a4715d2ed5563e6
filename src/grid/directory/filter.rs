//! Which nodes are wanted.
use super::record::Node;

/// Which nodes are wanted; everything must hold (spec: capacity §1.2).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// At least so many CPU cores.
    pub cru: Option<u64>,
    /// At least so many GiB of memory.
    pub mru: Option<u64>,
    /// At least so many GB of turning disks.
    pub hru: Option<u64>,
    /// At least so many GB of solid state disks.
    pub sru: Option<u64>,
    /// The country as the node stores it.
    pub country: Option<String>,
    /// The farmer's id.
    pub farmer: Option<String>,
}

/// What a list of nodes is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOrder {
    /// Free CPU cores, most first.
    Cru,
    /// Free memory, most first.
    Mru,
    /// Free turning disk, most first.
    Hru,
    /// Free solid state disk, most first.
    Sru,
    /// Country, then city.
    Country,
    /// Id of the farmer.
    Farmer,
    /// Id of the node.
    Node,
    /// When it was last heard of, newest first.
    Updated,
}

impl Filter {
    /// Returns whether a node is wanted.
    pub fn takes(&self, node: &Node) -> bool {
        // A whole number of units is far below 2^53.
        let enough = |wanted: Option<u64>, has: f64| wanted.is_none_or(|units| has >= units as f64);
        let same = |wanted: &Option<String>, has: &str| {
            wanted
                .as_ref()
                .is_none_or(|text| text.is_empty() || text == has)
        };
        let country = node.location.as_ref().map_or("", |place| &place.country);
        enough(self.cru, node.total_resources.cru)
            && enough(self.mru, node.total_resources.mru)
            && enough(self.hru, node.total_resources.hru)
            && enough(self.sru, node.total_resources.sru)
            && same(&self.country, country)
            && same(&self.farmer, &node.farmer_id)
    }

    /// Returns the names and values of the query; an empty text is no filter.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let number = |name, units: Option<u64>| units.map(|units| (name, units.to_string()));
        let text = |name, text: &Option<String>| {
            let text = text.as_ref().filter(|text| !text.is_empty());
            text.map(|text| (name, text.clone()))
        };
        [
            number("cru", self.cru),
            number("mru", self.mru),
            number("hru", self.hru),
            number("sru", self.sru),
            text("country", &self.country),
            text("farmer", &self.farmer),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl ListOrder {
    /// Reads the word for an order.
    pub fn parse(word: &str) -> Option<ListOrder> {
        Some(match word {
            "cru" | "cpu" => ListOrder::Cru,
            "mru" | "memory" => ListOrder::Mru,
            "hru" | "hdd" => ListOrder::Hru,
            "sru" | "ssd" => ListOrder::Sru,
            "country" | "location" => ListOrder::Country,
            "farmer" => ListOrder::Farmer,
            "node" | "node_id" => ListOrder::Node,
            "updated" => ListOrder::Updated,
            _ => return None,
        })
    }

    /// Sorts nodes; equal ones stay in their order.
    pub fn sort(self, nodes: &mut [Node]) {
        let place = |node: &Node| {
            let place = node.location.as_ref();
            place.map(|place| (place.country.clone(), place.city.clone()))
        };
        let most = |unit: fn(&Node) -> f64| move |a: &Node, b: &Node| unit(b).total_cmp(&unit(a));
        match self {
            ListOrder::Cru => nodes.sort_by(most(|node| node.free().cru)),
            ListOrder::Mru => nodes.sort_by(most(|node| node.free().mru)),
            ListOrder::Hru => nodes.sort_by(most(|node| node.free().hru)),
            ListOrder::Sru => nodes.sort_by(most(|node| node.free().sru)),
            ListOrder::Country => nodes.sort_by_cached_key(place),
            ListOrder::Farmer => nodes.sort_by(|a, b| a.farmer_id.cmp(&b.farmer_id)),
            ListOrder::Node => nodes.sort_by(|a, b| a.node_id.cmp(&b.node_id)),
            ListOrder::Updated => {
                // One that says no time comes last.
                let heard = |node: &Node| jiff::fmt::rfc2822::parse(&node.updated).ok();
                nodes.sort_by_cached_key(|node| {
                    std::cmp::Reverse(heard(node).map(|at| at.timestamp()))
                });
            }
        }
    }
}
