//! From a folder to an image: one layer, in an archive that `docker load` takes, too.
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::blob::temporary;
use super::digest::Digest;
use super::error::Result;
use super::platform::Platform;
use super::reference::Reference;
use crate::flist::{Error, display};

/// What an image is called, and how it starts.
#[derive(Debug, Clone, Default)]
pub struct MakeOptions {
    /// Its name: `hello`, `me/hello:1.0`.
    pub name: String,
    /// The program with its first arguments.
    pub entrypoint: Vec<String>,
    /// Further arguments, or the program where there is no entry point.
    pub cmd: Vec<String>,
    /// Environment: names and values.
    pub env: Vec<(String, String)>,
    /// The directory that it is started in.
    pub working_dir: Option<String>,
    /// What it is made for.
    pub platform: Platform,
    /// When it is made, Unix seconds.
    pub created: u32,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Id of the image: the digest of its configuration.
    pub digest: Digest,
    /// Files, directories and links in it, the root not counted.
    pub entries: usize,
    /// Paths that cannot be in an image: sockets.
    pub skipped: Vec<String>,
}

/// Makes an image of a folder, and writes it as an archive of `docker save`. Everything in it
/// belongs to root. Equal folders give equal archives.
///
/// # Errors
/// When the name is none, the folder cannot be read, or the archive cannot be written; then there
/// is none.
pub fn make(folder: &Path, archive: &Path, options: &MakeOptions) -> Result<Made> {
    let reference: Reference = options.name.parse()?;
    let beside = archive
        .parent()
        .filter(|beside| !beside.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let (scratch, file) = temporary(beside)?;
    let wrong = || Error::file("write", archive);
    let (mut file, layer_digest, made) = layer(folder, file, archive)?;
    let size = file.metadata().map_err(wrong())?.len();
    let config = configuration(options, &layer_digest);
    let config = config.to_string().into_bytes();
    let digest = Digest::of(&config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest.to_string(),
            "size": config.len(),
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": layer_digest.to_string(),
            "size": size,
        }],
    });
    let manifest = manifest.to_string().into_bytes();
    let manifest_digest = Digest::of(&manifest);
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": manifest_digest.to_string(),
            "size": manifest.len(),
            "platform": { "os": options.platform.os, "architecture": options.platform.architecture },
            "annotations": { "io.containerd.image.name": reference.to_string() },
        }],
    });
    let blob = |digest: &Digest| format!("blobs/{}/{}", digest.algorithm(), digest.hex());
    let list = json!([{
        "Config": blob(&digest),
        "RepoTags": [reference.text()],
        "Layers": [blob(&layer_digest)],
    }]);
    let documents = [
        (blob(&digest), config),
        (blob(&manifest_digest), manifest),
        ("index.json".to_owned(), index.to_string().into_bytes()),
        ("manifest.json".to_owned(), list.to_string().into_bytes()),
        (
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ),
    ];
    let (whole, out) = temporary(beside)?;
    let written = (|| {
        let mut out = Builder::new(BufWriter::new(out));
        file.rewind()?;
        let header = |size: u64| {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o644);
            header.set_mtime(options.created.into());
            header.set_size(size);
            header
        };
        out.append_data(&mut header(size), blob(&layer_digest), &mut file)?;
        for (name, bytes) in &documents {
            out.append_data(&mut header(bytes.len() as u64), name, bytes.as_slice())?;
        }
        out.into_inner()?.flush()?;
        fs::rename(&whole.0, archive)
    })();
    drop(scratch);
    written.map_err(wrong())?;
    Ok(Made { digest, ..made })
}

