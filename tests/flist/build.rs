//! Folders as trees, merging, differences.
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use kosmos::flist::{
    Backend, BuildOptions, ChunkId, Difference, Error, ExtractOptions, FolderBackend, Kind,
    MemoryBackend, Names, Node, Tree, check, diff, extract, from_dir, merge,
};

fn sample(dir: &Path) {
    fs::create_dir_all(dir.join("etc/nginx")).unwrap();
    fs::create_dir_all(dir.join("empty")).unwrap();
    fs::write(dir.join("etc/hostname"), "devnet\n").unwrap();
    fs::write(dir.join("etc/nginx/nginx.conf"), "daemon off;\n").unwrap();
    fs::write(dir.join("nothing"), "").unwrap();
    fs::write(dir.join("two-chunks"), vec![7; 600_000]).unwrap();
    fs::write(dir.join("copy"), vec![7; 600_000]).unwrap();
    symlink("etc/hostname", dir.join("link")).unwrap();
    fs::set_permissions(dir.join("nothing"), fs::Permissions::from_mode(0o4751)).unwrap();
}

fn names() -> Names {
    Names::from_texts("root:x:0:0:root:/root:/bin/sh\nbroken\n", "root:x:0:\n")
}

#[test]
fn a_folder_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    sample(&from);
    let backend = FolderBackend::open(&dir.path().join("chunks")).unwrap();
    let options = BuildOptions {
        names: names(),
        ..BuildOptions::default()
    };
    let built = from_dir(&from, Some(&backend), &options).unwrap();
    assert!(built.skipped.is_empty(), "{:?}", built.skipped);
    // Equal pieces are one chunk; two threads may both find one missing.
    assert!((4..=6).contains(&built.uploaded), "{}", built.uploaded);
    assert_eq!(built.uploaded + built.present, 6);
    assert!(check(&built.tree, &backend, |_| {}).unwrap().is_good());
    let again = from_dir(&from, Some(&backend), &options).unwrap();
    assert_eq!((again.uploaded, again.present), (0, 6));
    // A chunk that was lost with the power of the machine is written again.
    let Kind::File { blocks, .. } = &again.tree.get(b"etc/hostname").unwrap().kind else {
        panic!("no file");
    };
    let id = blocks[0].id.to_string();
    fs::write(dir.path().join("chunks").join(&id[..2]).join(&id[2..]), "").unwrap();
    assert!(!check(&built.tree, &backend, |_| {}).unwrap().is_good());
    let again = from_dir(&from, Some(&backend), &options).unwrap();
    assert_eq!((again.uploaded, again.present), (1, 5));
    assert!(check(&built.tree, &backend, |_| {}).unwrap().is_good());
    assert_eq!(again.tree, built.tree);

    let to = dir.path().join("to");
    let options_out = ExtractOptions {
        all_mode_bits: true,
        ..ExtractOptions::default()
    };
    let made = extract(&built.tree, &backend, &to, &options_out).unwrap();
    assert_eq!((made.files, made.directories, made.links), (5, 3, 1));
    let back = from_dir(&to, None, &options).unwrap();
    assert_eq!(diff(&built.tree, &back.tree), []);
    assert_eq!(fs::read(to.join("two-chunks")).unwrap(), vec![7; 600_000]);
}

#[test]
fn what_is_excluded_and_what_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    fs::create_dir_all(dir.path().join("dev/shm")).unwrap();
    fs::write(dir.path().join("x.pyc"), "x").unwrap();
    let options = BuildOptions {
        exclude: vec![r"\.pyc$".into(), "^/dev".into()],
        ..BuildOptions::default()
    };
    let tree = from_dir(dir.path(), None, &options).unwrap().tree;
    assert!(tree.get(b"dev").is_none() && tree.get(b"x.pyc").is_none());
    assert!(tree.get(b"etc/nginx/nginx.conf").is_some());
    let bad = BuildOptions {
        exclude: vec!["(".into()],
        ..BuildOptions::default()
    };
    let error = from_dir(dir.path(), None, &bad).unwrap_err();
    assert!(matches!(error, Error::Pattern { .. }), "{error}");
    let error = from_dir(&dir.path().join("none"), None, &options).unwrap_err();
    assert!(error.to_string().contains("cannot read"), "{error}");
    let error = from_dir(&dir.path().join("nothing"), None, &options).unwrap_err();
    assert!(error.to_string().contains("cannot read"), "{error}");
}

