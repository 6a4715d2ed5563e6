//! Instruction files.
use kosmos::shell::instruct::{parse, run};

use super::{Kosmos, outcome};
use crate::object::probe;

const FILE: &str = r#"
[[instruction]]
instruction_method = "j.add"
instruction_name = "first"
a = 2

[["j.add"]]
a = 1
b = 40
"#;

#[test]
fn results_are_a_toml_document() {
    let results = run(&probe::tree(), parse(FILE).unwrap(), false);
    assert!(!results.failed && !results.stopped);
    let expected = r#"

####TOMLRESULT####


[[instruction]]
description = ""
error = false
method = "j.add"
name = "first"
result = "3"

[instruction.kwargs]
a = 2

[["j.add"]]
description = ""
error = false
method = "j.add"
name = ""
result = "41"

["j.add".kwargs]
a = 1
b = 40
"#;
    assert_eq!(results.text(), expected);
}

#[test]
fn the_first_error_stops_unless_errors_are_ignored() {
    let file = "[[\"j.fail\"]]\n[[\"j.fail\"]]\n";
    let stopped = run(&probe::tree(), parse(file).unwrap(), false);
    assert!(stopped.failed && stopped.stopped);
    assert_eq!(
        stopped.text().matches("could not execute method").count(),
        1
    );
    let all = run(&probe::tree(), parse(file).unwrap(), true);
    assert!(all.failed && !all.stopped);
    assert_eq!(all.text().matches("could not execute method").count(), 2);
}

#[test]
fn what_cannot_be_loaded_says_so() {
    for method in ["j.nothing", "j.add.x", "x.y", "j.shelf", "j..add", "j."] {
        let file = format!("[[instruction]]\ninstruction_method = \"{method}\"\n");
        let results = run(&probe::tree(), parse(&file).unwrap(), true);
        assert!(results.failed, "{method}");
        let text = results.text();
        assert!(text.contains("could not"), "{method}: {text}");
        assert!(!text.contains("result ="), "{method}: {text}");
    }
}

#[test]
fn other_keys_are_refused() {
    assert!(
        parse("[other]\nx = 1")
            .unwrap_err()
            .message
            .contains("'other'")
    );
    assert!(parse("instruction = 3").is_err());
    assert!(
        parse("[[instruction]]\nx = 1")
            .unwrap_err()
            .message
            .contains("instruction_method")
    );
    assert!(parse("not toml at all").is_err());
}

#[test]
fn the_command_prints_the_document_and_fails_with_the_instructions() {
    let kosmos = Kosmos::new();
    let good = kosmos.write("empty.toml", "");
    let (code, out, err) = outcome(&kosmos.run(&["--instruct", good.to_str().unwrap()], ""));
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "\n\n####TOMLRESULT####\n\n\n", "")
    );
    let bad = kosmos.write("bad.toml", "[[\"j.nothing\"]]\n[[\"j.nothing\"]]\n");
    let (code, out, _) = outcome(&kosmos.run(&["--instruct", bad.to_str().unwrap()], ""));
    assert_eq!(code, 1);
    assert!(
        out.starts_with(
            "ERROR, could not execute all instructions\n\n\n####TOMLRESULT####\n\n\n[["
        ),
        "{out}"
    );
    assert_eq!(out.matches("error = true").count(), 1);
    let args = ["--instruct", bad.to_str().unwrap(), "--ignore_error"];
    let (code, out, _) = outcome(&kosmos.run(&args, ""));
    assert_eq!((code, out.matches("error = true").count()), (1, 2));
}

/// What is printed may end in a log.
#[test]
fn secrets_that_were_given_are_not_printed_again() {
    let kosmos = Kosmos::new();
    let file = kosmos.write(
        "wallet.toml",
        "[[\"j.clients.tfchain.new\"]]\nname = \"c\"\nexplorer_nodes = [\"http://a\"]\n\
         [[\"j.clients.tfchain.c.wallets.new\"]]\nname = \"w\"\nkey_count = 2\n\
         seed = \"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art\"\n",
    );
    let args = ["--ephemeral", "--instruct", file.to_str().unwrap()];
    let (code, out, _) = outcome(&kosmos.run(&args, ""));
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains("abandon"), "{out}");
    assert!(out.contains("seed = \"***\""), "{out}");
    // Data are of their own types.
    for text in [
        "\"explorer_nodes\":[\"http://a\"]",
        "\"key_count\":2",
        "\"seed\":\"***\"",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }
}
