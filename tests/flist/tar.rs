//! Archives, good and hostile.
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use kosmos::flist::{
    BuildOptions, Built, Error, Flist, Format, Kind, MemoryBackend, Metadata, SpecialKind,
    TarLimits, check, content, diff, from_dir, from_tar, write,
};
use tar::{Builder, EntryType, Header};

const TYPICAL: TarLimits = TarLimits {
    entries: 1_000,
    bytes: 64 << 20,
    file: 32 << 20,
};

fn taken(archive: &[u8]) -> Result<Built, Error> {
    from_tar(archive, None, &TYPICAL, &BuildOptions::default())
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(7);
    header.set_gid(8);
    header.set_mtime(1_500_000_000);
    header
}

/// An entry with a name that the crate itself would not write.
fn raw(out: &mut Builder<Vec<u8>>, name: &[u8], mut header: Header, bytes: &[u8]) {
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    out.append(&header, bytes).unwrap();
}

fn file(out: &mut Builder<Vec<u8>>, name: &[u8], bytes: &[u8]) {
    raw(
        out,
        name,
        header(EntryType::Regular, bytes.len() as u64),
        bytes,
    );
}

fn link(out: &mut Builder<Vec<u8>>, kind: EntryType, name: &[u8], target: &[u8]) {
    let mut header = header(kind, 0);
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
    raw(out, name, header, b"");
}

fn paths(built: &Built) -> Vec<String> {
    built
        .tree
        .iter()
        .map(|(at, _)| kosmos::flist::display(at))
        .collect()
}

fn reason(built: &Built, path: &str) -> String {
    let found = built.skipped.iter().find(|(at, _)| at == path);
    found
        .unwrap_or_else(|| panic!("{path} in {:?}", built.skipped))
        .1
        .clone()
}

#[test]
fn a_folder_and_its_archive_give_the_same_tree() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("etc/deep")).unwrap();
    std::fs::write(root.join("etc/hostname"), "devnet\n").unwrap();
    std::fs::write(root.join("empty"), "").unwrap();
    let large: Vec<u8> = (0..1_300_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(root.join("etc/deep/large"), &large).unwrap();
    std::os::unix::fs::symlink("etc/hostname", root.join("link")).unwrap();
    let mut out = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    out.follow_symlinks(false);
    out.append_dir_all(".", &root).unwrap();
    let archive = out.into_inner().unwrap().finish().unwrap();
    let backend = MemoryBackend::default();
    let options = BuildOptions::default();
    let built = from_tar(archive.as_slice(), Some(&backend), &TYPICAL, &options).unwrap();
    assert!(built.skipped.is_empty(), "{:?}", built.skipped);
    let folder = from_dir(&root, None, &options).unwrap();
    let differences = diff(&folder.tree, &built.tree);
    // Without names in the archive, owners are numbers in both; blocks are the same.
    assert_eq!(differences, [], "{differences:?}");
    assert!(check(&built.tree, &backend, |_| {}).unwrap().is_good());
    let node = built.tree.get(b"etc/deep/large").unwrap();
    assert_eq!(content(node, b"etc/deep/large", &backend).unwrap(), large);
}

