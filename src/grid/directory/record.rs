//! Nodes and farmers.
use serde::{Deserialize, Deserializer, Serialize};

use crate::tfchain::explorer::ServerText;

/// The largest number of units that is believed.
const MOST_UNITS: f64 = 1e12;

/// Units of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Units {
    /// CPU cores.
    #[serde(deserialize_with = "unit")]
    pub cru: f64,
    /// GB of turning disks.
    #[serde(deserialize_with = "unit")]
    pub hru: f64,
    /// GiB of memory.
    #[serde(deserialize_with = "unit")]
    pub mru: f64,
    /// GB of solid state disks.
    #[serde(deserialize_with = "unit")]
    pub sru: f64,
}

/// Where something stands. The order of the fields is the one of the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// City.
    #[serde(deserialize_with = "clean")]
    pub city: String,
    /// Continent.
    #[serde(deserialize_with = "clean")]
    pub continent: String,
    /// Country.
    #[serde(deserialize_with = "clean")]
    pub country: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A node. The order of the fields is the one of the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Id of its farmer.
    #[serde(default, deserialize_with = "clean")]
    pub farmer_id: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// 12 hex digits.
    #[serde(deserialize_with = "clean")]
    pub node_id: String,
    /// Branch and revision.
    #[serde(deserialize_with = "clean")]
    pub os_version: String,
    /// Flags that the node tells of itself.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "clean_list"
    )]
    pub parameters: Vec<String>,
    /// What is reserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_resources: Option<Units>,
    /// Address of its robot.
    #[serde(deserialize_with = "clean")]
    pub robot_address: String,
    /// What it has.
    pub total_resources: Units,
    /// When it was last heard of, as an HTTP date.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "clean"
    )]
    pub updated: String,
    /// Seconds since it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<u64>,
    /// What is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_resources: Option<Units>,
}

/// A farmer. The order of the fields is the one of lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Farmer {
    /// The id.
    #[serde(deserialize_with = "clean")]
    pub iyo_organization: String,
    /// Where the farm stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name.
    #[serde(deserialize_with = "clean")]
    pub name: String,
    /// Where the farmer is paid.
    #[serde(default, deserialize_with = "clean_list")]
    pub wallet_addresses: Vec<String>,
}

impl Units {
    /// Adds units.
    pub fn plus(self, other: Units) -> Units {
        self.combine(other, |a, b| a + b)
    }

    /// Takes units away; what would be below zero is zero.
    pub fn minus(self, other: Units) -> Units {
        self.combine(other, |a, b| (a - b).max(0.0))
    }

    fn combine(self, other: Units, combine: fn(f64, f64) -> f64) -> Units {
        Units {
            cru: combine(self.cru, other.cru),
            hru: combine(self.hru, other.hru),
            mru: combine(self.mru, other.mru),
            sru: combine(self.sru, other.sru),
        }
    }
}

impl Location {
    /// Returns whether the coordinates say where it is.
    pub fn has_coordinates(&self) -> bool {
        self.latitude != 0.0 || self.longitude != 0.0
    }
}

impl Node {
    /// Returns what is neither reserved nor in use: of each unit, the larger of both is taken
    /// away from what there is.
    pub fn free(&self) -> Units {
        let reserved = self.reserved_resources.unwrap_or_default();
        let used = self.used_resources.unwrap_or_default();
        self.total_resources.minus(reserved.combine(used, f64::max))
    }
}

/// A number that can be one of units.
fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    match (0.0..=MOST_UNITS).contains(&number) {
        true => Ok(number),
        false => Err(serde::de::Error::custom("units that cannot be")),
    }
}

/// A text of a server: one line, without control characters, and cut.
fn clean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(ServerText::new(&text).to_string())
}

fn clean_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list
        .iter()
        .map(|text| ServerText::new(text).to_string())
        .collect())
}
