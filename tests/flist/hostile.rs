//! Files that are cut off, too large, or made to deceive.
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use kosmos::flist::{Directory, Flist, message::Builder, path_key};
use rusqlite::{Connection, MAIN_DB};

use super::path;

fn refused(bytes: &[u8]) -> String {
    Flist::from_reader(bytes).unwrap_err().to_string()
}

fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// An flist of these rows.
pub fn of_rows(rows: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE entries (key VARCHAR(64) PRIMARY KEY, value BLOB);")
        .unwrap();
    for (key, value) in rows {
        connection
            .execute("INSERT INTO entries VALUES (?1, ?2)", (key, value))
            .unwrap();
    }
    let database = connection.serialize(MAIN_DB).unwrap().to_vec();
    packed(&[("./flistdb.sqlite3", &database)])
}

pub fn recorded() -> Directory {
    let flist = Flist::open(&path("small-format2019.flist")).unwrap();
    flist.directory(b"").unwrap()
}

#[test]
fn what_is_no_flist() {
    assert_eq!(refused(b""), "this is no flist: the file is empty");
    assert!(refused(b"<html>hello</html>").starts_with("this is no flist:"));
    assert!(refused(b"\x28\xb5\x2f\xfd....").starts_with("this is no flist:"));
    assert!(refused(b"\xfd7zXZ\0....").contains("compressed with xz"));
    assert!(refused(&packed(&[("x", b"y")])).contains("no flistdb.sqlite3"));
    assert!(refused(&packed(&[("./db/CURRENT", b"y")])).contains("before 2019"));
    assert!(refused(&packed(&[("flistdb.sqlite3", b"no database at all")])).contains("database"));
    let mut empty = Connection::open_in_memory().unwrap();
    empty.execute_batch("CREATE TABLE x (y)").unwrap();
    let database = empty.serialize(MAIN_DB).unwrap().to_vec();
    assert!(refused(&packed(&[("flistdb.sqlite3", &database)])).contains("no such table"));
    assert!(refused(&of_rows(&[])).contains("no directory /"));
}

#[test]
fn cut_off_anywhere_it_is_refused_or_whole() {
    let bytes = std::fs::read(path("small-format2019.flist")).unwrap();
    for length in (0..bytes.len()).step_by(17) {
        // Without the end of the archive everything may be there already.
        if let Ok(flist) = Flist::from_reader(&bytes[..length]) {
            assert!(flist.tree().is_ok());
        }
    }
}

#[test]
fn a_small_file_cannot_ask_for_a_large_database() {
    let mut archive = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = tar::Header::new_gnu();
    header.set_path("flistdb.sqlite3").unwrap();
    header.set_size(u64::MAX / 2);
    header.set_cksum();
    archive.write_all(header.as_bytes()).unwrap();
    let error = refused(&archive.finish().unwrap());
    assert!(error.contains("is the most"), "{error}");
}

#[test]
fn names_that_leave_their_directory() {
    for name in ["..", ".", "", "a/b", "/etc/passwd", "a\0b"] {
        let mut root = recorded();
        root.contents[0].name = name.as_bytes().to_vec();
        let error = refused(&of_rows(&[(path_key(b""), root.to_message())]));
        assert!(error.contains("is no file name"), "{name:?}: {error}");
    }
    // Odd, but names of files: they are shown without control characters.
    let mut root = recorded();
    root.contents.retain(|inode| inode.name == b"hello.txt");
    root.contents[0].name = b"new\nline \xff\x1b[31m".to_vec();
    let flist = Flist::from_reader(of_rows(&[(path_key(b""), root.to_message())]).as_slice());
    let tree = flist.unwrap().tree().unwrap();
    let shown: Vec<String> = tree
        .iter()
        .map(|(at, _)| kosmos::flist::display(at))
        .collect();
    assert!(!shown[1].contains(['\n', '\x1b']), "{shown:?}");
}

#[test]
fn names_that_are_there_twice_and_directories_in_themselves() {
    let mut root = recorded();
    root.contents.retain(|inode| inode.name == b"hello.txt");
    root.contents.push(root.contents[0].clone());
    let flist = Flist::from_reader(of_rows(&[(path_key(b""), root.to_message())]).as_slice());
    let error = flist.unwrap().tree().unwrap_err().to_string();
    assert_eq!(error, "/hello.txt is there twice");

    let mut root = recorded();
    root.contents.retain(|inode| inode.name == b"etc");
    root.contents[0].attributes = kosmos::flist::Attributes::Dir { key: path_key(b"") };
    let flist = Flist::from_reader(of_rows(&[(path_key(b""), root.to_message())]).as_slice());
    let error = flist.unwrap().tree().unwrap_err().to_string();
    assert_eq!(error, "this flist has no directory /etc");
}

#[test]
fn rows_that_are_no_messages() {
    for message in [
        vec![],
        vec![0; 3],
        vec![0; 8],
        vec![0xff; 64],
        b"garbage that is long enough to be read".to_vec(),
    ] {
        let error = refused(&of_rows(&[(path_key(b""), message)]));
        assert!(error.contains("is broken"), "{error}");
    }
}

/// A message of a few words whose list elements all lead to the same large list.
#[test]
fn a_message_that_refers_to_itself_ends() {
    let mut builder = Builder::new();
    let root = builder.root(2, 5);
    let places: Vec<_> = builder.list(root.pointer(2), 500, 3, 3).collect();
    for place in &places {
        builder.text(place.pointer(0), b"name");
        let part = builder.structure(place.pointer(1), 1, 1);
        let blocks: Vec<_> = builder.list(part.pointer(0), 1, 0, 2).collect();
        builder.data(blocks[0].pointer(0), &[0; 16]);
        builder.data(blocks[0].pointer(1), &[0; 16]);
        builder.number(*place, 8, 1_u16.to_le_bytes());
    }
    let honest = builder.finish();
    assert!(Directory::from_message(&honest).is_ok());
    // The pointer to the list of inodes, put where each file has its list of blocks.
    let word =
        |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[8 + at..16 + at].try_into().unwrap());
    let mut evil = honest.clone();
    let list_at = root.pointer(2);
    let target = list_at as i64 + 8 + ((word(&honest, list_at) as u32 as i32 >> 2) as i64) * 8;
    for place in &places {
        let part_pointer = place.pointer(1);
        let part =
            part_pointer as i64 + 8 + ((word(&honest, part_pointer) as u32 as i32 >> 2) as i64) * 8;
        let at = part + 8;
        let offset = ((target - at - 8) / 8) as i32;
        let bits =
            word(&honest, list_at) & !0xffff_ffff_u64 | u64::from(((offset << 2) | 1) as u32);
        let at = usize::try_from(at).unwrap() + 8;
        evil[at..at + 8].copy_from_slice(&bits.to_le_bytes());
    }
    assert!(Directory::from_message(&evil).is_err());
}
