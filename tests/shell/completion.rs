//! Completion and hints on the small tree. `|` is the cursor.
use kosmos::engine::Engine;
use kosmos::object::complete::Group;
use kosmos::shell::cursor::{self, Inside};
use kosmos::shell::{completion, hint};

use super::engine;

fn split(marked: &str) -> (String, usize) {
    let at = marked.find('|').unwrap();
    (marked.replacen('|', "", 1), at)
}

fn offer(engine: &Engine, marked: &str) -> completion::Offer {
    let (source, at) = split(marked);
    completion::at(&cursor::at(&source, at), engine)
}

/// What would be inserted.
fn inserts(engine: &Engine, marked: &str) -> Vec<String> {
    offer(engine, marked)
        .candidates
        .into_iter()
        .map(|c| c.insert)
        .collect()
}

fn hinted(engine: &Engine, source: &str) -> Option<String> {
    hint::at(&cursor::at(source, source.len()), engine, None).map(|hint| hint.shown)
}

/// An engine with a box on the shelf, and variables.
fn stocked() -> Engine {
    let mut engine = engine();
    for line in ["j.shelf.new('red')", "b = j.shelf.red", "text = 'x'"] {
        engine.run(line, &mut |_| {}).unwrap();
    }
    engine
}

#[test]
fn members_come_in_their_groups() {
    let engine = stocked();
    assert_eq!(inserts(&engine, "j.|")[0], "shelf");
    assert_eq!(inserts(&engine, "j.a|"), ["add(", "apply("]);
    assert_eq!(inserts(&engine, "x = j.add(j.ad|"), ["add("]);
    let groups: Vec<Group> = offer(&engine, "b.|")
        .candidates
        .into_iter()
        .map(|c| c.group)
        .collect();
    assert_eq!(
        groups,
        [
            Group::Model,
            Group::Model,
            Group::Method,
            Group::Property,
            Group::Property
        ]
    );
    let all = offer(&engine, "j.shelf.|").candidates;
    assert_eq!((all[0].group, all[0].name.as_str()), (Group::Child, "red"));
}

#[test]
fn the_typed_piece_is_replaced() {
    let engine = stocked();
    assert_eq!(offer(&engine, "j.sh|").start, 2);
    assert_eq!(offer(&engine, "print(j.shelf.re|)").start, 14);
    assert_eq!(offer(&engine, "x = b.vol|\n").start, 6);
}

#[test]
fn paths_go_through_variables_instances_and_calls() {
    let engine = stocked();
    assert!(inserts(&engine, "b.vol|").contains(&"volume".to_string()));
    assert!(inserts(&engine, "j.shelf.red.v|").contains(&"volume".to_string()));
    assert!(inserts(&engine, "text.up|").contains(&"upper(".to_string()));
    assert!(!inserts(&engine, "j.money(3).|").is_empty());
}

#[test]
fn nothing_is_created_and_nothing_is_read() {
    let engine = stocked();
    assert!(inserts(&engine, "j.shelf.blue.v|").contains(&"volume".to_string()));
    assert!(!inserts(&engine, "j.shelf.|").contains(&"blue".to_string()));
    assert!(inserts(&engine, "nobody.|").is_empty());
    assert!(inserts(&engine, "1.|").is_empty());
}

#[test]
fn names_in_scope() {
    let engine = stocked();
    assert!(inserts(&engine, "te|").contains(&"text".to_string()));
    assert!(inserts(&engine, "pri|").contains(&"print(".to_string()));
    assert_eq!(
        inserts(&engine, "|")
            .iter()
            .filter(|name| *name == "j")
            .count(),
        1
    );
}

#[test]
fn keyword_names_of_the_method_that_is_called() {
    let engine = stocked();
    assert!(inserts(&engine, "j.add(|").starts_with(&["a=".to_string(), "b=".to_string()]));
    assert!(inserts(&engine, "j.add(1, |").contains(&"b=".to_string()));
    assert!(!inserts(&engine, "j.add(1, |").contains(&"a=".to_string()));
    assert!(!inserts(&engine, "j.add(b=1, |").contains(&"b=".to_string()));
    assert!(inserts(&engine, "j.add(b=1, |").contains(&"a=".to_string()));
    // Over several lines too.
    assert!(inserts(&engine, "j.add(\n    1,\n    |").contains(&"b=".to_string()));
    // And for the properties of what is made.
    assert!(inserts(&engine, "j.shelf.new('a', si|").contains(&"size=".to_string()));
}

