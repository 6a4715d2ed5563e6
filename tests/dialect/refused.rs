//! What is refused, where, and what the hint says.
use kosmos::dialect::{Completeness, completeness, rewrite};

use super::rhai_host::rewritten;

/// Input, message, the text under the caret, part of the hints (empty: no hint is required).
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "f(a=1, 2)",
        "positional argument follows keyword argument",
        "2",
        "",
    ),
    ("f(a=1, b=2, a=3)", "keyword argument repeated: a", "a", ""),
    (
        "for x in y:\n  z",
        "blocks use braces here: for x in y { … }",
        ":",
        "",
    ),
    (
        "if c and d:",
        "blocks use braces here: if c and d { … }",
        ":",
        "",
    ),
    (
        "while not c: f()",
        "blocks use braces here: while not c { … }",
        ":",
        "",
    ),
    ("if c: x = 1", "blocks use braces here: if c { … }", ":", ""),
    ("else:", "blocks use braces here: else { … }", ":", ""),
    ("try:", "blocks use braces here: try { … }", ":", ""),
    (
        "def f(a):",
        "functions are written with fn",
        "def",
        "fn f(…) { … }",
    ),
    (
        "def f(a) { a }",
        "functions are written with fn",
        "def",
        "fn f",
    ),
    ("class A:", "there are no classes", "class", "#{"),
    (
        "with f() as g:",
        "blocks use braces here: for x in y { … }",
        ":",
        "",
    ),
    (
        "if a { 1 } elif b { 2 }",
        "there is no elif",
        "elif",
        "else if",
    ),
    (
        "x = lambda a, b: a + b",
        "there is no lambda",
        "lambda",
        "|a, b| …",
    ),
    ("f(lambda: 1)", "there is no lambda", "lambda", "|| …"),
    (
        "[x for x in y]",
        "there are no comprehensions",
        "for",
        ".map(|x| …)",
    ),
    (
        "{x: 1 for x in y}",
        "there are no comprehensions",
        "for",
        ".filter",
    ),
    (
        "f(x for x in y)",
        "there are no comprehensions",
        "for",
        ".map",
    ),
    (
        "a if c else b",
        "there is no a if c else b",
        "if",
        "if c { a } else { b }",
    ),
    (
        "x = 1 if c else 2",
        "there is no a if c else b",
        "if",
        "if c",
    ),
    ("a = b = 1", "one = per statement", "=", "two statements"),
    (
        "a.x, b = e",
        "only plain names can be unpacked into",
        "a",
        "assign",
    ),
    (
        "(a, b.c) = e",
        "only plain names can be unpacked into",
        ".",
        "assign",
    ),
    (
        "(a, *b) = e",
        "only plain names can be unpacked into",
        "*",
        "index",
    ),
    (
        "(a, (b, c)) = e",
        "only plain names can be unpacked into",
        "(",
        "inner",
    ),
    ("import os", "no Python modules", "import os", "below j"),
    (
        "import os.path as p",
        "no Python modules",
        "import os",
        "below j",
    ),
    ("from a import b", "no Python modules", "from", "below j"),
    (
        "f(*args)",
        "there is no *args and no **kw in calls",
        "*",
        "one by one",
    ),
    (
        "f(a, **kw)",
        "there is no *args and no **kw in calls",
        "**",
        "one by one",
    ),
    ("[*a, *b]", "lists cannot be spread", "*", "a + b"),
    ("{**a}", "maps cannot be spread", "**", "a + b"),
    ("x: int = 3", "there are no type annotations", ":", "x = …"),
    (
        "fn f(a: int) { a }",
        "there are no type annotations",
        ":",
        "alone",
    ),
    (
        "fn f(a=1) { a }",
        "parameters have no default values",
        "=",
        "second function",
    ),
    (
        "fn f(*a) { a }",
        "there is no *args and no **kw",
        "*",
        "list",
    ),
    (
        "f(a: 1)",
        "keyword arguments are written with =",
        ":",
        "f(name=value)",
    ),
    (
        "'%s is %d' % (a, b)",
        "there is no % formatting",
        "%",
        "f-string",
    ),
    (
        "'{} {}'.format(a, b)",
        "there is no .format",
        "format",
        "f-string",
    ),
    ("a[1:3]", "slices are written with ..", ":", "a[1..3]"),
    ("a[:3]", "slices are written with ..", ":", "a[1..3]"),
    (
        "x = \"a\" 'bc'",
        "strings side by side are not joined",
        "'bc'",
        "use +",
    ),
    (
        "1 < x < 9",
        "comparisons are not chained",
        "<",
        "… < x && x < …",
    ),
    (
        "if a.b(1, 2) >= c + 1 > 0 { f() }",
        "comparisons are not chained",
        ">",
        "… >= c + 1 && c + 1 > …",
    ),
    (
        "f('ab' f'{x}')",
        "strings side by side are not joined",
        "f'{x}'",
        "use +",
    ),
    ("x = 'open", "this string is not closed", "'", "\"\"\""),
    ("x = \"open\ny", "this string is not closed", "\"", "\"\"\""),
    (
        "x = \"\"\"open\n",
        "this triple-quoted string is not closed",
        "\"\"\"",
        "",
    ),
    ("f(1, [2", "'[' was never closed", "[", ""),
    ("f(1]", "closing ']' does not match '('", "]", ""),
    ("1 + 2)", "unmatched ')'", ")", ""),
    ("/* open", "this comment is not closed", "/*", ""),
    ("{1, 2}", "there are no sets", ",", "[1, 2]"),
    (
        "'\\xZZ'",
        "\\x needs 2 hexadecimal digits, found 0",
        "\\x",
        "",
    ),
    (
        "\"\\u12\"",
        "\\u needs 4 hexadecimal digits, found 2",
        "\\u12",
        "",
    ),
    ("'a\\ud800'", "\\ud800 is no character", "\\ud800", ""),
    (
        "b'ä'",
        "bytes can only contain ASCII literal characters",
        "ä",
        "\\xNN",
    ),
    ("f'{}'", "f-string: empty expression", "{", "{{}}"),
    ("f'{a'", "f-string: expecting '}'", "{", ""),
    ("f'a}'", "f-string: single '}' is not allowed", "}", "}}"),
    ("f'{a!x}'", "f-string: a conversion is !r or !s", "!", ""),
    (
        "x.if",
        "'if' is a word of the language, it cannot follow a dot",
        "if",
        ".get(\"if\")",
    ),
    (
        "größe = 1",
        "'ö' cannot stand in a name",
        "größe",
        "letters",
    ),
    ("x = “a”", "“ does not quote a string", "“", "plain quotes"),
    (
        "if (a := 1) { }",
        "there is no :=",
        ":=",
        "statement of its own",
    ),
    (
        "del a.b",
        "del takes the name of a variable",
        "a",
        ".delete()",
    ),
    ("for a, b in c { }", "for takes one name", ",", "pair"),
    ("raise x", "errors are raised with throw", "raise", "throw"),
    (
        "{'a': 1, 2}",
        "a key is a name, a string or a number, followed by ':'",
        "2",
        "",
    ),
];

