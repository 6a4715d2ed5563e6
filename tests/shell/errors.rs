//! How errors are printed.
use kosmos::object::{Error, Kind};
use kosmos::shell::errors::{Style, render, render_in};

const PLAIN: Style = Style {
    colours: false,
    debug: false,
};
const DEBUG: Style = Style {
    colours: false,
    debug: true,
};

#[test]
fn an_undefined_name_prints_one_line_and_nothing_else() {
    let error = Error::new(Kind::Name, "name 'c' is not defined")
        .at(0..1)
        .hint("did you mean 'w'?");
    assert_eq!(render(&error, "c", PLAIN), "name 'c' is not defined");
}

#[test]
fn a_syntax_error_shows_the_line_and_the_place() {
    let error = Error::new(Kind::Syntax, "the bracket is not closed")
        .at(5..6)
        .hint("add ')'");
    assert_eq!(
        render(&error, "print(", PLAIN),
        "print(\n     ^\nSyntax error: the bracket is not closed\n  add ')'"
    );
}

#[test]
fn other_errors_are_the_message_alone_and_with_debug_the_place() {
    let error = Error::new(Kind::Attribute, "'x' object has no attribute 'nw'").at(2..4);
    assert_eq!(
        render(&error, "j.nw", PLAIN),
        "'x' object has no attribute 'nw'"
    );
    assert_eq!(
        render(&error, "j.nw", DEBUG),
        "j.nw\n  ^\n'x' object has no attribute 'nw'"
    );
}

#[test]
fn the_caret_stands_under_the_place_in_the_right_line() {
    let error = |at: usize| Error::new(Kind::Syntax, "x").at(at..at);
    let place = |source: &str, at: usize| {
        let text = render(&error(at), source, PLAIN);
        text.lines().take(2).map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(place("a\nbc d\ne", 5), ["bc d", "   ^"]);
    assert_eq!(place("\tx(", 2), ["\tx(", "\t ^"]);
    // Wide characters take two columns, combining ones none.
    assert_eq!(place("'日本' +", 9), ["'日本' +", "       ^"]);
    assert_eq!(place("e\u{301}x", 3), ["e\u{301}x", " ^"]);
    // Places outside the text, or inside a character, do no harm.
    assert_eq!(place("ab", 99), ["ab", "  ^"]);
    assert_eq!(place("日", 1), ["日", "^"]);
    assert_eq!(place("", 0), ["", "^"]);
}

#[test]
fn of_a_long_line_the_part_around_the_place_is_shown() {
    let source = format!("{}!{}", "a".repeat(5000), "b".repeat(5000));
    let text = render(
        &Error::new(Kind::Syntax, "x").at(5000..5001),
        &source,
        PLAIN,
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].chars().count() < 200,
        "{}",
        lines[0].chars().count()
    );
    let column = lines[1].chars().count() - 1;
    assert_eq!(lines[0].chars().nth(column), Some('!'));
}

#[test]
fn a_script_says_which_line_it_was() {
    let error = Error::new(Kind::Value, "too small")
        .at(7..8)
        .hint("add more");
    let text = render_in(&error, "a.rhai", "x = 1;\ny = 2;", PLAIN);
    assert_eq!(text, "too small\n  add more\n  at a.rhai, line 2: y = 2;");
}

#[test]
fn colours_only_when_asked_for() {
    let error = Error::new(Kind::Value, "bad");
    assert_eq!(
        render(
            &error,
            "",
            Style {
                colours: true,
                debug: false
            }
        ),
        "\x1b[31mbad\x1b[0m"
    );
}
