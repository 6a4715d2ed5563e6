//! Objects one after the other, a few in memory at a time.
use std::sync::Arc;

use super::CHUNK;
use super::error::DbError;
use super::keeper::Kept;
use super::model::{Current, Model};
use crate::schema::Object;

/// The objects of a model in the order of their numbers.
///
/// What is saved or deleted meanwhile is seen if it lies ahead. A damaged object is an error in
/// its place; the others follow.
pub struct Objects {
    model: Arc<Model>,
    read: std::vec::IntoIter<Kept>,
    /// What `read` was read with.
    current: Option<Arc<Current>>,
    last: u64,
    ended: bool,
}

impl Model {
    /// All objects, without loading them all.
    pub fn iterate(self: &Arc<Self>) -> Objects {
        Objects {
            model: Arc::clone(self),
            read: Vec::new().into_iter(),
            current: None,
            last: 0,
            ended: false,
        }
    }

    /// Up to `limit` numbers behind a number.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn ids(&self, after: u64, limit: usize) -> Result<Vec<u64>, DbError> {
        self.shared.read(|reader| {
            let ids = reader.ids(self.url(), after, limit);
            ids.map_err(DbError::Keeper)
        })
    }
}

impl Objects {
    fn fill(&mut self) -> Result<(), DbError> {
        let (model, after) = (&self.model, self.last);
        let (read, current) = model.shared.read(|reader| {
            let entries = reader.entries(model.url(), after, CHUNK);
            Ok((entries.map_err(DbError::Keeper)?, model.current(reader)?))
        })?;
        match read.last() {
            Some(kept) => self.last = kept.id,
            None => self.ended = true,
        }
        self.read = read.into_iter();
        self.current = Some(current);
        Ok(())
    }
}

impl Iterator for Objects {
    type Item = Result<Object, DbError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.as_slice().is_empty()
            && !self.ended
            && let Err(error) = self.fill()
        {
            self.ended = true;
            return Some(Err(error));
        }
        // Made one at a time: the memory of the one before, just left, is used again.
        let (kept, current) = (self.read.next()?, self.current.as_ref()?);
        let object = self.model.decoded(current, &kept);
        Some(object.and_then(|object| self.model.handed_out(object)))
    }
}
