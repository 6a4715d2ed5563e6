//! The same transactions get the same verdict from our node as from a real one.
//!
//! `tests/vectors/verdicts/chain.json` has a chain that a real node made, `verdicts.json` what that
//! node answered when the transactions of [`cases`] were posted to it, one after the other, with no
//! block in between. `record.rs` made both files; its first lines say how to make them again.
mod cases;
mod mutants;
mod record;
mod setup;

use super::recording::{vector, vector_path};
use super::replay::{open, post};
use cases::cases;
use serde_json::Value;

/// Answers that need not be equal, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("version 209 as it is", POOL),
    ("version 209 again", POOL),
    ("withdraw: one of the pool", POOL),
    ("bridge: one of the pool with another value", POOL),
];
const POOL: &str = "flaw of the reference: it compares ERC20 transactions with its blocks only, so \
                    that a coin creation for the same Ethereum transaction, or a second \
                    registration of a key, waits in its pool beside the first; ours refuses it";

/// Refused by both, for the same reason or a neighbouring one, in other words; only the status is
/// compared.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("/data/coininputs/0 is {}", ID),
    ("/data/coininputs/0 is null", ID),
    ("version 210: no /data/coininputs/0/fulfillment", ID),
    (
        "version 210: /data/coininputs/0/fulfillment/data is null",
        ID,
    ),
    ("version 210: /data/refundcoinoutput is {}", ID),
    ("version 210: no /data/refundcoinoutput/condition", ID),
    (
        "version 210: /data/refundcoinoutput/condition/data is null",
        ID,
    ),
    ("version 1: /data/arbitrarydata is []", MALFORMED),
    ("public key ed25519:", MALFORMED),
    ("public key ed25519:00", MALFORMED),
    ("convert: address \"\"", MALFORMED),
];
const ID: &str = "the text has the id of the transaction, and the reference writes an input or \
                  output without any fulfillment or condition with fewer bytes than a nil one";
const MALFORMED: &str = "malformed JSON, which the specification compares by status only";

/// What the specification asks of texts: all of them exact, but those of malformed JSON.
fn same_text(ours: &str, theirs: &str) -> bool {
    const MALFORMED: &str = "{\"message\":\"error decoding the supplied transaction: ";
    ours == theirs || (ours.starts_with(MALFORMED) && theirs.starts_with(MALFORMED))
}

fn chain() -> Value {
    vector("verdicts/chain.json")
}

#[test]
fn every_verdict_is_that_of_the_real_node() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path());
    node.import(&vector_path("verdicts/chain.json")).unwrap();
    let recorded = vector("verdicts/verdicts.json");
    let recorded = recorded["verdicts"].as_array().unwrap();
    let (mut taken, mut differ) = (0, Vec::new());
    for case in recorded {
        let name = case["name"].as_str().unwrap();
        let (status, answer) = post(&node, case["body"].as_str().unwrap().as_bytes());
        let want = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let text = format!("{}\n", case["answer"].as_str().unwrap());
        taken += usize::from(want == 200);
        if EXEMPT.iter().any(|(exempt, _)| *exempt == name) {
            continue;
        }
        let worded = OTHER_WORDS.iter().any(|(end, _)| name.ends_with(end));
        if status != want || !(worded || same_text(&answer, &text)) {
            differ.push(format!(
                "{name}\n  ours {status} {answer}  real {want} {text}"
            ));
        }
    }
    assert!(recorded.len() >= 400, "only {} verdicts", recorded.len());
    assert!(taken >= 60, "only {taken} good transactions");
    assert!(
        differ.is_empty(),
        "{} of {} differ\n{}",
        differ.len(),
        recorded.len(),
        differ.join("\n")
    );
}

#[test]
fn the_recorded_transactions_are_those_of_the_generator() {
    let recorded = vector("verdicts/verdicts.json");
    let recorded = recorded["verdicts"].as_array().unwrap();
    let made = cases(&chain());
    assert_eq!(made.len(), recorded.len());
    for (case, recorded) in made.iter().zip(recorded) {
        assert_eq!(case.name, recorded["name"].as_str().unwrap());
        assert_eq!(
            case.body,
            recorded["body"].as_str().unwrap(),
            "{}",
            case.name
        );
    }
}
