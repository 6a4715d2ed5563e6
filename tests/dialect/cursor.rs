//! What is left of the cursor. `|` in an input marks the cursor.
use kosmos::dialect::{CursorContext, CursorPlace, TokenKind, context_at, help_request, tokens};

fn at(marked: &str) -> (String, CursorContext) {
    let cursor = marked.find('|').expect("a cursor");
    let source = marked.replacen('|', "", 1);
    let context = context_at(&source, cursor);
    (source, context)
}

/// Parent and member of the expression left of the cursor.
fn expression(marked: &str) -> Option<(String, String)> {
    let (source, context) = at(marked);
    let expression = context.expression?;
    let parent = expression.parent.map_or("-", |range| &source[range]);
    Some((parent.to_owned(), source[expression.member].to_owned()))
}

#[test]
fn the_dotted_expression() {
    let cases = [
        ("j|", Some(("-", "j"))),
        ("j.|", Some(("j", ""))),
        ("j.clients.tf|", Some(("j.clients", "tf"))),
        ("x = j.cl| + 1", Some(("j", "cl"))),
        ("f(w.a|", Some(("w", "a"))),
        ("c.get(\"x\").b|", Some(("c.get(\"x\")", "b"))),
        ("c[0][1].b|", Some(("c[0][1]", "b"))),
        ("f(1)(2).b|", Some(("f(1)(2)", "b"))),
        ("'abc'.up|", Some(("'abc'", "up"))),
        ("[1, 2].l|", Some(("[1, 2]", "l"))),
        ("(a + b).c|", Some(("(a + b)", "c"))),
        ("a?.b|", Some(("a", "b"))),
        ("a. |", Some(("a", ""))),
        ("a\n  .b|", Some(("a", "b"))),
        ("j.cli|ents", Some(("j", "cli"))),
        ("f'{w.a|", Some(("w", "a"))),
        ("f'x {1} {f\"{w.a|", Some(("w", "a"))),
        ("a + |", None),
        ("a |", None),
        ("|", None),
        ("'a.b|", None),
        ("# a.b|", None),
        ("f(|", None),
    ];
    for (marked, expected) in cases {
        let expected = expected.map(|(parent, member)| (parent.to_owned(), member.to_owned()));
        assert_eq!(expression(marked), expected, "{marked}");
    }
}

#[test]
fn names_are_given_when_nothing_need_be_evaluated() {
    let names = |marked: &str| at(marked).1.expression.and_then(|e| e.names);
    let text = |names: Option<Vec<String>>| names.map(|names| names.join(" "));
    assert_eq!(
        text(names("j.clients.tf|")).as_deref(),
        Some("j clients tf")
    );
    assert_eq!(text(names("j.|")).as_deref(), Some("j "));
    assert_eq!(names("f().a|"), None);
    assert_eq!(names("a[0].b|"), None);
}

#[test]
fn strings_and_comments() {
    let place = |marked: &str| at(marked).1.place;
    for marked in [
        "|", "a|", "'a'|", "# a\n|", "/* a */|", "`a`|", "f'{a|", "f'{{'|",
    ] {
        assert_eq!(place(marked), CursorPlace::Code, "{marked}");
    }
    let strings = [
        ("'|", 1),
        ("x = \"a|", 5),
        ("'''a\n|", 3),
        ("r'|", 2),
        ("##\"a|", 3),
        ("`a|", 1),
        ("f'{{a|", 2),
        ("f'{a} b|", 2),
        ("f(\"${|", 3),
    ];
    for (marked, start) in strings {
        assert_eq!(place(marked), CursorPlace::String { start }, "{marked}");
    }
    for marked in ["# a|", "// a|", "/* a|", "a # '|"] {
        assert_eq!(place(marked), CursorPlace::Comment, "{marked}");
    }
    // After a string that was broken off by its line end, the next line is code.
    assert_eq!(place("'a\nb|"), CursorPlace::Code);
}