#[test]
fn a_damaged_chunk_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    sample(&from);
    let backend = MemoryBackend::default();
    let tree = from_dir(&from, Some(&backend), &BuildOptions::default())
        .unwrap()
        .tree;
    let Kind::File { blocks, .. } = &tree.get(b"etc/hostname").unwrap().kind else {
        panic!("no file");
    };
    let id = blocks[0].id;
    backend.put(&id, b"something else").unwrap();
    let report = check(&tree, &backend, |_| {}).unwrap();
    assert_eq!(report.wrong.len(), 1);
    assert_eq!(
        (report.wrong[0].0, report.wrong[0].1.as_str()),
        (id, "/etc/hostname")
    );
    let error = extract(
        &tree,
        &backend,
        &dir.path().join("to"),
        &ExtractOptions::default(),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("/etc/hostname") && error.contains(&id.to_string()),
        "{error}"
    );
}

/// A backend that fails after so many chunks.
struct Failing(MemoryBackend, usize);

impl Backend for Failing {
    fn name(&self) -> String {
        "failing".into()
    }
    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, kosmos::flist::BackendError> {
        self.0.get(id)
    }
    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), kosmos::flist::BackendError> {
        if self.0.len() >= self.1 {
            return Err(kosmos::flist::BackendError {
                backend: self.name(),
                reason: "no more room".into(),
            });
        }
        self.0.put(id, bytes)
    }
}

#[test]
fn a_break_in_the_middle_is_told_and_the_next_try_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let failing = Failing(MemoryBackend::default(), 2);
    let options = BuildOptions {
        threads: 1,
        ..BuildOptions::default()
    };
    let error = from_dir(dir.path(), Some(&failing), &options).unwrap_err();
    assert_eq!(error.to_string(), "failing: no more room");
    let rest = from_dir(dir.path(), Some(&failing.0), &options).unwrap();
    assert_eq!(rest.uploaded, 2);
}

fn tree(paths: &[(&str, &str)]) -> Tree {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in paths {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    from_dir(dir.path(), None, &BuildOptions::default())
        .unwrap()
        .tree
}

#[test]
fn merging_unites_directories_and_the_first_wins() {
    let first = tree(&[("a/x", "1"), ("b", "file")]);
    let second = tree(&[("a/x", "22"), ("a/y", "2"), ("b/inside", "3"), ("c", "4")]);
    let merged = merge([first.clone(), second]).unwrap();
    let paths: Vec<String> = merged
        .iter()
        .map(|(at, _)| kosmos::flist::display(at))
        .collect();
    assert_eq!(paths, ["/", "/a", "/a/x", "/a/y", "/b", "/c"]);
    assert_eq!(merged.get(b"a/x"), first.get(b"a/x"));
    assert!(merge([]).is_none());
}

#[test]
fn differences_are_told_apart() {
    let before = tree(&[("same", "1"), ("gone", "2"), ("changed", "3")]);
    let mut after = tree(&[("same", "1"), ("new", "2"), ("changed", "33")]);
    let node: &mut Node = after.get_mut(b"same").unwrap();
    node.meta.mode ^= 0o100;
    let paths = |d: &Difference| format!("{d:?}");
    let found: Vec<String> = diff(&before, &after).iter().map(paths).collect();
    assert_eq!(
        found,
        [
            "Content(\"/changed\")",
            "Removed(\"/gone\")",
            "Added(\"/new\")",
            "Meta(\"/same\")"
        ]
    );
}

#[test]
fn trees_keep_their_rules() {
    let mut tree = tree(&[("a/x", "1"), ("a-b", "2"), ("a0", "3")]);
    let node = tree.get(b"a/x").unwrap().clone();
    for bad in [
        "../x",
        "a/../x",
        "/x",
        "x/",
        "a//x",
        ".",
        "no/such/x",
        "a/x/y",
        "a/x",
    ] {
        assert!(
            tree.insert(bad.as_bytes().to_vec(), node.clone()).is_err(),
            "{bad}"
        );
    }
    assert_eq!(Tree::location(b"/a//x/").unwrap(), b"a/x");
    assert!(Tree::location(b"/a/../x").is_err());
    // Only what is below goes with a directory, not what begins with its name.
    assert!(tree.remove(b"a"));
    assert!(tree.get(b"a/x").is_none() && tree.get(b"a-b").is_some() && tree.get(b"a0").is_some());
    assert!(!tree.remove(b""));
    tree.replace(
        b"a-b".to_vec(),
        Node {
            kind: Kind::Dir,
            ..node.clone()
        },
    )
    .unwrap();
    tree.insert(b"a-b/x".to_vec(), node.clone()).unwrap();
    tree.replace(b"a-b".to_vec(), node).unwrap();
    assert!(tree.get(b"a-b/x").is_none());
}
