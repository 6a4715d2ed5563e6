//! `filesystem.*`.
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nix::fcntl::OFlag;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::devnet::zos::files::Files;
use crate::devnet::zos::jobs::command::{Answer, reason};
use crate::devnet::zos::jobs::{Call, Commands, Failure};
use crate::zos::protocol::BLOCK;

#[derive(Deserialize)]
#[serde(default)]
struct Arguments {
    file: String,
    path: String,
    destination: String,
    fd: String,
    block: String,
    mode: Json,
    perm: u32,
    user: String,
    group: String,
    recursive: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            file: String::new(),
            path: String::new(),
            destination: String::new(),
            fd: String::new(),
            block: String::new(),
            mode: Json::Null,
            perm: 0o644,
            user: String::new(),
            group: String::new(),
            recursive: false,
        }
    }
}

fn failed(what: &str, path: &str) -> impl FnOnce(io::Error) -> Failure {
    let text = format!("{what} {path}: ");
    move |e| Failure::from(text + reason(&e).as_str())
}

/// Adds them.
pub fn add(commands: &mut Commands, files: &Arc<Files>) {
    let mut add = |name, run: fn(&Files, Arguments) -> Answer| {
        let files = Arc::clone(files);
        commands.add_blocking(name, move |mut call: Call| run(&files, call.arguments()?));
    };
    add("filesystem.open", |files, a| {
        let mode = a.mode.as_str().unwrap_or("r");
        let flags = flags(mode)?;
        files
            .open(&a.file, flags, a.perm)
            .map(Json::from)
            .map_err(failed("open", &a.file))
    });
    add("filesystem.read", |files, a| {
        with(files, &a.fd, |file| {
            let mut block = vec![0; BLOCK];
            let mut filled = 0;
            while filled < block.len() {
                match file.read(block.get_mut(filled..).unwrap_or_default())? {
                    0 => break,
                    n => filled += n,
                }
            }
            block.truncate(filled);
            Ok(BASE64_STANDARD.encode(block).into())
        })
    });
    add("filesystem.write", |files, a| {
        let block = decode(&a.block)?;
        with(files, &a.fd, |file| {
            file.write_all(&block).map(|()| Json::Null)
        })
    });
    add("filesystem.close", |files, a| {
        files.close(&a.fd);
        Ok(Json::Null)
    });
    add("filesystem.exists", |files, a| {
        Ok(files.exists(&a.path).into())
    });
    add("filesystem.list", |files, a| {
        let entries = files.list(&a.path).map_err(failed("open", &a.path))?;
        let shown = entries.into_iter().map(|(name, size, mode, is_dir)| {
            json!({"name": name, "size": size, "mode": mode, "is_dir": is_dir})
        });
        Ok(shown.collect())
    });
    add("filesystem.mkdir", |files, a| {
        files
            .make_folder(&a.path)
            .map_err(failed("mkdir", &a.path))?;
        Ok(Json::Null)
    });
    add("filesystem.remove", |files, a| {
        files.remove(&a.path).map_err(failed("remove", &a.path))?;
        Ok(Json::Null)
    });
    add("filesystem.move", |files, a| {
        let named = format!("{} {}", a.path, a.destination);
        files
            .rename(&a.path, &a.destination)
            .map_err(failed("rename", &named))?;
        Ok(Json::Null)
    });
    add("filesystem.chmod", |files, a| {
        let mode = a.mode.as_u64().and_then(|mode| u32::try_from(mode).ok());
        let mode = mode.filter(|mode| *mode <= 0o7777).ok_or_else(|| {
            Failure::from(format!(
                "mode is {}, expected a number up to 4095 (0o7777)",
                a.mode
            ))
        })?;
        let change = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(mode));
        files
            .each(&a.path, a.recursive, &change)
            .map_err(failed("chmod", &a.path))?;
        Ok(Json::Null)
    });
    add("filesystem.chown", |files, a| {
        let user = nix::unistd::User::from_name(&a.user)
            .ok()
            .flatten()
            .ok_or_else(|| Failure::from(format!("user: unknown user {}", a.user)))?;
        let group = nix::unistd::Group::from_name(&a.group)
            .ok()
            .flatten()
            .ok_or_else(|| Failure::from(format!("group: unknown group {}", a.group)))?;
        let (user, group) = (user.uid.as_raw(), group.gid.as_raw());
        let change = |path: &Path| std::os::unix::fs::chown(path, Some(user), Some(group));
        files
            .each(&a.path, a.recursive, &change)
            .map_err(failed("chown", &a.path))?;
        Ok(Json::Null)
    });
}

fn with(
    files: &Files,
    id: &str,
    work: impl FnOnce(&mut std::fs::File) -> io::Result<Json>,
) -> Answer {
    let file: Arc<Mutex<std::fs::File>> = files
        .get(id)
        .ok_or_else(|| Failure::from(format!("unknown file description '{id}'")))?;
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    work(&mut file).map_err(|e| reason(&e).into())
}

/// Characters of a line of base64 as the clients of 2019 write it, its end counted.
const LINE: usize = 77;

/// Base64 as clients send it, with line breaks.
fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    // Lines of the usual length are joined without a look at each character: what is no such text
    // fails, and is looked at below.
    let mut joined = Vec::with_capacity(text.len());
    for line in text.as_bytes().chunks(LINE) {
        joined.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
    }
    if let Ok(bytes) = BASE64_STANDARD.decode(&joined) {
        return Ok(bytes);
    }
    let bad = |at: usize| Failure::from(format!("illegal base64 data at input byte {at}"));
    joined.clear();
    joined.extend(text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')));
    BASE64_STANDARD.decode(&joined).map_err(|e| match e {
        base64::DecodeError::InvalidByte(at, _) => bad(at),
        _ => bad(joined.len()),
    })
}

/// The flags of a mode such as `r`, `w+`.
fn flags(mode: &str) -> Result<OFlag, Failure> {
    let mut letter = None;
    let mut both = false;
    for c in mode.chars() {
        match c {
            '+' => both = true,
            'r' | 'w' | 'x' | 'a' if letter.is_none() => letter = Some(c),
            'r' | 'w' | 'x' | 'a' => {
                return Err("rwax modes has to be used once and only once".into());
            }
            other => return Err(format!("unknown mode '{other}'").into()),
        }
    }
    let (way, more) = match letter {
        Some('r') => (OFlag::O_RDONLY, OFlag::empty()),
        Some('w') => (OFlag::O_WRONLY, OFlag::O_CREAT | OFlag::O_TRUNC),
        Some('x') => (OFlag::O_WRONLY, OFlag::O_CREAT | OFlag::O_EXCL),
        Some('a') => (OFlag::O_WRONLY, OFlag::O_CREAT | OFlag::O_APPEND),
        _ => return Err("rwax modes has to be used once and only once".into()),
    };
    Ok(more | if both { OFlag::O_RDWR } else { way })
}
