//! The prompt on a real pseudo-terminal.
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::{Kosmos, Terminal, plain};

const GOODBYE: &str = "We hope you had fun using the kosmos shell";

/// In memory, without colours, at the first prompt.
fn start(kosmos: &Kosmos) -> Terminal {
    let mut terminal = kosmos.terminal(&["--ephemeral"]);
    let banner = terminal.prompt();
    assert!(banner.contains("in memory"), "{banner}");
    terminal
}

fn plain_kosmos() -> Kosmos {
    Kosmos::new().with("NO_COLOR", "1")
}

/// With a store and no colours, at the first prompt.
fn with_store(kosmos: &Kosmos) -> Terminal {
    let mut terminal = kosmos.terminal(&[]);
    terminal.prompt();
    terminal
}

#[test]
fn values_are_printed_and_the_end_is_polite() {
    let mut t = start(&plain_kosmos());
    assert_eq!(t.line("1 + 1"), "2");
    assert_eq!(t.line("x = 'a'"), "");
    assert_eq!(t.line("x"), "'a'");
    assert_eq!(t.line("_ + 'b'"), "'ab'");
    assert_eq!(t.line("print(x)"), "a");
    assert_eq!(t.line("c"), "name 'c' is not defined");
    assert_eq!(t.line("  # a comment"), "");
    t.keys("\x04");
    assert_eq!(t.end(), (GOODBYE.into(), 0));
}

#[test]
fn exit_leaves_with_its_code() {
    let mut t = start(&plain_kosmos());
    t.keys("exit(3)\r");
    let (rest, code) = t.end();
    assert!(rest.ends_with(GOODBYE), "{rest}");
    assert_eq!(code, 3);
    let mut t = start(&plain_kosmos());
    t.keys("quit()\r");
    assert_eq!(t.end().1, 0);
}

#[test]
fn open_inputs_go_on_behind_another_prompt() {
    let mut t = start(&plain_kosmos());
    t.open_line("print(");
    t.open_line("1,");
    assert_eq!(t.line("2)"), "1 2");
    // Ctrl-C and Ctrl-D give an open input up.
    for key in ["\x03", "\x04"] {
        t.open_line("print(");
        t.cancel(key);
    }
    assert_eq!(t.line("1"), "1");
}

#[test]
fn a_syntax_error_stands_under_what_was_typed() {
    let mut t = start(&plain_kosmos());
    let shown = t.line("x = )");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[..2], ["x = )", "    ^"], "{shown}");
    assert!(lines[2].starts_with("Syntax error: "), "{shown}");
}

#[test]
fn ctrl_c_drops_a_line_and_stops_a_loop() {
    let mut t = start(&plain_kosmos());
    t.keys("abc");
    t.see("abc");
    t.cancel("\x03");
    assert_eq!(t.line("x = 1"), "");
    t.keys("print('on'); loop { x += 1 }\r");
    t.see("on\r\n");
    let begun = Instant::now();
    t.keys("\x03");
    t.see("KeyboardInterrupt");
    assert!(begun.elapsed() < Duration::from_secs(2));
    t.prompt();
    assert_eq!(t.line("x > 1"), "True");
    t.keys("\x04");
    assert_eq!(t.end().1, 0);
}

#[test]
fn a_panic_below_does_not_end_the_shell() {
    let mut t = start(&plain_kosmos());
    assert_eq!(t.line("1"), "1");
    assert_eq!(t.line("[1][9]").lines().count(), 1);
    assert_eq!(t.line("2"), "2");
}

#[test]
fn tab_completes_and_lists() {
    let mut t = start(&plain_kosmos());
    // One candidate is inserted, a method with its bracket.
    t.keys("j.cli\t");
    t.see("ents");
    t.keys(".tfch\t");
    t.see("ain");
    t.keys(".coun\t");
    t.see("t(");
    t.cancel("\x03");
    // Several are listed with what they are, at the first Tab.
    t.keys("j.clients.tfchain.\t");
    let list = plain(&t.see("reset("));
    let place = |name: &str| list.find(name).unwrap_or_else(|| panic!("{name}: {list}"));
    assert!(
        place("delete(") < place("exists(") && place("exists(") < place("new("),
        "{list}"
    );
    t.cancel("\x03");
    // Keyword names.
    t.keys("j.clients.tfchain.new(netw\t");
    t.see("ork_type=");
    t.cancel("\x03");
}

