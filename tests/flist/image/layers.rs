//! Layers over one another.
use kosmos::flist::{Kind, SpecialKind};
use tar::EntryType;

use super::{LayerOf, content, converted, paths};

fn base() -> LayerOf {
    LayerOf::default()
        .dir("etc/")
        .file("etc/passwd", "root:x:0:0:::\nwww-data:x:33:33:::\n")
        .file("etc/group", "root:x:0:\nweb:x:33:\n")
        .dir("data/")
        .file("data/one", "1")
        .file("data/two", "2")
        .dir("data/deep/")
        .file("data/deep/three", "3")
}

#[test]
fn the_upper_layer_wins() {
    let upper = LayerOf::default()
        .file("data/one", "upper")
        .file("new/file", "n");
    let (converted, backend) = converted(vec![base(), upper]);
    let tree = &converted.tree;
    assert_eq!(content(tree, &backend, "data/one"), "upper");
    assert_eq!(content(tree, &backend, "data/two"), "2");
    assert_eq!(content(tree, &backend, "new/file"), "n");
    // A directory that no entry names is made as engines make it.
    assert_eq!(tree.get(b"new").unwrap().meta.mode, 0o755);
    for point in ["dev", "proc", "sys"] {
        assert_eq!(tree.get(point.as_bytes()).unwrap().kind, Kind::Dir);
    }
    assert_eq!(converted.name, "me-app-1.0.flist");
    // What is hidden by an upper layer is not stored: passwd, group, upper, 2, 3, n, start-up.
    assert_eq!((converted.uploaded, backend.len()), (7, 7));
}

#[test]
fn whiteouts() {
    let upper = LayerOf::default()
        .file("data/.wh.one", "")
        .file("data/.wh.deep", "")
        .file(".wh.nothing", "")
        .file("data/.wh..wh.plnk", "");
    let (converted, _) = converted(vec![base(), upper]);
    let left = ["data", "data/two", "etc", "etc/group", "etc/passwd"];
    assert_eq!(paths(&converted.tree), left);
}

#[test]
fn opaque_directories_keep_what_their_layer_brings() {
    for first in [true, false] {
        let mut upper = LayerOf::default().dir("data/");
        if first {
            upper = upper.file("data/.wh..wh..opq", "");
        }
        upper = upper
            .dir("data/deep/")
            .file("data/deep/own", "o")
            .file("data/own", "o");
        if !first {
            upper = upper.file("data/.wh..wh..opq", "");
        }
        let (converted, _) = converted(vec![base(), upper]);
        let inside: Vec<String> = paths(&converted.tree)
            .into_iter()
            .filter(|at| at.starts_with("data/"))
            .collect();
        assert_eq!(
            inside,
            ["data/deep", "data/deep/own", "data/own"],
            "{first}"
        );
    }
}

#[test]
fn a_whiteout_spares_its_own_layer() {
    let upper = LayerOf::default()
        .file("data/two", "again")
        .file("data/.wh.two", "");
    let (converted, backend) = converted(vec![base(), upper]);
    assert_eq!(content(&converted.tree, &backend, "data/two"), "again");
}

#[test]
fn hard_links_share_their_content() {
    let lower = base()
        .hard("data/same", "data/one")
        .hard("data/abs", "/data/one");
    let upper = LayerOf::default()
        .hard("later", "data/same")
        .file("data/.wh.one", "");
    let (converted, backend) = converted(vec![lower, upper]);
    for path in ["data/same", "data/abs", "later"] {
        assert_eq!(content(&converted.tree, &backend, path), "1");
    }
    assert!(converted.tree.get(b"data/one").is_none());
}

#[test]
fn kinds_follow_the_last_layer() {
    let upper = LayerOf::default()
        .file("data", "now a file")
        .dir("etc/passwd/");
    let (converted, backend) = converted(vec![base(), upper]);
    assert_eq!(content(&converted.tree, &backend, "data"), "now a file");
    assert!(converted.tree.get(b"data/deep/three").is_none());
    assert_eq!(converted.tree.get(b"etc/passwd").unwrap().kind, Kind::Dir);
}

#[test]
fn symbolic_links_of_lower_layers_stay_in_the_tree() {
    let lower = LayerOf::default()
        .dir("usr/bin/")
        .link("bin", "usr/bin")
        .link("out", "../../../../etc")
        .link("root", "/usr/./bin")
        .link("lost", "not/there");
    let upper = LayerOf::default()
        .file("bin/tool", "t")
        .file("out/x", "x")
        .file("root/y", "y")
        .file("lost/z", "z");
    let (converted, backend) = converted(vec![lower, upper]);
    let tree = &converted.tree;
    assert_eq!(content(tree, &backend, "usr/bin/tool"), "t");
    assert_eq!(content(tree, &backend, "usr/bin/y"), "y");
    // A link that would lead above the root leads to the root.
    assert_eq!(content(tree, &backend, "etc/x"), "x");
    assert_eq!(content(tree, &backend, "not/there/z"), "z");
    assert!(
        matches!(&tree.get(b"bin").unwrap().kind, Kind::Link { target } if target == b"usr/bin")
    );
    // A file in the place of a link replaces the link, not what it leads to.
    let lower = base().link("data/link", "one");
    let upper = LayerOf::default().file("data/link", "own");
    let (converted, backend) = super::converted(vec![lower, upper]);
    assert_eq!(content(&converted.tree, &backend, "data/link"), "own");
    assert_eq!(content(&converted.tree, &backend, "data/one"), "1");
}

