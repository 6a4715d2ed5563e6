//! The player of the tutorial.
use kosmos::shell::tutorial::{Step, matches, parse};

fn typed(source: &str, expected: &[&str], line: usize) -> Step {
    Step::Type {
        source: source.into(),
        expected: expected.iter().map(|text| (*text).to_string()).collect(),
        line,
    }
}

#[test]
fn a_script_is_told_typed_and_checked() {
    let steps = parse(
        "// Hello.\n// Second line.\n\n1+1\n//> 2\nx = f(\n    1,\n)\n//@ restart\nx\n//> name 'x' is not defined\n",
    )
    .unwrap();
    assert_eq!(
        steps,
        [
            Step::Tell("Hello.\nSecond line.".into()),
            typed("1+1", &["2"], 4),
            typed("x = f(\n    1,\n)", &[], 6),
            Step::Restart,
            typed("x", &["name 'x' is not defined"], 10),
        ]
    );
    assert!(parse("//> 2").is_err());
    assert!(parse("//@ dance").is_err());
}

#[test]
fn patterns_stand_for_any_text_and_any_lines() {
    let check = |patterns: &[&str], printed: &str| {
        let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_string()).collect();
        matches(&patterns, printed)
    };
    assert!(check(&[], ""));
    assert!(check(&[], "\n"));
    assert!(!check(&[], "x"));
    assert!(!check(&["x"], ""));
    assert!(check(
        &["## x Instance: 'a'", "…"],
        "## x Instance: 'a'\n\n- name : a\n\n"
    ));
    assert!(check(&["…"], ""));
    assert!(check(&["height … at …"], "height 12 at noon"));
    assert!(check(&["'…'"], "'trust faculty'"));
    assert!(!check(&["'…'"], "'trust faculty"));
    assert!(!check(&["a…a"], "a"));
    assert!(check(&["a", "…", "c", "…", "e"], "a\nb\nc\nd\ne"));
    assert!(!check(&["a", "…", "c"], "a\nb\nd"));
}
