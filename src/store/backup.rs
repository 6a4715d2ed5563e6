//! Backups: one sealed file with everything a store needs, made at will or by itself.
//!
//! The file starts with the store's header in clear, so the same passphrase, words or key file
//! opens it; its frames are sealed with a sub key of the master key.
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::backend::Tree;
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::frames::{self, FRAME, FrameWriter};
use super::header::Header;
use super::keys::Keys;
use super::manifest::MANIFEST_KEY;
use super::mirror::{Mirror, Raw};
use super::record::bytes;
use super::site::Site;
use super::slot::Unlock;
use super::state::State;
use super::store::{Options, Store};

/// First line of a backup.
const MAGIC: &str = "jsx-backup-v1";
/// Folder of the automatic backups inside the store's.
pub(crate) const FOLDER: &str = "backups";
/// Ending of an automatic backup's name `g<generation>-t<seconds>.backup`.
const ENDING: &str = ".backup";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// Number of records.
    pub records: u64,
    /// Number of changes the store had seen.
    pub generation: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// One key of the engine.
#[derive(Serialize, Deserialize)]
struct Item<'a>(
    u8,
    #[serde(borrow, with = "bytes")] &'a [u8],
    #[serde(borrow, with = "bytes")] &'a [u8],
);

impl Store {
    /// Writes everything into one sealed file and verifies it by reading it back.
    ///
    /// # Errors
    /// When the file exists, or cannot be written and read back.
    pub fn backup(&self, file: &Path) -> Result<BackupInfo> {
        if file.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(file.to_path_buf()));
        }
        self.exclusive(|_, state, _| {
            state.check_writable()?;
            let header = state.header_bytes.clone();
            let (mirror, keys) = state.parts()?;
            write(file, &header, mirror, keys)?;
            inspect(file, keys)
        })
    }

    /// Automatic backups of this store, newest first.
    pub fn backups(&self) -> Vec<PathBuf> {
        self.dir().map(list).unwrap_or_default()
    }
}

