//! Export and import: one file under its own passphrase, to move records between stores.
//!
//! Format `jsx-export-v1`: frames (see `frames`) under a key that Argon2id makes from the export
//! passphrase; the head holds the parameters and is bound to every frame.
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::edit::Edit;
use super::error::{Result, StoreError};
use super::files;
use super::frames::{self, FRAME, FrameWriter};
use super::kdf::KdfCost;
use super::keys::Secret32;
use super::record::{Record, RecordId, bytes};
use super::seal;
use super::slot::hex_array;
use super::store::Store;

/// First line of an export.
const MAGIC: &str = "jsx-export-v1";

/// What an import does with a name that is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Keeps the stored record.
    Skip,
    /// Replaces the stored record's content.
    Overwrite,
    /// Stores the imported one as `name_2`, `name_3`, …
    Rename,
}

/// What an export wrote.
#[derive(Debug)]
pub struct ExportReport {
    /// Records in the file.
    pub records: u64,
    /// Records that could not be read and are not in the file.
    pub damaged: Vec<StoreError>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Records stored under their own name.
    pub added: usize,
    /// Stored records that were replaced.
    pub overwritten: usize,
    /// Records left out because their name was taken.
    pub skipped: usize,
    /// Old and new name of renamed records.
    pub renamed: Vec<(String, String)>,
}

/// Head of the file.
#[derive(Serialize, Deserialize)]
struct Head {
    m_kib: u32,
    t: u32,
    p: u32,
    #[serde(with = "hex_array")]
    salt: [u8; 16],
}

impl Head {
    fn key(&self, passphrase: &str) -> Result<Secret32> {
        KdfCost {
            memory_kib: self.m_kib,
            passes: self.t,
            lanes: self.p,
        }
        .derive(passphrase, &self.salt)
    }
}

/// One record in the file.
#[derive(Serialize, Deserialize)]
struct Item<'a> {
    #[serde(borrow, with = "bytes")]
    id: &'a [u8],
    /// Owner's id, or empty.
    #[serde(borrow, with = "bytes")]
    parent: &'a [u8],
    location: &'a str,
    name: &'a str,
    schema_url: &'a str,
    schema_text: &'a str,
    #[serde(borrow, with = "bytes")]
    data: &'a [u8],
}

impl Store {
    /// Writes all readable records into one file under an export passphrase. Works for a damaged
    /// store too, to save what is left.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn export(&self, file: &Path, passphrase: &str) -> Result<ExportReport> {
        if file.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(file.to_path_buf()));
        }
        let cost = self.options.kdf;
        let head = Head {
            m_kib: cost.memory_kib,
            t: cost.passes,
            p: cost.lanes,
            salt: seal::random()?,
        };
        let key = head.key(passphrase)?;
        let head = serde_json::to_vec(&head).map_err(|e| StoreError::Engine {
            what: "encode the export",
            text: e.to_string(),
        })?;
        let scan = self.scan_all()?;
        files::write_whole(file, |out| {
            let mut out = FrameWriter::start(BufWriter::new(out), MAGIC, &head, &key, base(&head))?;
            let mut frame = Zeroizing::new(Vec::new());
            for record in &scan.records {
                append(&mut frame, record).map_err(std::io::Error::other)?;
                if frame.len() >= FRAME {
                    out.frame(&frame)?;
                    frame = Zeroizing::new(Vec::new());
                }
            }
            if !frame.is_empty() {
                out.frame(&frame)?;
            }
            out.finish(u64::try_from(scan.records.len()).map_err(std::io::Error::other)?)?
                .flush()
        })?;
        Ok(ExportReport {
            records: u64::try_from(scan.records.len()).unwrap_or(u64::MAX),
            damaged: scan.damaged,
        })
    }

    /// Stores the records of an export under new ids, in one transaction: nothing is written
    /// when any frame of the file fails.
    ///
    /// # Errors
    /// [`StoreError::File`] for a wrong passphrase or a damaged file, and as for [`Store::put`].
    pub fn import(&self, file: &Path, passphrase: &str, merge: Merge) -> Result<ImportReport> {
        let records = read(file, passphrase)?;
        self.writing(|edit| {
            let mut import = Import {
                edit,
                merge,
                ids: HashMap::new(),
                report: Default::default(),
            };
            let inside: HashSet<RecordId> = records.iter().map(|(id, _)| *id).collect();
            let mut waiting = records;
            while !waiting.is_empty() {
                let before = waiting.len();
                // Owners first: what waits for an owner takes another round.
                let mut later = Vec::new();
                for (id, record) in waiting {
                    match record.parent {
                        Some(parent)
                            if inside.contains(&parent) && !import.ids.contains_key(&parent) =>
                        {
                            later.push((id, record));
                        }
                        _ => import.add(id, record, file)?,
                    }
                }
                if later.len() == before {
                    return Err(bad(
                        file,
                        "its records own each other in a circle".to_owned(),
                    ));
                }
                waiting = later;
            }
            Ok(import.report)
        })
    }
}

