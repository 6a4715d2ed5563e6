//! Room object.
