//! Images that are damaged, or made to deceive.
use std::fs;

use kosmos::flist::image::{ConvertOptions, Image, Limits, OpenOptions};
use kosmos::flist::{Backend, BackendError, ChunkId};
use serde_json::json;
use tar::{EntryType, Header};

use super::{ImageOf, LayerOf, archive, gzip, opened, refused, write, write_all, zstd};

fn open(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "image.tar", bytes);
    let error = Image::open(&path, &OpenOptions::default()).unwrap_err();
    let shown = error.to_string();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{shown}");
    shown.replace(&*folder.path().to_string_lossy(), "")
}

fn members(manifest: serde_json::Value) -> Vec<u8> {
    archive(&[("manifest.json".into(), manifest.to_string().into_bytes())])
}

#[test]
fn what_is_no_image() {
    assert_eq!(open(b""), "/image.tar is no image: the file is empty");
    assert_eq!(
        open(b"hello"),
        "/image.tar is no image: it is no tar archive"
    );
    assert_eq!(
        open(&[7; 4096]),
        "/image.tar is no image: it is no tar archive"
    );
    assert!(open(b"\xfd7zXZ\0").contains("compressed with xz"));
    assert_eq!(
        open(&archive(&[("x".into(), vec![1])])),
        "/image.tar is no image: there is neither manifest.json nor index.json in it"
    );
    assert!(open(&archive(&[("repositories".into(), vec![1])])).contains("before 1.10"));
    assert!(open(&gzip(b"hello")).contains("no tar archive"));
    assert!(open(&gzip(&[1; 5000])[..20]).contains("/image.tar is no image:"));
    assert!(open(&zstd(b"hello")).contains("no tar archive"));
    assert!(open(b"\x28\xb5\x2f\xfd").contains("zstd"));
    assert!(open(&members(json!([]))).contains("there is no image in it"));
    assert!(open(&members(json!({}))).starts_with("manifest.json of the image cannot be read"));
    let missing = json!([{ "Config": "x.json", "RepoTags": null, "Layers": [] }]);
    assert!(open(&members(missing)).contains("the configuration x.json is not in the archive"));
    let leaving = json!([{ "Config": "../../../etc/passwd", "RepoTags": null, "Layers": [] }]);
    assert!(open(&members(leaving)).contains("not in the archive"));
}

#[test]
fn an_archive_that_is_cut_off_anywhere() {
    let whole = archive(&ImageOf::new(vec![LayerOf::default().file("a", "b")]).docker("x"));
    let folder = tempfile::tempdir().unwrap();
    // The end mark and what fills the last block are nothing that is missed.
    for length in (0..whole.len() - 1024 - 512).step_by(97) {
        let path = write(folder.path(), "image.tar", &whole[..length]);
        let opened = Image::open(&path, &OpenOptions::default());
        assert!(opened.is_err(), "{length}");
    }
}

#[test]
fn digests_that_are_not_those_of_the_bytes() {
    // The configuration.
    let mut image = ImageOf::new(vec![LayerOf::default().file("a", "b")]);
    let mut members = image.docker("x");
    members[0].1.push(b' ');
    let error = open(&archive(&members));
    assert!(
        error.starts_with("the configuration is called sha256:"),
        "{error}"
    );
    // A layer.
    let mut members = image.docker("x");
    members[1].1[600] ^= 1;
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "image.tar", &archive(&members));
    let image_of = Image::open(&path, &OpenOptions::default()).unwrap();
    let error = image_of
        .convert(None, &ConvertOptions::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("layer 1 of 1 is called sha256:"),
        "{error}"
    );
    // Blobs of a layout: packed and unpacked digests.
    image.packed = |_, bytes| gzip(bytes);
    let layout = folder.path().join("layout");
    let files = image.layout();
    write_all(&layout, &files);
    let largest = files
        .iter()
        .find(|(_, bytes)| bytes.starts_with(b"\x1f\x8b"))
        .unwrap();
    let mut bytes = largest.1.clone();
    let last = bytes.len() - 12;
    bytes[last] ^= 1;
    write(&layout, &largest.0, &bytes);
    let image = Image::open(&layout, &OpenOptions::default()).unwrap();
    let error = image.convert(None, &ConvertOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("it is damaged or not genuine"),
        "{error}"
    );
    bytes.push(0);
    write(&layout, &largest.0, &bytes);
    let error = Image::open(&layout, &OpenOptions::default()).unwrap_err();
    assert!(error.to_string().contains("should have"), "{error}");
    fs::remove_file(layout.join(&largest.0)).unwrap();
    let error = Image::open(&layout, &OpenOptions::default()).unwrap_err();
    assert!(error.to_string().contains("is not there"), "{error}");
}

