//! Names and kinds that not every tool likes go the whole way: archive, tree, flist, files.
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;

use kosmos::flist::{
    BuildOptions, ExtractOptions, Flist, Format, Kind, MemoryBackend, Metadata, SpecialKind, diff,
    extract, from_dir, write,
};

/// Names that a file may have, each with something odd.
const NAMES: [&[u8]; 9] = [
    b"line\nbreak",
    b"tab\tand\x1b[31mcolour",
    b"not-utf8-\xff\xfe",
    b"Case",
    b"case",
    b" spaces at both ends ",
    b"quote'\"\\",
    b"...",
    "ünïcödé".as_bytes(),
];

#[test]
fn odd_names_come_back_from_both_formats() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    fs::create_dir(&from).unwrap();
    for (number, name) in NAMES.iter().enumerate() {
        let folder = from.join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(OsStr::from_bytes(name)), [number as u8]).unwrap();
        let link = [b"link to ".as_slice(), name].concat();
        std::os::unix::fs::symlink(OsStr::from_bytes(name), from.join(OsStr::from_bytes(&link)))
            .unwrap();
    }
    // No file system of another machine is asked: names that differ in case alone stay two.
    let backend = MemoryBackend::default();
    let built = from_dir(&from, Some(&backend), &BuildOptions::default()).unwrap();
    assert_eq!(built.tree.len(), 1 + 3 * NAMES.len());
    for format in [Format::Y2019, Format::Y2023] {
        let mut bytes = Vec::new();
        write(&built.tree, &Metadata::new(), format, &mut bytes).unwrap();
        let flist = Flist::from_reader(bytes.as_slice()).unwrap();
        let tree = flist.tree().unwrap();
        assert_eq!(diff(&built.tree, &tree), []);
        let listed: BTreeSet<Vec<u8>> = flist.list(b"").unwrap().into_iter().map(|l| l.0).collect();
        assert!(NAMES.iter().all(|name| listed.contains(*name)));
        let to = dir.path().join(format!("{format:?}"));
        extract(&tree, &backend, &to, &ExtractOptions::default()).unwrap();
        for (number, name) in NAMES.iter().enumerate() {
            let name = OsStr::from_bytes(name);
            assert_eq!(fs::read(to.join(name).join(name)).unwrap(), [number as u8]);
        }
    }
}

#[test]
fn pipes_and_sockets_keep_their_kind() {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    let kind = fs::symlink_metadata(dir.path().join("socket")).unwrap();
    assert!(kind.file_type().is_socket());
    let built = from_dir(dir.path(), None, &BuildOptions::default()).unwrap();
    for format in [Format::Y2019, Format::Y2023] {
        let mut bytes = Vec::new();
        write(&built.tree, &Metadata::new(), format, &mut bytes).unwrap();
        let tree = Flist::from_reader(bytes.as_slice())
            .unwrap()
            .tree()
            .unwrap();
        for (name, expected) in [("pipe", SpecialKind::Fifo), ("socket", SpecialKind::Socket)] {
            let node = tree.get(name.as_bytes()).unwrap();
            let is_it = matches!(&node.kind, Kind::Special { kind, .. } if *kind == expected);
            assert!(is_it, "{format:?} {name}: {:?}", node.kind);
        }
        // A pipe is made again; a socket is nothing without the program that listens on it.
        let to = dir.path().join(format!("{format:?}"));
        let backend = MemoryBackend::default();
        let out = extract(&tree, &backend, &to, &ExtractOptions::default()).unwrap();
        assert_eq!(out.skipped, ["/socket"]);
        let made = fs::symlink_metadata(to.join("pipe")).unwrap();
        assert!(made.file_type().is_fifo());
        fs::remove_dir_all(to).unwrap();
    }
}
