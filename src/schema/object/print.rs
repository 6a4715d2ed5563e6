//! The forms an object prints in. Secrets show as `***`.
use super::Object;
use crate::schema::text;
use crate::schema::toml_text;
use crate::schema::types::Type;
use crate::schema::value::{Map, Value};

/// What is printed instead of a secret.
const HIDDEN: &str = "***";

/// Width of a name in [`Object::print_lines`].
const NAME_WIDTH: usize = 30;

impl Object {
    /// The printed form: TOML of the human forms, keys sorted, sub-objects as tables after the
    /// scalars (rule O8).
    pub fn print(&self) -> String {
        toml_text::document(&self.printed_map())
    }

    fn printed_map(&self) -> Map {
        let forms = self.iter().map(|(property, value)| {
            let form = match value {
                Value::Object(object) if !property.secret => Value::Map(object.printed_map()),
                Value::List(list) if is_object_list(&property.kind) && !property.secret => {
                    let maps = list.iter().filter_map(Value::as_object);
                    Value::List(
                        maps.map(|object| Value::Map(object.printed_map()))
                            .collect(),
                    )
                }
                value => self.printed(property, value),
            };
            (property.name.clone(), form)
        });
        forms.collect()
    }

    /// Human form of one property, hidden if it is a secret that is not empty.
    fn printed(&self, property: &super::Property, value: &Value) -> Value {
        if property.secret && !super::is_empty(value) {
            return Value::from(HIDDEN);
        }
        property.kind.human(value, &self.context)
    }

    /// One line per property in the order of names: `- `, the name padded to 30, `: `, the human
    /// form; a newline first.
    pub fn print_lines(&self) -> String {
        let mut out = String::from("\n");
        let mut properties: Vec<_> = self.iter().collect();
        properties.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        for (property, value) in properties {
            let form = match value {
                Value::Object(object) if !property.secret => object
                    .print_lines()
                    .trim_end_matches('\n')
                    .replace('\n', "\n    "),
                value => text::display(&self.printed(property, value)),
            };
            out.push_str(&format!("- {:<NAME_WIDTH$}: {form}\n", property.name));
        }
        out
    }
}

fn is_object_list(kind: &Type) -> bool {
    matches!(kind, Type::List(element) if matches!(**element, Type::Object(_)))
}