#[test]
fn names_that_leave_the_tree_and_other_odd_ones() {
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"../outside", b"1");
    file(&mut out, b"a/../../b", b"1");
    file(&mut out, b"/absolute/file", b"1");
    file(&mut out, b"./dotted/./name", b"1");
    file(&mut out, b"line\nbreak\x1b[31m", b"1");
    file(&mut out, b"not-utf8-\xff\xfe", b"1");
    file(&mut out, b"Case", b"upper");
    file(&mut out, b"case", b"lower");
    let built = taken(&out.into_inner().unwrap()).unwrap();
    assert_eq!(
        paths(&built),
        [
            "/",
            "/Case",
            "/absolute",
            "/absolute/file",
            "/case",
            "/dotted",
            "/dotted/name",
            "/line\\nbreak\\u{1b}[31m",
            "/not-utf8-\u{fffd}\u{fffd}",
        ]
    );
    assert!(reason(&built, "/../outside").contains("cannot be a path"));
    assert_eq!(built.skipped.len(), 2);
    assert!(
        built.tree.get(b"not-utf8-\xff\xfe").is_some(),
        "bytes stay as they are"
    );
    let size = |name: &[u8]| match built.tree.get(name).map(|node| &node.kind) {
        Some(Kind::File { size, blocks }) => (*size, blocks.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!((size(b"Case"), size(b"case")), ((5, 1), (5, 1)));
}

#[test]
fn long_names_and_owners() {
    let mut out = Builder::new(Vec::new());
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let mut one = header(EntryType::Regular, 3);
    one.set_username("gopher").unwrap();
    one.set_mode(0o4755);
    out.append_data(&mut one, &long, &b"abc"[..]).unwrap();
    let longer = format!("{}/x", vec!["p".repeat(250); 20].join("/"));
    let mut one = header(EntryType::Regular, 3);
    out.append_data(&mut one, &longer, &b"abc"[..]).unwrap();
    let built = taken(&out.into_inner().unwrap()).unwrap();
    let node = built.tree.get(long.as_bytes()).unwrap();
    assert_eq!(
        (node.meta.user.as_str(), node.meta.group.as_str()),
        ("gopher", "8")
    );
    assert_eq!(
        (node.meta.mode, node.meta.uid, node.meta.modified),
        (0o4755, Some(7), 1_500_000_000)
    );
    assert_eq!(built.skipped.len(), 1, "{:?}", built.skipped);
    assert!(built.skipped[0].1.contains("4096 is the most"));
}

#[test]
fn links_devices_and_what_is_written_through_links() {
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"first", b"content");
    link(&mut out, EntryType::Link, b"hard", b"./first");
    link(&mut out, EntryType::Link, b"nothing", b"gone");
    link(&mut out, EntryType::Link, b"out", b"../../etc/passwd");
    link(&mut out, EntryType::Link, b"self", b"self");
    link(&mut out, EntryType::Symlink, b"etc", b"/etc");
    file(&mut out, b"etc/passwd", b"root::0:0");
    let mut device = header(EntryType::Char, 0);
    device.set_device_major(1).unwrap();
    device.set_device_minor(3).unwrap();
    raw(&mut out, b"null", device, b"");
    raw(&mut out, b"pipe", header(EntryType::Fifo, 0), b"");
    raw(&mut out, b"dir/", header(EntryType::Directory, 0), b"");
    link(&mut out, EntryType::Link, b"of-dir", b"dir");
    // A file in the place of a directory takes what was in it away; the last one counts.
    file(&mut out, b"dir/inside", b"1");
    file(&mut out, b"dir", b"now a file");
    file(&mut out, b"first", b"changed later");
    raw(&mut out, b"odd", header(EntryType::new(b'Z'), 0), b"");
    let backend = MemoryBackend::default();
    let archive = out.into_inner().unwrap();
    let built = from_tar(
        archive.as_slice(),
        Some(&backend),
        &TYPICAL,
        &BuildOptions::default(),
    )
    .unwrap();
    assert_eq!(
        paths(&built),
        ["/", "/dir", "/etc", "/first", "/hard", "/null", "/pipe"]
    );
    let read = |name: &[u8]| {
        let bytes = content(built.tree.get(name).unwrap(), name, &backend).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(read(b"hard"), "content", "the file that it was linked to");
    assert_eq!(
        (read(b"first"), read(b"dir")),
        ("changed later".into(), "now a file".into())
    );
    assert!(reason(&built, "/nothing").contains("/gone, which is not there"));
    assert!(reason(&built, "/out").contains("cannot be a path"));
    assert!(reason(&built, "/self").contains("not there"));
    assert!(reason(&built, "/etc/passwd").contains("/etc is no directory"));
    assert!(reason(&built, "/of-dir").contains("directory /dir"));
    assert!(reason(&built, "/odd").contains("kind 'Z'"));
    let null = built.tree.get(b"null").unwrap();
    let kind = Kind::Special {
        kind: SpecialKind::CharDevice,
        device: Some((1, 3)),
    };
    assert_eq!(null.kind, kind);
}

#[test]
fn archives_that_never_end_are_refused() {
    let small = TarLimits {
        entries: 5,
        bytes: 100_000,
        file: 10_000,
    };
    let refused = |archive: &[u8]| {
        let built = from_tar(archive, None, &small, &BuildOptions::default());
        built.unwrap_err().to_string()
    };
    let mut out = Builder::new(Vec::new());
    (0..9).for_each(|n| file(&mut out, format!("f{n}").as_bytes(), b""));
    assert!(refused(&out.into_inner().unwrap()).contains("more than 5 entries"));
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"big", &[0; 20_000]);
    assert!(refused(&out.into_inner().unwrap()).contains("/big has more than 10000 bytes"));
    // A gigabyte in a small file.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let mut one = header(EntryType::Regular, 1 << 30);
    one.set_path("bomb").unwrap();
    one.set_cksum();
    bomb.write_all(one.as_bytes()).unwrap();
    bomb.write_all(&vec![0; 8 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 50_000);
    let error = refused(&bomb);
    assert!(
        error.contains("more than") || error.contains("more bytes"),
        "{error}"
    );
    // A name of many megabytes is not read to its end.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let mut one = header(EntryType::GNULongName, 1 << 30);
    one.set_path("././@LongLink").unwrap();
    one.set_cksum();
    bomb.write_all(one.as_bytes()).unwrap();
    bomb.write_all(&vec![b'a'; 32 << 20]).unwrap();
    let error = taken(&bomb.finish().unwrap()).unwrap_err().to_string();
    assert!(error.contains("bytes of headers"), "{error}");
}

#[test]
fn archives_and_flists_may_be_compressed_with_zstd() {
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"a", &[1; 3_000]);
    let plain = out.into_inner().unwrap();
    let built = taken(&super::image::zstd(&plain)).unwrap();
    assert_eq!(paths(&built), paths(&taken(&plain).unwrap()));
    let mut flist = Vec::new();
    write(&built.tree, &Metadata::new(), Format::Y2019, &mut flist).unwrap();
    let mut bare = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(flist.as_slice());
    reader.read_to_end(&mut bare).unwrap();
    for bytes in [flist, super::image::zstd(&bare), bare] {
        let read = Flist::from_reader(bytes.as_slice())
            .unwrap()
            .tree()
            .unwrap();
        assert!(diff(&built.tree, &read).is_empty());
    }
}