#[test]
fn files_inside_strings_where_they_fit() {
    let engine = stocked();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    std::fs::write(folder.path().join(".hidden"), "").unwrap();
    std::fs::create_dir(folder.path().join("nested")).unwrap();
    let path = folder.path().display();
    assert_eq!(
        inserts(&engine, &format!("j.read('{path}/n|")),
        [format!("{path}/nested/"), format!("{path}/notes.txt")]
    );
    assert_eq!(
        inserts(&engine, &format!("j.read(file=\"{path}/no|")),
        [format!("{path}/notes.txt")]
    );
    assert_eq!(
        inserts(&engine, &format!("j.read('{path}/.h|")),
        [format!("{path}/.hidden")]
    );
    assert!(inserts(&engine, &format!("print('{path}/n|")).is_empty());
    assert!(inserts(&engine, "j.read('/no/such/folder/|").is_empty());
}

#[test]
fn instance_names_inside_strings_where_they_fit() {
    let engine = stocked();
    assert_eq!(inserts(&engine, "j.shelf.new('r|"), ["red"]);
}

#[test]
fn nothing_in_comments_and_plain_strings() {
    let engine = stocked();
    assert!(inserts(&engine, "# j.|").is_empty());
    assert!(inserts(&engine, "x = 'j.|").is_empty());
}

#[test]
fn rows_show_signature_and_doc_and_keep_to_the_width() {
    let engine = stocked();
    let add = &offer(&engine, "j.ad|").candidates[0];
    let (row, coloured) = completion::row(add, true, 80);
    assert_eq!(row, "add(a, b=1)  Adds two numbers.");
    assert_eq!(&row[..coloured], "add(a, b=1)");
    assert_eq!(completion::row(add, false, 80).0, "add(");
    assert!(completion::row(add, true, 16).0.chars().count() <= 16);
}

#[test]
fn the_parameters_still_to_give_are_hinted() {
    let engine = stocked();
    for (source, expected) in [
        ("j.add(", Some("a, b=1)")),
        ("j.add(1", Some(", b=1)")),
        ("j.add(1, ", Some("b=1)")),
        ("j.add(b=2", Some(", a)")),
        ("j.add(1, b=2", Some(")")),
        ("x = j.add(j.add(1), ", Some("b=1)")),
        ("j.fail(", Some(")")),
        ("j.add(1)", None),
        ("j.add('x, ", None),
        ("nobody(", None),
        ("1 + (2", None),
        ("", None),
    ] {
        assert_eq!(hinted(&engine, source).as_deref(), expected, "{source}");
    }
}

#[test]
fn the_history_is_suggested_outside_of_calls() {
    let engine = stocked();
    let recall =
        |source: &str, rest: &str| hint::at(&cursor::at(source, source.len()), &engine, Some(rest));
    let hint = recall("j.sh", "elf.red").unwrap();
    assert_eq!(
        (hint.shown.as_str(), hint.inserted.as_deref()),
        ("elf.red", Some("elf.red"))
    );
    let hint = recall("f", "(\n1)").unwrap();
    assert_eq!(
        (hint.shown.as_str(), hint.inserted.as_deref()),
        ("( …", Some("(\n1)"))
    );
    assert_eq!(recall("j.add(", "1)").unwrap().inserted, None);
}

#[test]
fn no_cursor_anywhere_makes_it_fail() {
    let engine = stocked();
    for source in [
        "j.add(",
        "'",
        "\"",
        "`${",
        "f'{",
        "'''",
        "/*",
        "#{",
        "j..",
        ".",
        "((((",
        "))",
        "a.b(c=d.e(",
        "日本.語('é",
        "x[\"",
        "\\",
        "j . shelf . red",
        "j.shelf[\"red\"].vol",
    ] {
        for at in 0..=source.len() {
            if !source.is_char_boundary(at) {
                continue;
            }
            let cursor = cursor::at(source, at);
            assert!(cursor.start <= at, "{source} {at}");
            completion::at(&cursor, &engine);
            hint::at(&cursor, &engine, Some("x"));
            let _ = cursor.inside == Inside::Code;
        }
    }
}
