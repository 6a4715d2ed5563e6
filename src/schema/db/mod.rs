//! Databases of objects (spec section 7): models, numbers that are never given twice, indexes,
//! queries, triggers, export.
//!
//! The room knows no storage: a [`Keeper`] keeps sealed entries on shelves, one shelf per url.
//! What an index finds is checked against the object before it is answered, so an index can only
//! miss something, never invent it; [`Database::check`] and [`Model::index_rebuild`] are for that.
//!
//! * [`keeper`]: what is needed from a storage. [`catalog`]: which schemas a database knows.
//! * [`model`]: the objects of one url. [`write`]: saving and deleting. [`iterate`]: one after the
//!   other without loading all.
//! * [`label`]: the form of a value in an exact index, and its order. [`range`]: the ordered
//!   indexes in memory. [`condition`], [`find`]: queries.
//! * [`rebuild`]: indexes made again. [`check`], [`transfer`]: check, export and import.
mod catalog;
mod check;
mod condition;
mod database;
mod error;
mod find;
mod iterate;
mod keeper;
mod label;
mod model;
mod range;
mod rebuild;
mod transfer;
mod trigger;
mod write;

pub use self::check::Checked;
pub use self::condition::{Condition, Op};
pub use self::database::Database;
pub use self::error::{BoxError, DbError};
pub use self::iterate::Objects;
pub use self::keeper::{Keeper, Kept, Reader, Writer};
pub use self::model::Model;
pub use self::transfer::{Exported, Sealer};
pub use self::trigger::{Action, Trigger, TriggerId};

/// Entries read or written at once: bounds memory, and how long others wait.
const CHUNK: usize = 256;
/// Objects saved in one transaction by [`Model::save_all`].
const BATCH: usize = 1000;