#[test]
fn what_help_is_about() {
    let subject = |marked: &str| {
        let (source, context) = at(marked);
        context.subject.map(|range| source[range].to_owned())
    };
    let cases = [
        ("w.coins_send|", Some("w.coins_send")),
        ("w.coins_send(|", Some("w.coins_send")),
        ("w.coins_send( |", Some("w.coins_send")),
        ("x = f((|", Some("f")),
        ("c.get('a').b|", Some("c.get('a').b")),
        ("c.get('a')|", Some("c.get('a')")),
        ("|", None),
        ("(|", None),
        ("'a|", None),
    ];
    for (marked, expected) in cases {
        assert_eq!(subject(marked).as_deref(), expected, "{marked}");
    }
    let request = |source: &str| {
        help_request(source).map(|request| (source[request.subject].to_owned(), request.detailed))
    };
    assert_eq!(
        request("w.coins_send?"),
        Some(("w.coins_send".to_owned(), false))
    );
    assert_eq!(
        request(" w.coins_send(?? "),
        Some(("w.coins_send".to_owned(), true))
    );
    assert_eq!(request("'a?"), None);
    assert_eq!(request("# a?"), None);
    assert_eq!(request("x = w?"), None);
    assert_eq!(request("?"), None);
}

#[test]
fn the_call_around_the_cursor() {
    let call = |marked: &str| {
        let (source, context) = at(marked);
        context.call.map(|call| {
            format!(
                "{} {}/{} [{}] {} {}",
                &source[call.callee],
                call.argument,
                call.positional,
                call.keywords.join(","),
                call.keyword.as_deref().unwrap_or("-"),
                call.at_argument_start
            )
        })
    };
    let cases = [
        ("f(|", Some("f 0/0 [] - true")),
        ("w.send(1, |", Some("w.send 1/1 [] - true")),
        ("w.send(1, am|", Some("w.send 1/1 [] - true")),
        ("w.send(1, amount=|", Some("w.send 1/1 [] amount false")),
        (
            "w.send(1, amount=2, to='|",
            Some("w.send 2/1 [amount] to false"),
        ),
        (
            "w.send(1, amount=2,\n  d|",
            Some("w.send 2/1 [amount] - true"),
        ),
        ("f(a, g(b, c), [1, 2], |", Some("f 3/3 [] - true")),
        ("f(a=[1, {'b': |", Some("f 0/0 [] a false")),
        ("f(a=g(|", Some("g 0/0 [] - true")),
        ("f('x.toml|", Some("f 0/0 [] - false")),
        ("f(# note\n|", Some("f 0/0 [] - true")),
        ("x[0].f(|", Some("x[0].f 0/0 [] - true")),
        ("f(a) + (|", None),
        ("if (|", None),
        ("f()|", None),
        ("[|", None),
    ];
    for (marked, expected) in cases {
        assert_eq!(call(marked).as_deref(), expected, "{marked}");
    }
}

#[test]
fn colours() {
    let source = "let x = not f.not(True, 'a') # note\n#{a: 1.5}";
    let kinds: Vec<_> = tokens(source)
        .into_iter()
        .map(|token| (token.kind, &source[token.range]))
        .collect();
    use TokenKind::{Close, Comment, Constant, Keyword, Name, Number, Open, Operator, String};
    assert_eq!(
        kinds,
        [
            (Keyword, "let"),
            (Name, "x"),
            (Operator, "="),
            (Keyword, "not"),
            (Name, "f"),
            (Operator, "."),
            (Name, "not"),
            (Open, "("),
            (Constant, "True"),
            (Operator, ","),
            (String, "'a'"),
            (Close, ")"),
            (Comment, "# note"),
            (Open, "#{"),
            (Name, "a"),
            (Operator, ":"),
            (Number, "1.5"),
            (Close, "}"),
        ]
    );
}
