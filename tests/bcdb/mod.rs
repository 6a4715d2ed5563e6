//! Tests of databases: the library on vaults of the store, and faults.
#![allow(clippy::result_large_err, reason = "tests that run a few times")]
mod basics;
mod child;
mod damage;
mod shells;
mod upgrade;
mod vectors;

use std::path::Path;
use std::sync::Arc;

use kosmos::j::data::bcdb::keeper::VaultKeeper;
use kosmos::schema::db::{Database, DbError, Model};
use kosmos::schema::{Context, FixedClock, Map, Object, Value};
use kosmos::store::{KdfCost, NewLock, Options, Store, Unlock};

/// Where the keys of the databases lie.
pub const PLACE: &str = "j.data.bcdb";
/// Schema of most tests.
pub const PERSON: &str = "@url = my.person\nname* = \"\" (S)\n&email = \"\" (S)\nage** = 0 (I)\n\
                          money** = \"10 USD\" (N)\nnote = \"\"\n";

pub fn context() -> Arc<Context> {
    Arc::new(Context::new(
        FixedClock(1_563_192_000),
        |buffer: &mut [u8]| buffer.fill(0x5a),
    ))
}

pub fn options() -> Options {
    Options {
        kdf: KdfCost::LOWEST,
        ..Options::default()
    }
}

/// A store on disk with a key file.
pub fn create(folder: &Path) -> Store {
    let key = folder.join("key");
    let lock = NewLock::NewKeyFile(&key);
    Store::create(&folder.join("store"), lock, options())
        .unwrap()
        .0
}

/// The same store, as another process opens it.
pub fn open(folder: &Path) -> Store {
    let locked = Store::open(&folder.join("store"), options()).unwrap();
    locked.unlock(Unlock::KeyFile(&folder.join("key"))).unwrap()
}

/// A database of a store, made when there is none.
pub fn database(store: &Store, name: &str) -> Arc<Database> {
    try_database(store, name).unwrap()
}

pub fn try_database(store: &Store, name: &str) -> Result<Arc<Database>, DbError> {
    let vault = match store.vault(PLACE, name)? {
        Some(vault) => vault,
        None => store.vault_create(PLACE, name)?,
    };
    Database::open(name, Box::new(VaultKeeper(vault)), &context())
}

/// A database in memory.
pub fn memory() -> (Store, Arc<Database>) {
    let store = Store::ephemeral(options()).unwrap();
    let database = database(&store, "db");
    (store, database)
}

pub fn map(entries: &[(&str, Value)]) -> Map {
    entries
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()))
        .collect()
}

pub fn person(model: &Arc<Model>, name: &str, email: &str, age: i64) -> Object {
    let data = [
        ("name", name.into()),
        ("email", email.into()),
        ("age", age.into()),
    ];
    model.new_object(&map(&data)).unwrap()
}

pub fn ids(objects: &[Object]) -> Vec<u64> {
    objects.iter().filter_map(Object::id).collect()
}

pub fn found(model: &Arc<Model>, conditions: &[(&str, Value)]) -> Vec<u64> {
    ids(&model.find(&map(conditions)).unwrap())
}

/// `[operator, value]`.
pub fn op(word: &str, value: impl Into<Value>) -> Value {
    Value::List(vec![word.into(), value.into()])
}

#[track_caller]
pub fn good(database: &Database) {
    let checked = database.check().unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}