#[test]
fn a_directory_of_an_upper_layer_takes_the_place_of_a_link() {
    let lower = base().link("alias", "data");
    let upper = LayerOf::default()
        .dir("alias/")
        .file("alias/.wh.one", "")
        .file("alias/.wh..wh..opq", "")
        .file("alias/x", "x");
    let (converted, backend) = converted(vec![lower, upper]);
    assert_eq!(content(&converted.tree, &backend, "data/one"), "1");
    assert_eq!(content(&converted.tree, &backend, "alias/x"), "x");
}

#[test]
fn owners_modes_times_and_devices() {
    let mut header = tar::Header::new_gnu();
    header.set_path("www").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o104_755);
    header.set_uid(33);
    header.set_gid(33);
    header.set_mtime(1_234_567_890);
    header.set_size(1);
    let mut device = tar::Header::new_gnu();
    device.set_path("null").unwrap();
    device.set_entry_type(EntryType::Char);
    device.set_mode(0o666);
    device.set_uid(4242);
    device.set_gid(4343);
    device.set_mtime(0);
    device.set_size(0);
    device.set_device_major(1).unwrap();
    device.set_device_minor(3).unwrap();
    let layer =
        base()
            .header(header, b"w")
            .header(device, b"")
            .raw(EntryType::Fifo, b"pipe", b"", b"");
    let (converted, _) = converted(vec![layer]);
    let node = converted.tree.get(b"www").unwrap();
    let meta = &node.meta;
    assert_eq!(
        (meta.mode, meta.uid, meta.gid),
        (0o4755, Some(33), Some(33))
    );
    assert_eq!(
        (meta.user.as_str(), meta.group.as_str()),
        ("www-data", "web")
    );
    assert_eq!(meta.modified, 1_234_567_890);
    let node = converted.tree.get(b"null").unwrap();
    let expected = Kind::Special {
        kind: SpecialKind::CharDevice,
        device: Some((1, 3)),
    };
    assert_eq!(node.kind, expected);
    assert_eq!(
        (node.meta.user.as_str(), node.meta.group.as_str()),
        ("4242", "4343")
    );
    let node = converted.tree.get(b"pipe").unwrap();
    assert!(matches!(
        node.kind,
        Kind::Special {
            kind: SpecialKind::Fifo,
            ..
        }
    ));
}

#[test]
fn strange_names_are_names() {
    let layer = LayerOf::default()
        .file("/absolute/name", "a")
        .file("./dot/./name", "d")
        .raw(EntryType::Regular, b"new\nline", b"", b"n")
        .raw(EntryType::Regular, b"not\xff\xfeutf8", b"", b"u")
        .file("Case", "C")
        .file("case", "c");
    let (converted, backend) = converted(vec![layer]);
    let tree = &converted.tree;
    assert_eq!(content(tree, &backend, "absolute/name"), "a");
    assert_eq!(content(tree, &backend, "dot/name"), "d");
    assert_eq!(content(tree, &backend, "new\nline"), "n");
    assert!(tree.get(b"not\xff\xfeutf8").is_some());
    assert_eq!(content(tree, &backend, "Case"), "C");
    assert_eq!(content(tree, &backend, "case"), "c");
}

#[test]
fn long_names_and_numbers_of_extended_headers() {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(200));
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while format!("{length}{rest}").len() != length {
            length += 1;
        }
        format!("{length}{rest}")
    };
    let records = [
        record("path", &long),
        record("mtime", "1700000000.25"),
        record("uid", "3000000"),
        record("SCHILY.xattr.security.capability", "x"),
    ]
    .concat();
    let gnu = format!("{}/long\0", "g".repeat(150));
    let layer = LayerOf::default()
        .raw(
            EntryType::XGlobalHeader,
            b"g",
            b"",
            record("comment", "c").as_bytes(),
        )
        .raw(EntryType::XHeader, b"x", b"", records.as_bytes())
        .file("short", "content")
        .raw(
            EntryType::GNULongName,
            b"././@LongLink",
            b"",
            gnu.as_bytes(),
        )
        .file("short", "gnu");
    let (converted, backend) = converted(vec![layer]);
    assert_eq!(content(&converted.tree, &backend, &long), "content");
    let meta = &converted.tree.get(long.as_bytes()).unwrap().meta;
    assert_eq!((meta.modified, meta.uid), (1_700_000_000, Some(3_000_000)));
    let gnu = gnu.trim_end_matches('\0');
    assert_eq!(content(&converted.tree, &backend, gnu), "gnu");
}

#[test]
fn large_files_come_in_pieces() {
    let large = "0123456789abcdef".repeat(100_000);
    let layer = LayerOf::default().file("large", &large).file("empty", "");
    let (converted, backend) = converted(vec![layer]);
    assert_eq!(content(&converted.tree, &backend, "large"), large);
    assert_eq!(content(&converted.tree, &backend, "empty"), "");
}