#[test]
fn messages_places_and_hints() {
    for (source, message, under, hint) in REFUSED {
        let error = match rewrite(source, &|_| false) {
            Err(error) => error,
            Ok(rewritten) => panic!("{source} became {}", rewritten.text),
        };
        assert_eq!(error.message, *message, "{source}");
        let span = source.get(error.span.clone()).unwrap_or("<bad span>");
        assert!(
            span.starts_with(under) && !span.is_empty(),
            "{source}: caret under {span:?}"
        );
        let hints = error.hints.join("\n");
        assert!(hints.contains(hint), "{source}: hints {hints:?}");
    }
}

#[test]
fn a_known_name_may_be_imported() {
    assert!(rewrite("import path as m", &|name| name == "path").is_ok());
}

#[test]
fn strings_may_hold_what_looks_like_formatting() {
    assert_eq!(rewritten("'10%' * 2").text, "\"10%\" * 2");
    assert_eq!(rewritten("'abc'.format(1)").text, "\"abc\".format(1)");
    assert_eq!(rewritten("x.format(1)").text, "x.format(1)");
}

#[test]
fn floor_division_gets_a_hint() {
    let hint = |source: &str| {
        rewritten(source)
            .hints
            .first()
            .map(|hint| hint.message.clone())
    };
    assert_eq!(
        hint("7 // 2").as_deref(),
        Some("'//' starts a comment; use '/'")
    );
    assert_eq!(hint("x = a.b() // 10"), hint("7 // 2"));
    assert_eq!(hint("a.b() // 2 things"), None);
    assert_eq!(hint("a; // 2"), None);
    assert_eq!(hint("7 // 2\n8"), None);
    assert_eq!(hint("7 // note"), None);
}

#[test]
fn only_what_is_open_is_incomplete() {
    let incomplete = [
        "f(",
        "f(1,\n",
        "[1, (2",
        "x = {'a':",
        "fn f() {",
        "\"\"\"",
        "'''a\nb",
        "f'''{a}",
        "r\"\"\"a",
        "`a ${",
        "`a",
        "#\"a",
        "##\"a\"#",
        "/* a",
        "/* /* */",
        "a \\",
        "f(a, # note",
        "f('x', \"\"\"",
        "#{",
    ];
    for source in incomplete {
        assert_eq!(completeness(source), Completeness::Incomplete, "{source:?}");
    }
    let complete = [
        "",
        "a",
        "a + 1",
        "f()\n",
        "# (",
        "a # [",
        "'('",
        "x = '[' + \"{\"",
        "a \\\n+ b",
    ];
    for source in complete {
        assert_eq!(completeness(source), Completeness::Complete, "{source:?}");
    }
    let invalid = [
        "'a",
        "f('a\n",
        "f(]",
        ")",
        "f(\n\"a",
        "a = b = c",
        "for x in y:",
        "f(\"a\n)",
    ];
    for source in invalid {
        assert!(
            matches!(completeness(source), Completeness::Invalid(_)),
            "{source:?}"
        );
    }
}
