//! Reading and writing files of a node or container.
use std::fs::{self, File, OpenOptions};
use std::io::Cursor;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use super::core::Core;
use super::manager::Manager;
use super::managers::Filesystem;
use crate::object::{Complete, Error, Kind, Member, Needs, Param, Result, Ty, Value};
use crate::zos::Client;

const REMOTE: Param = Param::required("remote", Ty::Str, "path there");
const LOCAL: Param =
    Param::required("local", Ty::Str, "path of the file here").completed_by(Complete::File);
const FD: Param = Param::required("fd", Ty::Str, "the descriptor that open() answered");

type Files = Arc<Manager<Filesystem>>;

/// Members of `client.filesystem` that are no single command.
pub const FILES: &[Member<Manager<Filesystem>>] = &[
    Member::method(
        "read",
        &[FD],
        Ty::Bytes,
        "Reads up to 512 KiB from a descriptor; nothing at the end of the file.",
        "vm.upload_content('/tmp/notes.txt', 'text')\nvm.client.filesystem.read(vm.client.filesystem.open('/tmp/notes.txt'))",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.read")?;
            core.ask(client.read_block(args.text("fd"))).map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "write",
        &[FD, Param::required("bytes", Ty::Bytes, "what is written")],
        Ty::Nothing,
        "Writes to a descriptor.",
        "vm.client.filesystem.write(vm.client.filesystem.open('/tmp/notes.txt', 'w'), 'text')",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.write")?;
            let Value::Bytes(bytes) = args.get("bytes") else {
                return Err(args.error("bytes", "must be bytes"));
            };
            core.ask(client.write_block(args.text("fd"), bytes)).map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "upload",
        &[REMOTE, Param::required("content", Ty::Bytes, "what is written")],
        Ty::Int,
        "Writes a file there; answers how many bytes.",
        "vm.client.filesystem.upload('/tmp/notes.txt', 'text')",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.upload")?;
            let Value::Bytes(bytes) = args.get("content") else {
                return Err(args.error("content", "must be bytes"));
            };
            upload(core, &client, args.text("remote"), bytes)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download",
        &[REMOTE],
        Ty::Bytes,
        "Reads a file there.",
        "vm.upload_content('/tmp/notes.txt', 'text')\nvm.client.filesystem.download('/tmp/notes.txt')",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.download")?;
            download(core, &client, args.text("remote")).map(Value::Bytes)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "upload_file",
        &[REMOTE, LOCAL],
        Ty::Int,
        "Copies a file from here to there; answers how many bytes.",
        "vm.upload_content('/tmp/notes.txt', 'text')\n\
         vm.client.filesystem.download_file('/tmp/notes.txt', folder + '/up.txt')\n\
         vm.client.filesystem.upload_file('/tmp/again.txt', folder + '/up.txt')",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.upload_file")?;
            upload_file(core, &client, args.text("remote"), Path::new(args.text("local")))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download_file",
        &[REMOTE, LOCAL],
        Ty::Int,
        "Copies a file from there to here, as a whole or not at all; answers how many bytes.",
        "vm.upload_content('/tmp/notes.txt', 'text')\n\
         vm.client.filesystem.download_file('/tmp/notes.txt', folder + '/notes.txt')",
        |this: &Files, args| {
            let (core, client) = this.targets().one("filesystem.download_file")?;
            download_file(core, &client, args.text("remote"), Path::new(args.text("local")))
        },
    )
    .needs(Needs::NETWORK),
];

fn count(bytes: u64) -> Value {
    Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// Shows how far a copy is.
fn progress<'a>(core: &'a Core, what: &'a str, path: &'a str) -> impl FnMut(u64) + 'a {
    move |bytes| {
        let host = &core.world().host;
        host.progress(Some(&format!(
            "{what} {path}: {} KiB",
            bytes.div_ceil(1024)
        )));
    }
}

/// Writes bytes to a file there.
///
/// # Errors
/// As [`Client::upload`].
pub fn upload(core: &Core, client: &Client, remote: &str, bytes: &[u8]) -> Result<Value> {
    let at = progress(core, "uploading", remote);
    let done = core.ask(client.upload(remote, Cursor::new(bytes), at));
    core.world().host.progress(None);
    done.map(count)
}

/// Reads a file there.
///
/// # Errors
/// As [`Client::download`].
pub fn download(core: &Core, client: &Client, remote: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let at = progress(core, "downloading", remote);
    let done = core.ask(client.download(remote, &mut bytes, at));
    core.world().host.progress(None);
    done.map(|_| bytes)
}

/// Reads a text file there.
///
/// # Errors
/// As [`download`], and a file that is no text.
pub fn download_text(core: &Core, client: &Client, remote: &str) -> Result<Value> {
    let bytes = download(core, client, remote)?;
    String::from_utf8(bytes).map(Value::Str).map_err(|_| {
        Error::value(format!("{remote} is not text in UTF-8"))
            .hint("use client.filesystem.download(path): it answers bytes")
    })
}

fn upload_file(core: &Core, client: &Client, remote: &str, local: &Path) -> Result<Value> {
    let file = File::open(local).map_err(|error| {
        Error::new(
            Kind::Io,
            format!("cannot read {}: {error}", local.display()),
        )
    })?;
    let at = progress(core, "uploading", remote);
    let done = core.ask(client.upload(remote, file, at));
    core.world().host.progress(None);
    done.map(count)
}

fn download_file(core: &Core, client: &Client, remote: &str, local: &Path) -> Result<Value> {
    let failed = |error: std::io::Error| {
        Error::new(
            Kind::Io,
            format!("cannot write {}: {error}", local.display()),
        )
    };
    if local.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    // A copy that ends half way must not look like the file.
    let mut name = local.file_name().unwrap_or_default().to_os_string();
    name.push(format!(
        ".{:016x}.part",
        getrandom::u64().unwrap_or_default()
    ));
    let part = local.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .map_err(failed)?;
    let at = progress(core, "downloading", remote);
    let done = core.ask(client.download(remote, &mut file, at));
    core.world().host.progress(None);
    let whole = done.and_then(|bytes| {
        fs::rename(&part, local).map_err(failed)?;
        Ok(count(bytes))
    });
    if whole.is_err() {
        // Ours and incomplete: nothing of value is lost.
        let _ = fs::remove_file(&part);
    }
    whole
}
