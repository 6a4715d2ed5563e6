//! `json_reading.json`: what the node reads, refuses and makes of JSON that it did not write.

use super::vectors::{list, load, text};
use kosmos::tfchain::{Hash, Transaction};
use std::collections::BTreeMap;

/// Why we differ from the node on purpose, and in how many of the cases.
const ON_PURPOSE: [(&str, usize); 5] = [
    (
        "a key stands twice: the node takes the last one, people look at the first",
        352,
    ),
    (
        "version 0 without an unlocker: the node reads it, and refuses it when it is posted",
        36,
    ),
    (
        "the node cannot write it in binary, so its id is that of nothing; ours is of the parts",
        46,
    ),
    (
        "a registration without a signature has no binary form, as its length is not written",
        8,
    ),
    (
        "without condition or fulfillment the node writes bytes that it reads as others itself",
        25,
    ),
];

/// Returns which of the reasons it is.
fn reason(
    whole: &str,
    inserted: bool,
    theirs: &str,
    ours: &Result<String, String>,
) -> Option<usize> {
    let refused = ours.as_ref().err().map(String::as_str).unwrap_or_default();
    // An object without the key, or null in its place.
    let lacks = |list: &str, key: &str| {
        let json: serde_json::Value = serde_json::from_str(whole).unwrap();
        let found = &json["data"][list];
        let found = found.as_array().map_or(found, |list| &list[0]);
        !found
            .as_object()
            .is_some_and(|object| object.contains_key(key))
    };
    if inserted {
        ours.is_err().then_some(0)
    } else if refused.contains("unknown unlocker type") {
        Some(1)
    } else if theirs == Hash::of(&[]).to_string() {
        Some(2)
    } else if refused.contains("64 are stored here") {
        Some(3)
    } else if lacks("coininputs", "fulfillment") || lacks("refundcoinoutput", "condition") {
        Some(4)
    } else {
        None
    }
}

#[test]
fn json_is_read_as_the_node_reads_it() {
    let vectors = load("json_reading.json");
    let (mut compared, mut wrong) = (0, Vec::new());
    let mut on_purpose: BTreeMap<usize, usize> = BTreeMap::new();
    for case in list(&vectors, "cases") {
        let (name, json) = (text(case, "name"), text(case, "json"));
        for splice in case["splices"].as_array().expect("splices") {
            let place = |at: usize| usize::try_from(splice[at].as_u64().expect("place")).unwrap();
            let (start, end, by) = (place(0), place(1), splice[2].as_str().expect("text"));
            let whole = format!("{}{by}{}", &json[..start], &json[end..]);
            let ours = serde_json::from_str::<Transaction>(&whole)
                .map_err(|error| error.to_string())
                .and_then(|read| match read.id() {
                    Ok(id) => Ok(id.to_string()),
                    Err(error) => Err(error.to_string()),
                });
            // Over some, the node itself breaks off: nobody reads them.
            let theirs = splice[3].as_str().filter(|id| id.len() == 64);
            compared += 1;
            if ours.as_ref().ok().map(String::as_str) == theirs {
                continue;
            }
            if let Some(theirs) = theirs
                && let Some(reason) = reason(&whole, start == end, theirs, &ours)
            {
                *on_purpose.entry(reason).or_default() += 1;
                continue;
            }
            let before = &json[start.saturating_sub(40)..start];
            let cut = &json[start..end.min(start + 30)];
            wrong.push(format!(
                "{name}: {before}>>{cut}<< by {by}: the node {theirs:?}, ours {ours:?}"
            ));
        }
    }
    assert!(compared > 3000, "{compared}");
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let expected = ON_PURPOSE.iter().map(|(_, count)| *count).enumerate();
    assert_eq!(on_purpose, expected.collect());
}