/// Automatic backups in a store's folder, newest first.
pub(crate) fn list(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<((u64, u64), PathBuf)> = fs::read_dir(dir.join(FOLDER))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            parse_name(name.to_str()?).map(|key| (key, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

fn name(generation: u64, seconds: u64) -> String {
    format!("g{generation:012}-t{seconds}{ENDING}")
}

/// Generation and time of an automatic backup's name.
fn parse_name(name: &str) -> Option<(u64, u64)> {
    let (generation, seconds) = name
        .strip_prefix('g')?
        .strip_suffix(ENDING)?
        .split_once("-t")?;
    Some((generation.parse().ok()?, seconds.parse().ok()?))
}

/// Makes an automatic backup when the last one is old enough. Failing is a warning.
pub(crate) fn if_due(site: &Site, options: &Options, state: &mut State) {
    let (Some(dir), true) = (site.dir(), options.backups_kept > 0) else {
        return;
    };
    let now = (options.clock)();
    // A clock that went backwards must not stop backups for ever.
    let due = |last: u64| now.abs_diff(last) >= options.backup_every;
    if state.last_backup.is_some_and(|last| !due(last)) {
        return;
    }
    // Another shell may have made one since.
    let newest = list(dir)
        .first()
        .and_then(|path| parse_name(path.file_name()?.to_str()?))
        .map(|(_, seconds)| seconds);
    state.last_backup = newest;
    if newest.is_none_or(due)
        && let Err(e) = make(dir, options, state, now)
    {
        state.warnings.push(Warning::Backup {
            reason: e.to_string(),
        });
    }
}

/// Writes one automatic backup and removes those beyond the number to keep.
pub(crate) fn make(dir: &Path, options: &Options, state: &mut State, now: u64) -> Result<()> {
    let folder = dir.join(FOLDER);
    files::create_private_dir(&folder)?;
    let header = state.header_bytes.clone();
    let (mirror, keys) = state.parts()?;
    let file = folder.join(name(mirror.manifest.generation, now));
    write(&file, &header, mirror, keys)?;
    state.last_backup = Some(now);
    for old in list(dir).into_iter().skip(options.backups_kept) {
        fs::remove_file(&old).map_err(StoreError::io("remove", &old))?;
    }
    Ok(())
}

/// Gives the automatic backups a new header, so that a changed passphrase opens them and the old
/// one does not. Those of an older master key keep theirs.
pub(crate) fn renew_headers(dir: &Path, header: &[u8], keys: &Keys) -> Result<()> {
    for path in list(dir) {
        if inspect(&path, keys).is_err() {
            continue;
        }
        let mut input = open(&path)?;
        read_head(&mut input, &path)?;
        files::write_whole(&path, |file| {
            let mut out = BufWriter::new(file);
            writeln!(out, "{MAGIC}")?;
            let length = u32::try_from(header.len()).map_err(std::io::Error::other)?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(header)?;
            std::io::copy(&mut input, &mut out)?;
            out.flush()
        })?;
    }
    Ok(())
}

/// Writes a backup file.
fn write(path: &Path, header: &[u8], mirror: &Mirror, keys: &Keys) -> Result<()> {
    files::write_whole(path, |file| {
        let base = keys.aad("jsx/backup/v1");
        let mut out =
            FrameWriter::start(BufWriter::new(file), MAGIC, header, keys.backup_key(), base)?;
        let objects = mirror
            .objects
            .iter()
            .map(|(id, object)| (Tree::Objects, &id.as_bytes()[..], &object.sealed[..]));
        let index = mirror
            .index
            .iter()
            .map(|(key, id)| (Tree::Index, &key[..], &id.as_bytes()[..]));
        let schemas = mirror
            .schemas
            .iter()
            .map(|(hash, text)| (Tree::Schemas, &hash[..], &text[..]));
        let manifest = (Tree::Meta, MANIFEST_KEY, &mirror.manifest_sealed[..]);
        let all = std::iter::once(manifest)
            .chain(objects)
            .chain(index)
            .chain(schemas);
        let (mut frame, mut size, mut items) = (Vec::new(), 0, 0u64);
        for (tree, key, value) in all {
            frame.push(Item(tree as u8, key, value));
            items += 1;
            size += key.len() + value.len();
            if size >= FRAME {
                out.frame(&rmp_serde::to_vec(&frame).map_err(std::io::Error::other)?)?;
                frame.clear();
                size = 0;
            }
        }
        if !frame.is_empty() {
            out.frame(&rmp_serde::to_vec(&frame).map_err(std::io::Error::other)?)?;
        }
        out.finish(items)?.flush()
    })
}

/// Reads the header of a backup and unlocks it.
pub(crate) fn unlock(path: &Path, how: Unlock<'_>) -> Result<Keys> {
    let header = read_head(&mut open(path)?, path)?;
    Header::decode(&header)?.unlock(how)
}

/// Reads a backup completely; its content must agree with its manifest.
pub(crate) fn read(path: &Path, keys: &Keys) -> Result<(Raw, BackupInfo)> {
    let bad = |reason: String| StoreError::File {
        kind: "backup",
        path: path.to_path_buf(),
        reason,
    };
    let mut input = open(path)?;
    let header = read_head(&mut input, path)?;
    let mut raw = Raw {
        header,
        ..Raw::default()
    };
    let mut items = 0u64;
    let base = keys.aad("jsx/backup/v1");
    let count = frames::read_frames(&mut input, keys.backup_key(), &base, |frame| {
        let frame: Vec<Item> =
            rmp_serde::from_slice(frame).map_err(|e| format!("a frame is broken: {e}"))?;
        for Item(tree, key, value) in frame {
            let pair = (key.to_vec(), value.to_vec());
            match Tree::ALL.get(usize::from(tree)) {
                Some(Tree::Objects) => raw.objects.push(pair),
                Some(Tree::Index) => raw.index.push(pair),
                Some(Tree::Schemas) => raw.schemas.push(pair),
                Some(Tree::Meta) if key == MANIFEST_KEY => raw.manifest = Some(pair.1),
                _ => return Err("an item is of an unknown kind".to_owned()),
            }
            items += 1;
        }
        Ok(())
    })
    .map_err(bad)?;
    if count != items {
        return Err(bad(format!("{items} items found, {count} expected")));
    }
    let info = BackupInfo {
        records: u64::try_from(raw.objects.len()).unwrap_or(u64::MAX),
        generation: 0,
        bytes: fs::metadata(path)
            .map_err(StoreError::io("look at", path))?
            .len(),
    };
    Ok((raw, info))
}

/// Reads a backup and verifies its content.
pub(crate) fn inspect(path: &Path, keys: &Keys) -> Result<BackupInfo> {
    let (raw, info) = read(path, keys)?;
    let (mirror, mismatch) = Mirror::verify(raw, keys);
    match mismatch {
        None => Ok(BackupInfo {
            generation: mirror.manifest.generation,
            ..info
        }),
        Some(mismatch) => Err(StoreError::File {
            kind: "backup",
            path: path.to_path_buf(),
            reason: mismatch.reason,
        }),
    }
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path)
        .map(BufReader::new)
        .map_err(StoreError::io("open", path))
}

fn read_head(input: &mut impl Read, path: &Path) -> Result<Vec<u8>> {
    frames::read_head(input, MAGIC).map_err(|reason| StoreError::File {
        kind: "backup",
        path: path.to_path_buf(),
        reason,
    })
}
