//! The recorded flists: read to the recorded listings, written and read again.
use std::collections::BTreeMap;

use kosmos::flist::{
    Acl, Attributes, Backend, ChunkId, Directory, ExtractOptions, Flist, Format, Kind,
    MemoryBackend, Metadata, SpecialKind, Tree, check, diff, extract, write,
};
use serde_json::{Value, json as value};

use super::{bytes, json, path, text};

const FILES: [&str; 3] = ["small-format2019", "small-format2023", "many-format2019"];

fn open(name: &str) -> Flist {
    Flist::open(&path(&format!("{name}.flist"))).unwrap()
}

/// An inode in the words of the listings.
fn described(inode: &kosmos::flist::Inode) -> Value {
    let mut found = value!({
        "name": String::from_utf8(inode.name.clone()).unwrap(),
        "size": inode.size,
        "aclkey": inode.acl_key,
        "mtime": inode.modified,
        "ctime": inode.created,
    });
    let more = match &inode.attributes {
        Attributes::Dir { key } => value!({"type": "dir", "key": key}),
        Attributes::File { block_size, blocks } => {
            let blocks: Vec<Value> = blocks
                .iter()
                .map(|b| value!({"hash": b.id.to_string(), "key": hex::encode(b.key)}))
                .collect();
            value!({"type": "file", "block_size_field": block_size, "blocks": blocks})
        }
        Attributes::Link { target } => {
            value!({"type": "link", "target": String::from_utf8(target.clone()).unwrap()})
        }
        Attributes::Special { kind, data } => value!({
            "type": "special",
            "special_type": format!("{kind:?}").to_lowercase(),
            "special_data": String::from_utf8(data.clone()).unwrap(),
        }),
    };
    found
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    found
}

fn same(ours: &Value, theirs: &Value, what: &str) {
    for (key, wanted) in theirs.as_object().unwrap() {
        let found = &ours[key.as_str()];
        assert_eq!(found, wanted, "{what}: {key}");
    }
}

#[test]
fn every_field_is_as_the_listings_say() {
    for name in FILES {
        let flist = open(name);
        let listing = json(&format!("{name}.listing.json"));
        let metadata: Metadata = serde_json::from_value(listing["metadata"].clone()).unwrap();
        assert_eq!(flist.metadata().unwrap(), metadata, "{name}");
        let acis = listing["acis"].as_object().unwrap();
        assert_eq!(flist.acls().len(), acis.len());
        for (key, wanted) in acis {
            let acl = &flist.acls()[key];
            let found = value!({
                "uname": acl.user, "gname": acl.group, "mode": acl.mode,
                "uid": acl.uid, "gid": acl.gid, "id": 0,
            });
            assert_eq!(found, *wanted, "{name}: {key}");
        }
        let rows: BTreeMap<String, Directory> = flist.directories().unwrap().into_iter().collect();
        let wanted = listing["directories"].as_array().unwrap();
        assert_eq!(rows.len(), wanted.len());
        for wanted in wanted {
            let row = &rows[text(wanted, "key")];
            let what = format!("{name}: {}", text(wanted, "path"));
            let found = value!({
                "path": wanted["path"], "kind": wanted["kind"], "key": wanted["key"],
                "name": String::from_utf8(row.name.clone()).unwrap(),
                "location": String::from_utf8(row.location.clone()).unwrap(),
                "parent": row.parent, "size": row.size, "aclkey": row.acl_key,
                "mtime": row.modified, "ctime": row.created,
                "contents": wanted["contents"],
            });
            assert_eq!(found, *wanted, "{what}");
            let contents = wanted["contents"].as_array().unwrap();
            assert_eq!(row.contents.len(), contents.len(), "{what}");
            for (inode, wanted) in row.contents.iter().zip(contents) {
                same(
                    &described(inode),
                    wanted,
                    &format!("{what}/{}", text(wanted, "name")),
                );
            }
            // Asked for by its path it is the same.
            assert_eq!(flist.directory(&row.location).unwrap(), *row);
        }
    }
}

#[test]
fn messages_are_read_and_written_again() {
    for name in ["small-format2019", "small-format2023"] {
        let entries = json(&format!("{name}.entries.json"));
        for (key, message) in entries.as_object().unwrap() {
            let message = hex::decode(message.as_str().unwrap()).unwrap();
            if key.len() == 16 {
                let acl = Acl::from_message(&message).unwrap();
                assert_eq!(Acl::from_message(&acl.to_message()), Ok(acl));
            } else {
                let directory = Directory::from_message(&message).unwrap();
                let again = Directory::from_message(&directory.to_message());
                assert_eq!(again, Ok(directory));
            }
        }
    }
}