#[test]
fn what_is_no_archive_and_what_is_cut_off() {
    for (bytes, expected) in [
        (&b""[..], "nothing is in it"),
        (b"\x28\xb5\x2f\xfd....", "cannot be taken"),
        (b"\xfd7zXZ..", "compressed with xz"),
        (b"BZh9....", "compressed with bzip2"),
        (b"\x1f\x8bnot gzip", "cannot be taken"),
        (b"<html>this is a page</html>", "cannot be taken"),
        (&[b'x'; 2_000], "cannot be taken"),
    ] {
        let error = taken(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"a", &[1; 3_000]);
    file(&mut out, b"b", &[2; 3_000]);
    let whole = out.into_inner().unwrap();
    for length in (1..whole.len() - 1_024).step_by(97) {
        // An archive that ends between two entries looks like a shorter one.
        if let Ok(built) = taken(&whole[..length]) {
            assert_eq!(paths(&built), ["/", "/a"], "{length}");
        }
    }
    let mut packed = Vec::new();
    let mut gzip = flate2::read::GzEncoder::new(whole.as_slice(), Compression::fast());
    gzip.read_to_end(&mut packed).unwrap();
    assert!(taken(&packed[..packed.len() / 2]).is_err());
    assert!(taken(&packed).is_ok());
}

#[test]
fn what_is_excluded_goes_with_everything_in_it() {
    let mut out = Builder::new(Vec::new());
    file(&mut out, b"dev/shm/x", b"1");
    file(&mut out, b"device", b"1");
    file(&mut out, b"a.pyc", b"1");
    let archive = out.into_inner().unwrap();
    let options = BuildOptions {
        exclude: vec!["^/dev$".into(), r"\.pyc$".into()],
        ..BuildOptions::default()
    };
    let built = from_tar(archive.as_slice(), None, &TYPICAL, &options).unwrap();
    assert_eq!(paths(&built), ["/", "/device"]);
}
