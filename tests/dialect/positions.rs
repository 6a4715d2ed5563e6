//! Places in the rewritten text lead back to what was typed.
use kosmos::dialect::{line_column, offset_at};

use super::rhai_host::{engine, rewritten};

/// The source text at the place where Rhai reports an error of the evaluated text.
fn blamed(source: &str) -> String {
    let rewritten = rewritten(source);
    let mut engine = engine();
    engine.register_fn("__fmt", |_: rhai::Dynamic, _: &str| String::new());
    let mut error = *engine
        .eval::<rhai::Dynamic>(&rewritten.text)
        .expect_err("an error");
    let position = error.take_position();
    let (line, column) = (
        position.line().expect("line"),
        position.position().unwrap_or(1),
    );
    source[rewritten.source_offset(line, column)..]
        .chars()
        .take(4)
        .collect()
}

#[test]
fn the_caret_stands_under_what_was_typed() {
    assert_eq!(blamed("x = 1 + nope"), "nope");
    assert_eq!(blamed("let f = 1; print(f, a=1, b='yz', c=nope)"), "nope");
    assert_eq!(blamed("x = 1 # note\ny = 2\nif true { z = nope }"), "nope");
    assert_eq!(blamed("a = '''x\ny'''\nb = (1, 'zz', nope)"), "nope");
    assert_eq!(blamed("a = 'ä\\tü' + nope"), "nope");
    assert_eq!(blamed("f'text {1 + nope:.2f} more'"), "nope");
    assert_eq!(blamed("f'''line\n{1} \\n {nope}'''"), "nope");
    assert_eq!(blamed("not nope"), "nope");
    assert_eq!(blamed("assert nope"), "nope");
    assert_eq!(blamed("a, b = nope"), "nope");
    assert_eq!(blamed("{'a': {8081: nope}}"), "nope");
    assert_eq!(blamed("fn f() { if true { x = nope } }\nf()"), "f()");
    assert_eq!(blamed("1 is not nope"), "nope");
}

#[test]
fn places_inside_a_statement_count_from_its_start() {
    let source = "a = 'one two'\nb = 'three' + nope";
    let rewritten = rewritten(source);
    let second = &rewritten.statements[1];
    let text = rewritten.statement_text(second);
    assert_eq!(text, "let b = \"three\" + nope");
    let column = text.find("nope").expect("nope") + 1;
    assert_eq!(
        &source[rewritten.statement_offset(second, 1, column)..],
        "nope"
    );
}

#[test]
fn lines_and_columns() {
    let text = "aé\n\n😀b\n";
    let places = [
        (0, 1, 1),
        (1, 1, 2),
        (3, 1, 3),
        (4, 2, 1),
        (5, 3, 1),
        (9, 3, 2),
        (11, 4, 1),
    ];
    for (offset, line, column) in places {
        assert_eq!(line_column(text, offset), (line, column), "offset {offset}");
        assert_eq!(offset_at(text, line, column), offset, "{line}:{column}");
    }
    assert_eq!(line_column(text, 7), (3, 1), "inside a character");
    assert_eq!(line_column(text, 99), (4, 1));
    assert_eq!(offset_at(text, 1, 99), 3);
    assert_eq!(offset_at(text, 99, 1), text.len());
    assert_eq!(offset_at(text, 0, 0), 0);
}
