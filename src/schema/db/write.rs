//! Saving and deleting.
use std::sync::Arc;

use super::error::DbError;
use super::keeper::{Kept, Writer};
use super::label::{self, labels};
use super::model::{Current, Model};
use super::range::Change;
use super::trigger::Action;
use super::{BATCH, range};
use crate::schema::{Map, Object, Schema, Value};

impl Model {
    /// Stores an object, new or read before. When this returns it survives a crash.
    ///
    /// # Errors
    /// [`DbError::NotUnique`]; [`DbError::Conflict`] when it was changed or deleted since it was
    /// read; or a trigger refuses. Then nothing is stored.
    pub fn save(self: &Arc<Self>, object: &mut Object) -> Result<u64, DbError> {
        self.save_all(std::slice::from_mut(object))?;
        object.id().ok_or_else(|| self.not_stored())
    }

    /// Stores many objects, in transactions of a thousand: when it fails, those that have no id
    /// or count as changed are not stored.
    ///
    /// # Errors
    /// As [`Model::save`].
    pub fn save_all(self: &Arc<Self>, objects: &mut [Object]) -> Result<(), DbError> {
        self.check_writable()?;
        for object in objects.iter() {
            self.check_url(object)?;
        }
        let triggers = self.has_triggers();
        for batch in objects.chunks_mut(BATCH) {
            if triggers {
                for object in batch.iter_mut() {
                    self.fire(object, Action::SetPre, None)?;
                    self.check_url(object)?;
                }
            }
            self.store(batch, None)?;
            if triggers {
                for object in batch.iter_mut() {
                    self.fire(object, Action::SetPost, None)?;
                }
            }
        }
        Ok(())
    }

    /// Stores a map, JSON text, or stored bytes; under a number that exists, or as a new object.
    /// What the data do not name keeps its value in a stored object.
    ///
    /// # Errors
    /// When there is no object of that number (rule B6), or as [`Model::save`] (rule B2).
    pub fn set_dynamic(self: &Arc<Self>, data: &Value, id: Option<u64>) -> Result<u64, DbError> {
        let schema = self.schema()?;
        let context = self.context();
        let refuse = |found: &Value| {
            DbError::Object(crate::schema::ObjectError::Data {
                url: self.url().to_owned(),
                reason: format!("expected a map, JSON text or bytes, not a {}", found.kind()),
            })
        };
        let given = match data {
            Value::Map(map) => Some(map.clone()),
            Value::String(_) | Value::Bytes(_) | Value::Object(_) => None,
            other => return Err(refuse(other)),
        };
        let mut object = match (data, id) {
            (Value::String(text), _) => Object::from_json(context, &schema, text)?,
            (Value::Bytes(bytes), _) => {
                let (_, payload) = Object::split_bytes(bytes)?;
                Object::from_payload(context, &schema, payload)?
            }
            (Value::Object(object), _) => (**object).clone(),
            (_, Some(id)) => self.get(id)?,
            (_, None) => self.new_object(&Map::new())?,
        };
        if let Some(map) = given {
            for (name, value) in &map {
                self.set(&mut object, name, value)?;
            }
        } else {
            match id {
                None => object.set_id(None),
                Some(id) => {
                    let stored = self.get(id)?;
                    object.set_stored(id, stored.revision());
                }
            }
        }
        self.save(&mut object)
    }

    /// Deletes the object of a number.
    ///
    /// # Errors
    /// When there is none, or a trigger refuses. A damaged object is deleted all the same.
    pub fn delete(self: &Arc<Self>, id: u64) -> Result<(), DbError> {
        self.check_writable()?;
        match self.get(id) {
            Ok(mut object) => {
                self.fire(&mut object, Action::Delete, None)?;
                self.remove(id)
            }
            Err(DbError::Damaged { .. }) => {
                let url = self.url();
                self.shared
                    .write(|writer| writer.remove(url, id).map_err(DbError::Keeper))?;
                // Its labels are not known any more.
                self.index_rebuild()
            }
            Err(other) => Err(other),
        }
    }

