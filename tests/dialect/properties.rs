//! Properties that hold for every text.
use kosmos::dialect::{
    Completeness, Rewritten, completeness, context_at, line_column, offset_at, paste, rewrite,
    tokens,
};
use proptest::prelude::*;

/// Pieces of code that are put together at random.
const PIECES: &[&str] = &[
    "a",
    "b",
    "f",
    "x",
    " ",
    " ",
    "\n",
    "\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#{",
    ",",
    ";",
    ":",
    "::",
    ".",
    "?.",
    "..",
    "=",
    "==",
    "+=",
    "=>",
    "|",
    "||",
    "&&",
    "!",
    "-",
    "+",
    "*",
    "**",
    "/",
    "%",
    "?",
    "??",
    "\\",
    "\\\n",
    "#",
    "# c",
    "//",
    "/*",
    "*/",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "`",
    "${",
    "f'",
    "f\"",
    "r'",
    "b'",
    "rf'",
    "{{",
    "}}",
    "'ab'",
    "\"é\"",
    "'\\x41'",
    "f'{a:>{b}}'",
    "f'{a=}'",
    "`${a}`",
    "#\"",
    "\"#",
    "##\"",
    "1",
    "1.",
    "0x",
    "1e",
    "10",
    "if ",
    "else ",
    "for ",
    "in ",
    "while ",
    "switch ",
    "fn ",
    "fn f(a) {",
    "let ",
    "const ",
    "return ",
    "break ",
    "continue",
    "try ",
    "catch ",
    "do ",
    "until ",
    "loop ",
    "import ",
    "as ",
    "export ",
    "private ",
    "and ",
    "or ",
    "not ",
    "is ",
    "lambda ",
    "assert ",
    "del ",
    "this",
    "True",
    "elif ",
    "JSX> ",
    "... ",
    "é",
    "“",
    "\u{a0}",
    "\r\n",
    "\t",
    "__unpack ",
    "a, b = ",
    "(a, b) = ",
    "f(a=",
    "_",
    "_1 ",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![soup(), ".{0,80}", "[ -~\\n]{0,120}"]
}

/// Calls everything on `source` and checks what must hold for each result.
fn check(source: &str) -> Result<(), TestCaseError> {
    let mut last = 0;
    for token in tokens(source) {
        prop_assert!(token.range.start >= last && token.range.start < token.range.end);
        let gap = source.get(last..token.range.start);
        prop_assert!(gap.is_some_and(|gap| gap.chars().all(|c| c.is_ascii_whitespace())));
        last = token.range.end;
    }
    prop_assert!(source.is_char_boundary(last));
    let tail = source.get(last..).unwrap_or("x");
    prop_assert!(tail.chars().all(|c| c.is_ascii_whitespace()));
    if let Completeness::Invalid(error) = completeness(source) {
        prop_assert!(source.get(error.span.clone()).is_some(), "{error:?}");
    }
    paste(source);
    let step = source.len() / 100 + 1;
    for cursor in (0..=source.len() + 1).step_by(step) {
        let context = context_at(source, cursor);
        prop_assert!(source.is_char_boundary(context.member_start));
        prop_assert!(context.member_start <= source.len());
        let (line, column) = line_column(source, cursor);
        prop_assert!(offset_at(source, line, column) <= cursor);
    }
    for known in [true, false] {
        match rewrite(source, &|_| known) {
            Ok(rewritten) => check_rewritten(source, &rewritten)?,
            Err(error) => {
                prop_assert!(source.get(error.span.clone()).is_some(), "{error:?}");
                prop_assert!(!error.message.is_empty());
            }
        }
    }
    Ok(())
}

fn check_rewritten(source: &str, rewritten: &Rewritten) -> Result<(), TestCaseError> {
    let mut last = 0;
    for offset in 0..=rewritten.text.len() + 2 {
        let mapped = rewritten.map.to_source(offset);
        prop_assert!(
            mapped >= last,
            "{source:?}: {offset} → {mapped} after {last}"
        );
        prop_assert!(mapped <= source.len());
        if rewritten.text.is_char_boundary(offset) {
            prop_assert!(
                source.is_char_boundary(mapped),
                "{source:?}: {offset} → {mapped}"
            );
        }
        last = mapped;
    }
    let (mut end, mut source_end) = (0, 0);
    for statement in &rewritten.statements {
        prop_assert!(statement.range.start >= end && statement.range.end >= statement.range.start);
        prop_assert!(statement.source.start >= source_end);
        prop_assert!(rewritten.text.get(statement.range.clone()).is_some());
        prop_assert!(source.get(statement.source.clone()).is_some());
        end = statement.range.end;
        source_end = statement.source.end;
    }
    prop_assert_eq!(rewritten.map.is_identity(), rewritten.text == source);
    Ok(())
}

