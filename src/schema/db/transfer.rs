//! Export into a folder of files, and import.
//!
//! One folder per schema, `<url>__<md5>`, with `meta.schema` (the text) and one file per object:
//! `<id>.json`, or `<name>__<id>.json` when it has a name. Sealed files end in `.encr` and tell no
//! names. `database.json` beside the folders says which numbers were given.
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::BATCH;
use super::catalog::Catalog;
use super::database::Database;
use super::error::{BoxError, DbError};
use crate::schema::{Object, Schema};

/// Seals or opens the content of a file.
pub type Sealer<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, BoxError>;

const META: &str = "meta.schema";
const NUMBERS: &str = "database.json";
const SEALED: &str = ".encr";
/// Longest part of a file name that is taken from an object, in characters.
const NAME: usize = 60;

/// What was exported or imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Schemas.
    pub schemas: u64,
    /// Objects.
    pub objects: u64,
}

fn problem(path: &Path, reason: &dyn std::fmt::Display) -> DbError {
    DbError::File {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

/// What may stand in a file name.
fn tame(text: &str) -> String {
    let tamed = text.chars().take(NAME).map(|c| match c {
        c if c.is_alphanumeric() => c,
        '.' | '-' | '_' => c,
        _ => '_',
    });
    tamed.collect::<String>().trim_start_matches('.').to_owned()
}

struct Output<'a> {
    seal: Option<Sealer<'a>>,
}

impl Output<'_> {
    fn folder(&self, path: &Path) -> Result<(), DbError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|e| problem(path, &e))
    }

    fn file(&self, folder: &Path, name: &str, content: &[u8]) -> Result<(), DbError> {
        let (path, sealed);
        let content = match self.seal {
            Some(seal) => {
                path = folder.join(format!("{name}{SEALED}"));
                sealed = seal(content).map_err(DbError::Keeper)?;
                sealed.as_slice()
            }
            None => {
                path = folder.join(name);
                content
            }
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        file.and_then(|mut file| file.write_all(content))
            .map_err(|e| problem(&path, &e))
    }
}

impl Database {
    /// Writes everything into an empty or missing folder, readable for its owner only. Secrets are
    /// in the files; with a sealer nothing in them is readable.
    ///
    /// # Errors
    /// When the folder is not empty or cannot be written, or an object is damaged.
    pub fn export(&self, folder: &Path, seal: Option<Sealer<'_>>) -> Result<Exported, DbError> {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(problem(folder, &"the folder is not empty: name a new one"));
        }
        let out = Output { seal };
        out.folder(folder)?;
        let catalog = self.shared.read(Catalog::read)?;
        let mut done = Exported::default();
        for (url, known) in &catalog.known {
            let Some(text) = catalog.latest(url) else {
                continue;
            };
            let parsed = Schema::parse(&text.text);
            let schema = parsed.map_err(|e| DbError::Catalog(format!("'{url}': {e}")))?;
            let here = folder.join(format!("{}__{}", tame(url), schema.md5));
            out.folder(&here)?;
            out.file(&here, META, text.text.as_bytes())?;
            done.schemas += 1;
            if known.model {
                for object in self.model_from_url(url)?.iterate() {
                    let object = object?;
                    let name = file_name(&object, seal.is_some());
                    out.file(&here, &name, object.to_json().as_bytes())?;
                    done.objects += 1;
                }
            }
        }
        let next_id = self.shared.read(|reader| Ok(reader.next_id()))?;
        let numbers = serde_json::json!({ "format": 1, "next_id": next_id });
        out.file(folder, NUMBERS, numbers.to_string().as_bytes())?;
        Ok(done)
    }

    /// Reads an export. Everything is read once and checked before anything is changed; objects
    /// keep their numbers. `reset` removes what the database holds first; without it the numbers
    /// must be free.
    ///
    /// # Errors
    /// When a file cannot be read or does not fit, naming it.
    pub fn import(
        &self,
        folder: &Path,
        open: Option<Sealer<'_>>,
        reset: bool,
    ) -> Result<Exported, DbError> {
        let found = scan(folder, open)?;
        let registry = self.context().registry();
        let mut schemas = Vec::new();
        for (path, text, files) in &found.schemas {
            let added = registry.get_from_text(text, None);
            let schema = added.map_err(|e| problem(path, &e))?;
            schemas.push((schema, files));
        }
        // A first pass finds what does not fit.
        for (schema, files) in &schemas {
            for (id, path) in *files {
                self.read_object(schema, *id, path, open)?;
                if !reset && self.object(*id).is_ok() {
                    let reason = format!("the database has an object {id} already");
                    return Err(problem(path, &reason));
                }
            }
        }
        if reset {
            self.reset()?;
        }
        let mut done = Exported::default();
        for (schema, files) in &schemas {
            done.schemas += 1;
            if files.is_empty() && found.only_referred(&schema.url) {
                continue;
            }
            let model = self.model_from_schema(schema)?;
            for batch in files.chunks(BATCH) {
                let mut objects = Vec::with_capacity(batch.len());
                let mut ids = Vec::with_capacity(batch.len());
                for (id, path) in batch {
                    objects.push(self.read_object(schema, *id, path, open)?);
                    ids.push(*id);
                }
                model.store(&mut objects, Some(&ids))?;
                done.objects += u64::try_from(ids.len()).unwrap_or(0);
            }
        }
        self.shared.write(|writer| {
            writer.reserve(found.next_id);
            // A change that is seen, so that the number is stored.
            Catalog::read(writer)?.write(writer)
        })?;
        Ok(done)
    }

    fn read_object(
        &self,
        schema: &std::sync::Arc<Schema>,
        id: u64,
        path: &Path,
        open: Option<Sealer<'_>>,
    ) -> Result<Object, DbError> {
        let content = content(path, open)?;
        let text = std::str::from_utf8(&content).map_err(|e| problem(path, &e))?;
        let object = Object::from_json(self.context(), schema, text);
        let mut object = object.map_err(|e| problem(path, &e))?;
        object.set_id(Some(id));
        Ok(object)
    }
}