#[test]
fn names_that_leave_the_image() {
    for name in ["../x", "a/../../x", "a/..", ".."] {
        let error = refused(vec![LayerOf::default().file(name, "x")]);
        assert_eq!(
            error,
            format!("layer 1 of 1: the name '{name}' would leave the image")
        );
    }
    let error = refused(vec![LayerOf::default().hard("x", "../../etc/passwd")]);
    assert!(
        error.contains("'../../etc/passwd' would leave the image"),
        "{error}"
    );
    for marker in [".wh.", ".wh..", ".wh..."] {
        let error = refused(vec![LayerOf::default().file(marker, "")]);
        assert!(error.contains("takes away what has no name"), "{error}");
    }
}

#[test]
fn links_that_lead_nowhere() {
    let error = refused(vec![LayerOf::default().hard("x", "gone")]);
    assert_eq!(
        error,
        "layer 1 of 1: /x is a hard link to /gone, which is not there"
    );
    let error = refused(vec![LayerOf::default().dir("d/").hard("x", "d")]);
    assert_eq!(error, "layer 1 of 1: /x is a hard link to the directory /d");
    let error = refused(vec![LayerOf::default().link("x", "")]);
    assert_eq!(error, "layer 1 of 1: the link /x leads nowhere");
    let round = LayerOf::default()
        .link("a", "b")
        .link("b", "a")
        .file("a/x", "x");
    assert!(refused(vec![round]).contains("more than 40 symbolic links"));
    let through = LayerOf::default().file("f", "x").file("f/y", "y");
    assert!(refused(vec![through]).contains("/f lies in /f, which is no directory"));
}

#[test]
fn entries_that_are_none() {
    let error = refused(vec![LayerOf::default().file("", "x")]);
    assert_eq!(error, "layer 1 of 1: the root is no directory in it");
    let error = refused(vec![LayerOf::default().file(&"n".repeat(99), "x").raw(
        EntryType::new(b'V'),
        b"volume",
        b"",
        b"",
    )]);
    assert_eq!(error, "layer 1 of 1: 'volume' is of the unknown type V");
    let error = refused(vec![LayerOf::default().raw(
        EntryType::GNUSparse,
        b"s",
        b"",
        b"",
    )]);
    assert!(error.contains("sparse"), "{error}");
    let mut damaged = LayerOf::default().file("a", "b").file("c", "d");
    damaged.bytes[1024] ^= 1;
    assert!(refused(vec![damaged]).contains("a header of the tar archive is damaged"));
    let mut header = Header::new_gnu();
    header.set_path("huge").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(u64::MAX - 5);
    let error = refused(vec![LayerOf::default().header(header, b"")]);
    assert!(
        error.contains("a size in the tar archive is none") || error.contains("cut off"),
        "{error}"
    );
    let cut = LayerOf {
        bytes: LayerOf::default().file("a", &"x".repeat(5000)).bytes[..2000].to_vec(),
    };
    let mut image = ImageOf::new(vec![]);
    image.layers = vec![cut.bytes];
    let (_folder, image) = opened(&image);
    let error = image
        .unwrap()
        .convert(None, &ConvertOptions::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "layer 1 of 1: it is cut off");
}

#[test]
fn extended_headers_that_are_too_long() {
    let mut header = Header::new_gnu();
    header.set_path("x").unwrap();
    header.set_entry_type(EntryType::XHeader);
    header.set_size(1 << 40);
    let error = refused(vec![LayerOf::default().header(header, b"")]);
    assert!(
        error.contains("an extended header has 1099511627776 bytes"),
        "{error}"
    );
    let name = "a/".repeat(3000);
    let long = LayerOf::default()
        .raw(EntryType::GNULongName, b"l", b"", name.as_bytes())
        .file("x", "x");
    assert!(refused(vec![long]).contains("4096 is the most"));
    let name = "n".repeat(256);
    let long = LayerOf::default()
        .raw(EntryType::GNULongName, b"l", b"", name.as_bytes())
        .file("x", "x");
    assert!(refused(vec![long]).contains("a name of 256 bytes is too long"));
    for records in ["5 a=b\n", "x a=b\n", "99 a=b\n", "6 abc\n", "10 uid=xy\n"] {
        let broken = LayerOf::default()
            .raw(EntryType::XHeader, b"x", b"", records.as_bytes())
            .file("x", "x");
        let error = refused(vec![broken]);
        assert!(
            error.contains("an extended header of the tar archive is damaged"),
            "{records}: {error}"
        );
    }
    let mut many = LayerOf::default();
    for _ in 0..20 {
        many = many.raw(EntryType::XHeader, b"x", b"", b"");
    }
    assert!(refused(vec![many]).contains("more than 16 extended headers"));
}

