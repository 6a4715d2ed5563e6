//! errors.json: odd and bad texts, and the places our errors point to.
use kosmos::schema::{Object, RegistryError, Schema, Type};

use super::vectors::{NOW, Report, cases, context, matches};

#[test]
fn every_odd_text() {
    let mut report = Report::default();
    for case in cases("errors") {
        let name = case["name"].as_str().unwrap();
        let context = context(NOW);
        let result = context
            .registry()
            .get_from_text(case["text"].as_str().unwrap(), None);
        let recommended = &case["recommended"];
        let parse_ok = case["get_from_text"]["ok"] == true;
        let refused = recommended["error"].is_string() || (!parse_ok && recommended.is_null());
        if refused {
            report.check(name, result.is_err(), || "accepted".into());
            continue;
        }
        let schema = match result {
            Ok(schema) => schema,
            Err(error) => {
                report.check(name, false, || error.to_string());
                continue;
            }
        };
        let object = Object::new(&context, &schema);
        if recommended.is_null() && case["new"]["ok"] == false {
            report.check(name, object.is_err(), || "new() accepted".into());
            continue;
        }
        let object = object.unwrap_or_else(|e| panic!("{name}: {e}"));
        report.check(name, true, String::new);
        let Some((property, value)) = object.iter().next() else {
            continue;
        };
        let kind = match &property.kind {
            Type::List(element) => format!("list of {}", element.name()),
            other => other.name().to_owned(),
        };
        if let Some(expected) = recommended.get("type") {
            report.check(name, *expected == kind, || kind);
        }
        if let Some(expected) = recommended.get("value") {
            report.check(name, matches(expected, value), || format!("{value:?}"));
        }
        if let Some(expected) = recommended.get("comment") {
            report.check(name, *expected == property.comment, || {
                property.comment.clone()
            });
        }
        if recommended.get("value").is_none() && recommended.get("type").is_none() {
            for (field, expected) in case["new"]["fields"].as_object().into_iter().flatten() {
                let value = object.get(field).unwrap();
                report.check(name, matches(expected, value), || format!("{value:?}"));
            }
        }
    }
    report.finish(60);
}

/// Line, column, message and expectation of an error.
fn place(text: &str) -> (usize, usize, String) {
    let error = Schema::parse(text).unwrap_err();
    (
        error.line,
        error.column,
        format!("{}; expected {}", error.message, error.expected),
    )
}

#[test]
fn errors_point_to_the_place() {
    let (line, column, text) = place("@url = a\nx = 1\n  y = 5 (zz) # no");
    assert_eq!((line, column), (3, 10));
    assert!(
        text.starts_with("unknown type 'zz'; expected one of s i f"),
        "{text}"
    );
    assert_eq!(place("@url = a\n\ta = \"x\" (I)").1, 6);
    assert_eq!(place("@url = a\na = abc (I)").1, 5);
    assert_eq!(place("@url = a\na = 1 (I").1, 7);
    assert_eq!(place("@url = a\nmy-name = 1").1, 3);
    assert_eq!(place("@url = a\na = 1 (I) junk").1, 11);
    assert_eq!(place("@url = a\nid = 1").0, 2);
    assert_eq!(place("@url = a\na = 1\n\n a = 2").0, 4);
    assert_eq!(place("x = 1").1, 1);
}

#[test]
fn an_error_shows_line_and_caret() {
    let error = Schema::parse("@url = a\n    port = 99999 (ipport)").unwrap_err();
    assert_eq!(error.caret(), "    port = 99999 (ipport)\n           ^");
    assert_eq!(
        error.to_string(),
        "line 2, column 12: the default '99999' does not fit; expected a whole number from 1 to 65535"
    );
    let error = Schema::parse("@url = a\n\tä = 1").unwrap_err();
    assert_eq!(error.caret(), "\tä = 1\n\t^");
}

#[test]
fn a_text_is_registered_as_a_whole_or_not_at_all() {
    let context = context(NOW);
    let text = "@url = good\na = 1\n@url = bad\nb = hello\n";
    assert!(matches!(
        context.registry().add_from_text(text, None),
        Err(RegistryError::Schema(error)) if error.line == 4
    ));
    assert!(!context.registry().exists_url("good"));
}

#[test]
fn an_apostrophe_in_a_word_protects_nothing() {
    let schema = Schema::parse("@url = a\na = it's (S) # isn't it").unwrap();
    assert_eq!(schema.properties[0].default_text.as_deref(), Some("it's"));
    assert_eq!(schema.properties[0].comment, "isn't it");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_error() {
    let schema = Schema::parse("\u{feff}@url = a\r\nx = 1\r\ny = \"z\"\r\n").unwrap();
    assert_eq!(
        schema.md5,
        Schema::parse("@url = a\nx = 1\ny = \"z\"\n").unwrap().md5
    );
}
