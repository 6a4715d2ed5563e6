//! Room schema.
