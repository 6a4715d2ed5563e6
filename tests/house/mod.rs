//! The house keeps its shape: who may import whom, which crate is known where, what lies at the top.
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms of ours it may import. `main.rs` and `lib.rs` are rooms of one file.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["shell", "cli", "devnet"]),
    ("lib", &[]),
    ("cli", &["shell", "j", "devnet"]),
    (
        "shell",
        &["engine", "object", "store", "dialect", "j", "cli", "devnet"],
    ),
    ("engine", &["dialect", "object"]),
    (
        "j",
        &[
            "object",
            "store",
            "tfchain",
            "schema",
            "currencylayer",
            "zos",
            "grid",
            "zdb",
            "flist",
            "devnet",
        ],
    ),
    (
        "devnet",
        &["tfchain", "schema", "zos", "zdb", "flist", "grid", "web"],
    ),
    ("dialect", &[]),
    ("capnp", &[]),
    ("flist", &["zdb", "capnp", "web"]),
    ("grid", &["tfchain", "zos", "capnp", "web"]),
    ("object", &[]),
    ("store", &[]),
    ("tfchain", &["web"]),
    ("schema", &[]),
    ("currencylayer", &["web"]),
    ("web", &[]),
    ("zdb", &[]),
    ("zos", &["web"]),
];

/// Crates (or paths of the standard library) that only these rooms may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rhai::", &["engine"]),
    ("rustyline::", &["shell"]),
    ("rpassword::", &["shell"]),
    ("clap::", &["cli", "main"]),
    ("sled::", &["store"]),
    ("argon2::", &["store"]),
    ("chacha20poly1305::", &["store"]),
    ("hkdf::", &["store"]),
    ("hmac::", &["store"]),
    ("ed25519_dalek::", &["tfchain"]),
    ("sha3::", &["tfchain"]),
    ("bip39::", &["shell", "store", "tfchain"]),
    ("saphyr_parser::", &["schema"]),
    ("qrcode::", &["j"]),
    ("axum::", &["devnet"]),
    ("s3s::", &["devnet"]),
    ("s3s_fs::", &["devnet"]),
    ("reqwest::Client::builder", &["devnet", "web"]),
    ("redis::aio::", &["zdb", "zos"]),
    (
        "reqwest::",
        &[
            "tfchain",
            "currencylayer",
            "devnet",
            "flist",
            "grid",
            "web",
            "zos",
        ],
    ),
    ("rusty_s3::", &["grid"]),
    ("instant_xml::", &["grid"]),
    ("curve25519_dalek::", &["grid"]),
    ("salsa20::", &["grid"]),
    ("poly1305::", &["grid"]),
    ("socket2::", &["zos"]),
    ("lettre::", &["devnet"]),
    ("rcgen::", &["devnet"]),
    ("ring::", &["devnet"]),
    ("rusqlite::", &["flist"]),
    ("blake2b_simd::", &["flist"]),
    ("ruzstd::", &["flist"]),
    ("snap::", &["flist"]),
    ("nix::", &["devnet"]),
    ("fuser::", &["devnet"]),
    ("seccompiler::", &["devnet"]),
    ("tar::", &["devnet", "flist"]),
    ("tokio_rustls::", &["devnet", "zos"]),
    ("std::env::", &["shell", "main", "cli"]),
];

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files of the source.
fn sources() -> Vec<PathBuf> {
    let mut all = crate::folders::files(&source_root());
    all.retain(|path| path.extension().is_some_and(|e| e == "rs"));
    all
}

fn room_of(file: &Path) -> String {
    let relative = file.strip_prefix(source_root()).unwrap();
    let first = relative
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_string()
}

/// Code without comments and without the contents of unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// `name` as a whole path segment.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"')
    })
}

#[test]
fn rooms_import_only_what_they_may() {
    let rooms: Vec<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    let all = sources();
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for file in &all {
        let room = room_of(file);
        let allowed = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("a room that the design does not know: {room}"))
            .1;
        seen.push(room.clone());
        let code = code(file);
        for other in &rooms {
            if *other == room || *other == "main" || *other == "lib" || allowed.contains(other) {
                continue;
            }
            let paths = [format!("crate::{other}::"), format!("kosmos::{other}::")];
            let whole = [format!("crate::{other};"), format!("crate::{{{other}")];
            if paths
                .iter()
                .chain(&whole)
                .any(|path| code.contains(path.as_str()))
            {
                wrong.push(format!("{} imports {other}", file.display()));
            }
        }
    }
    for room in rooms {
        assert!(
            seen.iter().any(|s| s == room),
            "the room {room} is gone: change the table"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_picture_in_lib_rs_is_true() {
    let text = fs::read_to_string(source_root().join("lib.rs")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .map(|row| row.split(" | ").collect())
        .filter(|row: &Vec<&str>| row.len() == 3 && row[0].contains('`'))
        .collect();
    let libraries: Vec<&str> = rows
        .iter()
        .filter(|row| row[1].starts_with("library:"))
        .flat_map(|row| quoted(row[0]))
        .collect();
    let mut wrong = Vec::new();
    for (room, may) in MAY_IMPORT.iter().filter(|(room, _)| *room != "lib") {
        let Some(row) = rows.iter().find(|row| quoted(row[0]).contains(room)) else {
            wrong.push(format!("no row for {room}"));
            continue;
        };
        let mut said = quoted(row[2]);
        if row[2].contains("every library room") {
            said.extend(&libraries);
        }
        for other in *may {
            if !said.contains(other) {
                wrong.push(format!("the row of {room} does not say {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_are_known_where_they_belong() {
    let all = sources();
    let mut wrong = Vec::new();
    for file in &all {
        let room = room_of(file);
        let code = code(file);
        for (name, rooms) in ONLY_IN {
            if !rooms.contains(&room.as_str()) && names(&code, name) {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn main_only_decides() {
    let text = fs::read_to_string(source_root().join("main.rs")).unwrap();
    assert!(
        text.lines().count() <= 30,
        "main.rs has {} lines",
        text.lines().count()
    );
}

#[test]
fn the_top_level_is_as_agreed() {
    let agreed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "src",
        "scripts",
        "tests",
        "examples",
        "target",
    ];
    for entry in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().to_string();
        assert!(
            name.starts_with('.') || agreed.contains(&name.as_str()),
            "{name} does not belong at the top level"
        );
    }
}
