//! Room tfchain.
