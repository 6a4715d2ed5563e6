//! `j.data.bcdb`: named databases of objects, encrypted in the store.
//!
//! * [`database`]: one database; [`model`]: the objects of one schema in it; [`rows`]: objects
//!   one after the other.
//! * [`home`]: what `o.save()` of an object of a model does, and triggers.
//! * [`keeper`]: a vault of the store as the storage that the library wants; [`errors`].
pub mod database;
pub mod errors;
pub mod home;
pub mod keeper;
pub mod model;
pub mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::database::DatabaseValue;
use self::keeper::VaultKeeper;
use crate::j::world::World;
use crate::object::{
    Class, Default, Error, Kind, Member, Needs, Param, Peek, Result, Ty, Value, class_of, similar,
};
use crate::schema::db::Database;
use crate::store::{Store, Vault};

/// Where the records of the databases' keys lie.
pub const LOCATION: &str = "j.data.bcdb";
/// Longest name, in characters.
const LONGEST: usize = 80;

/// Open databases by name, with the store that they belong to.
type Opened = BTreeMap<String, (Arc<Store>, Arc<DatabaseValue>)>;

/// `j.data.bcdb`.
pub struct Bcdb {
    world: Arc<World>,
    open: Mutex<Opened>,
}

impl Bcdb {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<Bcdb> {
        Arc::new(Bcdb {
            world: world.clone(),
            open: Mutex::default(),
        })
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open database of a name, if it belongs to the store that is open now.
    fn known(&self, store: &Arc<Store>, name: &str) -> Option<Arc<DatabaseValue>> {
        let open = self.opened();
        let (of, database) = open.get(name)?;
        Arc::ptr_eq(of, store).then(|| database.clone())
    }

    fn take(&self, store: &Arc<Store>, name: &str, vault: Vault) -> Result<Arc<DatabaseValue>> {
        let keeper = Box::new(VaultKeeper(vault.clone()));
        let database = Database::open(name, keeper, self.world.schemas())?;
        let value = DatabaseValue::new(self.world.clone(), database, vault);
        let entry = (store.clone(), value.clone());
        self.opened().insert(name.to_owned(), entry);
        Ok(value)
    }

    fn find(&self, name: &str) -> Result<Option<Arc<DatabaseValue>>> {
        let store = self.world.store()?;
        if let Some(database) = self.known(&store, name) {
            return Ok(Some(database));
        }
        match store.vault(LOCATION, name)? {
            Some(vault) => self.take(&store, name, vault).map(Some),
            None => Ok(None),
        }
    }

    fn get(&self, name: &str) -> Result<Arc<DatabaseValue>> {
        if let Some(database) = self.find(name)? {
            return Ok(database);
        }
        let names = self.world.store()?.vaults(LOCATION)?;
        let error = Error::new(Kind::NotFound, format!("there is no database '{name}'"))
            .hint(format!("make it: j.data.bcdb.new('{name}')"));
        Err(similar::hinted(
            error,
            name,
            names.iter().map(String::as_str),
        ))
    }

    fn make(&self, name: &str) -> Result<Arc<DatabaseValue>> {
        let proper = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.chars().count() > LONGEST || !name.chars().all(proper) {
            return Err(Error::value(format!(
                "'{}' is no name of a database: 1 to {LONGEST} letters, digits, '_', '-' and '.'",
                name.chars().take(LONGEST).collect::<String>()
            )));
        }
        if let Some(database) = self.find(name)? {
            return Ok(database);
        }
        let store = self.world.store()?;
        match store.vault_create(LOCATION, name) {
            Ok(vault) => self.take(&store, name, vault),
            // Another shell was faster.
            Err(crate::store::StoreError::NotUnique { .. }) => self.get(name),
            Err(error) => Err(error.into()),
        }
    }

    fn delete(&self, name: &str) -> Result<()> {
        let database = self.get(name)?;
        let count = database.database().count().unwrap_or(0);
        let preview = format!("database '{name}' with {count} objects");
        let question = "Delete it for good?";
        self.world.host.confirm(&preview, question)?;
        self.opened().remove(name);
        database.vault().release();
        self.world.store()?.vault_delete(LOCATION, name)?;
        Ok(())
    }
}

const NAME: Param = Param::required("name", Ty::Str, "its name");

impl Class for Bcdb {
    const NAME: &'static str = "bcdb_factory";
    const DOC: &'static str = "Databases of objects, encrypted in the store. They are not part of a\n\
        backup of the store: copy them with export_().";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "new",
            &[
                NAME,
                Param::optional(
                    "reset",
                    Ty::Bool,
                    Default::Bool(false),
                    "remove what it holds; asks first",
                ),
            ],
            Ty::Object(class_of::<DatabaseValue>),
            "Opens a database, or makes it when there is none of this name.",
            "j.data.bcdb.new('mine')",
            |this: &Arc<Bcdb>, args| {
                let database = this.make(args.text("name"))?;
                if args.flag("reset") {
                    database.reset()?;
                }
                Ok(database.into())
            },
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "get",
            &[
                NAME,
                Param::optional(
                    "die",
                    Ty::Bool,
                    Default::Bool(true),
                    "False answers None when there is none",
                ),
            ],
            Ty::Object(class_of::<DatabaseValue>),
            "Opens a database.",
            "j.data.bcdb.new('mine')\nj.data.bcdb.get('mine')",
            |this: &Arc<Bcdb>, args| {
                let name = args.text("name");
                match args.flag("die") {
                    true => Ok(this.get(name)?.into()),
                    false => Ok(this.find(name)?.into()),
                }
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "exists",
            &[NAME],
            Ty::Bool,
            "Answers whether there is a database of this name.",
            "j.data.bcdb.exists('mine')",
            |this: &Arc<Bcdb>, args| {
                let store = this.world.store()?;
                Ok(store.exists(LOCATION, None, args.text("name"))?.into())
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the names of all databases.",
            "j.data.bcdb.list()",
            |this: &Arc<Bcdb>, _| {
                let names = this.world.store()?.vaults(LOCATION)?;
                Ok(names.into_iter().map(Value::from).collect())
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "delete",
            &[NAME],
            Ty::Nothing,
            "Deletes a database with all it holds, after a question.",
            "j.data.bcdb.new('old')\nj.data.bcdb.delete('old')",
            |this: &Arc<Bcdb>, args| Ok(this.delete(args.text("name"))?.into()),
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    ]];

    fn location(&self) -> String {
        LOCATION.into()
    }
    fn child_names(&self) -> Vec<String> {
        self.opened().keys().cloned().collect()
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        let open = self.opened();
        open.get(name)
            .map(|(_, database)| Peek::Object(database.clone()))
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        Ok(Some(self.get(name)?.into()))
    }
}
