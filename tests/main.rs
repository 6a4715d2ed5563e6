//! All behaviour tests in one binary; one folder per room.
mod devnet;
mod dialect;
mod engine;
mod house;
mod object;
mod schema;
mod shell;
mod store;
mod tfchain;
