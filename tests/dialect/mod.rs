//! Tests of the room `dialect`.
mod context;
mod fixtures;
mod properties;
mod vectors;

use kosmos::dialect::{Completeness, StatementKind, completeness, paste, rewrite};

/// The rewritten text; nothing is in scope.
fn text(source: &str) -> String {
    match rewrite(source, &|_| false) {
        Ok(rewritten) => rewritten.text,
        Err(error) => panic!("{source}: {error}"),
    }
}

#[test]
fn every_rule_rewrites_as_written() {
    for (source, wanted) in [
        // R1 keyword arguments
        ("f(a, k=1)", "f(a, __kw(#{\"k\":1}))"),
        ("f(k = 1, m='ab',)", "f(__kw(#{\"k\" : 1, \"m\":\"ab\",}))"),
        ("f(g(x=1), y=2)", "f(g(__kw(#{\"x\":1})), __kw(#{\"y\":2}))"),
        // R2 tuples
        ("let x = (1, 2)", "let x = [1, 2]"),
        ("f((1, 2))", "f([1, 2])"),
        ("f(([1, 2], 1))", "f([[1, 2], 1])"),
        // R4 and R5 dicts
        (
            "f(x={'a': 1, 8081: 80})",
            "f(__kw(#{\"x\":#{\"a\": 1, \"8081\": 80}}))",
        ),
        ("f(x={})", "f(__kw(#{\"x\":#{}}))"),
        ("d = {}", "let d = #{}"),
        // R6 to R8 words
        ("a and b or c", "a &&  b || c"),
        ("a is b", "a == b"),
        ("a is not b", "a !=     b"),
        ("a not in b", "a !in    b"),
        // R10 assignment
        ("x = 1", "let x = 1"),
        ("x = 1\nx = 2", "let x = 1;\nx = 2"),
        // R11 strings
        ("let s = 'ab'", "let s = \"ab\""),
        ("let s = 'a'", "let s = 'a'"),
        ("let s = 'it\"s'", "let s = \"it\\\"s\""),
        // R13
        ("assert a == b, 'no'", "assert(a == b, \"no\")"),
        // comments
        ("1 # one", "1 // one"),
        ("#is it", "//is it"),
    ] {
        assert_eq!(text(source), wanted, "{source}");
    }
}

#[test]
fn refusals_name_the_place_and_what_to_write() {
    for (source, place, hint) in [
        ("for x in y:\n  print(x)", ":", "braces"),
        ("if c:\n  1", ":", "braces"),
        ("def f():\n  1", "def", "fn"),
        ("f = lambda x: x", "lambda", "|x|"),
        ("y = [x for x in z]", "for", ".map"),
        ("y = a if c else b", "if", "if c { a } else { b }"),
        ("a = b = 1", "=", "two"),
        ("import os", "import", "Python"),
        ("f(*args)", "*", ""),
        ("f(**kw)", "**", ""),
        ("x: int = 3", ":", ""),
        ("a[1:3]", ":", ".."),
        ("'a' 'b'", "'b'", "+"),
        ("f(a=1, 2)", "2", ""),
        ("f(a=1, a=2)", "a", ""),
        ("x = 'abc", "'", "quote"),
        ("f(1]", "]", ""),
        ("x = \u{201c}abc\u{201d}", "\u{201c}", "quotes"),
    ] {
        let error = match rewrite(source, &|_| false) {
            Err(error) => error,
            Ok(rewritten) => panic!("{source} became {}", rewritten.text),
        };
        let at = source.get(error.span.clone()).unwrap_or_default();
        assert!(
            at.contains(place) || place.contains(at),
            "{source}: {at:?}: {error}"
        );
        let said = format!("{} {}", error.message, error.hints.join(" "));
        assert!(said.contains(hint), "{source}: {said}");
    }
}

#[test]
fn statements_are_found_with_their_kind() {
    let source = "x = 1\nx + 1\nfn f(a) { a }\nfor i in 0..3 { print(i) }\nx = 5; x";
    let rewritten = rewrite(source, &|_| false).unwrap();
    let kinds: Vec<StatementKind> = rewritten.statements.iter().map(|s| s.kind).collect();
    use StatementKind::{Assignment, Expression, Function, Other};
    assert_eq!(kinds[..3], [Assignment, Expression, Function]);
    assert!(matches!(kinds[3], Other | Expression));
    assert_eq!(kinds[4..], [Assignment, Expression]);
    for statement in &rewritten.statements {
        assert!(rewritten.text.get(statement.range.clone()).is_some());
        assert!(source.get(statement.source.clone()).is_some());
    }
}

#[test]
fn only_what_is_open_asks_for_more() {
    for (source, wanted) in [
        ("f(1", None),
        ("x = \"\"\"abc", None),
        ("/* abc", None),
        ("`abc", None),
        ("#\"abc", None),
        ("x = 1 + \\", None),
        ("x = 1 + \\\n", None),
        ("fn f() {", None),
        ("f(1)", Some(true)),
        ("", Some(true)),
        ("# only a comment", Some(true)),
        ("f(1))", Some(false)),
        ("f(1]", Some(false)),
        ("x = 'abc", Some(false)),
    ] {
        let found = match completeness(source) {
            Completeness::Incomplete => None,
            Completeness::Complete => Some(true),
            Completeness::Invalid(_) => Some(false),
        };
        assert_eq!(found, wanted, "{source}");
    }
}

#[test]
fn pasted_tutorials_keep_their_inputs_only() {
    let pasted = "JSX> c = 1\nJSX> f(\n...     a=1,\n...     b=2)\nsome output\nJSX> c\n1\n";
    assert_eq!(paste(pasted), "c = 1\nf(\n    a=1,\n    b=2)\nc");
    assert_eq!(paste("x = 1\nx"), "x = 1\nx");
    assert_eq!(paste("  JSX> x\n1"), "x");
    let schema = "JSX> t = \"\"\"\n@url = a.b\nx = 1\n\"\"\"\nJSX> t";
    assert_eq!(paste(schema), "t = \"\"\"\n@url = a.b\nx = 1\n\"\"\"\nt");
}
