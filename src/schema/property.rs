//! One property of a schema.
use std::sync::Arc;

use super::context::Context;
use super::error::{ObjectError, ValueError};
use super::types::Type;
use super::value::Value;

/// A property: name, type, default and what is indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Name, as written.
    pub name: String,
    /// Type.
    pub kind: Type,
    /// Default text of the schema, quotes off; none if there is none.
    pub default_text: Option<String>,
    /// Comment behind `#`.
    pub comment: String,
    /// `**`: there is an index for ranges and queries.
    pub index: bool,
    /// `*`: there is an index for exact look-ups.
    pub index_key: bool,
    /// `&`: no two stored objects have the same value.
    pub unique: bool,
    /// Named by `@secret`: never printed, not repeated in errors, wiped from memory.
    pub secret: bool,
    /// The default after conversion, unless each object makes its own.
    fixed_default: Option<Value>,
}

impl Property {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Type::String,
            default_text: None,
            comment: String::new(),
            index: false,
            index_key: false,
            unique: false,
            secret: false,
            fixed_default: None,
        }
    }

    /// Converts the default text once; relative dates, guids and objects stay for each object.
    pub(super) fn with_checked_default(mut self) -> Result<Self, ValueError> {
        let context = Context::detached();
        if matches!(self.kind, Type::Object(_)) {
            return Ok(self);
        }
        let value = match (self.kind.default_is_shared(), &self.default_text) {
            (_, Some(text)) => self.kind.clean_default(text, context)?,
            (true, None) => self.kind.empty(context),
            (false, None) => return Ok(self),
        };
        let relative = self
            .default_text
            .as_deref()
            .is_some_and(|text| self.kind.is_relative(text));
        self.fixed_default = (!relative).then_some(value);
        Ok(self)
    }

    /// Returns the default value of a new object.
    ///
    /// # Errors
    /// When a relative date does not exist this year or a referred schema is not registered.
    pub fn default(&self, context: &Arc<Context>) -> Result<Value, ObjectError> {
        self.default_at(context, 0)
    }

    pub(super) fn default_at(
        &self,
        context: &Arc<Context>,
        depth: usize,
    ) -> Result<Value, ObjectError> {
        if let Some(value) = &self.fixed_default {
            return Ok(value.clone());
        }
        if let Type::Object(url) = &self.kind {
            let object = super::Object::of_url(context, url, depth + 1)?;
            return Ok(Value::Object(Box::new(object)));
        }
        match &self.default_text {
            Some(text) => {
                self.kind
                    .clean_default(text, context)
                    .map_err(|error| ObjectError::Value {
                        property: self.name.clone(),
                        error,
                    })
            }
            None => Ok(self.kind.empty(context)),
        }
    }

    /// Default after conversion as far as the schema alone decides it, for help and printing.
    pub fn fixed_default(&self) -> Option<&Value> {
        self.fixed_default.as_ref()
    }
}
