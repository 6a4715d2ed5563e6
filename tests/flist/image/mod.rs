//! Images: archives and layouts that the tests make themselves, hostile ones among them, and a
//! registry of our own.
mod archives;
mod hostile;
mod layers;
mod made;
mod reference;
mod registry;
mod startup;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use kosmos::flist::image::{ConvertOptions, Converted, Digest, Image, OpenOptions};
use kosmos::flist::{Chunk, Kind, MemoryBackend, Tree};
use serde_json::{Value, json};
use tar::{EntryType, Header};

/// A layer as it is made: entries, one after the other.
#[derive(Default, Clone)]
pub struct LayerOf {
    bytes: Vec<u8>,
}

impl LayerOf {
    /// An entry with a name that no library would write.
    pub fn raw(mut self, kind: EntryType, name: &[u8], link: &[u8], content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_mode(if kind == EntryType::Directory {
            0o755
        } else {
            0o644
        });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_600_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    /// Any header, as it is.
    pub fn header(mut self, mut header: Header, content: &[u8]) -> Self {
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, name: &str, content: &str) -> Self {
        self.raw(EntryType::Regular, name.as_bytes(), b"", content.as_bytes())
    }

    pub fn dir(self, name: &str) -> Self {
        self.raw(EntryType::Directory, name.as_bytes(), b"", b"")
    }

    pub fn link(self, name: &str, target: &str) -> Self {
        self.raw(EntryType::Symlink, name.as_bytes(), target.as_bytes(), b"")
    }

    pub fn hard(self, name: &str, target: &str) -> Self {
        self.raw(EntryType::Link, name.as_bytes(), target.as_bytes(), b"")
    }

    /// The archive, ended.
    pub fn tar(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A zstd frame of blocks that are not compressed.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 100_000;
    // Magic; a descriptor without checksum or size; a window of 128 KiB.
    let mut out = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    let blocks: Vec<&[u8]> = bytes.chunks(BLOCK).collect();
    for (place, block) in blocks.iter().enumerate() {
        let last = u32::from(place + 1 == blocks.len());
        let header = (u32::try_from(block.len()).unwrap() << 3) | last;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out
}

/// An image as it is made.
pub struct ImageOf {
    pub layers: Vec<Vec<u8>>,
    pub config: Value,
    pub os: &'static str,
    pub architecture: &'static str,
    /// What packs each layer, by its place.
    pub packed: fn(usize, &[u8]) -> Vec<u8>,
}

impl ImageOf {
    pub fn new(layers: Vec<LayerOf>) -> Self {
        Self {
            layers: layers.into_iter().map(LayerOf::tar).collect(),
            config: json!({ "Cmd": ["/bin/app"] }),
            os: "linux",
            architecture: "amd64",
            packed: |_, bytes| bytes.to_vec(),
        }
    }

    pub fn config_file(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self
            .layers
            .iter()
            .map(|layer| Digest::of(layer).to_string())
            .collect();
        let config = json!({
            "created": "2020-09-13T12:26:40Z",
            "os": self.os,
            "architecture": self.architecture,
            "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        config.to_string().into_bytes()
    }

    pub fn packed_layers(&self) -> Vec<Vec<u8>> {
        let packed = self.layers.iter().enumerate();
        packed.map(|(at, layer)| (self.packed)(at, layer)).collect()
    }

    /// The manifest and the blobs with their digests.
    pub fn manifest(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let config = self.config_file();
        let layers = self.packed_layers();
        let described: Vec<Value> = layers
            .iter()
            .map(|layer| descriptor("application/vnd.oci.image.layer.v1.tar", layer))
            .collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": described,
        });
        let blobs = [vec![config], layers].concat();
        (manifest.to_string().into_bytes(), blobs)
    }

    /// The members of an archive of `docker save` before 25.
    pub fn docker(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let config = self.config_file();
        let config_name = format!("{}.json", Digest::of(&config).hex());
        let mut members = vec![(config_name.clone(), config)];
        let mut names = Vec::new();
        for (at, layer) in self.packed_layers().into_iter().enumerate() {
            let name = format!("{at:064}/layer.tar");
            names.push(name.clone());
            members.push((name, layer));
        }
        let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": names }]);
        members.push(("manifest.json".into(), manifest.to_string().into_bytes()));
        members
    }

    /// The files of a layout with this image only.
    pub fn layout(&self) -> Vec<(String, Vec<u8>)> {
        let (manifest, blobs) = self.manifest();
        let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "me/app:1.0" });
        let index = json!({ "schemaVersion": 2, "manifests": [entry] });
        let mut files: Vec<(String, Vec<u8>)> = [blobs, vec![manifest]]
            .concat()
            .into_iter()
            .map(blob)
            .collect();
        files.push(("index.json".into(), index.to_string().into_bytes()));
        files.push((
            "oci-layout".into(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ));
        files
    }
}

pub fn descriptor(kind: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": kind, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

pub fn blob(bytes: Vec<u8>) -> (String, Vec<u8>) {
    (format!("blobs/sha256/{}", Digest::of(&bytes).hex()), bytes)
}

/// An archive of these members.
pub fn archive(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        out.append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    out.into_inner().unwrap()
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

pub fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        write(folder, name, bytes);
    }
}

/// Opens what `docker save` would write of an image.
pub fn opened(image: &ImageOf) -> (tempfile::TempDir, Result<Image, String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "image.tar",
        &archive(&image.docker("me/app:1.0")),
    );
    let opened = Image::open(&path, &OpenOptions::default());
    (folder, opened.map_err(|e| e.to_string()))
}

pub fn converted(layers: Vec<LayerOf>) -> (Converted, MemoryBackend) {
    let (_folder, image) = opened(&ImageOf::new(layers));
    let backend = MemoryBackend::default();
    let converted = image
        .unwrap()
        .convert(Some(&backend), &ConvertOptions::default());
    (converted.unwrap(), backend)
}

/// What a conversion of these layers says against it.
pub fn refused(layers: Vec<LayerOf>) -> String {
    let (_folder, image) = opened(&ImageOf::new(layers));
    let backend = MemoryBackend::default();
    let error = image
        .unwrap()
        .convert(Some(&backend), &ConvertOptions::default())
        .unwrap_err();
    assert!(backend.is_empty(), "something was stored before the error");
    error.to_string()
}

/// The content of a file, out of its chunks.
pub fn content(tree: &Tree, backend: &MemoryBackend, path: &str) -> String {
    use kosmos::flist::Backend;
    let node = tree.get(path.as_bytes());
    let node = node.unwrap_or_else(|| panic!("{path} is not there"));
    let Kind::File { size, blocks } = &node.kind else {
        panic!("{path} is {:?}", node.kind);
    };
    let mut bytes = Vec::new();
    for block in blocks {
        let chunk = backend.get(&block.id).unwrap().unwrap();
        bytes.extend(Chunk::open(block, &chunk).unwrap());
    }
    assert_eq!(bytes.len() as u64, *size, "{path}");
    String::from_utf8(bytes).unwrap()
}

/// All paths of a tree but those that the conversion adds.
pub fn paths(tree: &Tree) -> Vec<String> {
    let added = ["", "dev", "proc", "sys", ".startup.toml"];
    tree.iter()
        .map(|(at, _)| String::from_utf8_lossy(at).into_owned())
        .filter(|at| !added.contains(&at.as_str()))
        .collect()
}