    /// Deletes what is stored of an object, whatever version of it is stored.
    ///
    /// # Errors
    /// When it is not stored, or as [`Model::delete`].
    pub fn delete_object(self: &Arc<Self>, object: &mut Object) -> Result<(), DbError> {
        self.check_writable()?;
        self.check_url(object)?;
        let id = object.id().ok_or_else(|| self.not_stored())?;
        self.fire(object, Action::Delete, None)?;
        self.remove(id)
    }

    fn remove(&self, id: u64) -> Result<(), DbError> {
        let change = self.shared.write(|writer| {
            let current = self.current(writer)?;
            let before = writer.shelf_generation(self.url());
            let kept = writer.entry(self.url(), id).map_err(DbError::Keeper)?;
            let kept = kept.ok_or_else(|| DbError::NotFound {
                url: self.url().to_owned(),
                id,
            })?;
            let old = self.decoded(&current, &kept).ok();
            if let Some(old) = &old {
                for (_, label) in labels(&current.schema, old) {
                    writer.unmark(self.url(), &label, id);
                }
            }
            writer.remove(self.url(), id).map_err(DbError::Keeper)?;
            let after = writer.revision();
            let items = vec![(id, old, None)];
            Ok(Change::new(&current, before, after, items))
        })?;
        self.note(change);
        Ok(())
    }

    /// Deletes all objects. Their numbers are not given again.
    ///
    /// # Errors
    /// When the storage fails, or a trigger refuses; what is deleted by then stays deleted.
    pub fn delete_all(self: &Arc<Self>) -> Result<u64, DbError> {
        self.check_writable()?;
        let mut deleted = 0u64;
        if self.has_triggers() {
            let mut after = 0;
            while let Some(id) = self.ids(after, 1)?.first().copied() {
                self.delete(id)?;
                (deleted, after) = (deleted + 1, id);
            }
            return Ok(deleted);
        }
        let url = self.url();
        loop {
            let (entries, marks) = self.shared.write(|writer| {
                let ids = writer.ids(url, 0, BATCH).map_err(DbError::Keeper)?;
                for id in &ids {
                    writer.remove(url, *id).map_err(DbError::Keeper)?;
                }
                // Labels are cleared in step with the objects they might belong to.
                let marks = match writer.count(url) {
                    0 => writer
                        .clear_marks(url, BATCH * 4)
                        .map_err(DbError::Keeper)?,
                    _ => 0,
                };
                Ok((ids.len(), marks))
            })?;
            deleted += u64::try_from(entries).unwrap_or(0);
            if entries == 0 && marks == 0 {
                return Ok(deleted);
            }
        }
    }

    /// Stores objects in one transaction, under numbers of their own or `ids`.
    pub(super) fn store(&self, objects: &mut [Object], ids: Option<&[u64]>) -> Result<(), DbError> {
        self.ready()?;
        let (change, stored) = self.shared.write(|writer| {
            let current = self.current(writer)?;
            let before = writer.shelf_generation(self.url());
            let mut stored = Vec::with_capacity(objects.len());
            let mut items = Vec::new();
            let ranged = range::has_any(&current.schema);
            for (nr, object) in objects.iter().enumerate() {
                let id = ids.and_then(|ids| ids.get(nr)).copied();
                let (id, upgraded, old) = self.put(writer, &current, object, id)?;
                if ranged {
                    let new = upgraded.as_ref().unwrap_or(object).clone();
                    items.push((id, old, Some(new)));
                }
                stored.push((id, upgraded));
            }
            let after = writer.revision();
            Ok((Change::new(&current, before, after, items), stored))
        })?;
        let revision = change.after();
        for (object, (id, upgraded)) in objects.iter_mut().zip(stored) {
            if let Some(upgraded) = upgraded {
                *object = upgraded;
            }
            object.set_stored(id, revision);
        }
        self.note(change);
        Ok(())
    }

