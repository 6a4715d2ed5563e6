//! Schema texts, their types, and objects that hold data of a schema.
//!
//! A text such as `name* = "" (S)` becomes a [`Schema`]; an [`Object`] holds one value per
//! property and converts whatever is set. The forms are documented in [`Type`] (one file per type
//! below `types/`), numbers with a currency in [`Numeric`]. Time, randomness, time zone and rates
//! come in through [`Context`], which also holds the [`Registry`] of known schemas.
//!
//! | what | where |
//! |---|---|
//! | text to schema, and what identifies one | `parser`, `schema`, `property`, `identity`, `registry` |
//! | types and values | `types`, `value`, `text`, `money` |
//! | objects, and their forms on disk | `object`, `msgpack`, `toml_text` |
//! | databases of objects | [`db`] |
//!
//! ```
//! use std::sync::Arc;
//! use kosmos::schema::{Context, FixedClock, Object, Value};
//!
//! let context = Arc::new(Context::new(FixedClock(1_563_192_000), |_: &mut [u8]| {}));
//! let text = "@url = shop.item\nname* = \"\"\nprice = \"10 USD\" (N)";
//! let schema = context.registry().get_from_text(text, None)?;
//! let mut item = Object::new(&context, &schema)?;
//! item.set("price", &Value::from("10k GBP"))?;
//! assert_eq!(item.print(), "name = \"\"\nprice = \"10 kGBP\"\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod context;
pub mod db;
mod error;
mod identity;
mod money;
mod msgpack;
mod object;
mod parser;
mod property;
mod registry;
#[allow(
    clippy::module_inception,
    reason = "the schema is the thing the room is named after"
)]
mod schema;
mod text;
mod toml_text;
mod types;
mod value;

pub use self::context::{Clock, Context, FixedClock, Random};
pub use self::error::{ObjectError, SchemaError, ValueError};
pub use self::identity::SchemaMd5;
pub use self::money::{CurrencyId, Number, Numeric, NumericError, NumericOp, Rates};
pub use self::object::{ListMut, Object, PAYLOAD_VERSION};
pub use self::property::Property;
pub use self::registry::{Registry, RegistryError};
pub use self::schema::Schema;
pub use self::types::{Choices, EnumValue, Type, TypeError};
pub use self::value::{Map, Value};
