//! Queries: by an index where one helps, and every condition checked on the object itself.
use std::sync::Arc;

use super::condition::Condition;
use super::error::DbError;
use super::model::Model;
use crate::schema::{Map, Object};

impl Model {
    /// Reads conditions for this model, by name of property; see [`Condition::read`].
    ///
    /// # Errors
    /// As [`Condition::read`].
    pub fn conditions(&self, given: &Map) -> Result<Vec<Condition>, DbError> {
        let schema = self.schema()?;
        let given = given.iter();
        given
            .map(|(name, value)| Condition::read(self.context(), &schema, name, value))
            .collect()
    }

    /// The objects that fit all conditions, in the order of their numbers (rule B7), one after
    /// the other.
    ///
    /// # Errors
    /// When the storage fails; a damaged object is an error in its place.
    pub fn search(
        self: &Arc<Self>,
        given: &Map,
    ) -> Result<Box<dyn Iterator<Item = Result<Object, DbError>> + Send>, DbError> {
        let conditions = self.conditions(given)?;
        let ids = self.candidates(&conditions)?;
        let model = Arc::clone(self);
        let fits = move |found: &Result<Object, DbError>| match found {
            Ok(object) => conditions.iter().all(|c| c.fits(object, model.context())),
            Err(_) => true,
        };
        let model = Arc::clone(self);
        Ok(match ids {
            Some(ids) => {
                // What an index names and is not there any more was deleted since.
                let read = ids
                    .into_iter()
                    .filter_map(move |id| model.try_get(id).transpose());
                Box::new(read.filter(fits))
            }
            None => Box::new(self.iterate().filter(fits)),
        })
    }

    /// All objects that fit; see [`Model::search`].
    ///
    /// # Errors
    /// As [`Model::search`], for the first object that is damaged.
    pub fn find(self: &Arc<Self>, given: &Map) -> Result<Vec<Object>, DbError> {
        self.search(given)?.collect()
    }

    /// How many objects fit.
    ///
    /// # Errors
    /// As [`Model::find`].
    pub fn count(self: &Arc<Self>, given: &Map) -> Result<u64, DbError> {
        if given.is_empty() {
            return self.count_all();
        }
        let mut count = 0;
        for found in self.search(given)? {
            found?;
            count += 1;
        }
        Ok(count)
    }

    /// Whether an object fits.
    ///
    /// # Errors
    /// As [`Model::find`].
    pub fn exists(self: &Arc<Self>, given: &Map) -> Result<bool, DbError> {
        if given.is_empty() {
            return Ok(self.count_all()? > 0);
        }
        Ok(self.search(given)?.next().transpose()?.is_some())
    }

    /// Numbers of the objects that may fit, in order; None when all may.
    fn candidates(&self, conditions: &[Condition]) -> Result<Option<Vec<u64>>, DbError> {
        self.ready()?;
        for condition in conditions {
            if let Some(labels) = condition.labels() {
                let mut ids = self.shared.read(|reader| {
                    let mut ids = Vec::new();
                    for label in &labels {
                        let marked = reader.marked(self.url(), label, usize::MAX);
                        ids.extend(marked.map_err(DbError::Keeper)?);
                    }
                    Ok(ids)
                })?;
                ids.sort_unstable();
                ids.dedup();
                return Ok(Some(ids));
            }
        }
        for condition in conditions {
            if let Some(bound) = condition.bound(self.context())
                && let Some(mut ids) =
                    self.ranged(&condition.property.name, condition.op, &bound)?
            {
                ids.sort_unstable();
                return Ok(Some(ids));
            }
        }
        Ok(None)
    }
}
