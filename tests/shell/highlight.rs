//! Colours.
use kosmos::object::complete::Group;
use kosmos::shell::highlight::{candidate, help, line};

use super::plain;

const SOURCES: &[&str] = &[
    "x = j.clients.tfchain.new(name='a', size=12) # note",
    "fn f(a) { return a + 1.5 }",
    "'open",
    "\"\"\"a\nb\"\"\"",
    "f(1, [2, {'a': 3}])",
    "))((",
    "日本 = 'ü' // x",
    "/* open",
    "",
];

#[test]
fn a_coloured_line_is_the_line() {
    let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    for source in SOURCES {
        for cursor in std::iter::once(None).chain((0..=source.len()).map(Some)) {
            let coloured = line(source, 0, cursor);
            assert_eq!(escapes.replace_all(&coloured, ""), *source, "{cursor:?}");
        }
    }
}

#[test]
fn of_a_continued_input_only_the_last_line_is_coloured() {
    let before = "x = \"\"\"a\n";
    let coloured = line(&format!("{before}b\"\"\""), before.len(), None);
    assert_eq!(plain(&coloured), "b\"\"\"");
    assert!(
        coloured.starts_with("\x1b[32m"),
        "inside the string: {coloured:?}"
    );
}

#[test]
fn pieces_have_their_colours() {
    assert!(line("'a'", 0, None).contains("\x1b[32m'a'"));
    assert!(line("12", 0, None).contains("\x1b[36m12"));
    assert!(line("x # c", 0, None).contains("\x1b[90m# c"));
    assert!(line("for x in y {}", 0, None).contains("\x1b[35mfor"));
}

#[test]
fn the_bracket_at_the_cursor_and_its_partner_are_marked() {
    let mark = "\x1b[1;7m";
    assert_eq!(
        line("f(a)", 0, Some(1)),
        format!("f{mark}(\x1b[0ma{mark})\x1b[0m")
    );
    assert_eq!(
        line("f(a)", 0, Some(4)),
        format!("f{mark}(\x1b[0ma{mark})\x1b[0m")
    );
    assert!(!line("f(a)", 0, None).contains(mark));
    assert!(
        !line("'(' )", 0, Some(1)).contains(mark),
        "not inside a string"
    );
    assert!(line("f(a]", 0, None).contains("\x1b[31m]"));
}

#[test]
fn candidates_have_the_colour_of_their_group() {
    for (group, code) in [
        (Group::Child, 32),
        (Group::Model, 33),
        (Group::Method, 34),
        (Group::Property, 37),
    ] {
        let row = candidate("name  what it is", group, 4);
        assert!(
            row.starts_with(&format!("\x1b[{code}mname\x1b[0m")),
            "{row:?}"
        );
        assert_eq!(plain(&row), "name  what it is");
    }
}

#[test]
fn help_is_the_same_text() {
    let text = "f(a)\n\nDoes it.\n\nexample:\n  f(1)\nmore";
    assert_eq!(plain(&help(text, true)), text);
    assert_eq!(help(text, false), text);
}
