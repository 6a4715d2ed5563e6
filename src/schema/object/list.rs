//! Changes of a typed list in place; every insertion converts.
use std::sync::Arc;

use super::{value_error, wipe};
use crate::schema::context::Context;
use crate::schema::error::ObjectError;
use crate::schema::object::Object;
use crate::schema::property::Property;
use crate::schema::types::{Type, clean_element};
use crate::schema::value::{Map, Value};

/// A list property that is being changed.
pub struct ListMut<'a> {
    property: &'a Property,
    element: &'a Type,
    items: &'a mut Vec<Value>,
    changed: &'a mut bool,
    context: &'a Arc<Context>,
}

impl<'a> ListMut<'a> {
    pub(super) fn new(
        property: &'a Property,
        items: &'a mut Vec<Value>,
        changed: &'a mut bool,
        context: &'a Arc<Context>,
    ) -> Option<Self> {
        let Type::List(element) = &property.kind else {
            return None;
        };
        Some(Self {
            property,
            element,
            items,
            changed,
            context,
        })
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        self.items
    }

    /// Converts and adds an element at the end.
    ///
    /// # Errors
    /// When it does not fit the element type.
    pub fn append(&mut self, input: &Value) -> Result<(), ObjectError> {
        let item = self.clean(input)?;
        self.items.push(item);
        *self.changed = true;
        Ok(())
    }

    /// Converts and inserts an element; indexes beyond the ends mean the ends.
    ///
    /// # Errors
    /// When it does not fit the element type.
    pub fn insert(&mut self, index: i64, input: &Value) -> Result<(), ObjectError> {
        let item = self.clean(input)?;
        let length = self.items.len();
        let at = match usize::try_from(index) {
            Ok(at) => at.min(length),
            Err(_) => {
                length.saturating_sub(usize::try_from(index.unsigned_abs()).unwrap_or(length))
            }
        };
        self.items.insert(at, item);
        *self.changed = true;
        Ok(())
    }

    /// Converts and replaces an element; negative indexes count from the end.
    ///
    /// # Errors
    /// When the index is outside the list or the input does not fit.
    pub fn set(&mut self, index: i64, input: &Value) -> Result<(), ObjectError> {
        let at = self.place(index)?;
        let item = self.clean(input)?;
        if let Some(slot) = self.items.get_mut(at) {
            let old = std::mem::replace(slot, item);
            self.forget(old);
            *self.changed = true;
        }
        Ok(())
    }

    /// Reads an element; negative indexes count from the end.
    ///
    /// # Errors
    /// When the index is outside the list.
    pub fn get(&self, index: i64) -> Result<&Value, ObjectError> {
        let at = self.place(index)?;
        self.items.get(at).ok_or_else(|| self.out_of_range(index))
    }

    /// Removes and returns an element, the last one if no index is given.
    ///
    /// # Errors
    /// When the index is outside the list.
    pub fn pop(&mut self, index: Option<i64>) -> Result<Value, ObjectError> {
        let at = self.place(index.unwrap_or(-1))?;
        *self.changed = true;
        Ok(self.items.remove(at))
    }

    /// Removes the first element equal to the item, which is not converted.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove(&mut self, item: &Value) -> Result<(), ObjectError> {
        let at = self.position(item)?;
        let old = self.items.remove(at);
        self.forget(old);
        *self.changed = true;
        Ok(())
    }

    /// Converts and adds several elements, all or none.
    ///
    /// # Errors
    /// When one does not fit the element type.
    pub fn extend(&mut self, inputs: &Value) -> Result<(), ObjectError> {
        let added = self.property.kind.clean(inputs, self.context);
        if let Value::List(added) = added.map_err(|error| value_error(self.property, error))? {
            *self.changed |= !added.is_empty();
            self.items.extend(added);
        }
        Ok(())
    }

    /// Index of the first element equal to the item, which is not converted.
    ///
    /// # Errors
    /// When there is none.
    pub fn position(&self, item: &Value) -> Result<usize, ObjectError> {
        let found = self.items.iter().position(|other| same(other, item));
        found.ok_or_else(|| ObjectError::NotInList {
            property: self.property.name.clone(),
            item: if self.property.secret {
                "***".into()
            } else {
                item.excerpt(60)
            },
        })
    }

    /// True if an element equals the item, which is not converted.
    pub fn contains(&self, item: &Value) -> bool {
        self.items.iter().any(|other| same(other, item))
    }

    /// True if the list equals another one after its conversion.
    pub fn equals(&self, other: &Value) -> bool {
        self.property
            .kind
            .clean(other, self.context)
            .is_ok_and(|other| match other {
                Value::List(other) => *self.items == other,
                _ => false,
            })
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        self.items.reverse();
        *self.changed |= self.items.len() > 1;
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        *self.changed |= !self.items.is_empty();
        for old in std::mem::take(self.items) {
            self.forget(old);
        }
    }

    /// Makes a new sub-object at the end of a list of objects and returns it.
    ///
    /// # Errors
    /// When it is no list of objects, the schema is unknown, or data does not fit.
    pub fn new_object(&mut self, data: Option<&Map>) -> Result<&mut Object, ObjectError> {
        let no_objects = ObjectError::WrongType {
            property: self.property.name.clone(),
            found: self.property.kind.describe().into_owned(),
            expected: "list of objects",
        };
        let Type::Object(url) = self.element else {
            return Err(no_objects);
        };
        let mut object = Object::of_url(self.context, url, 1)?;
        if let Some(data) = data {
            object.set_all(data)?;
        }
        self.items.push(Value::Object(Box::new(object)));
        *self.changed = true;
        match self.items.last_mut() {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(no_objects),
        }
    }

    /// A sub-object of a list of objects, to change it.
    ///
    /// # Errors
    /// When the index is outside the list or the element is no object.
    pub fn object_mut(self, index: i64) -> Result<&'a mut Object, ObjectError> {
        let at = self.place(index)?;
        let found = self.property.kind.describe().into_owned();
        match self.items.get_mut(at) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(ObjectError::WrongType {
                property: self.property.name.clone(),
                found,
                expected: "list of objects",
            }),
        }
    }

    /// Drops an element; that of a secret list is overwritten first.
    fn forget(&self, mut old: Value) {
        if self.property.secret {
            wipe(&mut old);
        }
    }

    fn clean(&self, input: &Value) -> Result<Value, ObjectError> {
        clean_element(input, self.element, self.context)
            .map_err(|error| value_error(self.property, error))
    }

    fn place(&self, index: i64) -> Result<usize, ObjectError> {
        let length = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
        let at = if index < 0 {
            index.checked_add(length)
        } else {
            Some(index)
        };
        at.filter(|at| *at < length)
            .and_then(|at| usize::try_from(at).ok())
            .ok_or_else(|| self.out_of_range(index))
    }

    fn out_of_range(&self, index: i64) -> ObjectError {
        let (property, length) = (self.property.name.clone(), self.items.len());
        ObjectError::OutOfRange {
            property,
            index,
            length,
        }
    }
}

/// Equality without conversion, but whole and broken numbers of the same size are equal and an
/// enum equals its name.
fn same(item: &Value, other: &Value) -> bool {
    match (item, other) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => {
            crate::schema::types::float_of(*a) == *b
        }
        (Value::Enum(choice), other) => choice.matches(other),
        (a, b) => a == b,
    }
}
