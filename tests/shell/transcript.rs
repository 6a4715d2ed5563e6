//! Every line of the original tutorial is played by ours.
use std::path::Path;

use kosmos::shell::tutorial::{SCRIPTS, Step, parse};

/// What stands in the original where the devnet has an address of its own.
const PLACES: &[(&str, &str)] = &[
    ("\"${your_zos_ip_here_without_the_port}\"", "host"),
    (
        "\"https://hub.grid.tf/ben_mat_1/nginxdemos-hello-latest.flist\"",
        "p.source",
    ),
];

/// Lines that are not typed as they stand, with the reason. None today.
const EXEMPT: &[(&str, &str)] = &[];

/// An input as it is compared: without spaces at the ends of lines.
fn plain(input: &str) -> String {
    let lines: Vec<&str> = input.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn typed() -> Vec<String> {
    let steps = SCRIPTS.iter().flat_map(|script| parse(script).unwrap());
    steps
        .filter_map(|step| match step {
            Step::Type { source, .. } => Some(plain(&source)),
            _ => None,
        })
        .collect()
}

#[test]
fn every_line_of_the_original_tutorial_is_played() {
    let typed = typed();
    let mut lines = 0;
    let mut missing = Vec::new();
    for record in crate::j::records() {
        if record["source"] != "tutorial" {
            continue;
        }
        lines += 1;
        let input = plain(record["input"].as_str().unwrap());
        let ours = PLACES.iter().fold(input.clone(), |input, (theirs, ours)| {
            input.replace(theirs, ours)
        });
        let is_exempt = EXEMPT.iter().any(|(line, _)| *line == input);
        if !is_exempt && !typed.contains(&ours) {
            missing.push(format!("{}: {ours}", record["section"]));
        }
    }
    assert_eq!(lines, 70, "the transcript is read as a whole");
    assert!(missing.is_empty(), "not played:\n{}", missing.join("\n"));
}

#[test]
fn every_example_script_is_part_of_the_tutorial() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "rhai") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(SCRIPTS.contains(&text.as_str()), "{}", path.display());
        }
    }
}
