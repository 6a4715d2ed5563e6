//! The store as a user meets it: first run, unlocking, recovery, backup, reset.
use std::os::unix::fs::PermissionsExt;

use super::{Kosmos, Terminal, outcome, text};

fn mode(kosmos: &Kosmos, name: &str) -> u32 {
    std::fs::metadata(kosmos.path(name))
        .unwrap()
        .permissions()
        .mode()
        & 0o777
}

/// The words that are shown.
fn words(shown: &str) -> Vec<String> {
    let (_, shown) = shown.split_once("safe place").unwrap();
    let mut numbered: Vec<(usize, String)> = regex::Regex::new(r"(\d+) ([a-z]{3,8})\b")
        .unwrap()
        .captures_iter(shown)
        .map(|found| (found[1].parse().unwrap(), found[2].to_string()))
        .filter(|(number, _)| (1..=24).contains(number))
        .collect();
    numbered.sort();
    numbered.dedup();
    numbered.into_iter().map(|(_, word)| word).collect()
}

/// The first run up to the question for the third word; answers the words.
fn first_run(terminal: &mut Terminal, passphrase: &str) -> Vec<String> {
    terminal.see("Your store will be in ");
    terminal.see("choose a passphrase (empty: a key file only you can read): ");
    terminal.keys(&format!("{passphrase}\n"));
    if !passphrase.is_empty() {
        terminal.see("the same again: ");
        terminal.keys(&format!("{passphrase}\n"));
    }
    let words = words(&terminal.see("give the 3rd word (or: later): "));
    assert_eq!(words.len(), 24, "{words:?}");
    words
}

#[test]
fn the_first_run_makes_a_store_and_the_second_opens_it() {
    let kosmos = Kosmos::new().with("NO_COLOR", "1");
    let mut t = kosmos.terminal(&[]);
    let words = first_run(&mut t, "correct horse");
    t.keys("wrong\r");
    t.see("that is not the 3rd word, please try again");
    t.see("give the 3rd word");
    t.keys(&format!("{}\r", words[2]));
    t.see("Store created.");
    t.prompt();
    t.line("j.clients.tfchain.new('kept').save()");
    t.keys("\x04");
    t.end();
    assert_eq!(mode(&kosmos, "store"), 0o700);
    assert_eq!(mode(&kosmos, "history"), 0o600);

    let mut t = kosmos.terminal(&[]);
    t.see("passphrase: ");
    t.keys("correct horse\n");
    let before = t.prompt();
    assert!(!before.contains("not confirmed"), "{before}");
    assert!(!before.contains("correct horse"), "{before}");
    assert!(
        t.line("j.clients.tfchain.kept")
            .starts_with("## tfchainclient Instance: 'kept'")
    );
    t.keys("\x04");
    t.end();
}

#[test]
fn a_wrong_passphrase_has_three_tries() {
    let kosmos = Kosmos::new();
    let made = kosmos
        .command(&["--init"])
        .env("KOSMOS_PASSPHRASE", "right")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mut t = kosmos.terminal(&[]);
    for _ in 0..2 {
        t.see("passphrase: ");
        t.keys("wrong\n");
        t.see("wrong passphrase");
    }
    t.see("passphrase: ");
    t.keys("wrong\n");
    let (rest, code) = t.end();
    assert!(rest.contains("wrong passphrase"), "{rest}");
    assert_eq!(code, 4);
    // Ctrl-C leaves at once.
    let mut t = kosmos.terminal(&[]);
    t.see("passphrase: ");
    t.keys("\x03");
    assert_eq!(t.end().1, 1);
}

#[test]
fn an_empty_passphrase_makes_a_key_file_and_later_reminds() {
    let kosmos = Kosmos::new().with("NO_COLOR", "1");
    let mut t = kosmos.terminal(&[]);
    let words = first_run(&mut t, "");
    t.keys("later\r");
    t.see("Store created.");
    t.prompt();
    t.keys("\x04");
    t.end();
    assert_eq!(mode(&kosmos, "key"), 0o600);
    // Opens without a question, and reminds.
    let mut t = kosmos.terminal(&[]);
    t.see("recovery words are not confirmed yet: kosmos --init");
    t.prompt();
    t.keys("\x04");
    t.end();
    let mut t = kosmos.terminal(&["--init"]);
    t.see("Did you write the 24 words down?");
    t.keys("y\r");
    t.see("the 24 words");
    t.keys(&format!("{}\n", words.join(" ")));
    t.see("The words are right.");
    assert_eq!(t.end().1, 0);
    let mut t = kosmos.terminal(&[]);
    let before = t.prompt();
    assert!(!before.contains("not confirmed"), "{before}");
}

