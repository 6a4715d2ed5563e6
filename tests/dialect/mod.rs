//! Tests of the room `dialect`.
mod context;
mod literals;
mod paste;
mod plain;
mod positions;
mod properties;
mod refused;
mod rhai_host;
mod rules;
mod tokens;
mod transcript;
