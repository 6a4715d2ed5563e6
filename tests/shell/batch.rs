//! Without a person: statements, scripts, pipes, JSON.
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Kosmos, outcome, text};

fn run(args: &[&str], stdin: &str) -> (i32, String, String) {
    outcome(&Kosmos::new().run(args, stdin))
}

fn ok(stdout: &str) -> (i32, String, String) {
    (0, stdout.to_string(), String::new())
}

fn failed(code: i32, stderr: &str) -> (i32, String, String) {
    (code, String::new(), stderr.to_string())
}

#[test]
fn a_statement_prints_only_what_it_prints_itself() {
    assert_eq!(run(&["1+1"], ""), ok(""));
    assert_eq!(run(&["print(1+1)"], ""), ok("2\n"));
    assert_eq!(run(&[" 'print(\"a\", 2)' "], ""), ok("a 2\n"));
    assert_eq!(
        run(&["nope"], ""),
        failed(1, "name 'nope' is not defined\n")
    );
    assert_eq!(run(&["exit(7)"], ""), ok("").with_code(7));
}

trait WithCode {
    fn with_code(self, code: i32) -> Self;
}

impl WithCode for (i32, String, String) {
    fn with_code(self, code: i32) -> Self {
        (code, self.1, self.2)
    }
}

#[test]
fn an_input_is_printed_as_at_the_prompt() {
    assert_eq!(run(&["-c", "1+1"], ""), ok("2\n"));
    assert_eq!(
        run(&["-c", "'a'; None; [1, 'b']"], ""),
        ok("'a'\n[1, 'b']\n")
    );
    assert_eq!(run(&["-c", "x = 1"], ""), ok(""));
}

#[test]
fn piped_inputs_run_one_after_the_other() {
    assert_eq!(
        run(&[], "x = 20\nx + 1\n\nprint('p')\n'last'"),
        ok("21\np\n'last'\n")
    );
    assert_eq!(run(&[], ""), ok(""));
    // Open inputs are joined.
    assert_eq!(
        run(&[], "print(\n    1,\n    2,\n)\nx = \"\"\"a\nb\"\"\"\nx\n"),
        ok("1 2\n'a\\nb'\n")
    );
    // The last value.
    assert_eq!(run(&[], "40 + 1\n_ + 1\n_1\n"), ok("41\n42\n41\n"));
    assert_eq!(run(&[], "1\r\n2\r\n"), ok("1\n2\n"));
}

#[test]
fn a_pipe_goes_on_after_an_error_and_fails_at_the_end() {
    let (code, out, err) = run(&[], "1\nnope\n2\n");
    assert_eq!((code, out.as_str()), (1, "1\n2\n"));
    assert_eq!(err, "name 'nope' is not defined\n");
    assert_eq!(
        run(&["--strict"], "1\nnope\n2\n"),
        (1, "1\n".into(), "name 'nope' is not defined\n".into())
    );
    assert_eq!(run(&[], "1\nexit(5)\n2\n"), ok("1\n").with_code(5));
    assert_eq!(run(&[], "f(\n").0, 1);
}

#[test]
fn questions_work_without_a_terminal() {
    let (code, out, _) = run(&[], "j.clients?\n");
    assert_eq!(code, 0);
    assert!(out.contains("tfchain"), "{out}");
    assert_eq!(
        run(&[], "nobody?\n"),
        failed(1, "name 'nobody' is not defined\n")
    );
    assert_eq!(run(&[], "'what?'\n"), ok("'what?'\n"));
    assert!(run(&[], "?\n").1.contains("Tab"));
}

#[test]
fn copied_prompts_are_taken_out() {
    assert_eq!(run(&[], "JSX> 1 + 1\n"), ok("2\n"));
}

#[test]
fn scripts_have_arguments_and_say_where_they_failed() {
    let kosmos = Kosmos::new();
    kosmos.write(
        "a.rhai",
        "#!/usr/bin/env kosmos\nprint(args);\nlet x = 1;\nx + 1\n",
    );
    let run = |args: &[&str]| outcome(&kosmos.run(args, ""));
    assert_eq!(run(&["a.rhai"]), ok("[]\n"));
    assert_eq!(
        run(&["a.rhai", "b", "--c", "-d"]),
        ok("['b', '--c', '-d']\n")
    );
    assert_eq!(run(&["--plain", "a.rhai"]), ok("[]\n"));
    kosmos.write("bad.rhai", "x = 1\nprint(x)\n\ny = z + 1\n");
    assert_eq!(
        run(&["bad.rhai"]),
        (
            1,
            "1\n".into(),
            "name 'z' is not defined\n  at bad.rhai, line 4: y = z + 1\n".into()
        )
    );
    kosmos.write("dialect.rhai", "print('ab', True)");
    assert_eq!(run(&["dialect.rhai"]), ok("ab True\n"));
    assert_eq!(run(&["--plain", "dialect.rhai"]).0, 1);
    assert_eq!(
        run(&["none.rhai"]),
        failed(2, "there is no file none.rhai\n")
    );
    assert_eq!(run(&["none", "x"]).0, 2);
}

