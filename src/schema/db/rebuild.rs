//! Indexes made again: at will, after a change of a schema, and after a process that was killed
//! while it did.
use std::collections::HashMap;

use super::catalog::Catalog;
use super::error::DbError;
use super::keeper::Writer;
use super::label::{self, labels};
use super::model::Model;
use super::{BATCH, CHUNK};
use crate::schema::{Object, Property, Schema};

impl Model {
    /// Makes the exact indexes again from the objects.
    ///
    /// # Errors
    /// When the storage fails; the next use goes on with it then.
    pub fn index_rebuild(&self) -> Result<(), DbError> {
        let url = self.url();
        self.set_indexed(false)?;
        while self.shared.write(|writer| {
            let cleared = writer.clear_marks(url, BATCH * 4);
            Ok(cleared.map_err(DbError::Keeper)? > 0)
        })? {}
        let mut after = 0;
        while let Some(last) = self.shared.write(|writer| self.mark_some(writer, after))? {
            after = last;
        }
        self.set_indexed(true)
    }

    /// Labels the next objects; the number of the last one.
    fn mark_some(&self, writer: &mut dyn Writer, after: u64) -> Result<Option<u64>, DbError> {
        let url = self.url();
        let current = self.current(writer)?;
        let entries = writer.entries(url, after, CHUNK).map_err(DbError::Keeper)?;
        for kept in &entries {
            // A damaged object has no labels; check() names it.
            if let Ok(object) = self.decoded(&current, kept) {
                for (_, label) in labels(&current.schema, &object) {
                    writer.mark(url, &label, kept.id);
                }
            }
        }
        Ok(entries.last().map(|kept| kept.id))
    }

    fn set_indexed(&self, indexed: bool) -> Result<(), DbError> {
        self.shared.write(|writer| {
            let mut catalog = Catalog::read(writer)?;
            let unknown = || DbError::NoModel {
                url: self.url().to_owned(),
            };
            let known = catalog.known.get_mut(self.url()).ok_or_else(unknown)?;
            known.indexed = indexed;
            catalog.write(writer)
        })
    }

    /// Refuses a schema that makes a property unique when stored objects share a value.
    pub(super) fn check_new_uniques(
        &self,
        old: Option<&Schema>,
        new: &Schema,
    ) -> Result<(), DbError> {
        let was_unique = |property: &&Property| {
            let before = old.and_then(|old| old.property(&property.name));
            before.is_some_and(|before| before.unique && before.kind == property.kind)
        };
        let fresh: Vec<&Property> = new.properties_unique().filter(|p| !was_unique(p)).collect();
        let mut seen: HashMap<Vec<u8>, u64> = HashMap::new();
        let mut after = 0;
        while !fresh.is_empty() {
            let entries = self.reading(|reader, current| {
                let entries = reader.entries(self.url(), after, CHUNK);
                let entries = entries.map_err(DbError::Keeper)?;
                let read = entries.iter().map(|kept| {
                    let object = self.decoded(current, kept).ok();
                    (kept.id, object.and_then(|object| self.as_if(new, &object)))
                });
                Ok(read.collect::<Vec<_>>())
            })?;
            let Some((last, _)) = entries.last() else {
                break;
            };
            after = *last;
            for (id, object) in &entries {
                for property in &fresh {
                    let value = object.as_ref().and_then(|o| o.get(&property.name).ok());
                    let Some(label) = value.and_then(|value| label::label(property, value)) else {
                        continue;
                    };
                    if let Some(first) = seen.insert(label, *id) {
                        return Err(DbError::CannotBeUnique {
                            url: self.url().to_owned(),
                            property: property.name.clone(),
                            first,
                            second: *id,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// An object as another text of its schema sees it.
    fn as_if(&self, schema: &Schema, object: &Object) -> Option<Object> {
        let schema = std::sync::Arc::new(schema.clone());
        let payload = object.to_payload();
        let written_by = Some(object.schema().as_ref());
        Object::from_older(self.context(), &schema, written_by, &payload).ok()
    }
}
