//! The SQLite database of an flist, always in memory.
use std::collections::BTreeMap;
use std::io::Cursor;

use rusqlite::{Connection, MAIN_DB, OptionalExtension};

use super::error::Result;

/// Further rows of an flist: `backend`, `entrypoint`, and whatever else, as texts.
pub type Metadata = BTreeMap<String, String>;

/// The rows of an flist.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
}

impl Database {
    /// Opens a database from its bytes.
    pub(super) fn open(bytes: &[u8]) -> Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_read_exact(MAIN_DB, Cursor::new(bytes), bytes.len(), true)?;
        // The file may be hostile: nothing in its schema is run, and broken pages are noticed.
        connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
        // Reads the schema, so that what is no database is refused here.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { connection })
    }

    /// Makes an empty database.
    pub(super) fn create() -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE entries (key VARCHAR(64) PRIMARY KEY, value BLOB);
             CREATE TABLE metadata (key VARCHAR(64) PRIMARY KEY, value TEXT);
             BEGIN;",
        )?;
        Ok(Self { connection })
    }

    /// Returns the message of a row.
    pub(super) fn entry(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let mut query = self
            .connection
            .prepare_cached("SELECT value FROM entries WHERE key = ?1")?;
        Ok(query.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Calls `each` with every row whose key has so many digits, until it fails.
    pub(super) fn each_entry<E: From<super::Error>>(
        &self,
        digits: u32,
        mut each: impl FnMut(String, Vec<u8>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let sql = |e: rusqlite::Error| E::from(e.into());
        let mut query = self
            .connection
            .prepare("SELECT key, value FROM entries WHERE length(key) = ?1 ORDER BY key")
            .map_err(sql)?;
        let mut rows = query.query([digits]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            each(row.get(0).map_err(sql)?, row.get(1).map_err(sql)?)?;
        }
        Ok(())
    }

    /// Returns the further rows; none where the table is missing, as in older files.
    pub(super) fn metadata(&self) -> Result<Metadata> {
        let there: i64 = self.connection.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'metadata'",
            [],
            |row| row.get(0),
        )?;
        if there == 0 {
            return Ok(Metadata::new());
        }
        let mut query = self.connection.prepare("SELECT key, value FROM metadata")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Adds a row.
    pub(super) fn insert(&self, key: &str, value: &[u8]) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO entries (key, value) VALUES (?1, ?2)")?
            .execute((key, value))?;
        Ok(())
    }

    /// Adds a further row.
    pub(super) fn insert_metadata(&self, key: &str, value: &str) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO metadata (key, value) VALUES (?1, ?2)")?
            .execute((key, value))?;
        Ok(())
    }

    /// Returns the bytes of a database that was made here.
    pub(super) fn into_bytes(mut self) -> Result<Vec<u8>> {
        self.connection.execute_batch("COMMIT; VACUUM;")?;
        Ok(self.connection.serialize(MAIN_DB)?.to_vec())
    }
}