fn backend() -> MemoryBackend {
    let backend = MemoryBackend::default();
    for (id, entry) in json("small.backend.json").as_object().unwrap() {
        let id = ChunkId(hex::decode(id).unwrap().try_into().unwrap());
        backend.put(&id, &bytes(entry, "encrypted")).unwrap();
    }
    backend
}

fn written(tree: &Tree, metadata: &Metadata, format: Format) -> Flist {
    let mut out = Vec::new();
    write(tree, metadata, format, &mut out).unwrap();
    Flist::from_reader(out.as_slice()).unwrap()
}

#[test]
fn what_is_written_reads_back_equal_with_both_key_formulas() {
    for name in FILES {
        let flist = open(name);
        let tree = flist.tree().unwrap();
        let metadata = flist.metadata().unwrap();
        for format in [Format::Y2019, Format::Y2023] {
            let again = written(&tree, &metadata, format);
            let found = again.tree().unwrap();
            let differences = diff(&tree, &found);
            // A link and a file of mode 777 share a row in the format of 2019.
            assert!(differences.is_empty(), "{name}: {differences:?}");
            assert_eq!(found.len(), tree.len());
            assert_eq!(again.metadata().unwrap(), metadata);
            for (key, acl) in again.acls() {
                assert_eq!(kosmos::flist::acl_key(acl, format), *key, "{acl:?}");
            }
        }
    }
}

#[test]
fn equal_trees_give_equal_files() {
    let tree = open("small-format2019").tree().unwrap();
    let make = || {
        let mut out = Vec::new();
        write(&tree, &Metadata::new(), Format::Y2019, &mut out).unwrap();
        out
    };
    assert_eq!(make(), make());
}

#[test]
fn paths_are_listed_and_looked_up() {
    let flist = open("small-format2019");
    let names: Vec<String> = flist
        .list(b"etc")
        .unwrap()
        .into_iter()
        .map(|(name, _)| String::from_utf8(name).unwrap())
        .collect();
    assert_eq!(names, ["hostname", "nginx", "link-abs"]);
    let node = flist.stat(b"etc/hostname").unwrap();
    assert_eq!(node.meta.user, "www-data");
    assert!(matches!(node.kind, Kind::File { size: 7, .. }));
    let specials: Vec<Kind> = flist
        .tree()
        .unwrap()
        .iter()
        .filter(|(_, node)| matches!(node.kind, Kind::Special { .. }))
        .map(|(_, node)| node.kind.clone())
        .collect();
    // The original calls every special file a socket; the mode of 2019 tells what it is.
    assert!(!specials.is_empty());
    assert!(
        specials.iter().all(|kind| !matches!(
            kind,
            Kind::Special {
                kind: SpecialKind::Socket,
                ..
            }
        )),
        "{specials:?}"
    );
    let missing = flist.stat(b"etc/no/such").unwrap_err();
    assert_eq!(missing.to_string(), "this flist has no /etc/no/such");
    let file = flist.list(b"etc/hostname").unwrap_err();
    assert_eq!(
        file.to_string(),
        "this flist has no directory /etc/hostname"
    );
}

#[test]
fn contents_are_checked_and_extracted() {
    let backend = backend();
    let contents = json("small.contents.json");
    for name in ["small-format2019", "small-format2023"] {
        let tree = open(name).tree().unwrap();
        let report = check(&tree, &backend, |_| {}).unwrap();
        assert!(report.is_good(), "{report:?}");
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("root");
        extract(&tree, &backend, &folder, &ExtractOptions::default()).unwrap();
        for (file, wanted) in contents.as_object().unwrap() {
            let found = std::fs::read(folder.join(file.trim_start_matches('/'))).unwrap();
            assert_eq!(
                found.len() as u64,
                wanted["size"].as_u64().unwrap(),
                "{file}"
            );
            use sha2::{Digest, Sha256};
            assert_eq!(
                hex::encode(Sha256::digest(&found)),
                text(wanted, "sha256"),
                "{file}"
            );
        }
        let link = std::fs::read_link(folder.join("link-rel")).unwrap();
        assert_eq!(link.to_str().unwrap(), "hello.txt");
        // A second time into the same folder is refused.
        let error = extract(&tree, &backend, &folder, &ExtractOptions::default()).unwrap_err();
        assert!(error.to_string().contains("cannot write into"), "{error}");
    }
    // Without its chunks everything is missing, and each is named.
    let tree = open("small-format2019").tree().unwrap();
    let report = check(&tree, &MemoryBackend::default(), |_| {}).unwrap();
    assert_eq!(report.missing.len(), report.chunks);
}