#[test]
fn wrong_use_has_a_code_of_its_own() {
    assert_eq!(run(&["--bogus"], "").0, 2);
    assert_eq!(run(&["--words"], "").0, 2);
    assert_eq!(run(&["devnet"], "").0, 2);
    assert_eq!(run(&["--help"], "").0, 0);
}

fn answers(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn json_answers_every_input() {
    let (code, out, err) = run(
        &["--json"],
        "1 + 1\nx = 'a'\n\nx\nprint('p', 1)\n[1, {'k': None}]\nnope\n3\n",
    );
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(
        answers(&out),
        [
            json!({"ok": true, "value": 2, "text": "2"}),
            json!({"ok": true, "value": null, "text": ""}),
            json!({"ok": true, "value": "a", "text": "'a'"}),
            json!({"ok": true, "value": null, "text": "p 1"}),
            json!({"ok": true, "value": [1, {"k": null}], "text": "[1, {'k': None}]"}),
            json!({"ok": false, "error": {"kind": "name", "message": "name 'nope' is not defined",
                   "hints": answers(&out)[5]["error"]["hints"]}}),
            json!({"ok": true, "value": 3, "text": "3"}),
        ]
    );
    // A field's order is part of the form.
    assert!(
        out.starts_with("{\"ok\":true,\"value\":2,\"text\":\"2\"}\n"),
        "{out}"
    );
}

#[test]
fn json_answers_statements_scripts_and_what_goes_wrong_before_them() {
    let (code, out, _) = run(&["--json", "-c", "print('a'); nope"], "");
    assert_eq!((code, &answers(&out)[0]["text"]), (1, &json!("a")));
    assert_eq!(answers(&out)[0]["error"]["kind"], "name");
    let kosmos = Kosmos::new();
    kosmos.write("a.rhai", "print('from the script')");
    let (code, out, _) = outcome(&kosmos.run(&["--json", "a.rhai"], ""));
    assert_eq!(code, 0);
    assert_eq!(
        answers(&out),
        [json!({"ok": true, "value": null, "text": "from the script"})]
    );
    let (code, out, err) = run(&["--json", "none.rhai"], "");
    assert_eq!((code, err.as_str()), (2, ""));
    assert_eq!(answers(&out)[0]["error"]["kind"], "usage");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let kosmos = Kosmos::new();
    let mut child = kosmos
        .command(&["-c", "loop { print('x') }"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), "")
    );
}

#[test]
fn ctrl_c_ends_a_script() {
    let kosmos = Kosmos::new();
    let mut child = kosmos
        .command(&["-c", "print('on'); loop { }"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 3];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    // SAFETY: sends a signal to a process that was started above and is not waited for yet.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(1), "KeyboardInterrupt\n")
    );
}

#[test]
fn nothing_is_written_when_the_store_is_not_needed() {
    let kosmos = Kosmos::new();
    kosmos.run(&["print(1)"], "");
    kosmos.run(&[], "1\nj.clients\n");
    assert_eq!(std::fs::read_dir(kosmos.home()).unwrap().count(), 0);
}

#[test]
fn the_reference_names_the_tree() {
    let (code, out, _) = run(&["reference"], "");
    assert_eq!(code, 0);
    assert!(
        out.starts_with("# Reference\n") && out.contains("## `j.clients`"),
        "{out}"
    );
}

/// A full disk behind `kosmos … > file` must not look like success.
#[test]
fn results_that_cannot_be_written_are_a_failure() {
    let kosmos = Kosmos::new();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    if full().is_err() {
        eprintln!("skipped: there is no /dev/full here");
        return;
    }
    for args in [
        &["--ephemeral", "-c", "1 + 1"][..],
        &["--ephemeral", "for i in range(100000) { print(i) }"],
        &["reference"],
    ] {
        let output = kosmos
            .command(args)
            .stdin(std::process::Stdio::null())
            .stdout(full().unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            told.starts_with("cannot write the results: No space left on device"),
            "{args:?}: {told}"
        );
    }
}

/// `… | kosmos | head -1`: nobody reads on, which is no fault, and the loop ends.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    let kosmos = Kosmos::new();
    let mut child = kosmos
        .command(&["--ephemeral"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"loop { print('line') }\n1 + 1\n").unwrap();
    drop(stdin);
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 5];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