fn file_name(object: &Object, sealed: bool) -> String {
    let id = object.id().unwrap_or(0);
    let name = object.get("name").ok().and_then(|name| name.as_str());
    match name.map(tame).filter(|name| !name.is_empty() && !sealed) {
        Some(name) => format!("{name}__{id}.json"),
        None => format!("{id}.json"),
    }
}

/// Files of objects by number.
type Files = Vec<(u64, PathBuf)>;

/// An export as found.
struct Found {
    /// Path and text of a schema, and its objects.
    schemas: Vec<(PathBuf, String, Files)>,
    next_id: u64,
}

impl Found {
    /// Whether a schema is there for the objects of others only.
    fn only_referred(&self, url: &str) -> bool {
        let needle = format!("!{url}");
        self.schemas
            .iter()
            .any(|(_, text, _)| text.contains(&needle))
    }
}

fn content(path: &Path, open: Option<Sealer<'_>>) -> Result<zeroize::Zeroizing<Vec<u8>>, DbError> {
    let bytes = fs::read(path).map_err(|e| problem(path, &e))?;
    let sealed = path.to_string_lossy().ends_with(SEALED);
    let plain = match (sealed, open) {
        (false, _) => bytes,
        (true, Some(open)) => open(&bytes).map_err(|e| problem(path, &e))?,
        (true, None) => {
            return Err(problem(
                path,
                &"it is encrypted, and there is no key for it",
            ));
        }
    };
    Ok(zeroize::Zeroizing::new(plain))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, DbError> {
    let read = fs::read_dir(folder).map_err(|e| problem(folder, &e))?;
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(|e| problem(folder, &e))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Name of a file without the ending of sealed ones.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(SEALED).unwrap_or(&name).to_owned()
}

fn scan(folder: &Path, open: Option<Sealer<'_>>) -> Result<Found, DbError> {
    let mut found = Found {
        schemas: Vec::new(),
        next_id: 1,
    };
    for path in entries(folder)? {
        if path.is_dir() {
            let files = entries(&path)?;
            let meta = files.iter().find(|file| plain_name(file) == META);
            let meta = meta.ok_or_else(|| problem(&path, &format!("it holds no {META}")))?;
            let text = content(meta, open)?;
            let text = std::str::from_utf8(&text).map_err(|e| problem(meta, &e))?;
            let mut objects = Vec::new();
            for file in &files {
                let name = plain_name(file);
                let Some(name) = name.strip_suffix(".json") else {
                    continue;
                };
                let id = name.rsplit("__").next().unwrap_or_default();
                let id: u64 = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
                    problem(file, &"its name does not end with the number of an object")
                })?;
                objects.push((id, file.clone()));
            }
            objects.sort();
            found.schemas.push((meta.clone(), text.to_owned(), objects));
        } else if plain_name(&path) == NUMBERS {
            let numbers: serde_json::Value =
                serde_json::from_slice(&content(&path, open)?).map_err(|e| problem(&path, &e))?;
            let next_id = numbers.get("next_id").and_then(serde_json::Value::as_u64);
            found.next_id = next_id.ok_or_else(|| problem(&path, &"it has no next_id"))?;
        }
    }
    if found.schemas.is_empty() {
        return Err(problem(folder, &"it holds no export of a database"));
    }
    Ok(found)
}