#[test]
fn a_passphrase_must_be_typed_twice_the_same() {
    let kosmos = Kosmos::new();
    let mut t = kosmos.terminal(&["--init"]);
    t.see("choose a passphrase");
    t.keys("one\n");
    t.see("the same again: ");
    t.keys("two\n");
    t.see("the two are not the same");
    t.see("choose a passphrase");
    t.keys("\x03");
    assert_eq!(t.end().1, 1);
    assert!(!kosmos.path("store").exists());
}

#[test]
fn the_words_open_a_store_whose_passphrase_is_forgotten() {
    let kosmos = Kosmos::new();
    let file = kosmos.path("words.txt");
    let file = file.to_str().unwrap();
    let made = kosmos
        .command(&["--init", "--words-file", file])
        .env("KOSMOS_PASSPHRASE", "forgotten")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(mode(&kosmos, "words.txt"), 0o600);
    let words = std::fs::read_to_string(file).unwrap();
    let mut t = kosmos.terminal(&["--init", "--words"]);
    t.see("the 24 words");
    t.keys("bullet absurd\n");
    t.see("2 words were given, 24 are needed");
    t.see("the 24 words");
    t.keys(&words);
    t.see("choose a passphrase");
    t.keys("new\n");
    t.see("the same again: ");
    t.keys("new\n");
    t.see("Recovered.");
    assert_eq!(t.end().1, 0);
    let check = |passphrase: &str| {
        let mut command = kosmos.command(&["store", "check"]);
        command
            .env("KOSMOS_PASSPHRASE", passphrase)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!((check("new"), check("forgotten")), (Some(0), Some(4)));
}

#[test]
fn without_a_terminal_the_environment_must_name_a_way() {
    let kosmos = Kosmos::new();
    let (code, _, err) = outcome(&kosmos.run(&["j.clients.tfchain.count()"], ""));
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("KOSMOS_PASSPHRASE"), "{err}");
    // A words file is never overwritten, and then no store is made.
    let file = kosmos.write("words", "mine");
    let kosmos = kosmos.with("KOSMOS_PASSPHRASE", "p");
    let made = kosmos.run(&["--init", "--words-file", file.to_str().unwrap()], "");
    assert_eq!(made.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(!kosmos.path("store").exists());
    // One line with the variable makes it by the way, and saves into it.
    let (code, _, err) = outcome(&kosmos.run(&["j.clients.tfchain.new('a').save()"], ""));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        outcome(&kosmos.run(&["print(j.clients.tfchain.count())"], "")).1,
        "1\n"
    );
}

#[test]
fn the_first_line_of_a_file_is_a_passphrase_too() {
    let kosmos = Kosmos::new().with("KOSMOS_PASSPHRASE_FILE", "pass");
    let (code, _, err) = outcome(&kosmos.run(&["--init"], ""));
    assert_eq!(code, 4, "{err}");
    kosmos.write("pass", "one\ntwo\n");
    assert_eq!(kosmos.run(&["--init"], "").status.code(), Some(0));
    kosmos.write("pass", "one");
    assert_eq!(kosmos.run(&["store", "check"], "").status.code(), Some(0));
    kosmos.write("pass", "two");
    let (code, _, err) = outcome(&kosmos.run(&["store", "check"], ""));
    assert_eq!((code, err.as_str()), (4, "wrong passphrase\n"));
}

#[test]
fn children_do_not_inherit_the_passphrase() {
    let kosmos = Kosmos::new()
        .with("KOSMOS_PASSPHRASE", "very secret")
        .with("NO_COLOR", "1");
    let editor = kosmos.write("editor.sh", "#!/bin/sh\nenv > env.txt\n");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let kosmos = kosmos.with("EDITOR", &editor.display().to_string());
    let mut t = kosmos.terminal(&[]);
    t.prompt();
    t.line("j.clients.tfchain.new('a').edit()");
    let variables = std::fs::read_to_string(kosmos.path("env.txt")).unwrap();
    assert!(
        variables.contains("KOSMOS_HOME") && !variables.contains("very secret"),
        "{variables}"
    );
}

