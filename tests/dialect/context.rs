//! What the cursor stands in.
use kosmos::dialect::{CursorContext, context_at};

/// The context at the `|` of a text.
fn at(text: &str) -> CursorContext {
    let cursor = text.find('|').unwrap();
    context_at(&text.replacen('|', "", 1), cursor)
}

#[test]
fn the_expression_left_of_the_cursor() {
    for (text, parent, member, expression) in [
        ("j.clients.tf|", "j.clients", "tf", "j.clients.tf"),
        ("j.|", "j", "", "j."),
        ("x = j.clients.|", "j.clients", "", "j.clients."),
        ("w.coins_send(|", "", "", "w.coins_send"),
        ("w.coins_send((|", "", "", "w.coins_send"),
        ("print(w.addr|", "w", "addr", "w.addr"),
        (
            "c.wallets.get('a b').se|",
            "c.wallets.get('a b')",
            "se",
            "c.wallets.get('a b').se",
        ),
        ("c[\"x\"].na|", "c[\"x\"]", "na", "c[\"x\"].na"),
        ("na|me", "", "na", "na"),
        ("'abc'.up|", "'abc'", "up", "'abc'.up"),
        ("[1, 2].le|", "[1, 2]", "le", "[1, 2].le"),
        ("a + b.c|", "b", "c", "b.c"),
        ("a?.b|", "a", "b", "a?.b"),
        ("a\n  .b|", "a", "b", "a\n  .b"),
        ("f'{w.a|", "w", "a", "w.a"),
        ("f'x {1} {w.a|", "w", "a", "w.a"),
        ("f'x {f\"{w.a|", "w", "a", "w.a"),
        ("'a\nw.b|", "w", "b", "w.b"),
        ("|", "", "", ""),
        ("x = |", "", "", ""),
    ] {
        let context = at(text);
        assert_eq!(context.parent, parent, "{text}");
        assert_eq!(context.member, member, "{text}");
        assert_eq!(context.expression, expression, "{text}");
        assert!(!context.in_string && !context.in_comment, "{text}");
    }
}

#[test]
fn strings_and_comments_are_known() {
    assert!(at("x = 'ab|").in_string);
    assert!(at("x = 'ab|c'").in_string);
    assert!(at("x = \"\"\"a\nb|").in_string);
    assert!(!at("x = 'ab'|").in_string);
    assert!(at("f'{{a|").in_string);
    assert!(at("f'{a} b|").in_string);
    assert!(!at("f'{a|").in_string);
    assert!(at("`a|").in_string);
    let context = at("x = ##\"a\"#b|");
    assert_eq!(
        (context.in_string, context.string_prefix.as_str()),
        (true, "a\"#b")
    );
    assert!(at("x # no|te").in_comment);
    assert!(!at("x # note\n|").in_comment);
    let context = at("read('dir/fi|");
    assert_eq!(context.string_prefix, "dir/fi");
    assert_eq!(context.call.unwrap().callee, "read");
}

#[test]
fn the_call_around_the_cursor() {
    let call = at("w.coins_send('a', 1, lock='x', |").call.unwrap();
    assert_eq!(call.callee, "w.coins_send");
    assert_eq!((call.argument, call.positional), (3, 2));
    assert_eq!(call.keywords, ["lock"]);
    assert!(at("w.coins_send('a', |").at_argument_start);
    assert!(at("w.coins_send('a', re|").at_argument_start);
    assert!(!at("w.coins_send('a' + re|").at_argument_start);
    let call = at("f(a=1, b=|").call.unwrap();
    assert_eq!(call.keyword.as_deref(), Some("b"));
    let call = at("f(|, b=2)").call.unwrap();
    assert_eq!(call.keywords, ["b"]);
    let call = at("f'{w.send(1, a=|").call.unwrap();
    assert_eq!(
        (call.callee.as_str(), call.keyword.as_deref()),
        ("w.send", Some("a"))
    );
    let call = at("f(g(1, 2), |").call.unwrap();
    assert_eq!((call.callee.as_str(), call.argument), ("f", 1));
    let call = at("f(g(1, |").call.unwrap();
    assert_eq!((call.callee.as_str(), call.argument), ("g", 1));
    assert!(at("f(1)|").call.is_none());
    assert!(at("if (|").call.is_none());
    assert!(at("f([|").call.is_none());
}
