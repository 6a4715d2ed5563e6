//! Backups: one sealed file with everything a store needs, made at will or by itself.
//!
//! The file starts with the store's header in clear, so the same passphrase, words or key file
//! opens it; its frames are sealed with a sub key of the master key. One made at will holds the
//! databases too; automatic ones are made in passing and stay small: they hold their keys only.
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
use super::vault::copy::{self, NAME, Part};

/// First line of a backup.
const MAGIC: &str = "jsx-backup-v1";
/// Folder of the automatic backups inside the store's.
pub(crate) const FOLDER: &str = "backups";
/// Kind of an item that is a key of a database's tree: this, and the tree's own number. The
/// name of the database's folder stands before the key.
const DATABASE: u8 = 16;
/// Kind of the last item of a database: the file beside its engine.
const DATABASE_END: u8 = 31;
/// Ending of an automatic backup's name `g<generation>-t<seconds>.backup`.
const ENDING: &str = ".backup";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// Number of records.
    pub records: u64,
    /// Number of changes the store had seen.
    pub generation: u64,
    /// Number of databases with all their entries.
    pub databases: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// An item that a newer version made.
const UNKNOWN_KIND: &str = "an item is of an unknown kind";

/// What a backup is made of, besides the header.
struct Content<'a> {
    mirror: &'a Mirror,
    /// The store's folder and how long to wait for a database; None leaves databases out.
    databases: Option<(&'a Path, Duration)>,
}

/// Receives a part of the database whose folder has that name.
type VisitPart<'a> = dyn FnMut(&[u8; NAME], Part<'_>) -> Result<()> + 'a;

/// One key of the engine.
#[derive(Serialize, Deserialize)]
struct Item<'a>(
    u8,
    #[serde(borrow, with = "bytes")] &'a [u8],
    #[serde(borrow, with = "bytes")] &'a [u8],
);

impl Store {
    /// Writes everything, databases included, into one sealed file and verifies it by reading it
    /// back.
    ///
    /// # Errors
    /// When the file exists, or cannot be written and read back, or a database is in use.
    pub fn backup(&self, file: &Path) -> Result<BackupInfo> {
        if file.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(file.to_path_buf()));
        }
        self.exclusive(|store, state, _| {
            state.check_writable()?;
            let header = state.header_bytes.clone();
            let (mirror, keys) = state.parts()?;
            let content = Content {
                mirror,
                databases: store.dir().map(|dir| (dir, store.options.lock_wait)),
            };
            write(file, &header, &content, keys)?;
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
    let content = Content {
        mirror,
        databases: None,
    };
    write(&file, &header, &content, keys)?;
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
            let length = u32::try_from(header.len()).map_err(io::Error::other)?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(header)?;
            io::copy(&mut input, &mut out)?;
            out.flush()
        })?;
    }
    Ok(())
}

/// Gathers items into frames.
struct Items<'a, W: Write> {
    out: FrameWriter<'a, W>,
    frame: Vec<(u8, Vec<u8>, Vec<u8>)>,
    size: usize,
    count: u64,
}

