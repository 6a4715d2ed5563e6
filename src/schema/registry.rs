//! The schemas that are known, by url and by md5 (spec 1.6).
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::error::SchemaError;
use super::identity::SchemaMd5;
use super::parser;
use super::schema::Schema;

/// Why the registry did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A text that does not parse.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A file that does not parse.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        error: SchemaError,
    },
    /// No schema of exactly this url.
    #[error("no schema with url '{url}'{}", .suggestion.as_ref().map(|s| format!("; did you mean '{s}'?")).unwrap_or_default())]
    UnknownUrl {
        /// The url.
        url: String,
        /// A registered url close to it.
        suggestion: Option<String>,
    },
    /// No schema with this md5.
    #[error("no schema with md5 '{md5}'")]
    UnknownMd5 {
        /// The md5 as it was given.
        md5: String,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

#[derive(Debug, Default)]
struct Inner {
    by_md5: HashMap<SchemaMd5, Arc<Schema>>,
    latest: HashMap<String, Arc<Schema>>,
}

/// A set of schemas; the same text is always the same schema object.
#[derive(Debug, Default)]
pub struct Registry {
    inner: RwLock<Inner>,
}

impl Registry {
    /// Registers all schemas of a text and returns the first; `url` names a text without `@url`.
    ///
    /// # Errors
    /// When the text does not parse, holds no schema, or has another url than the one given.
    pub fn get_from_text(
        &self,
        text: &str,
        url: Option<&str>,
    ) -> Result<Arc<Schema>, RegistryError> {
        let first = self.add_from_text(text, url)?.into_iter().next();
        first.ok_or_else(|| RegistryError::UnknownUrl {
            url: url.unwrap_or_default().to_owned(),
            suggestion: None,
        })
    }

    /// Registers all schemas of a text, all or none, and returns them.
    ///
    /// # Errors
    /// As [`Registry::get_from_text`].
    pub fn add_from_text(
        &self,
        text: &str,
        url: Option<&str>,
    ) -> Result<Vec<Arc<Schema>>, RegistryError> {
        let schemas = parser::parse(text, url)?;
        Ok(schemas.into_iter().map(|schema| self.add(schema)).collect())
    }

    /// Registers a file, or every `*.toml` below a folder whose name does not start with `_`.
    ///
    /// # Errors
    /// When something cannot be read or does not parse; what came before it stays registered.
    pub fn add_from_path(&self, path: &Path) -> Result<Vec<Arc<Schema>>, RegistryError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error| RegistryError::Io { path, error }
        };
        let mut added = Vec::new();
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(io(path))?;
            let mut paths: Vec<PathBuf> = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()
                .map_err(io(path))?;
            paths.sort();
            for path in paths {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                let schema_file = name.ends_with(".toml") && !name.starts_with('_');
                if (path.is_dir() && !path.is_symlink()) || (path.is_file() && schema_file) {
                    added.extend(self.add_from_path(&path)?);
                }
            }
            return Ok(added);
        }
        let text = std::fs::read_to_string(path).map_err(io(path))?;
        self.add_from_text(&text, None)
            .map_err(|error| match error {
                RegistryError::Schema(error) => RegistryError::File {
                    path: path.to_owned(),
                    error,
                },
                other => other,
            })
    }

    /// Registers a parsed schema and returns the registered object; it is now the latest.
    pub fn add(&self, schema: Arc<Schema>) -> Arc<Schema> {
        let mut inner = self.write();
        let known = inner.by_md5.entry(schema.md5).or_insert(schema);
        let known = Arc::clone(known);
        inner.latest.insert(known.url.clone(), Arc::clone(&known));
        known
    }

    /// Returns the newest schema of exactly this url; blanks and quotes around it are ignored.
    ///
    /// # Errors
    /// When none is registered.
    pub fn get_from_url_latest(&self, url: &str) -> Result<Arc<Schema>, RegistryError> {
        let url = parser::clean_url(url);
        let inner = self.read();
        inner.latest.get(&url).cloned().ok_or_else(|| {
            let known = inner.latest.keys().map(String::as_str);
            let suggestion = super::text::nearest(&url, known).map(str::to_owned);
            RegistryError::UnknownUrl {
                url: url.clone(),
                suggestion,
            }
        })
    }

    /// Returns the schema with this md5, hex of either case.
    ///
    /// # Errors
    /// When none is registered.
    pub fn get_from_md5(&self, md5: &str) -> Result<Arc<Schema>, RegistryError> {
        let found = SchemaMd5::parse(md5).and_then(|md5| self.get_from_md5_bytes(md5));
        found.ok_or_else(|| RegistryError::UnknownMd5 {
            md5: md5.chars().take(64).collect(),
        })
    }

    /// Returns the schema with this md5.
    pub fn get_from_md5_bytes(&self, md5: SchemaMd5) -> Option<Arc<Schema>> {
        self.read().by_md5.get(&md5).cloned()
    }

    /// True if a schema of exactly this url is registered.
    pub fn exists_url(&self, url: &str) -> bool {
        self.read().latest.contains_key(&parser::clean_url(url))
    }

    /// True if a schema with this md5 is registered.
    pub fn exists_md5(&self, md5: &str) -> bool {
        SchemaMd5::parse(md5).is_some_and(|md5| self.read().by_md5.contains_key(&md5))
    }

    /// Urls that are registered, sorted.
    pub fn urls(&self) -> Vec<String> {
        let mut urls: Vec<String> = self.read().latest.keys().cloned().collect();
        urls.sort();
        urls
    }

    /// Forgets all.
    pub fn reset(&self) {
        *self.write() = Inner::default();
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
