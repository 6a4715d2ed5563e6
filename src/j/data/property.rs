//! One property of a schema.
use std::sync::Arc;

use super::value::to_tree;
use crate::object::{Class, Member, ModelProperty, Paint, Ty, Value};
use crate::schema::{Context, Property, Schema, Type};

/// What completion and `?` tell of a property.
pub fn model(property: &Property) -> ModelProperty {
    let default = match (&property.default_text, property.secret) {
        (Some(_), true) => "***".to_string(),
        (Some(text), false) => text.clone(),
        (None, _) => String::new(),
    };
    ModelProperty {
        name: property.name.clone(),
        type_name: property.kind.describe().into_owned(),
        default,
        comment: property.comment.clone(),
        accepts: property.kind.accepts().into_owned(),
        secret: property.secret,
    }
}

/// True for objects and lists of them.
pub fn holds_objects(kind: &Type) -> bool {
    match kind {
        Type::Object(_) => true,
        Type::List(element) => holds_objects(element),
        _ => false,
    }
}

/// One property of a schema.
pub struct PropertyValue {
    schema: Arc<Schema>,
    nr: usize,
    context: Arc<Context>,
}

/// An example on a property.
macro_rules! with_property {
    ($line:literal) => {
        concat!(
            "s = j.data.schema.get_from_text('price* = \"10 USD\" (N) # what it costs', 'shop.item')\n",
            $line
        )
    };
}

impl PropertyValue {
    /// The property of that name.
    pub fn value(schema: &Arc<Schema>, name: &str, context: &Arc<Context>) -> Option<Value> {
        Some(Value::object(PropertyValue {
            schema: schema.clone(),
            nr: schema.number_of(name)?,
            context: context.clone(),
        }))
    }

    fn ask(&self, ask: impl FnOnce(&Property) -> Value) -> Value {
        self.schema.properties.get(self.nr).map_or(Value::None, ask)
    }
}

impl Class for PropertyValue {
    const NAME: &'static str = "property";
    const DOC: &'static str = "One property of a schema.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            with_property!("s.property_price.name"),
            |this, _| Ok(this.ask(|p| p.name.clone().into())),
        ),
        Member::property(
            "type",
            Ty::Str,
            "Its type in words.",
            with_property!("s.property_price.type"),
            |this, _| Ok(this.ask(|p| p.kind.describe().into_owned().into())),
        ),
        Member::property(
            "default",
            Ty::Any("any"),
            "The value of a new object, as far as the schema alone decides it.",
            with_property!("s.property_price.default"),
            |this, _| {
                Ok(this.ask(|p| match (p.fixed_default(), p.secret) {
                    (Some(_), true) => "***".into(),
                    (Some(value), false) => to_tree(value, &this.context),
                    (None, _) => p.default_text.clone().into(),
                }))
            },
        ),
        Member::property(
            "comment",
            Ty::Str,
            "The comment of the schema text.",
            with_property!("s.property_price.comment"),
            |this, _| Ok(this.ask(|p| p.comment.clone().into())),
        ),
        Member::property(
            "accepts",
            Ty::Str,
            "The forms its type accepts.",
            with_property!("s.property_price.accepts"),
            |this, _| Ok(this.ask(|p| p.kind.accepts().into_owned().into())),
        ),
        Member::property(
            "index",
            Ty::Bool,
            "True with `**`: a database finds objects by ranges of it.",
            with_property!("s.property_price.index"),
            |this, _| Ok(this.ask(|p| p.index.into())),
        ),
        Member::property(
            "index_key",
            Ty::Bool,
            "True with `*`: a database finds objects by its value.",
            with_property!("s.property_price.index_key"),
            |this, _| Ok(this.ask(|p| p.index_key.into())),
        ),
        Member::property(
            "unique",
            Ty::Bool,
            "True with `&`: no two objects of a database have the same value.",
            with_property!("s.property_price.unique"),
            |this, _| Ok(this.ask(|p| p.unique.into())),
        ),
        Member::property(
            "secret",
            Ty::Bool,
            "True when it is never printed.",
            with_property!("s.property_price.secret"),
            |this, _| Ok(this.ask(|p| p.secret.into())),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let Some(property) = self.schema.properties.get(self.nr) else {
            return String::new();
        };
        crate::object::help::model(&model(property))
            .trim_end()
            .to_string()
    }
    fn inline(&self) -> String {
        let name = self.schema.properties.get(self.nr).map(|p| &p.name);
        format!("<property {}>", name.map_or("", String::as_str))
    }
    fn to_json(&self) -> serde_json::Value {
        let Some(property) = self.schema.properties.get(self.nr) else {
            return serde_json::Value::Null;
        };
        let model = model(property);
        serde_json::json!({
            "name": model.name,
            "type": model.type_name,
            "default": model.default,
            "comment": model.comment,
        })
    }
}
