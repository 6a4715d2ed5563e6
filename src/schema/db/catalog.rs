//! Which schemas a database knows: a note beside the objects, sealed like them.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::DbError;
use super::keeper::{Reader, Writer};
use crate::schema::identity::SchemaMd5;
use crate::schema::{Schema, Type};

const NOTE: &str = "catalog";

/// A schema text by number; objects name the number of the text that they were written with.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Text {
    pub(super) sid: u32,
    pub(super) url: String,
    pub(super) text: String,
}

/// What is known of a url.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// Number of its latest text.
    pub(super) sid: u32,
    /// It has objects of its own, and not only in other ones.
    pub(super) model: bool,
    /// Its exact indexes hold everything.
    pub(super) indexed: bool,
}

/// The schemas.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Catalog {
    pub(super) texts: Vec<Text>,
    pub(super) known: BTreeMap<String, Known>,
}

impl Catalog {
    pub(super) fn read(reader: &dyn Reader) -> Result<Self, DbError> {
        match reader.note(NOTE).map_err(DbError::Keeper)? {
            None => Ok(Self::default()),
            Some(bytes) => {
                rmp_serde::from_slice(&bytes).map_err(|e| DbError::Catalog(e.to_string()))
            }
        }
    }

    pub(super) fn write(&self, writer: &mut dyn Writer) -> Result<(), DbError> {
        let bytes = rmp_serde::to_vec(self).map_err(|e| DbError::Catalog(e.to_string()))?;
        writer.set_note(NOTE, &bytes).map_err(DbError::Keeper)
    }

    pub(super) fn text(&self, sid: u32) -> Option<&Text> {
        self.texts.iter().find(|text| text.sid == sid)
    }

    /// The latest text of a url.
    pub(super) fn latest(&self, url: &str) -> Option<&Text> {
        self.text(self.known.get(url)?.sid)
    }

    /// Urls that have objects of their own.
    pub(super) fn models(&self) -> impl Iterator<Item = &String> {
        let models = self.known.iter().filter(|(_, known)| known.model);
        models.map(|(url, _)| url)
    }

    /// The number of a schema, which is new if it was not known.
    pub(super) fn add(&mut self, schema: &Schema) -> u32 {
        let same =
            |text: &&Text| text.url == schema.url && SchemaMd5::of_text(&text.text) == schema.md5;
        if let Some(text) = self.texts.iter().find(same) {
            return text.sid;
        }
        let last = self.texts.iter().map(|text| text.sid).max().unwrap_or(0);
        let sid = last.saturating_add(1);
        self.texts.push(Text {
            sid,
            url: schema.url.clone(),
            text: schema.text.clone(),
        });
        sid
    }
}

/// What decides which labels the objects of a schema have.
pub(super) fn indexed_as(schema: &Schema) -> Vec<(String, String)> {
    let keys = schema.properties_index_keys();
    keys.map(|p| (p.name.clone(), p.kind.describe().into_owned()))
        .collect()
}

/// Urls of the sub-objects of a schema, without those below them.
pub(super) fn referred(schema: &Schema) -> Vec<&str> {
    fn of(kind: &Type) -> Option<&str> {
        match kind {
            Type::Object(url) => Some(url),
            Type::List(element) => of(element),
            _ => None,
        }
    }
    schema
        .properties
        .iter()
        .filter_map(|p| of(&p.kind))
        .collect()
}
