//! types.json: conversion of every input of every type and the printed forms.
use std::sync::Arc;

use kosmos::schema::{Context, Property, Schema, Type};
use serde_json::Value as Json;

use super::vectors::{NOW, Report, cases, context, input, matches};

/// Cases where another rule stands above the recorded result: type, input, field, reason.
const EXEMPT: &[(&str, &str, &str, &str)] = &[
    (
        "ipaddr",
        "12",
        "*",
        "spec section 2: integers pass unchanged in the reference, reject them",
    ),
    (
        "bin",
        "\"this is binary\"",
        "*",
        "spec section 2: strict base64, else the text as UTF-8",
    ),
    (
        "duration",
        "true",
        "repl",
        "T1: a boolean becomes a whole number",
    ),
    ("LF", "*", "hr", "T3: floats print all digits"),
    ("LF", "*", "repl", "T3: floats print all digits"),
];

fn exempt(case: &Json, field: &str) -> bool {
    let (code, input) = (case["type"].as_str().unwrap(), case["input"].to_string());
    EXEMPT
        .iter()
        .any(|(t, i, f, _)| *t == code && (*i == "*" || *i == input) && (*f == "*" || *f == field))
}

fn property(case: &Json) -> Property {
    let code = case["type"].as_str().unwrap();
    let default = case
        .get("default")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let text = format!("@url = t\np = \"{default}\" ({code})");
    Schema::parse(&text)
        .unwrap_or_else(|e| panic!("{e}"))
        .properties[0]
        .clone()
}

fn forms(kind: &Type, case: &Json, context: &Arc<Context>, report: &mut Report) {
    let name = format!("{} {}", case["type"], case["input"]);
    let recommended = &case["recommended"];
    let refused =
        recommended["error"] == true || (case["ok"] == false && recommended.get("value").is_none());
    if exempt(case, "*") {
        return;
    }
    let result = kind.clean(&input(&case["input"]), context);
    if refused {
        report.check(&name, result.is_err(), || format!("accepted as {result:?}"));
        return;
    }
    let value = match result {
        Ok(value) => value,
        Err(error) => return report.check(&name, false, || error.to_string()),
    };
    // A recommended value makes the recorded forms of the old value void.
    let fields = |field: &str| match recommended.get(field) {
        Some(expected) => expected.clone(),
        None if recommended.get("value").is_some() => Json::Null,
        None => case[field].clone(),
    };
    let expected = recommended.get("value").unwrap_or(&case["value"]);
    report.check(&name, matches(expected, &value), || {
        format!("{value:?}, not {expected}")
    });
    let ours = [
        ("repl", Json::from(kind.prompt(&value, context))),
        ("hr", kind.human(&value, context).to_json()),
        ("string", Json::from(kind.compact(&value, context))),
    ];
    for (field, actual) in ours {
        let expected = fields(field);
        if expected.is_null() || expected.get("error").is_some() || exempt(case, field) {
            continue;
        }
        report.check(&name, expected == actual, || {
            format!("{field} is {actual}, not {expected}")
        });
    }
}

#[test]
fn every_input_of_every_type() {
    let context = context(NOW);
    let mut report = Report::default();
    for case in cases("types") {
        forms(&property(&case).kind, &case, &context, &mut report);
    }
    report.finish(1000);
}

#[test]
fn every_code_has_a_type_and_every_type_says_what_it_accepts() {
    let codes = "s str string i int integer f float b bool boolean d date t datetime duration n \
         numeric p perc percent dict l list ipaddr ipaddress ipport tcpport iprange email u url \
         guid tel mobile h hash bin binary bytes path multiline json yaml ls li lf lb ld lt ln \
         lemail lguid lipport lduration ldict LLI";
    for code in codes.split_whitespace() {
        let schema = Schema::parse(&format!("@url = t\np = ({code})"));
        let kind = schema.unwrap_or_else(|e| panic!("{code}: {e}")).properties[0]
            .kind
            .clone();
        assert!(
            !kind.accepts().is_empty() && !kind.describe().is_empty(),
            "{code}"
        );
    }
}

#[test]
fn default_of_a_guid_is_random_and_of_version_four() {
    let schema = Schema::parse("@url = t\np = (guid)").unwrap();
    let value = schema.properties[0].default(&context(NOW)).unwrap();
    assert_eq!(value.as_str(), Some("5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a"));
}

#[test]
fn near_misses_of_enums_and_currencies_are_suggested() {
    let context = context(NOW);
    let schema = Schema::parse("@url = t\ne = \"red,green\" (E)\nn = (N)").unwrap();
    let error = schema.properties[0]
        .kind
        .clean(&"gren".into(), &context)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "'gren' is not a valid enum: expected one of RED, GREEN, or an index from 1 to 2; \
         did you mean GREEN?"
    );
    let error = schema.properties[1]
        .kind
        .clean(&"10 eru".into(), &context)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("unknown currency 'eru'; did you mean"),
        "{error}"
    );
    assert!(error.to_string().contains("EUR"), "{error}");
}

#[test]
fn yaml_is_checked() {
    let kind = Schema::parse("@url = t\ny = (yaml)").unwrap().properties[0]
        .kind
        .clone();
    let context = context(NOW);
    assert!(kind.clean(&"a: [1, 2]\nb:\n  - c".into(), &context).is_ok());
    for bad in ["a: [1, 2", "a: b: c", "\"open"] {
        assert!(kind.clean(&bad.into(), &context).is_err(), "{bad:?}");
    }
}

#[test]
fn codes_without_a_type_say_what_is_missing() {
    use kosmos::schema::TypeError;
    assert!(
        matches!(Type::from_code("Zz", None, None), Err(TypeError::Unknown { code }) if code == "Zz")
    );
    assert_eq!(Type::from_code("E", None, None), Err(TypeError::NoChoices));
    assert_eq!(
        Type::from_code("E", Some("a,A"), None),
        Err(TypeError::NoChoices)
    );
    assert_eq!(Type::from_code("lo", None, None), Err(TypeError::NoUrl));
    let kind = Type::from_code(" LO ", None, Some("a.b".into())).unwrap();
    assert_eq!(kind.describe(), "list of object of 'a.b'");
}

#[test]
fn a_list_over_thirty_characters_is_compact_on_several_lines() {
    let context = context(NOW);
    let kind = Type::from_code("ls", None, None).unwrap();
    let long = kind
        .clean(&"aaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbb".into(), &context)
        .unwrap();
    assert_eq!(
        kind.compact(&long, &context),
        "aaaaaaaaaaaaaaaa,\nbbbbbbbbbbbbbbbb,\n"
    );
}
