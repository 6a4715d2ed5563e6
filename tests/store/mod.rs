//! Tests of the room `store`.
mod child;
mod damage;
mod env;
mod fixture;
mod keys;
mod maintain;
mod privacy;
mod suite;
mod vault;
