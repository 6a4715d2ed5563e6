//! Room store.
/// Placeholder until the room is merged.
pub struct Store;