#[test]
fn a_changed_passphrase_is_the_new_one() {
    let kosmos = Kosmos::new();
    let with = |passphrase: &str, args: &[&str]| {
        let mut command = kosmos.command(args);
        command
            .env("KOSMOS_PASSPHRASE", passphrase)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(with("old", &["--init"]), Some(0));
    let mut t = kosmos.terminal(&["--passphrase"]);
    t.see("passphrase: ");
    t.keys("old\n");
    t.see("choose a passphrase");
    t.keys("new\n");
    t.see("the same again");
    t.keys("new\n");
    t.see("Changed.");
    assert_eq!(t.end().1, 0);
    assert_eq!(with("old", &["store", "check"]), Some(4));
    assert_eq!(with("new", &["store", "check"]), Some(0));
}

#[test]
fn a_new_key_keeps_the_records() {
    let kosmos = Kosmos::new();
    let with = |passphrase: &str, args: &[&str]| {
        outcome(
            &kosmos
                .command(args)
                .env("KOSMOS_PASSPHRASE", passphrase)
                .output()
                .unwrap(),
        )
    };
    with("old", &["j.clients.tfchain.new('a').save()"]);
    let mut t = kosmos.terminal(&["--rekey"]);
    t.see("passphrase: ");
    t.keys("old\n");
    t.see("choose a passphrase");
    t.keys("new\n");
    t.see("the same again");
    t.keys("new\n");
    let words = words(&t.see("give the 3rd word (or: later): "));
    t.keys(&format!("{}\r", words[2]));
    assert_eq!(t.end().1, 0);
    assert_eq!(with("new", &["print(j.clients.tfchain.count())"]).1, "1\n");
    assert_eq!(with("old", &["print(j.clients.tfchain.count())"]).0, 4);
}

#[test]
fn backups_are_restored_beside_what_was_there() {
    let kosmos = Kosmos::with_store();
    let run = |args: &[&str]| outcome(&kosmos.run(args, ""));
    assert_eq!(run(&["j.clients.tfchain.new('a').save()"]).0, 0);
    let objects = "m = j.data.bcdb.new('mine').model_get('@url = a.b\\nname* = (S)'); ";
    let save = format!("{objects}m.new(name='kept').save()");
    assert_eq!(run(&[&save]).0, 0);
    let (code, out, _) = run(&["store", "backup", "b.backup"]);
    assert!(
        code == 0 && out.starts_with("2 records and 1 database in b.backup"),
        "{out}"
    );
    assert_eq!(run(&["store", "backup", "b.backup"]).0, 1);
    assert_eq!(run(&["j.clients.tfchain.delete('a')"]).0, 0);
    assert_eq!(run(&["print(j.clients.tfchain.count())"]).1, "0\n");
    let delete = format!("{objects}m.find()[0].delete()");
    assert_eq!(run(&[&delete]).0, 0);
    let (code, out, err) = run(&["store", "restore", "b.backup"]);
    assert!(
        code == 0 && out.contains("the store that was there is now "),
        "{out}{err}"
    );
    assert!(
        out.starts_with("2 records and 1 database restored to "),
        "{out}"
    );
    assert!(!err.contains("is not in this backup"), "{err}");
    assert_eq!(run(&["print(j.clients.tfchain.count())"]).1, "1\n");
    let find = format!("{objects}print(m.find()[0].name)");
    assert_eq!(run(&[&find]).1, "kept\n");
    let (code, out, _) = run(&["store", "check"]);
    assert!(code == 0 && out.contains("everything is in order"), "{out}");
    assert!(out.contains("2 records, 1 database, "), "{out}");
    // A database that lost its files is damage as well.
    let databases = std::fs::read_dir(kosmos.path("store/databases")).unwrap();
    let database = databases.flatten().next().unwrap().path();
    std::fs::rename(database.join("sled"), database.join("gone")).unwrap();
    let (code, out, err) = run(&["store", "check"]);
    assert!(
        code == 1 && out.contains("damaged: database mine: "),
        "{out}"
    );
    assert!(err.contains("kosmos store restore FILE"), "{err}");
}

#[test]
fn a_reset_needs_the_word() {
    let kosmos = Kosmos::with_store();
    assert_eq!(kosmos.run(&["--reset"], "reset\n").status.code(), Some(1));
    let mut t = kosmos.terminal(&["--reset"]);
    t.see("type reset to go on: ");
    t.keys("yes\r");
    assert_eq!(t.end().1, 1);
    assert!(kosmos.path("store/sled").exists());
    let mut t = kosmos.terminal(&["--reset"]);
    t.see("type reset to go on: ");
    t.keys("reset\r");
    assert_eq!(t.end().1, 0);
    assert!(!kosmos.path("store/sled").exists());
    let again = Kosmos::with_store();
    assert_eq!(again.run(&["--reset", "--yes"], "").status.code(), Some(0));
    assert!(!again.path("store/sled").exists());
}

#[test]
fn in_memory_nothing_is_written() {
    let kosmos = Kosmos::new().with("NO_COLOR", "1");
    let mut t = kosmos.terminal(&["--ephemeral"]);
    t.prompt();
    t.line("j.clients.tfchain.new('a').save()");
    t.line("'x'");
    t.keys("\x04");
    t.end();
    assert_eq!(std::fs::read_dir(kosmos.home()).unwrap().count(), 0);
}
