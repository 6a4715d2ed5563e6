//! `j.data`: schemas, objects, types, as a person types them.
mod bcdb;
mod objects;
mod rates;
mod refused;
mod tutorial;
mod types;
