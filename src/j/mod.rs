//! Room j.
