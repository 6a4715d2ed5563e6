//! A schema: url, properties, system properties, identity.
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::error::SchemaError;
use super::identity::{self, SchemaMd5};
use super::parser;
use super::property::Property;
use super::text;
use super::types::Type;
use super::value::Value;

/// One parsed schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Url, quotes off.
    pub url: String,
    /// Url as an identifier: `my.first.schema.1` gives `my_first_schema_1`.
    pub key: String,
    /// Trailing number of the url (rule S1).
    pub version: Option<u64>,
    /// Url without the trailing number.
    pub url_noversion: String,
    /// Md5 of the text without blanks and newlines.
    pub md5: SchemaMd5,
    /// Block text with the common indentation off; parsing it gives this schema again.
    pub text: String,
    /// Lines `@name = value` but `@url`, in the order written.
    pub system_properties: IndexMap<String, String>,
    /// Properties in the order written.
    pub properties: Vec<Property>,
    numbers: HashMap<String, usize>,
}

impl Schema {
    /// Parses a text with one schema or more and returns the first, without registering any.
    ///
    /// # Errors
    /// A [`SchemaError`] with line and column of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Arc<Self>, SchemaError> {
        let first = parser::parse(text, None)?.into_iter().next();
        first.ok_or_else(|| SchemaError::new(1, 1, "", "the text holds no schema", "'@url = ...'"))
    }

    /// Parses a text with one schema or more and returns them all, without registering any.
    ///
    /// # Errors
    /// As [`Schema::parse`].
    pub fn parse_all(text: &str) -> Result<Vec<Arc<Self>>, SchemaError> {
        parser::parse(text, None)
    }

    pub(super) fn assemble(
        url: String,
        md5: SchemaMd5,
        text: String,
        system_properties: IndexMap<String, String>,
        properties: Vec<Property>,
        numbers: HashMap<String, usize>,
    ) -> Self {
        let key = identity::key(&url);
        let (version, url_noversion) = identity::version(&url);
        let url_noversion = url_noversion.to_owned();
        Self {
            key,
            version,
            url_noversion,
            url,
            md5,
            text,
            system_properties,
            properties,
            numbers,
        }
    }

    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.number_of(name).and_then(|nr| self.properties.get(nr))
    }

    /// Position of a property in [`Schema::properties`].
    pub fn number_of(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Names of all properties in the order written.
    pub fn property_names(&self) -> impl Iterator<Item = &str> {
        self.properties
            .iter()
            .map(|property| property.name.as_str())
    }

    /// Properties with an exact index (`*`, `***`, `&`).
    pub fn properties_index_keys(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.index_key)
    }

    /// Properties with a range index (`**`, `***`).
    pub fn properties_index_sql(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.index)
    }

    /// Properties that are unique (`&`).
    pub fn properties_unique(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.unique)
    }

    /// Name of the property that was probably meant.
    pub fn suggestion(&self, name: &str) -> Option<&str> {
        text::nearest(name, self.property_names())
    }
}

/// The form a schema prints in (spec 1.6).
impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "## SCHEMA: {}\n\n", self.url)?;
        for property in &self.properties {
            write!(f, "prop:{:<25} ", property.name)?;
            let Type::List(element) = &property.kind else {
                writeln!(f, "{}", property.kind.name())?;
                continue;
            };
            write!(f, "LIST TYPE:")?;
            if let Some(default @ Value::List(list)) = property.fixed_default() {
                match (list.is_empty(), property.secret) {
                    (true, _) => {}
                    (false, true) => write!(f, " - defaults: ***")?,
                    (false, false) => write!(f, " - defaults: {}", default.repr())?,
                }
            }
            writeln!(f, " - subtype: {}", element.name())?;
        }
        if !self.system_properties.is_empty() {
            write!(f, "\n### systemprops:\n\n")?;
            for (name, value) in &self.system_properties {
                writeln!(f, "{name}:{value}")?;
            }
        }
        Ok(())
    }
}