fn configuration(options: &MakeOptions, layer: &Digest) -> Value {
    let words = |words: &[String]| match words.is_empty() {
        true => Value::Null,
        false => json!(words),
    };
    let env: Vec<String> = options
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let created = jiff::Timestamp::from_second(options.created.into()).unwrap_or_default();
    json!({
        "created": created.to_string(),
        "architecture": options.platform.architecture,
        "os": options.platform.os,
        "config": {
            "Entrypoint": words(&options.entrypoint),
            "Cmd": words(&options.cmd),
            "Env": env,
            "WorkingDir": options.working_dir.clone().unwrap_or_default(),
        },
        "rootfs": { "type": "layers", "diff_ids": [layer.to_string()] },
        "history": [{ "created": created.to_string(), "created_by": "kosmos" }],
    })
}

/// A writer that hashes what goes through it.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Writes the files of a folder as a layer. The archive itself is left out, should it lie there.
fn layer(folder: &Path, file: File, archive: &Path) -> Result<(File, Digest, Made)> {
    let wrong = || Error::file("write", archive);
    let mut out = Builder::new(Hashing {
        inner: BufWriter::new(file),
        hash: Sha256::new(),
    });
    let mut made = Made {
        digest: Digest::of(b""),
        entries: 0,
        skipped: Vec::new(),
    };
    let own = archive.canonicalize().ok();
    let mut waiting = vec![(PathBuf::new(), folder.to_owned())];
    while let Some((location, path)) = waiting.pop() {
        let read = fs::read_dir(&path).map_err(Error::file("read", &path))?;
        let mut entries: Vec<fs::DirEntry> = Vec::new();
        for entry in read {
            entries.push(entry.map_err(Error::file("read", &path))?);
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let at = location.join(entry.file_name());
            let path = entry.path();
            let data = fs::symlink_metadata(&path).map_err(Error::file("read", &path))?;
            let of = data.file_type();
            let ours = entry.file_name().as_bytes().starts_with(b".image.");
            if of.is_file() && (ours || (own.is_some() && path.canonicalize().ok() == own)) {
                continue;
            }
            let mut header = Header::new_gnu();
            header.set_mode(data.mode() & 0o7777);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(u64::try_from(data.mtime()).unwrap_or(0));
            header.set_size(0);
            let written = if of.is_dir() {
                header.set_entry_type(EntryType::Directory);
                waiting.push((at.clone(), path.clone()));
                out.append_data(&mut header, &at, std::io::empty())
            } else if of.is_symlink() {
                header.set_entry_type(EntryType::Symlink);
                let target = fs::read_link(&path).map_err(Error::file("read", &path))?;
                out.append_link(&mut header, &at, target)
            } else if of.is_file() {
                header.set_entry_type(EntryType::Regular);
                header.set_size(data.size());
                let file = File::open(&path).map_err(Error::file("read", &path))?;
                // A file that grows must not spoil what comes after it.
                let content = BufReader::new(file).take(data.size());
                let mut content = Exactly {
                    inner: content,
                    left: data.size(),
                };
                out.append_data(&mut header, &at, &mut content)
            } else if of.is_fifo() {
                header.set_entry_type(EntryType::Fifo);
                out.append_data(&mut header, &at, std::io::empty())
            } else if of.is_block_device() || of.is_char_device() {
                header.set_entry_type(match of.is_block_device() {
                    true => EntryType::Block,
                    false => EntryType::Char,
                });
                let number = data.rdev();
                header
                    .set_device_major(libc::major(number))
                    .and_then(|()| header.set_device_minor(libc::minor(number)))
                    .and_then(|()| out.append_data(&mut header, &at, std::io::empty()))
            } else {
                made.skipped.push(display(at.as_os_str().as_bytes()));
                continue;
            };
            written.map_err(wrong())?;
            made.entries += 1;
        }
    }
    let out = out.into_inner().map_err(wrong())?;
    let digest: Digest = format!("sha256:{}", hex::encode(out.hash.finalize())).parse()?;
    let file = out
        .inner
        .into_inner()
        .map_err(|e| wrong()(e.into_error()))?;
    Ok((file, digest, made))
}

/// A file that must not end early: the archive has promised its size.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(std::io::Error::other(
                "a file became shorter while it was read",
            ));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