/// Programs of the dialect that are right by construction.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("j.clients.x".to_owned()),
        Just("'text'".to_owned()),
        Just("\"\"\"two\nlines\"\"\"".to_owned()),
        Just("None".to_owned()),
        Just("1.5".to_owned()),
        Just("f'{a:.2f} b'".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f({a}, k={b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f(k={a}, # note\n  l={b},)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(f({a}) and not f({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} is not {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'k': {a}, 80: {b}}}")),
            inner.clone().prop_map(|a| format!("[{a}, {a}]")),
            inner
                .clone()
                .prop_map(|a| format!("(|x| {{ y = {a}; y }})")),
            inner.prop_map(|a| format!("(if a {{ z = {a}; 1 }} else {{ {a} }})")),
        ]
    })
}

fn program() -> impl Strategy<Value = String> {
    let statement = (expression(), 0..8).prop_map(|(value, form)| match form {
        0 => format!("x = {value}"),
        1 => format!("x, y = {value}, 1"),
        2 => format!("if not {value} {{ x = 1 }} else {{ y = 2 }}"),
        3 => format!("for i in f({value}) {{ x = i\n y = {value} }}"),
        4 => format!("assert {value}, 'text'"),
        5 => format!("fn g{}(p) {{ q = {value}\n q }}", value.len()),
        6 => format!("x.p = {value} # note"),
        _ => value,
    });
    prop::collection::vec(statement, 1..5).prop_map(|statements| statements.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_positions_stay_in_order(source in any_text()) {
        check(&source)?;
    }

    #[test]
    fn any_bytes_lossily_decoded_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        check(&String::from_utf8_lossy(&bytes))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn programs_of_the_dialect_compile(source in program()) {
        check(&source)?;
        prop_assert_eq!(completeness(&source), Completeness::Complete);
        let engine = super::rhai_host::engine();
        // Functions of the same name and the like are no matter of the dialect.
        if let Err(error) = super::rhai_host::compiles(&engine, &source) {
            prop_assert!(error.contains("already"), "{}\n{}", source, error);
        }
    }

    #[test]
    fn rewritten_text_is_not_rewritten_again(source in program()) {
        let first = rewrite(&source, &|_| false).expect("accepted").text;
        let second = rewrite(&first, &|_| false).expect("accepted").text;
        prop_assert_eq!(first, second);
    }
}

#[test]
fn deep_nesting_and_long_input_are_linear() {
    let deep =
        |open: &str, close: &str| format!("{}a{}", open.repeat(50_000), close.repeat(50_000));
    let inputs = [
        deep("(", ")"),
        deep("[", "]"),
        deep("f(a=", ")"),
        deep("{'a': ", "}"),
        deep("{", "}"),
        "not ".repeat(100_000),
        "a.".repeat(100_000),
        "a, ".repeat(100_000) + "= 1",
        "x = 1\n".repeat(50_000),
        "`${".repeat(50_000),
        "/*".repeat(50_000),
        "f'{".repeat(50_000),
        "if a { b = 1 }\n".repeat(20_000),
        "\"".repeat(100_001),
        "#".repeat(100_000),
        format!(
            "f({})",
            (0..20_000).map(|n| format!("k{n}=1,")).collect::<String>()
        ),
        "JSX> f(\n".repeat(20_000),
        "#\"".repeat(50_000),
        "|a".repeat(50_000),
        "fn f(a) { b = 1 }\n".repeat(10_000),
        "{ a = 1; ".repeat(20_000),
        "?".repeat(50_000),
        "a = 'b\\n'; ".repeat(20_000),
        "__unpack a, ".repeat(20_000),
        "x::".repeat(50_000),
    ];
    for input in inputs {
        let _ = rewrite(&input, &|_| false);
        completeness(&input);
        paste(&input);
        tokens(&input);
        context_at(&input, input.len());
    }
}