impl<'a, W: Write> Items<'a, W> {
    fn add(&mut self, kind: u8, key: Vec<u8>, value: &[u8]) -> io::Result<()> {
        self.size += key.len() + value.len();
        self.count += 1;
        self.frame.push((kind, key, value.to_vec()));
        match self.size >= FRAME {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let items: Vec<Item> = self
            .frame
            .iter()
            .map(|(kind, key, value)| Item(*kind, key, value))
            .collect();
        if !items.is_empty() {
            self.out
                .frame(&rmp_serde::to_vec(&items).map_err(io::Error::other)?)?;
        }
        self.frame.clear();
        self.size = 0;
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.out.finish(self.count)
    }
}

/// Writes a backup file.
fn write(path: &Path, header: &[u8], content: &Content<'_>, keys: &Keys) -> Result<()> {
    // What went wrong with a database is no fault of the file.
    let mut refused = None;
    let written = files::write_whole(path, |file| {
        let base = keys.aad("jsx/backup/v1");
        let out = FrameWriter::start(BufWriter::new(file), MAGIC, header, keys.backup_key(), base)?;
        let mut items = Items {
            out,
            frame: Vec::new(),
            size: 0,
            count: 0,
        };
        let mirror = content.mirror;
        items.add(
            Tree::Meta as u8,
            MANIFEST_KEY.to_vec(),
            &mirror.manifest_sealed,
        )?;
        for (id, object) in &mirror.objects {
            items.add(Tree::Objects as u8, id.as_bytes().to_vec(), &object.sealed)?;
        }
        for (key, id) in &mirror.index {
            items.add(Tree::Index as u8, key.to_vec(), id.as_bytes())?;
        }
        for (hash, text) in &mirror.schemas {
            items.add(Tree::Schemas as u8, hash.to_vec(), text)?;
        }
        if let Some((dir, wait)) = content.databases {
            databases(dir, wait, &mut items).map_err(|error| {
                let text = error.to_string();
                refused = Some(error);
                io::Error::other(text)
            })?;
        }
        items.finish()?.flush()
    });
    match refused {
        Some(error) => Err(error),
        None => written,
    }
}

/// Adds every database of a store.
fn databases<W: Write>(dir: &Path, wait: Duration, items: &mut Items<'_, W>) -> Result<()> {
    for name in copy::names(dir)? {
        copy::read(dir, &name, wait, &mut |part| {
            let (kind, key, value) = match part {
                Part::Entry(tree, key, value) => (DATABASE + tree as u8, key, value),
                Part::End(file) => (DATABASE_END, &[][..], file),
            };
            items
                .add(kind, [&name[..], key].concat(), value)
                .map_err(StoreError::io("write a backup of", dir))
        })?;
    }
    Ok(())
}

/// Reads the header of a backup and unlocks it.
pub(crate) fn unlock(path: &Path, how: Unlock<'_>) -> Result<Keys> {
    let header = read_head(&mut open(path)?, path)?;
    Header::decode(&header)?.unlock(how)
}

/// Reads a backup completely, its databases for their number only.
pub(crate) fn read(path: &Path, keys: &Keys) -> Result<(Raw, BackupInfo)> {
    read_with(path, keys, &mut |_, _| Ok(()))
}

/// Makes the databases of a backup in a store's folder that is being made.
pub(crate) fn restore_databases(path: &Path, keys: &Keys, dir: &Path) -> Result<()> {
    let mut writer = copy::Writer::new(dir);
    read_with(path, keys, &mut |name, part| writer.part(name, part)).map(|_| ())
}

/// Reads a backup completely.
fn read_with(path: &Path, keys: &Keys, visit: &mut VisitPart<'_>) -> Result<(Raw, BackupInfo)> {
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
    let (mut items, mut databases) = (0u64, 0u64);
    // What went wrong while a database was made is no fault of the file.
    let mut refused = None;
    let base = keys.aad("jsx/backup/v1");
    let count = frames::read_frames(&mut input, keys.backup_key(), &base, |frame| {
        let frame: Vec<Item> =
            rmp_serde::from_slice(frame).map_err(|e| format!("a frame is broken: {e}"))?;
        for Item(tree, key, value) in frame {
            items += 1;
            if let Some((name, part)) = database_part(tree, key, value)? {
                databases += u64::from(matches!(part, Part::End(_)));
                visit(name, part).map_err(|error| {
                    let text = error.to_string();
                    refused = Some(error);
                    text
                })?;
                continue;
            }
            let pair = (key.to_vec(), value.to_vec());
            match Tree::ALL.get(usize::from(tree)) {
                Some(Tree::Objects) => raw.objects.push(pair),
                Some(Tree::Index) => raw.index.push(pair),
                Some(Tree::Schemas) => raw.schemas.push(pair),
                Some(Tree::Meta) if key == MANIFEST_KEY => raw.manifest = Some(pair.1),
                _ => return Err(UNKNOWN_KIND.to_owned()),
            }
        }
        Ok(())
    });
    let count = match (count, refused) {
        (_, Some(error)) => return Err(error),
        (count, None) => count.map_err(bad)?,
    };
    if count != items {
        return Err(bad(format!("{items} items found, {count} expected")));
    }
    let info = BackupInfo {
        records: u64::try_from(raw.objects.len()).unwrap_or(u64::MAX),
        generation: 0,
        databases,
        bytes: fs::metadata(path)
            .map_err(StoreError::io("look at", path))?
            .len(),
    };
    Ok((raw, info))
}

/// The part of a database that an item is; None when it is one of the store itself.
fn database_part<'a>(
    kind: u8,
    key: &'a [u8],
    value: &'a [u8],
) -> std::result::Result<Option<(&'a [u8; NAME], Part<'a>)>, String> {
    if kind < DATABASE {
        return Ok(None);
    }
    let (name, key) = key.split_first_chunk::<NAME>().ok_or(UNKNOWN_KIND)?;
    let part = match kind {
        DATABASE_END => Part::End(value),
        _ => {
            let tree = Tree::ALL.get(usize::from(kind - DATABASE));
            Part::Entry(*tree.ok_or(UNKNOWN_KIND)?, key, value)
        }
    };
    Ok(Some((name, part)))
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
