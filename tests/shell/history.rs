//! The history file.
use std::os::unix::fs::PermissionsExt;

use kosmos::shell::history::{History, KEPT};

#[test]
fn entries_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let entries = ["1+1", "f(\n  1,\n)", r"'back\slash\n'", "ünïcode", r"\"];
    let (mut history, before) = History::open(&path).unwrap();
    assert!(before.is_empty());
    for entry in entries {
        history.append(entry).unwrap();
    }
    let (_, after) = History::open(&path).unwrap();
    assert_eq!(after, entries);
}

#[test]
fn it_is_readable_by_its_owner_only_even_when_it_was_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    History::open(&path).unwrap().0.append("x").unwrap();
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    History::open(&path).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn shells_see_the_lines_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let (mut one, _) = History::open(&path).unwrap();
    let (mut two, _) = History::open(&path).unwrap();
    one.append("from one").unwrap();
    assert_eq!(two.news().unwrap(), ["from one"]);
    assert!(two.news().unwrap().is_empty());
    assert!(one.news().unwrap().is_empty(), "own lines are no news");
    std::fs::remove_file(&path).unwrap();
    assert!(one.news().unwrap().is_empty());
    one.append("again").unwrap();
    let (_, entries) = History::open(&path).unwrap();
    assert_eq!(entries, ["again"]);
}

#[test]
fn a_long_file_is_cut_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let text: String = (0..KEPT * 2).map(|i| format!("line {i}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let (mut history, entries) = History::open(&path).unwrap();
    assert_eq!(entries.len(), KEPT);
    assert_eq!(entries.last().unwrap(), &format!("line {}", KEPT * 2 - 1));
    history.append("new").unwrap();
    assert!(history.news().unwrap().is_empty());
    let (_, again) = History::open(&path).unwrap();
    assert_eq!((again.len(), again.last().unwrap().as_str()), (KEPT, "new"));
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    std::fs::write(&path, b"good\n\xff\xfe\n\n\\\nlast").unwrap();
    let (_, entries) = History::open(&path).unwrap();
    assert_eq!(
        (entries.first().unwrap().as_str(), entries.len()),
        ("good", 4)
    );
}
