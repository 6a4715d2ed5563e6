//! The parser on arbitrary text: never a panic, always a place inside the text.
use kosmos::schema::{Numeric, Rates, Schema};
use proptest::prelude::*;

use super::vectors::context;

/// Text made of the pieces that mean something to the parser.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "@url",
        "@url = a.b.1",
        "@secret",
        " = ",
        "=",
        "\n",
        "\n",
        "\n  ",
        "\t",
        "#",
        "!",
        "(",
        ")",
        "(S)",
        "(I)",
        "(LO)",
        "(O)",
        "(E)",
        "(dict)",
        "(N)",
        "(D)",
        "(LLLI)",
        "\"",
        "'",
        "\\n",
        "[]",
        "[1,2]",
        "{\"a\": 1}",
        "&",
        "*",
        "**",
        "name",
        "id",
        "42",
        "-5",
        "1.5",
        "true",
        "10k EUR",
        "+4d",
        "é",
        "\r",
        "a,b",
        "\u{feff}",
        "日本",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) {
    match Schema::parse_all(text) {
        Ok(schemas) => {
            assert!(!schemas.is_empty());
            for schema in schemas {
                // The kept text alone gives the same schema.
                let again = Schema::parse(&schema.text).unwrap();
                assert_eq!(again.md5, schema.md5);
                assert_eq!(again.properties.len(), schema.properties.len());
                let _ = schema.to_string();
            }
        }
        Err(error) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&error.line), "{error} in {text:?}");
            let line = text.split('\n').nth(error.line - 1).unwrap();
            assert!(
                (1..=line.chars().count() + 1).contains(&error.column),
                "{error} in {text:?}"
            );
            let _ = error.caret();
        }
    }
}

/// Found by the properties below.
#[test]
fn several_carriage_returns_end_a_line_like_one() {
    check("@url = (S)\r\r\n@secret\t@url = a.b.1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}") {
        check(&text);
        check(&format!("@url = x\n{text}"));
    }

    #[test]
    fn meaningful_pieces_never_panic(text in pieces()) {
        check(&text);
        check(&format!("@url = x\n{text}"));
        check(&format!("@url = x\na = {text}"));
    }

    #[test]
    fn registering_never_panics(text in pieces(), url in ".{0,8}") {
        let context = context(0);
        if let Ok(schema) = context.registry().get_from_text(&text, Some(&url)) {
            prop_assert!(context.registry().exists_url(&schema.url));
            let _ = kosmos::schema::Object::new(&context, &schema).map(|object| object.print());
        }
    }

    #[test]
    fn money_reads_its_own_text_and_bytes(
        sign in "[+-]?", whole in 0..10_000_000_000_u64, fraction in "(\\.[0-9]{1,6})?",
        multiplier in "[km%]?", code in prop::sample::select(vec!["", "eur", "BTC", "kmf", "mad"]),
    ) {
        let text = format!("{sign}{whole}{fraction} {multiplier} {code}");
        let value = Numeric::parse(&text, Rates::builtin());
        let value = value.unwrap_or_else(|e| panic!("{text}: {e}"));
        let again = Numeric::parse(&value.to_string(), Rates::builtin());
        prop_assert_eq!(again.as_ref(), Ok(&value), "{} printed {}", text, value);
        prop_assert_eq!(Numeric::from_bytes(&value.to_bytes()), Ok(value));
    }

    #[test]
    fn money_never_panics(text in "\\PC{0,20}", more in "[-+0-9.,eEkKmM% a-z]{0,20}") {
        let _ = Numeric::parse(&text, Rates::builtin());
        let _ = Numeric::parse(&more, Rates::builtin());
    }
}
