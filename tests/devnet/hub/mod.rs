//! The hub of the devnet: what was recorded of a real one, and abuse.
mod faults;
mod kills;
mod links;
mod pages;
mod recorded;
mod tokens;
mod uploads;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use kosmos::devnet::Serving;
use kosmos::devnet::hub::{self, Access, ConvertedImage, HubConfig, ImageFault, Images};
use kosmos::flist::{Backend, Chunk, FolderBackend, Kind, Meta, Metadata, Node, Tree};
use serde_json::Value;

use super::client::Answer;

/// Gives one image under every name but some, as the recorded hub had it.
pub struct StandIn;

/// A tree of these files, with their directories.
pub fn tree(files: &[(&str, &[u8])], backend: &dyn Backend) -> Tree {
    let meta = || Meta {
        mode: 0o755,
        user: "root".into(),
        group: "root".into(),
        uid: Some(0),
        gid: Some(0),
        modified: 1_561_000_000,
        created: 1_561_000_000,
    };
    let mut tree = Tree::new(meta());
    for (path, content) in files {
        for (at, _) in path.match_indices('/') {
            let kind = Kind::Dir;
            let node = Node { meta: meta(), kind };
            tree.replace(path.as_bytes()[..at].to_vec(), node).unwrap();
        }
        let chunk = Chunk::of(content).unwrap();
        backend.put(&chunk.block.id, &chunk.bytes).unwrap();
        let kind = Kind::File {
            size: content.len() as u64,
            blocks: vec![chunk.block],
        };
        let node = Node { meta: meta(), kind };
        tree.replace(path.as_bytes().to_vec(), node).unwrap();
    }
    tree
}

impl Images for StandIn {
    fn pull(
        &self,
        image: &str,
        _keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault> {
        match image {
            "missing/img:latest" => Err(ImageFault::NotFound),
            "broken/img:latest" => Err(ImageFault::NotPulled(String::new())),
            _ => Ok(ConvertedImage {
                tree: tree(
                    &[
                        (".startup.toml", &[b'#'; 245]),
                        ("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
                        ("usr/share/nginx/html/index.html", b"<h1>hello</h1>\n"),
                    ],
                    backend,
                ),
                name: None,
            }),
        }
    }

    fn open(
        &self,
        archive: &Path,
        keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault> {
        let bytes = std::fs::read(archive).unwrap();
        match bytes.as_slice() {
            b"an image" => Ok(ConvertedImage {
                tree: tree(&[("etc/passwd", b"root")], backend),
                name: Some(match keep_cmd {
                    true => "library/kept:1".into(),
                    false => "library/tiny:1".into(),
                }),
            }),
            _ => Err(ImageFault::Damaged("it is no image".into())),
        }
    }
}

pub fn config(dir: &Path) -> HubConfig {
    HubConfig {
        dir: dir.to_owned(),
        site: Some("https://hub.grid.tf".into()),
        storage: Some("zdb://hub.grid.tf:9900".into()),
        metadata: Metadata::new(),
        access: Access::Open,
        chunks: Arc::new(FolderBackend::open(&dir.join("chunks")).unwrap()),
        images: Arc::new(StandIn),
    }
}

pub async fn start(config: HubConfig) -> Serving {
    let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
    hub::start(listen, config).await.unwrap()
}

/// A gzipped tar archive of what `fill` puts into it.
pub fn archive(fill: impl FnOnce(&mut tar::Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut tar);
    tar.into_inner().unwrap().finish().unwrap()
}

pub fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_561_000_000);
    header
}

/// An archive of these files and nothing else.
pub fn files(files: &[(&str, &[u8])]) -> Vec<u8> {
    archive(|tar| {
        for (path, content) in files {
            let mut header = header(tar::EntryType::Regular, content.len() as u64);
            tar.append_data(&mut header, path, *content).unwrap();
        }
    })
}

pub const BOUNDARY: &str = "----a-boundary";

/// The body of a form with a file.
pub fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub async fn send(
    addr: SocketAddr,
    method: &str,
    path: &str,
    content_type: &str,
    body: &[u8],
) -> Answer {
    let headers = [("Content-Type", content_type)];
    super::client::request(addr, method, path, &headers, body).await
}

/// Sends a file as a form.
pub async fn upload(addr: SocketAddr, path: &str, name: &str, content: &[u8]) -> Answer {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    send(addr, "POST", path, &content_type, &form(name, content)).await
}

pub async fn get(addr: SocketAddr, path: &str) -> Answer {
    super::client::request(addr, "GET", path, &[], b"").await
}

/// The message of an answer that refuses.
#[track_caller]
pub fn message(answer: &Answer) -> String {
    let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    json["message"].as_str().unwrap_or(&answer.body).to_owned()
}