    /// Puts one object: its number, itself in the latest schema if it was in another, and what
    /// was stored before.
    #[allow(clippy::type_complexity, reason = "three answers of one step")]
    fn put(
        &self,
        writer: &mut dyn Writer,
        current: &Current,
        object: &Object,
        fixed: Option<u64>,
    ) -> Result<(u64, Option<Object>, Option<Object>), DbError> {
        let upgraded = self.in_latest(current, object)?;
        let object = upgraded.as_ref().unwrap_or(object);
        let url = self.url();
        let old = match (object.id(), fixed) {
            (_, Some(_)) | (None, None) => None,
            (Some(id), None) => {
                let kept = writer.entry(url, id).map_err(DbError::Keeper)?;
                let conflict = |deleted| DbError::Conflict {
                    url: url.to_owned(),
                    id,
                    deleted,
                };
                let kept: Kept = kept.ok_or_else(|| conflict(true))?;
                if kept.content.is_ok() && kept.revision != object.revision() {
                    return Err(conflict(false));
                }
                Some(self.decoded(current, &kept)?)
            }
        };
        let labels = labels(&current.schema, object);
        let own = object.id().filter(|_| fixed.is_none());
        for (property, label) in &labels {
            if property.unique {
                self.check_unique(writer, current, object, property, label, own)?;
            }
        }
        let mut content = current.sid.to_le_bytes().to_vec();
        content.extend_from_slice(&object.to_payload());
        let content = zeroize::Zeroizing::new(content);
        let id = match (own, fixed) {
            (Some(id), _) | (None, Some(id)) => {
                writer.put(url, id, &content).map_err(DbError::Keeper)?;
                id
            }
            (None, None) => writer.put_new(url, &content).map_err(DbError::Keeper)?,
        };
        let old_labels = old.as_ref().map(|old| label::labels(&current.schema, old));
        let old_labels = old_labels.unwrap_or_default();
        for (_, label) in &old_labels {
            if !labels.iter().any(|(_, new)| new == label) {
                writer.unmark(url, label, id);
            }
        }
        for (_, label) in &labels {
            if !old_labels.iter().any(|(_, old)| old == label) {
                writer.mark(url, label, id);
            }
        }
        Ok((id, upgraded, old))
    }

    /// An object that was made with another text of the schema, in the latest one.
    fn in_latest(&self, current: &Current, object: &Object) -> Result<Option<Object>, DbError> {
        if object.schema().md5 == current.schema.md5 {
            return Ok(None);
        }
        let payload = zeroize::Zeroizing::new(object.to_payload());
        let written_by: &Schema = object.schema();
        let context = self.context();
        let mut latest = Object::from_older(context, &current.schema, Some(written_by), &payload)?;
        match object.id() {
            Some(id) => latest.set_stored(id, object.revision()),
            None => latest.set_id(None),
        }
        Ok(Some(latest))
    }

    fn check_unique(
        &self,
        writer: &dyn Writer,
        current: &Current,
        object: &Object,
        property: &crate::schema::Property,
        label: &[u8],
        own: Option<u64>,
    ) -> Result<(), DbError> {
        let url = self.url();
        let others = writer.marked(url, label, 4).map_err(DbError::Keeper)?;
        for other in others.into_iter().filter(|other| Some(*other) != own) {
            // An index entry alone proves nothing.
            let kept = writer.entry(url, other).map_err(DbError::Keeper)?;
            let Some(stored) = kept.and_then(|kept| self.decoded(current, &kept).ok()) else {
                continue;
            };
            if label::label(property, stored.get(&property.name)?).as_deref() != Some(label) {
                continue;
            }
            let value = match property.secret {
                true => "the same value".to_owned(),
                false => object.get(&property.name)?.excerpt(60),
            };
            return Err(DbError::NotUnique {
                url: url.to_owned(),
                property: property.name.clone(),
                value,
                other,
            });
        }
        Ok(())
    }

    fn check_writable(&self) -> Result<(), DbError> {
        match self.is_readonly() {
            true => Err(DbError::ReadOnly {
                url: self.url().to_owned(),
            }),
            false => Ok(()),
        }
    }

    fn check_url(&self, object: &Object) -> Result<(), DbError> {
        match object.schema().url == self.url() {
            true => Ok(()),
            false => Err(DbError::OtherModel {
                found: object.schema().url.clone(),
                expected: self.url().to_owned(),
            }),
        }
    }

    fn not_stored(&self) -> DbError {
        DbError::NotStored {
            url: self.url().to_owned(),
        }
    }
}
