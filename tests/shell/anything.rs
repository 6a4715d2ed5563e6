//! Whatever is typed: nothing panics, and what is shown stays what was typed.
use kosmos::object::{Error, Kind};
use kosmos::shell::{
    completion, cursor, errors, highlight, hint, history::History, input, instruct, question,
    secrecy::Secrecy, tutorial,
};
use proptest::prelude::*;

use super::{engine, plain};
use crate::object::probe;

/// Text made of pieces of the language, and of anything.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("j.shelf".to_string()),
        Just(".new(".to_string()),
        Just("name='a'".to_string()),
        Just("seed=".to_string()),
        Just("unlock(".to_string()),
        Just("\"\"\"".to_string()),
        Just("JSX> ".to_string()),
        Just("//> ".to_string()),
        "[ \n\t.,()\\[\\]{}'\"`#$?=:;\\\\+/*]{1,4}",
        "[a-z]{1,4}",
        "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_editor_survives(text in source(), at in 0usize..64) {
        let engine = engine();
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let cursor = cursor::at(&text, at);
        prop_assert!(cursor.start <= at);
        prop_assert!(text.is_char_boundary(cursor.start));
        let offer = completion::at(&cursor, &engine);
        for candidate in offer.candidates.iter().take(5) {
            for details in [true, false] {
                let (row, coloured) = completion::row(candidate, details, 40);
                prop_assert!(row.is_char_boundary(coloured));
                highlight::candidate(&row, candidate.group, coloured);
            }
        }
        hint::at(&cursor, &engine, Some("rest"));
        let _ = highlight::line(&text, at, Some(at));
        prop_assert!(!highlight::line(&text, 0, None).contains("\x1b[0m\x1b[0m"));
        input::is_open(&text);
        input::cleaned(&text);
        question::postfix(&text);
    }

    #[test]
    fn colours_change_no_text(text in "[ -~\n]{0,60}") {
        prop_assert_eq!(plain(&format!("x{}x", highlight::line(&text, 0, Some(3)))), plain(&format!("x{text}x")));
    }

    #[test]
    fn errors_are_printed_whatever_their_place(text in source(), start in 0usize..99, length in 0usize..9) {
        let error = Error::new(Kind::Syntax, "wrong").at(start..start + length);
        let printed = errors::render(&error, &text, errors::Style::default());
        prop_assert!(printed.ends_with("Syntax error: wrong"));
        errors::render_in(&error, "f", &text, errors::Style { colours: true, debug: true });
    }

    #[test]
    fn files_of_others_do_no_harm(text in source()) {
        let _ = instruct::parse(&text);
        if let Ok(steps) = tutorial::parse(&text) {
            for step in steps {
                if let tutorial::Step::Type { expected, .. } = step {
                    tutorial::matches(&expected, &text);
                }
            }
        }
    }

    #[test]
    fn a_secret_is_never_kept(before in "[a-z ]{0,5}", name in "seed|passphrase|password|mnemonic", blank in " {0,2}", value in "[a-z]{1,9}") {
        let secrecy = Secrecy::of(&probe::tree());
        let call = format!("x.f({name}{blank}={blank}'{value}', {before}");
        prop_assert!(!secrecy.allows(&call), "{}", call);
        let assigned = format!("a.{name}{blank}={blank}'{value}'");
        prop_assert!(!secrecy.allows(&assigned), "{}", assigned);
    }

    #[test]
    fn entries_of_the_history_come_back(entries in proptest::collection::vec("[^\r]{1,20}", 1..5)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let (mut history, _) = History::open(&path).unwrap();
        for entry in &entries {
            history.append(entry).unwrap();
        }
        let (_, read) = History::open(&path).unwrap();
        prop_assert_eq!(read, entries);
    }
}
