//! Cap'n Proto messages, as far as flists and schema objects need them: the stream form, plain or
//! packed; structs, texts, data and lists of structs.
//!
//! The reader takes several segments and far pointers, as large directories have them. It counts
//! what it hands out, so that a small message cannot make it read for ever.
mod packed;
mod reader;
mod writer;

pub use packed::{pack, unpack};
pub use reader::{List, Message, MessageError, Struct};
pub use writer::{Builder, StructAt};
