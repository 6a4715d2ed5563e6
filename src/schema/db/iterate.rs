//! Objects one after the other, a few in memory at a time.
use std::collections::VecDeque;
use std::sync::Arc;

use super::CHUNK;
use super::error::DbError;
use super::keeper::Kept;
use super::model::Model;
use crate::schema::Object;

/// The objects of a model in the order of their numbers.
///
/// What is saved or deleted meanwhile is seen if it lies ahead. A damaged object is an error in
/// its place; the others follow.
pub struct Objects {
    model: Arc<Model>,
    read: VecDeque<Result<Object, DbError>>,
    last: u64,
    ended: bool,
}

impl Model {
    /// All objects, without loading them all.
    pub fn iterate(self: &Arc<Self>) -> Objects {
        Objects {
            model: Arc::clone(self),
            read: VecDeque::with_capacity(CHUNK),
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
        let (last, read) = model.reading(|reader, current| {
            let entries = reader.entries(model.url(), after, CHUNK);
            let entries = entries.map_err(DbError::Keeper)?;
            let last = entries.last().map(|kept| kept.id);
            let decode = |entries: &[Kept]| -> Vec<_> {
                let entries = entries.iter();
                entries.map(|kept| model.decoded(current, kept)).collect()
            };
            // Making objects takes longer than reading: two threads share it.
            let (first, second) = entries.split_at(entries.len() / 2);
            let read: VecDeque<_> = match first.len() < CHUNK / 4 {
                true => decode(&entries).into(),
                false => std::thread::scope(|scope| {
                    let other = scope.spawn(|| decode(second));
                    let mut read = VecDeque::from(decode(first));
                    match other.join() {
                        Ok(rest) => read.extend(rest),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                    read
                }),
            };
            Ok((last, read))
        })?;
        match last {
            Some(last) => self.last = last,
            None => self.ended = true,
        }
        self.read = read;
        Ok(())
    }
}

impl Iterator for Objects {
    type Item = Result<Object, DbError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty()
            && !self.ended
            && let Err(error) = self.fill()
        {
            self.ended = true;
            return Some(Err(error));
        }
        let object = self.read.pop_front()?;
        Some(object.and_then(|object| self.model.handed_out(object)))
    }
}