/// An import in progress.
struct Import<'a, 'b> {
    edit: &'a mut Edit<'b>,
    merge: Merge,
    /// Ids in the file to ids in the store.
    ids: HashMap<RecordId, RecordId>,
    report: ImportReport,
}

impl Import<'_, '_> {
    fn add(&mut self, old: RecordId, mut record: Record, file: &Path) -> Result<()> {
        if let Some(parent) = record.parent {
            record.parent = match self.ids.get(&parent) {
                Some(new) => Some(*new),
                None if self.edit.revision_of(parent).is_some() => Some(parent),
                None => {
                    return Err(bad(
                        file,
                        format!("the owner of {} is not in it", record.name),
                    ));
                }
            };
        }
        let holder = self
            .edit
            .lookup(&record.location, record.parent, &record.name);
        let id = match (holder, self.merge) {
            (None, _) => {
                self.report.added += 1;
                RecordId::random()?
            }
            (Some(id), Merge::Skip) => {
                // What hangs below it in the file belongs below the stored one.
                self.ids.insert(old, id);
                self.report.skipped += 1;
                return Ok(());
            }
            (Some(id), Merge::Overwrite) => {
                self.report.overwritten += 1;
                id
            }
            (Some(_), Merge::Rename) => {
                let mut number = 2u64;
                let free = loop {
                    let name = format!("{}_{number}", record.name);
                    if self
                        .edit
                        .lookup(&record.location, record.parent, &name)
                        .is_none()
                    {
                        break name;
                    }
                    number += 1;
                };
                self.report
                    .renamed
                    .push((record.name.clone(), free.clone()));
                record.name = free;
                RecordId::random()?
            }
        };
        self.ids.insert(old, id);
        self.edit.write(id, &record)
    }
}

/// Appends one record to a frame, with its length in front.
fn append(frame: &mut Vec<u8>, record: &Record) -> std::result::Result<(), String> {
    let item = Item {
        id: record
            .id
            .as_ref()
            .map(|id| id.as_bytes().as_slice())
            .unwrap_or_default(),
        parent: record
            .parent
            .as_ref()
            .map(|id| id.as_bytes().as_slice())
            .unwrap_or_default(),
        location: &record.location,
        name: &record.name,
        schema_url: &record.schema_url,
        schema_text: &record.schema_text,
        data: &record.data,
    };
    let encoded = Zeroizing::new(rmp_serde::to_vec(&item).map_err(|e| e.to_string())?);
    let length = u32::try_from(encoded.len()).map_err(|e| e.to_string())?;
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&encoded);
    Ok(())
}

/// Reads and checks a whole export.
fn read(path: &Path, passphrase: &str) -> Result<Vec<(RecordId, Record)>> {
    let fail = |reason| bad(path, reason);
    let mut input = BufReader::new(File::open(path).map_err(StoreError::io("open", path))?);
    let head_bytes = frames::read_head(&mut input, MAGIC).map_err(fail)?;
    let head: Head = serde_json::from_slice(&head_bytes)
        .map_err(|e| fail(format!("its head cannot be read: {e}")))?;
    let key = head.key(passphrase)?;
    let mut records = Vec::new();
    let count = frames::read_frames(&mut input, &key, &base(&head_bytes), |mut frame| {
        while let Some((length, rest)) = frame.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|e| e.to_string())?;
            let (item, rest) = rest.split_at_checked(length).ok_or("a record is cut off")?;
            records.push(decode(item)?);
            frame = rest;
        }
        if frame.is_empty() {
            Ok(())
        } else {
            Err("a record is cut off".to_owned())
        }
    })
    .map_err(fail)?;
    if u64::try_from(records.len()) != Ok(count) {
        return Err(fail(format!(
            "{} records found, {count} expected",
            records.len()
        )));
    }
    Ok(records)
}

fn decode(item: &[u8]) -> std::result::Result<(RecordId, Record), String> {
    let item: Item =
        rmp_serde::from_slice(item).map_err(|e| format!("a record cannot be read: {e}"))?;
    let id = <[u8; 16]>::try_from(item.id).map_err(|_| "a record has no id".to_owned())?;
    let parent = match item.parent {
        [] => None,
        bytes => Some(RecordId::from_bytes(
            <[u8; 16]>::try_from(bytes).map_err(|_| "an owner's id is broken".to_owned())?,
        )),
    };
    let record = Record {
        id: None,
        revision: 0,
        location: item.location.to_owned(),
        parent,
        name: item.name.to_owned(),
        schema_url: item.schema_url.to_owned(),
        schema_text: item.schema_text.to_owned(),
        data: Zeroizing::new(item.data.to_vec()),
    };
    Ok((RecordId::from_bytes(id), record))
}

fn base(head: &[u8]) -> Vec<u8> {
    [b"jsx/export/v1".as_slice(), head].concat()
}

fn bad(path: &Path, reason: String) -> StoreError {
    StoreError::File {
        kind: "export",
        path: path.to_path_buf(),
        reason,
    }
}
