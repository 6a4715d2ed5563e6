//! What images come in.
use std::fs;

use kosmos::flist::image::{ConvertOptions, Image, OpenOptions};
use kosmos::flist::{Flist, Format, MemoryBackend, Metadata};
use serde_json::{Value, json};

use super::{
    ImageOf, LayerOf, archive, blob, content, descriptor, gzip, opened, write, write_all, zstd,
};

fn hello() -> ImageOf {
    let lower = LayerOf::default().file("hello", "lower").file("kept", "k");
    let upper = LayerOf::default().file("hello", "upper");
    ImageOf::new(vec![lower, upper])
}

/// Opens and converts, and looks at what has to be in it.
fn works(path: &std::path::Path, options: &OpenOptions) -> Image {
    let image = Image::open(path, options).unwrap();
    let backend = MemoryBackend::default();
    let converted = image
        .convert(Some(&backend), &ConvertOptions::default())
        .unwrap();
    assert_eq!(content(&converted.tree, &backend, "hello"), "upper");
    assert_eq!(content(&converted.tree, &backend, "kept"), "k");
    image
}

#[test]
fn archives_of_docker() {
    let image = hello();
    let folder = tempfile::tempdir().unwrap();
    let members = image.docker("me/app:1.0");
    let plain = archive(&members);
    let path = write(folder.path(), "image.tar", &plain);
    let opened = works(&path, &OpenOptions::default());
    assert_eq!(opened.names(), ["me/app:1.0"]);
    assert_eq!(opened.flist_name(), "me-app-1.0.flist");
    assert_eq!(opened.layers(), 2);
    assert_eq!(opened.platform().to_string(), "linux/amd64");
    // The archive itself may be compressed; what is unpacked for it goes with the image.
    for (name, bytes) in [
        ("image.tar.gz", gzip(&plain)),
        ("image.tar.zst", zstd(&plain)),
    ] {
        let path = write(folder.path(), name, &bytes);
        drop(works(&path, &OpenOptions::default()));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    // An archive that somebody unpacked.
    let unpacked = folder.path().join("unpacked");
    write_all(&unpacked, &members);
    works(&unpacked, &OpenOptions::default());
}

#[test]
fn a_layer_that_is_a_link_to_another() {
    let image = hello();
    let mut members = image.docker("app:1");
    let (at, _) = members
        .iter()
        .enumerate()
        .find(|(_, (name, _))| name.starts_with("0") && name.contains("1/layer.tar"))
        .unwrap();
    let (name, bytes) = members.remove(at);
    members.push(("real/layer.tar".into(), bytes));
    let mut out = tar::Builder::new(Vec::new());
    for (name, bytes) in &members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        out.append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    out.append_link(&mut header, name, "../real/layer.tar")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "image.tar", &out.into_inner().unwrap());
    works(&path, &OpenOptions::default());
}

#[test]
fn layouts() {
    let folder = tempfile::tempdir().unwrap();
    for (name, packed) in [
        (
            "plain",
            (|_, bytes: &[u8]| bytes.to_vec()) as fn(usize, &[u8]) -> Vec<u8>,
        ),
        ("gzip", |_, bytes| gzip(bytes)),
        ("zstd", |_, bytes| zstd(bytes)),
        ("both", |at, bytes| match at {
            0 => gzip(bytes),
            _ => zstd(bytes),
        }),
    ] {
        let mut image = hello();
        image.packed = packed;
        let files = image.layout();
        let layout = folder.path().join(name);
        write_all(&layout, &files);
        let opened = works(&layout, &OpenOptions::default());
        assert_eq!(opened.names(), ["me/app:1.0"]);
        // As an archive of the same files.
        let path = write(folder.path(), &format!("{name}.tar"), &archive(&files));
        works(&path, &OpenOptions::default());
    }
}