#[test]
fn bombs() {
    let limited = |image: &ImageOf, limits: Limits| {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "image.tar", &archive(&image.docker("x")));
        let options = OpenOptions {
            limits,
            ..OpenOptions::default()
        };
        let image = Image::open(&path, &options);
        let converted = image.and_then(|image| image.convert(None, &ConvertOptions::default()));
        converted.unwrap_err().to_string()
    };
    let mut zeros = ImageOf::new(vec![
        LayerOf::default().file("zeros", &"0".repeat(3_000_000)),
    ]);
    zeros.packed = |_, bytes| gzip(bytes);
    let limits = Limits {
        unpacked: 1_000_000,
        ..Limits::default()
    };
    assert_eq!(
        limited(&zeros, limits),
        "layer 1 of 1: more than 1000000 bytes are not unpacked"
    );
    let mut many = LayerOf::default();
    for number in 0..50 {
        many = many.file(&format!("{number}/{number}"), "");
    }
    let many = ImageOf::new(vec![many]);
    // Directories that nobody named count, too.
    let limits = Limits {
        entries: 60,
        ..Limits::default()
    };
    assert_eq!(
        limited(&many, limits),
        "layer 1 of 1: more than 60 entries are not unpacked"
    );
    let limits = Limits {
        names: 100,
        ..Limits::default()
    };
    assert_eq!(
        limited(&many, limits),
        "layer 1 of 1: more than 100 bytes of names are not unpacked"
    );
    let limits = Limits {
        document: 10,
        ..Limits::default()
    };
    assert_eq!(
        limited(&many, limits),
        "manifest.json: more than 10 bytes are not unpacked"
    );
    let limits = Limits {
        layers: 0,
        ..Limits::default()
    };
    assert_eq!(
        limited(&many, limits),
        "the image: more than 0 layers are not unpacked"
    );
}

#[test]
fn manifests_and_configurations_that_disagree() {
    let image = ImageOf::new(vec![LayerOf::default().file("a", "b")]);
    let mut members = image.docker("x");
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&members.pop().unwrap().1).unwrap();
    manifest[0]["Layers"] = json!([]);
    members.push(("manifest.json".into(), manifest.to_string().into_bytes()));
    assert!(open(&archive(&members)).contains("it names 0 layers, the configuration 1"));
}

/// A backend that breaks down.
struct Broken;

impl Backend for Broken {
    fn name(&self) -> String {
        "broken".into()
    }
    fn get(&self, _: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(None)
    }
    fn put(&self, _: &ChunkId, _: &[u8]) -> Result<(), BackendError> {
        Err(BackendError {
            backend: self.name(),
            reason: "out of order".into(),
        })
    }
}

#[test]
fn a_backend_that_breaks_down() {
    let mut layer = LayerOf::default();
    for number in 0..100 {
        layer = layer.file(&format!("{number}"), &format!("{number}"));
    }
    let (_folder, image) = opened(&ImageOf::new(vec![layer]));
    let error = image
        .unwrap()
        .convert(Some(&Broken), &ConvertOptions::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "broken: out of order");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Whatever bytes an archive has, it is read or refused.
    #[test]
    fn damage_anywhere_is_survived(at in 0usize..9000, with: u8) {
        let layer = LayerOf::default().file("a", "b").link("l", "a").hard("h", "a").dir("d/");
        let mut bytes = archive(&ImageOf::new(vec![layer]).docker("x"));
        let at = at % bytes.len();
        bytes[at] = with;
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "image.tar", &bytes);
        if let Ok(image) = Image::open(&path, &OpenOptions::default()) {
            let _ = image.convert(None, &ConvertOptions::default());
        }
    }
}