#[test]
fn the_list_has_four_colours() {
    let kosmos = Kosmos::new();
    let mut t = kosmos.terminal(&["--ephemeral"]);
    t.see("JSX> ");
    t.keys("j.clients.tfchain.new('blue_one')\r");
    t.see("Instance: ");
    t.see("JSX> ");
    t.keys("j.clients.tfchain.\t");
    t.see("\x1b[32mblue_one");
    t.see("\x1b[34mcount(");
    t.keys("blue_one.\t");
    t.see("\x1b[32mwallets");
    t.see("\x1b[33mname");
}

#[test]
fn a_question_mark_helps_above_the_prompt_and_keeps_the_line() {
    let mut t = start(&plain_kosmos());
    t.keys("j.clients.tfchain.new(1)\x1b[D\x1b[D");
    t.see("new(1)");
    // Three at once give three answers.
    t.keys("?");
    t.see("new(name, ");
    t.see("example:");
    t.prompt();
    t.see("j.clients.tfchain.new(1)");
    // The cursor is where it was: this is typed before the 1.
    t.keys("4");
    t.see("new(41)");
    t.cancel("\x03");
    // Inside a string it is a character.
    assert_eq!(t.line("'what?'"), "'what?'");
    // Nothing is known, nothing breaks.
    t.keys("nobody?");
    t.see("name 'nobody' is not defined");
    t.cancel("\x03");
    assert_eq!(t.line("1"), "1");
}

#[test]
fn several_question_marks_at_once_do_not_stop_the_shell() {
    let mut t = start(&plain_kosmos());
    t.keys("j.clients??????");
    for _ in 0..3 {
        t.see("tfchain");
    }
    t.cancel("\x03");
    assert_eq!(t.line("7"), "7");
}

#[test]
fn the_parameters_still_to_give_stand_behind_the_cursor() {
    let mut t = start(&plain_kosmos());
    t.keys("j.clients.tfchain.exists(");
    t.see("name)");
    t.cancel("\x03");
    // They are not part of what is run.
    assert_eq!(t.line("j.clients.tfchain.exists('x')"), "False");
}

#[test]
fn a_pasted_block_is_one_input_and_prints_every_value() {
    let mut t = start(&plain_kosmos());
    t.keys("\x1b[200~x = 20\nx + 1\nx + 2\x1b[201~");
    assert_eq!(t.line(""), "21\n22");
    t.keys("\x1b[200~JSX> x = [\n...    1, 2]\nnoise\nJSX> x\n[1, 2]\nJSX> 'j'\n'j'\x1b[201~");
    assert_eq!(t.line(""), "[1, 2]\n'j'");
}

#[test]
fn the_history_is_kept_without_secrets() {
    let kosmos = Kosmos::with_store().with("NO_COLOR", "1");
    let mut t = with_store(&kosmos);
    t.line("1 + 1");
    t.line(" 'with a blank'");
    t.line("seed = 'x'");
    t.line("j.clients.tfchain.new('a', seed='x')");
    t.open_line("print(");
    t.line("2)");
    t.line("'last'");
    // Up finds what was kept, and nothing else.
    t.keys("\x1b[A");
    t.see("'last'");
    t.keys("\x1b[A");
    t.see("print(");
    t.cancel("\x03");
    // Ctrl-R searches.
    t.keys("\x121 +");
    t.see("1 + 1");
    t.cancel("\x03");
    t.keys("\x04");
    t.end();
    let path = kosmos.path("history");
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "1 + 1\nprint(\\n2)\n'last'\n"
    );
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    // The next shell knows it, and suggests from it.
    let mut t = with_store(&kosmos);
    t.keys("'la");
    t.see("st'");
    t.keys("\x1b[C");
    assert_eq!(t.line(""), "'last'");
}

#[test]
fn two_shells_share_one_history() {
    let kosmos = Kosmos::with_store().with("NO_COLOR", "1");
    let (mut one, mut two) = (with_store(&kosmos), with_store(&kosmos));
    one.line("'from one'");
    two.line("");
    two.keys("\x1b[A");
    two.see("'from one'");
}

#[test]
fn instances_that_were_not_saved_are_named_at_the_end() {
    let mut t = start(&plain_kosmos());
    t.line("j.clients.tfchain.new('forgotten')");
    t.keys("\x04");
    let (rest, code) = t.end();
    assert!(
        rest.contains("not saved: j.clients.tfchain.forgotten (use .save())"),
        "{rest}"
    );
    assert_eq!(code, 0);
}

