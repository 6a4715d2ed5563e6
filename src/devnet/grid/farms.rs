//! The farms that a new devnet has: made-up capacity in several countries.
use super::directory::Data;
use crate::grid::directory::{Farmer, Location, Node, Units};

/// Version that the nodes tell of their system.
const OS_VERSION: &str = "development 0000000000000000000000000000000000000000";

/// Id, name, continent, country, city, latitude, longitude.
type Farm = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    f64,
    f64,
);
/// Id, farm, and CPU cores, GiB of memory, GB of turning disk, GB of solid state disk.
type Machine = (&'static str, &'static str, [f64; 4]);

/// The farm `freefarm.s3-storage` is the only one that archives are made in (spec: capacity §6.3).
const FARMS: [Farm; 6] = [
    (
        "vienna.farm",
        "Vienna",
        "Europe",
        "Austria",
        "Vienna",
        48.2082,
        16.3738,
    ),
    (
        "freefarm.s3-storage",
        "Storage in Ghent",
        "Europe",
        "Belgium",
        "Ghent",
        51.05,
        3.71667,
    ),
    (
        "zurich.farm",
        "Zurich",
        "Europe",
        "Switzerland",
        "Zurich",
        47.3769,
        8.5417,
    ),
    (
        "cairo.farm",
        "Cairo",
        "Africa",
        "Egypt",
        "Cairo",
        30.0444,
        31.2357,
    ),
    (
        "toronto.farm",
        "Toronto",
        "North America",
        "Canada",
        "Toronto",
        43.6532,
        -79.3832,
    ),
    (
        "singapore.farm",
        "Singapore",
        "Asia",
        "Singapore",
        "Singapore",
        1.3521,
        103.8198,
    ),
];

const MACHINES: [Machine; 12] = [
    ("ac1f6b84a330", "vienna.farm", [8.0, 32.0, 6000.0, 512.0]),
    ("ac1f6b84a331", "vienna.farm", [20.0, 128.0, 0.0, 2048.0]),
    (
        "ac1f6b47a04c",
        "freefarm.s3-storage",
        [12.0, 64.0, 48000.0, 1024.0],
    ),
    (
        "ac1f6b47a04d",
        "freefarm.s3-storage",
        [12.0, 64.0, 48000.0, 1024.0],
    ),
    (
        "ac1f6b47a04e",
        "freefarm.s3-storage",
        [12.0, 64.0, 48000.0, 1024.0],
    ),
    ("0cc47aeb5c20", "zurich.farm", [16.0, 96.0, 4000.0, 960.0]),
    ("0cc47aeb5c21", "zurich.farm", [16.0, 96.0, 4000.0, 960.0]),
    ("a4bf01325e10", "cairo.farm", [8.0, 16.0, 2000.0, 256.0]),
    ("a4bf01325e11", "cairo.farm", [4.0, 8.0, 1000.0, 128.0]),
    ("3cecef0a7710", "toronto.farm", [32.0, 256.0, 0.0, 4096.0]),
    ("3cecef0a7711", "toronto.farm", [32.0, 256.0, 0.0, 4096.0]),
    (
        "d05099c4e810",
        "singapore.farm",
        [24.0, 128.0, 8000.0, 2048.0],
    ),
];

/// All farms and nodes of a new devnet.
pub(super) fn all() -> Data {
    let place = |farm: &Farm| Location {
        city: farm.4.to_owned(),
        continent: farm.2.to_owned(),
        country: farm.3.to_owned(),
        latitude: farm.5,
        longitude: farm.6,
    };
    let farmers = FARMS.iter().map(|farm| Farmer {
        iyo_organization: farm.0.to_owned(),
        location: Some(place(farm)),
        name: farm.1.to_owned(),
        wallet_addresses: Vec::new(),
    });
    let nodes = MACHINES
        .iter()
        .filter_map(|(id, farm, [cru, mru, hru, sru])| {
            let farm = FARMS.iter().find(|one| one.0 == *farm)?;
            let units = Units {
                cru: *cru,
                mru: *mru,
                hru: *hru,
                sru: *sru,
            };
            Some(node(id, farm.0, place(farm), units))
        });
    Data {
        nodes: nodes.collect(),
        farmers: farmers.collect(),
    }
}

/// A node with nothing in use.
pub(super) fn node(id: &str, farmer: &str, location: Location, units: Units) -> Node {
    Node {
        farmer_id: farmer.to_owned(),
        location: Some(location),
        node_id: id.to_owned(),
        os_version: OS_VERSION.to_owned(),
        parameters: Vec::new(),
        reserved_resources: Some(Units::default()),
        robot_address: String::new(),
        total_resources: units,
        updated: String::new(),
        uptime: None,
        used_resources: Some(Units::default()),
    }
}
