//! The answers of a directory, byte for byte: ASCII only, keys sorted, compact; but the answer of
//! a single farmer has its own order of keys, and spaces (spec: capacity §§1.3, 1.4).
use std::fmt::Write;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::record::{Farmer, Node};

/// Body of `/api/nodes`.
pub fn nodes_body(nodes: &[Node]) -> String {
    line(&nodes)
}

/// Body of `/api/nodes/{id}`.
pub fn node_body(node: &Node) -> String {
    line(node)
}

/// Body of `/api/farmers`.
pub fn farmers_body(farmers: &[Farmer]) -> String {
    line(&farmers)
}

/// Body of `/api/farmers/{id}`.
pub fn farmer_body(farmer: &Farmer) -> String {
    #[derive(Serialize)]
    struct Place<'a> {
        continent: &'a str,
        country: &'a str,
        city: &'a str,
        longitude: f64,
        latitude: f64,
    }
    #[derive(Serialize)]
    struct Single<'a> {
        iyo_organization: &'a str,
        name: &'a str,
        wallet_addresses: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<Place<'a>>,
    }
    let single = Single {
        iyo_organization: &farmer.iyo_organization,
        name: &farmer.name,
        wallet_addresses: &farmer.wallet_addresses,
        location: farmer.location.as_ref().map(|place| Place {
            continent: &place.continent,
            country: &place.country,
            city: &place.city,
            longitude: place.longitude,
            latitude: place.latitude,
        }),
    };
    text(&single, Spaced)
}

fn line(value: &impl Serialize) -> String {
    text(value, CompactFormatter) + "\n"
}

fn text(value: &impl Serialize, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    // Writing texts and numbers to memory does not fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    let text = String::from_utf8(bytes).unwrap_or_default();
    if text.is_ascii() {
        return text;
    }
    let mut ascii = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

/// A space after every comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