/// A layout of an index in an index, with images of these architectures.
fn platforms(architectures: &[&'static str]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut entries = Vec::new();
    for architecture in architectures {
        let mut image = hello();
        image.architecture = architecture;
        let (manifest, blobs) = image.manifest();
        let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        entries.push(entry);
        files.extend(blobs.into_iter().map(blob));
        files.push(blob(manifest));
    }
    // What accompanies a build is no image.
    let note = b"{}".to_vec();
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &note);
    entry["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    entries.push(entry);
    files.push(blob(note));
    let inner = json!({ "schemaVersion": 2, "manifests": entries })
        .to_string()
        .into_bytes();
    let mut entry = descriptor("application/vnd.oci.image.index.v1+json", &inner);
    entry["annotations"] = json!({ "io.containerd.image.name": "docker.io/library/app:2" });
    files.push(blob(inner));
    let index: Value = json!({ "schemaVersion": 2, "manifests": [entry] });
    files.push(("index.json".into(), index.to_string().into_bytes()));
    files
}

#[test]
fn platforms_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), &platforms(&["arm64", "amd64"]));
    let image = works(folder.path(), &OpenOptions::default());
    assert_eq!(image.platform().to_string(), "linux/amd64");
    assert_eq!(image.flist_name(), "app-2.flist");
    let of = |platform: &str| OpenOptions {
        platform: platform.parse().unwrap(),
        ..OpenOptions::default()
    };
    let image = works(folder.path(), &of("linux/arm64"));
    assert_eq!(image.platform().to_string(), "linux/arm64");
    let error = Image::open(folder.path(), &of("linux/s390x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no image for linux/s390x; there is one for linux/amd64, linux/arm64"
    );
    let mut image = hello();
    image.architecture = "arm64";
    let (_folder, error) = opened(&image);
    assert_eq!(
        error.unwrap_err(),
        "there is no image for linux/amd64; there is one for linux/arm64"
    );
}

#[test]
fn one_of_several_images() {
    let mut other = hello();
    other.config = json!({ "Cmd": ["other"] });
    let mut members = hello().docker("me/app:1.0");
    let first: Vec<Value> = serde_json::from_slice(&members.pop().unwrap().1).unwrap();
    let mut more = other.docker("other");
    let second: Vec<Value> = serde_json::from_slice(&more.pop().unwrap().1).unwrap();
    members.extend(more);
    members.dedup();
    let both = serde_json::to_vec(&[first, second].concat()).unwrap();
    members.push(("manifest.json".into(), both));
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "two.tar", &archive(&members));
    let error = Image::open(&path, &OpenOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are 2 images here, choose one with image=: me/app:1.0, other"
    );
    let called = |name: &str| OpenOptions {
        image: Some(name.to_owned()),
        ..OpenOptions::default()
    };
    let image = works(&path, &called("docker.io/library/other:latest"));
    assert_eq!(image.config().cmd, Some(vec!["other".to_owned()]));
    works(&path, &called("me/app:1.0"));
    let error = Image::open(&path, &called("third")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no image 'third' here; there is me/app:1.0, other"
    );
}

#[test]
fn the_flist_of_an_image_can_be_read() {
    let (_folder, image) = opened(&hello());
    let converted = image
        .unwrap()
        .convert(None, &ConvertOptions::default())
        .unwrap();
    assert_eq!((converted.uploaded, converted.present), (0, 0));
    for format in [Format::Y2019, Format::Y2023] {
        let bytes = converted.to_flist(&Metadata::new(), format).unwrap();
        let tree = Flist::from_reader(bytes.as_slice())
            .unwrap()
            .tree()
            .unwrap();
        assert_eq!(tree.len(), converted.tree.len());
        assert!(tree.get(b".startup.toml").is_some());
    }
}

#[test]
fn progress_is_told_and_work_can_be_stopped() {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;
    let (_folder, image) = opened(&hello());
    let image = image.unwrap();
    let told = Mutex::new(Vec::new());
    let progress = |done, of| told.lock().unwrap().push((done, of));
    let options = ConvertOptions {
        progress: Some(&progress),
        ..ConvertOptions::default()
    };
    image.convert(None, &options).unwrap();
    let told = told.into_inner().unwrap();
    assert_eq!(told.first(), Some(&(0, 6)));
    assert!(told.contains(&(6, 6)));
    let stop = AtomicBool::new(true);
    let options = ConvertOptions {
        stop: Some(&stop),
        ..ConvertOptions::default()
    };
    let error = image.convert(None, &options).unwrap_err();
    assert!(matches!(
        error,
        kosmos::flist::image::ImageError::Flist(kosmos::flist::Error::Stopped)
    ));
}
