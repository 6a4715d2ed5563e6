//! The player of the tutorial.
use kosmos::shell::tutorial::{Need, Step, matches, parse};

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
    for wrong in [
        "//@ dance",
        "//@ restart now",
        "//@ needs",
        "//@ needs gold",
        "//@ port",
        "//@ port 99999",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(
        parse("//@ needs node containers\n//@ port 8081").unwrap(),
        [
            Step::Needs(vec![Need::Node, Need::Containers]),
            Step::Port(8081)
        ]
    );
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

#[test]
fn the_scripts_of_the_tutorial_can_be_read_and_run_on_their_own() {
    let script = include_str!("../../examples/wallet.rhai");
    let steps = parse(script).unwrap();
    assert!(steps.contains(&Step::Restart));
    // Everything that is not typed is a comment of the language.
    let rewritten = kosmos::dialect::rewrite(script, &|name| name == "j").unwrap();
    let typed = steps
        .iter()
        .filter(|step| matches!(step, Step::Type { .. }))
        .count();
    assert_eq!(
        rewritten.statements.len() + 1,
        typed,
        "one typed line is a comment itself"
    );
}

#[test]
fn the_tutorial_plays_to_its_end() {
    let kosmos = super::Kosmos::new();
    let (code, out, err) = super::outcome(&kosmos.run(&["tutorial", "--auto"], ""));
    assert_eq!(code, 0, "{out}\n{err}");
    assert!(out.contains("JSX> w.balance\n"), "{out}");
    // The container's half is played, or it is told why not.
    assert!(
        out.contains("<h1>Hello from a container</h1>'\n")
            || out.contains("(The rest of this part is left out: "),
        "{out}"
    );
    assert_eq!(std::fs::read_dir(kosmos.home()).unwrap().count(), 0);
}

#[test]
fn on_a_terminal_enter_runs_each_line_and_ctrl_c_leaves() {
    let kosmos = super::Kosmos::new().with("NO_COLOR", "1");
    let mut t = kosmos.terminal(&["tutorial"]);
    for shown in [
        "devnet on http://",
        "## tfchainclient Instance: 'my_client'",
    ] {
        t.prompt();
        // The whole line stands there before Enter is waited for.
        t.see(")");
        t.see("\x1b[?2026l");
        t.keys("\r");
        t.see(shown);
    }
    t.prompt();
    t.see("\x1b[?2026l");
    t.keys("\x03");
    let (rest, code) = t.end();
    assert!(rest.contains("KeyboardInterrupt"), "{rest}");
    assert_eq!(code, 1);
}
