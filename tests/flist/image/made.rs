//! Images that are made of folders.
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use kosmos::flist::image::{ConvertOptions, Image, MakeOptions, OpenOptions, make};
use kosmos::flist::{Kind, MemoryBackend};

use super::content;

#[test]
fn an_image_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::write(root.join("bin/serve"), "#!/bin/true\n").unwrap();
    fs::set_permissions(root.join("bin/serve"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("bin/serve", root.join("start")).unwrap();
    let deep = format!("{}/{}", "a".repeat(90), "b".repeat(90));
    fs::create_dir(root.join("a".repeat(90))).unwrap();
    fs::write(root.join(&deep), "deep").unwrap();
    let archive = folder.path().join("image.tar");
    let options = MakeOptions {
        name: "me/hello:1.0".into(),
        entrypoint: vec!["/bin/serve".into()],
        cmd: vec!["--port".into(), "80".into()],
        env: vec![("MODE".into(), "quiet".into())],
        working_dir: Some("/empty".into()),
        created: 1_600_000_000,
        ..MakeOptions::default()
    };
    let made = make(&root, &archive, &options).unwrap();
    assert_eq!((made.entries, made.skipped.len()), (6, 0));
    let first = fs::read(&archive).unwrap();
    assert_eq!(make(&root, &archive, &options).unwrap(), made);
    assert!(
        first == fs::read(&archive).unwrap(),
        "equal folders give equal archives"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    // By the manifest of docker, and by the index of the layout.
    let unpacked = folder.path().join("unpacked");
    tar::Archive::new(fs::File::open(&archive).unwrap())
        .unpack(&unpacked)
        .unwrap();
    fs::remove_file(unpacked.join("manifest.json")).unwrap();
    for path in [&archive, &unpacked] {
        let image = Image::open(path, &OpenOptions::default()).unwrap();
        assert_eq!(image.digest(), &made.digest);
        assert_eq!(image.flist_name(), "me-hello-1.0.flist");
        let backend = MemoryBackend::default();
        let converted = image
            .convert(Some(&backend), &ConvertOptions::default())
            .unwrap();
        let tree = &converted.tree;
        assert_eq!(content(tree, &backend, "bin/serve"), "#!/bin/true\n");
        assert_eq!(content(tree, &backend, &deep), "deep");
        let meta = &tree.get(b"bin/serve").unwrap().meta;
        assert_eq!((meta.mode, meta.uid), (0o755, Some(0)));
        assert!(
            matches!(&tree.get(b"start").unwrap().kind, Kind::Link { target } if target == b"bin/serve")
        );
        assert_eq!(
            content(tree, &backend, ".startup.toml"),
            "[startup]\n\n[startup.entry]\nname = \"core.system\"\n\n[startup.entry.args]\n\
             name = \"/bin/serve\"\nargs = [\"--port\", \"80\"]\ndir = \"/empty\"\n\n\
             [startup.entry.args.env]\nMODE = \"quiet\"\n"
        );
    }
}

#[test]
fn an_archive_within_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let archive = folder.path().join("image.tar");
    let options = MakeOptions {
        name: "x".into(),
        ..MakeOptions::default()
    };
    let made = make(folder.path(), &archive, &options).unwrap();
    assert_eq!(make(folder.path(), &archive, &options).unwrap(), made);
    assert_eq!(made.entries, 1);
}

#[test]
fn what_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    let options = |name: &str| MakeOptions {
        name: name.into(),
        ..MakeOptions::default()
    };
    let error = make(folder.path(), &archive, &options("Bad Name")).unwrap_err();
    assert!(error.to_string().contains("lower case"), "{error}");
    let error = make(&folder.path().join("gone"), &archive, &options("x")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read "), "{error}");
    let error = make(
        folder.path(),
        &folder.path().join("no/where.tar"),
        &options("x"),
    );
    assert!(error.unwrap_err().to_string().starts_with("cannot make "));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
