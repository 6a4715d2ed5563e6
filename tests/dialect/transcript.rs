//! Every input of the tutorial and the readmes.
use kosmos::dialect::{Completeness, StatementKind, completeness, rewrite};
use serde_json::Value;

use super::rhai_host::{compiles, engine};

fn records() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/shell/transcript.json"
    );
    let text = std::fs::read_to_string(path).expect("vectors");
    let file: Value = serde_json::from_str(&text).expect("json");
    file["records"].as_array().expect("records").clone()
}

/// Inputs that must not be rewritten: number, start of the input, and what happens instead.
const NOT_ACCEPTED: &[(usize, &str, &str)] = &[
    (
        97,
        "(txn, submitted) = w.coins_send(",
        "incomplete: the readme forgets a parenthesis",
    ),
    (
        144,
        "currencies = j.clients",
        "refused: a Python block; the message names the brace form",
    ),
];

#[test]
fn every_input_compiles() {
    let engine = engine();
    let mut failures = Vec::new();
    for (number, record) in records().iter().enumerate() {
        let input = record["input"].as_str().expect("input");
        let exempt = NOT_ACCEPTED.iter().find(|(exempt, ..)| *exempt == number);
        if let Some((_, start, _)) = exempt {
            assert!(input.starts_with(start), "record {number} moved: {input}");
            continue;
        }
        if let Err(error) = compiles(&engine, input) {
            failures.push(format!("record {number}: {input}\n  {error}"));
        }
        let state = completeness(input);
        if state != Completeness::Complete {
            failures.push(format!("record {number}: {input}\n  {state:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_open_call_asks_for_more() {
    let records = records();
    let input = records[97]["input"].as_str().expect("input");
    assert_eq!(completeness(input), Completeness::Incomplete);
    let closed = format!("{input}\n)");
    assert_eq!(completeness(&closed), Completeness::Complete);
}

#[test]
fn the_python_block_is_refused_with_its_brace_form() {
    let records = records();
    let input = records[144]["input"].as_str().expect("input");
    let error = rewrite(input, &|_| false).expect_err("a block");
    assert_eq!(
        error.message,
        "blocks use braces here: for curr1 in currencies { … }"
    );
    assert_eq!(&input[error.span], ":");
    assert!(matches!(completeness(input), Completeness::Invalid(_)));
}

#[test]
fn a_pasted_record_is_split_into_statements() {
    let records = records();
    let input = records[105]["input"].as_str().expect("input");
    let rewritten = rewrite(input, &|name| name == "w").expect("rewritten");
    let kinds: Vec<_> = rewritten.statements.iter().map(|s| s.kind).collect();
    use StatementKind::{Assignment, Expression};
    assert_eq!(kinds, [Assignment, Expression, Expression]);
    assert_eq!(
        rewritten.statement_text(&rewritten.statements[1]),
        "result.transaction;"
    );
    assert_eq!(
        rewritten.statement_text(&rewritten.statements[2]),
        "result.submitted"
    );
}

#[test]
fn nothing_is_printed_for_inputs_without_a_value() {
    for (number, record) in records().iter().enumerate() {
        let input = record["input"].as_str().expect("input");
        let Ok(rewritten) = rewrite(input, &|_| true) else {
            continue;
        };
        let prints = rewritten
            .statements
            .iter()
            .any(|s| s.kind == StatementKind::Expression);
        let expected = record["expects"]["kind"].as_str().expect("kind");
        // `w.save()` and the like are expressions whose value is unit.
        let call = rewritten.text.trim_end().ends_with(')') && expected == "none";
        if !call && expected == "none" {
            assert!(!prints, "record {number}: {input}");
        }
    }
}
