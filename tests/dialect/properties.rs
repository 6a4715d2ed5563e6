//! Nothing panics, positions never go back, what is complete stays complete.
use kosmos::dialect::{completeness, context_at, line_column, offset_at, paste, rewrite, tokens};
use proptest::prelude::*;

/// Pieces of the language, so that random inputs get deep into the rules.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "x",
        "j",
        "j.a",
        "f(",
        ")",
        "(",
        "[",
        "]",
        "{",
        "}",
        "#{",
        ",",
        "=",
        "==",
        "k=",
        ":",
        ";",
        "\n",
        " ",
        "'a'",
        "'ab'",
        "\"s\"",
        "\"\"\"t\"\"\"",
        "f'{x}'",
        "f'{x:.2f}'",
        "r'\\d'",
        "b'x'",
        "`a${x}`",
        "#\"r\"#",
        "1",
        "1.5",
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "for",
        "fn g(a)",
        "let y",
        "True",
        "None",
        "lambda",
        "assert",
        "del",
        "return",
        "# c",
        "// c",
        "/* c */",
        "\\\n",
        "|",
        "||",
        "=>",
        "switch",
        "é",
        "\u{1f600}",
        "'",
        "\"",
        "_",
        ".",
        "+",
        "*",
        "**",
        "-",
        "!",
        "::",
        "..",
        "?",
        "@",
        "while",
        "catch",
        "try",
        "import",
        "a, b",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

fn check(source: &str) -> Result<(), TestCaseError> {
    match rewrite(source, &|name| name == "x") {
        Ok(rewritten) => {
            let mut last = 0;
            for offset in 0..=rewritten.text.len() {
                let mapped = rewritten.map.to_source(offset);
                prop_assert!(mapped >= last, "{source:?} at {offset}");
                prop_assert!(mapped <= source.len());
                if rewritten.text.is_char_boundary(offset) {
                    prop_assert!(source.is_char_boundary(mapped), "{source:?} at {offset}");
                }
                last = mapped;
            }
            let mut end = 0;
            for statement in &rewritten.statements {
                prop_assert!(statement.range.start >= end);
                prop_assert!(rewritten.text.get(statement.range.clone()).is_some());
                prop_assert!(source.get(statement.source.clone()).is_some());
                end = statement.range.end;
            }
        }
        Err(error) => {
            prop_assert!(
                source.get(error.span.clone()).is_some(),
                "{source:?}: {error:?}"
            );
            prop_assert!(!error.message.is_empty());
        }
    }
    let _ = completeness(source);
    let _ = paste(source);
    let mut end = 0;
    for token in tokens(source) {
        prop_assert!(token.range.start >= end && token.range.end >= token.range.start);
        prop_assert!(source.get(token.range.clone()).is_some());
        end = token.range.end;
    }
    for cursor in 0..=source.len() {
        let context = context_at(source, cursor);
        prop_assert!(context.member_start <= source.len());
        let (line, column) = line_column(source, cursor);
        prop_assert!(offset_at(source, line, column) <= cursor);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(source in "\\PC{0,60}") {
        check(&source)?;
    }

    #[test]
    fn any_bytes_of_the_language_are_answered(source in soup()) {
        check(&source)?;
    }

    #[test]
    fn rewriting_twice_changes_nothing_more(source in soup()) {
        if let Ok(first) = rewrite(&source, &|_| true)
            && let Ok(second) = rewrite(&first.text, &|_| true)
        {
            let third = rewrite(&second.text, &|_| true);
            prop_assert_eq!(third.map(|r| r.text).ok(), Some(second.text));
        }
    }
}
