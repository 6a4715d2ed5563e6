//! What a database needs from a storage.
use zeroize::Zeroizing;

use super::error::{BoxError, DbError};

/// One entry as read.
pub struct Kept {
    /// Its number.
    pub id: u64,
    /// Its revision, which no other version of it has.
    pub revision: u64,
    /// The bytes that were put, or why they cannot be read.
    pub content: Result<Zeroizing<Vec<u8>>, &'static str>,
}

/// A storage of numbered entries on shelves, found by labels. Nothing of it may be readable for
/// others: neither entries nor shelves nor labels.
pub trait Keeper: Send + Sync {
    /// Reads; what is seen does not change meanwhile.
    ///
    /// # Errors
    /// What `work` answers, or [`DbError::Keeper`].
    fn read(&self, work: &mut dyn FnMut(&dyn Reader) -> Result<(), DbError>)
    -> Result<(), DbError>;
    /// Changes, all or nothing; durable when this returns.
    ///
    /// # Errors
    /// As [`Keeper::read`]; then nothing is changed.
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Writer) -> Result<(), DbError>,
    ) -> Result<(), DbError>;
    /// Reads everything and says in sentences what is wrong.
    ///
    /// # Errors
    /// When the storage cannot be read at all.
    fn verify(&self) -> Result<Vec<String>, BoxError>;
}

/// A storage while it is read.
pub trait Reader {
    /// Number of the last change of a note.
    fn notes_generation(&self) -> u64;
    /// Number of the last change of a shelf.
    fn shelf_generation(&self, shelf: &str) -> u64;
    /// Entries on a shelf.
    fn count(&self, shelf: &str) -> u64;
    /// The number that the next new entry gets.
    fn next_id(&self) -> u64;
    /// An entry.
    ///
    /// # Errors
    /// When the storage fails.
    fn entry(&self, shelf: &str, id: u64) -> Result<Option<Kept>, BoxError>;
    /// The next entries of a shelf behind a number, in order.
    ///
    /// # Errors
    /// When the storage fails.
    fn entries(&self, shelf: &str, after: u64, limit: usize) -> Result<Vec<Kept>, BoxError>;
    /// The next numbers of a shelf behind a number, in order.
    ///
    /// # Errors
    /// When the storage fails.
    fn ids(&self, shelf: &str, after: u64, limit: usize) -> Result<Vec<u64>, BoxError>;
    /// Numbers of the entries of a shelf with a label, in order.
    ///
    /// # Errors
    /// When the storage fails.
    fn marked(&self, shelf: &str, label: &[u8], limit: usize) -> Result<Vec<u64>, BoxError>;
    /// How many labels the entries of a shelf have together.
    ///
    /// # Errors
    /// When the storage fails.
    fn count_marks(&self, shelf: &str) -> Result<u64, BoxError>;
    /// A note by name.
    ///
    /// # Errors
    /// When the storage fails, or the note is damaged.
    fn note(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, BoxError>;
}

/// A storage while it is changed; it reads what it will be.
pub trait Writer: Reader {
    /// Revision of what this change writes.
    fn revision(&self) -> u64;
    /// Puts a new entry and answers its number, which was never given before.
    ///
    /// # Errors
    /// When the storage fails, or the entry is too large.
    fn put_new(&mut self, shelf: &str, content: &[u8]) -> Result<u64, BoxError>;
    /// Puts an entry under a number.
    ///
    /// # Errors
    /// As [`Writer::put_new`].
    fn put(&mut self, shelf: &str, id: u64, content: &[u8]) -> Result<(), BoxError>;
    /// Removes an entry; whether it was there.
    ///
    /// # Errors
    /// When the storage fails.
    fn remove(&mut self, shelf: &str, id: u64) -> Result<bool, BoxError>;
    /// Numbers below this one are not given to new entries.
    fn reserve(&mut self, next_id: u64);
    /// Labels an entry.
    fn mark(&mut self, shelf: &str, label: &[u8], id: u64);
    /// Takes a label away.
    fn unmark(&mut self, shelf: &str, label: &[u8], id: u64);
    /// Takes up to so many labels of a shelf away; how many.
    ///
    /// # Errors
    /// When the storage fails.
    fn clear_marks(&mut self, shelf: &str, limit: usize) -> Result<usize, BoxError>;
    /// Writes a note.
    ///
    /// # Errors
    /// When the storage fails.
    fn set_note(&mut self, name: &str, content: &[u8]) -> Result<(), BoxError>;
}