#[test]
fn a_terminal_that_cannot_be_edited_works_too() {
    let kosmos = Kosmos::new().with("TERM", "dumb");
    let mut t = kosmos.terminal(&["--ephemeral"]);
    t.prompt();
    t.keys("1 + 1\n");
    assert_eq!(plain(&t.prompt()), "2");
    t.keys("print(\n");
    t.see("...  ");
    t.keys("3)\n");
    assert_eq!(plain(&t.prompt()), "3");
    t.keys("j.clients?\n");
    assert!(t.prompt().contains("tfchain"));
    t.keys("\x04");
    assert_eq!(t.end().1, 0);
}

#[test]
fn values_are_coloured_unless_asked_otherwise() {
    let kosmos = Kosmos::new();
    let mut t = kosmos.terminal(&["--ephemeral"]);
    t.see("JSX> ");
    t.keys("j.clients\r");
    t.see("\x1b[1;31mj.clients");
    let mut t = start(&plain_kosmos());
    t.keys("j.clients\r");
    t.see("## j.clients");
}

#[test]
fn keys_are_forgotten_after_idle_time_and_asked_for_again() {
    let kosmos = Kosmos::new();
    let made = kosmos
        .command(&["--init"])
        .env("KOSMOS_PASSPHRASE", "p")
        .output()
        .unwrap();
    assert!(made.status.success());
    let kosmos = kosmos
        .with("KOSMOS_LOCK_AFTER", "0.003")
        .with("NO_COLOR", "1");
    let mut t = kosmos.terminal(&["--debug"]);
    t.see("passphrase: ");
    t.keys("p\n");
    t.prompt();
    t.keys("j.clients.tfchain.");
    t.see("the keys are forgotten");
    t.prompt();
    // What was being typed is still there.
    t.see("j.clients.tfchain.");
    t.keys("exists('a')\r");
    t.see("passphrase: ");
    t.keys("p\n");
    t.see("False");
}

#[test]
fn a_question_is_answered_before_anything_is_done() {
    let mut t = start(&plain_kosmos());
    t.line("j.clients.tfchain.new('a').save()");
    for (answers, left) in [(["n"].as_slice(), "1"), (["maybe", "y"].as_slice(), "0")] {
        t.keys("j.clients.tfchain.reset()\r");
        for answer in answers {
            t.see("(y/n) ");
            t.see("\x1b[?2026l");
            t.keys(&format!("{answer}\r"));
        }
        t.prompt();
        assert_eq!(t.line("j.clients.tfchain.count()"), left);
    }
    t.line("j.clients.tfchain.new('a').save()");
    t.keys("j.clients.tfchain.reset()\r");
    t.see("(y/n) ");
    t.keys("\x03");
    t.see("KeyboardInterrupt");
    t.prompt();
    assert_eq!(t.line("j.clients.tfchain.count()"), "1");
}

#[test]
fn a_remark_is_shown_beside_the_value() {
    let mut t = start(&plain_kosmos());
    let shown = t.line("7 // 2");
    assert!(shown.contains("hint: ") && shown.ends_with('7'), "{shown}");
}

#[test]
fn no_file_ever_holds_a_secret() {
    let words = "bullet absurd cabin dose void wink toward oven catalog chef venture edge suggest \
                 strategy note merry mechanic buffalo bronze creek select walk click snow";
    let kosmos = Kosmos::new()
        .with("NO_COLOR", "1")
        .with("KOSMOS_PASSPHRASE", "correct-horse")
        .with("KOSMOS_LOG", "kosmos.log");
    let mut t = kosmos.terminal(&["--debug"]);
    t.prompt();
    t.line("c = j.clients.tfchain.new('a', network_type='DEV')");
    t.line(&format!("w = c.wallets.new('my_wallet', seed='{words}')"));
    t.line(&format!("w.seed = \"{words}\""));
    t.line(&format!("'{words}"));
    t.line(words);
    t.line(&format!("c.wallets.new('x', sed='{words}')"));
    t.line("c.save(); w.save()");
    t.keys("\x04");
    t.end();
    let mut files = Vec::new();
    all_files(kosmos.home(), &mut files);
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["absurd cabin", "mechanic", "correct-horse"] {
            assert!(!text.contains(secret), "{secret} in {}", file.display());
        }
    }
}

fn all_files(folder: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all_files(&path, out),
            false => out.push(path),
        }
    }
}

#[test]
fn lines_typed_ahead_are_run_one_after_the_other() {
    let mut t = start(&plain_kosmos());
    t.keys("40 + 1\r40 + 2\rx = 40 + 3\rx\r");
    t.see("\r\n41\r\n");
    t.see("\r\n42\r\n");
    t.see("\r\n43\r\n");
    t.keys("\x04");
    assert_eq!(t.end().1, 0);
}
