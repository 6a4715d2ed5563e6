//! `j.clients.threefold_directory`: which nodes and farmers the grid has.
mod lists;
mod registration;

use std::sync::Arc;

use super::grid::MAIN;
use crate::grid::directory::{Directory, Filter, Listing};
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Param, Result, Stored, Ty, Value, class_of,
};
use crate::tfchain::explorer::{HttpFetch, HttpLimits};

pub use lists::{FarmerList, NodeList};

/// The collection at `j.clients.threefold_directory`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<ThreefoldDirectory>> {
    Collection::top(world, "j.clients.threefold_directory")
}

/// A capacity directory.
pub struct ThreefoldDirectory {
    base: Arc<Base>,
}

impl Config for ThreefoldDirectory {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.threefold_directory.client
name* = "" (S)
base_uri = "" (S)            # its address; empty for that of the network
broker = "" (S)              # name of the 3bot that deploys; empty for development.broker
"#;
    const COLLECTION: &'static str = "threefold_directory";
    const COLLECTION_DOC: &'static str = "The capacity of the grid: nodes and farmers.";
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = FACTORY;

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(ThreefoldDirectory { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("base_uri", Value::Str(address)) if !address.trim().is_empty() => {
                // Opens nothing; it only looks at the address.
                HttpFetch::new(&[address], Box::new(|| 0), HttpLimits::default())?;
                Ok(())
            }
            ("broker", Value::Str(name)) if !name.trim().is_empty() => {
                let read = crate::tfchain::wallet::parse_bot_name(name.trim());
                read.map(drop)
                    .map_err(|error| crate::tfchain::wallet::WalletError::from(error).into())
            }
            _ => Ok(()),
        }
    }
}

impl ThreefoldDirectory {
    /// The address that a user gave; empty for that of the network.
    pub fn base_uri(&self) -> String {
        self.base.text("base_uri").trim().to_owned()
    }

    /// The name of the broker that a user gave; empty for the usual one.
    pub fn broker(&self) -> String {
        self.base.text("broker").trim().to_owned()
    }

    fn directory(&self) -> Result<Arc<Directory>> {
        let world = &self.base.world;
        let address = match self.base_uri() {
            empty if empty.is_empty() => default_address(world)?,
            given => given,
        };
        world.grid.directory(world, &address)
    }
}

/// The address that is asked when a user gave none: the devnet's where one stands in for the grid.
fn default_address(world: &Arc<World>) -> Result<String> {
    let stands_in = world.settings.test_is_devnet || crate::j::devnet::running(world).is_some();
    let main = world.grid.place(world, stands_in)?;
    Ok(main.directory)
}

/// The instance `main`, from memory or the store, or what would be one.
fn main_directory(this: &Arc<Collection<ThreefoldDirectory>>) -> Result<Arc<Directory>> {
    match this.find_one(MAIN)? {
        Some(main) => main.directory(),
        None => {
            let world = this.world();
            world.grid.directory(world, &default_address(world)?)
        }
    }
}

const AT_LEAST: &str = "at least so many";
const FILTERS: &[Param] = &[
    Param::optional("cru", Ty::Int, Default::None, "at least so many CPU cores"),
    Param::optional(
        "mru",
        Ty::Int,
        Default::None,
        "at least so many GiB of memory",
    ),
    Param::optional(
        "sru",
        Ty::Int,
        Default::None,
        "at least so many GB of solid state disk",
    ),
    Param::optional(
        "hru",
        Ty::Int,
        Default::None,
        "at least so many GB of turning disk",
    ),
    Param::optional(
        "country",
        Ty::Str,
        Default::None,
        "the country, as the directory writes it",
    ),
    Param::optional("farmer", Ty::Str, Default::None, "the id of the farmer"),
    Param::optional("sort", Ty::Str, Default::None, lists::ORDERS),
    Param::optional(
        "reload",
        Ty::Bool,
        Default::Bool(false),
        "ask anew; answers are kept for 10 minutes",
    ),
];

const RELOAD: &[Param] = &[Param::optional(
    "reload",
    Ty::Bool,
    Default::Bool(false),
    "ask anew; answers are kept for 10 minutes",
)];

fn filter(args: &Args) -> Result<Filter> {
    let units = |name: &'static str| match args.opt_int(name) {
        None => Ok(None),
        Some(number) => u64::try_from(number)
            .map(Some)
            .map_err(|_| args.error(name, format!("is {number}: {AT_LEAST}, from 0 on"))),
    };
    Ok(Filter {
        cru: units("cru")?,
        mru: units("mru")?,
        hru: units("hru")?,
        sru: units("sru")?,
        country: args.opt_text("country").map(String::from),
        farmer: args.opt_text("farmer").map(String::from),
    })
}

/// Tells how many entries were left out.
fn note_unreadable<T>(world: &World, listing: &Listing<T>) {
    if listing.unreadable > 0 {
        let count = listing.unreadable;
        world.host.note(&format!(
            "{count} entries of the directory make no sense and are left out"
        ));
    }
}

fn nodes(world: &World, directory: &Directory, args: &Args) -> Result<Value> {
    if args.flag("reload") {
        directory.forget();
    }
    let filter = filter(args)?;
    let listing = world.block_on(directory.nodes(&filter))??;
    note_unreadable(world, &listing);
    let mut nodes = listing.items;
    if let Some(word) = args.opt_text("sort") {
        lists::order(word)?.sort(&mut nodes);
    }
    Ok(Value::object(NodeList(nodes)))
}

fn farmers(world: &World, directory: &Directory, args: &Args) -> Result<Value> {
    if args.flag("reload") {
        directory.forget();
    }
    let listing = world.block_on(directory.farmers())??;
    note_unreadable(world, &listing);
    Ok(Value::object(FarmerList(listing.items)))
}

fn node(world: &World, directory: &Directory, args: &Args) -> Result<Value> {
    let node = world.block_on(directory.node(args.text("id")))?;
    Ok(lists::node_value(&node?))
}

fn farmer(world: &World, directory: &Directory, args: &Args) -> Result<Value> {
    let farmer = world.block_on(directory.farmer(args.text("id")))?;
    Ok(lists::plain(&farmer?))
}

fn resource_units(world: &World, directory: &Directory, args: &Args) -> Result<Value> {
    if args.flag("reload") {
        directory.forget();
    }
    let units = world.block_on(directory.resource_units())?;
    Ok(lists::plain(&units?))
}

const ID_OF_NODE: &[Param] = &[Param::required("id", Ty::Str, "its id: 12 hex digits")];
const ID_OF_FARMER: &[Param] = &[Param::required("id", Ty::Str, "its id")];
const ASKS: Needs = Needs::NETWORK.and(Needs::UNLOCKED);

const NODES_DOC: &str = "Lists nodes that have what is asked for, with what is free of each.\n\
     Free is what is neither reserved nor in use. It prints as a table; a script takes its items,\n\
     which are dicts.";
const NODE_DOC: &str = "Asks for a node by its id.";
const FARMERS_DOC: &str = "Lists all farmers.";
const FARMER_DOC: &str = "Asks for a farmer by its id.";
const UNITS_DOC: &str = "Adds up what all nodes have: cru, mru, hru and sru.";

const FACTORY: &[Member<Collection<ThreefoldDirectory>>] = &[
    Member::method(
        "nodes",
        FILTERS,
        Ty::Object(class_of::<NodeList>),
        NODES_DOC,
        "j.clients.threefold_directory.nodes(cru=2, mru=4, country='Austria', sort='mru')",
        |this: &Arc<Collection<ThreefoldDirectory>>, args| {
            nodes(this.world(), &*main_directory(this)?, args)
        },
    )
    .needs(ASKS),
    Member::method(
        "node",
        ID_OF_NODE,
        Ty::Dict,
        NODE_DOC,
        "j.clients.threefold_directory.node('ac1f6b84a330')",
        |this: &Arc<Collection<ThreefoldDirectory>>, args| {
            node(this.world(), &*main_directory(this)?, args)
        },
    )
    .needs(ASKS),
    Member::method(
        "farmers",
        RELOAD,
        Ty::Object(class_of::<FarmerList>),
        FARMERS_DOC,
        "j.clients.threefold_directory.farmers()",
        |this: &Arc<Collection<ThreefoldDirectory>>, args| {
            farmers(this.world(), &*main_directory(this)?, args)
        },
    )
    .needs(ASKS),
    Member::method(
        "farmer",
        ID_OF_FARMER,
        Ty::Dict,
        FARMER_DOC,
        "j.clients.threefold_directory.farmer('freefarm.s3-storage')",
        |this: &Arc<Collection<ThreefoldDirectory>>, args| {
            farmer(this.world(), &*main_directory(this)?, args)
        },
    )
    .needs(ASKS),
    Member::method(
        "resource_units",
        RELOAD,
        Ty::Dict,
        UNITS_DOC,
        "j.clients.threefold_directory.resource_units()",
        |this: &Arc<Collection<ThreefoldDirectory>>, args| {
            resource_units(this.world(), &*main_directory(this)?, args)
        },
    )
    .needs(ASKS),
    Member::property(
        "capacity",
        Ty::List,
        "All nodes as dicts.",
        "j.clients.threefold_directory.capacity",
        |this: &Arc<Collection<ThreefoldDirectory>>, _| {
            let directory = main_directory(this)?;
            let listing = this
                .world()
                .block_on(directory.nodes(&Filter::default()))??;
            note_unreadable(this.world(), &listing);
            Ok(listing.items.iter().map(lists::node_value).collect())
        },
    )
    .needs(ASKS),
    Member::property(
        "address",
        Ty::Str,
        "The address that is asked: that of `main`, else that of the devnet where one stands in\n\
         for the grid, else the public one.",
        "j.clients.threefold_directory.address",
        |this: &Arc<Collection<ThreefoldDirectory>>, _| Ok(main_directory(this)?.address().into()),
    )
    .needs(Needs::UNLOCKED),
];

const MEMBERS: &[Member<ThreefoldDirectory>] = &[
    Member::method(
        "nodes",
        FILTERS,
        Ty::Object(class_of::<NodeList>),
        NODES_DOC,
        "j.clients.threefold_directory.nodes()",
        |this: &Arc<ThreefoldDirectory>, args| nodes(&this.base.world, &*this.directory()?, args),
    )
    .needs(ASKS),
    Member::method(
        "node",
        ID_OF_NODE,
        Ty::Dict,
        NODE_DOC,
        "j.clients.threefold_directory.node('ac1f6b84a330')",
        |this: &Arc<ThreefoldDirectory>, args| node(&this.base.world, &*this.directory()?, args),
    )
    .needs(ASKS),
    Member::method(
        "farmers",
        RELOAD,
        Ty::Object(class_of::<FarmerList>),
        FARMERS_DOC,
        "j.clients.threefold_directory.farmers()",
        |this: &Arc<ThreefoldDirectory>, args| farmers(&this.base.world, &*this.directory()?, args),
    )
    .needs(ASKS),
    Member::method(
        "farmer",
        ID_OF_FARMER,
        Ty::Dict,
        FARMER_DOC,
        "j.clients.threefold_directory.farmer('freefarm.s3-storage')",
        |this: &Arc<ThreefoldDirectory>, args| farmer(&this.base.world, &*this.directory()?, args),
    )
    .needs(ASKS),
    Member::method(
        "resource_units",
        RELOAD,
        Ty::Dict,
        UNITS_DOC,
        "j.clients.threefold_directory.resource_units()",
        |this: &Arc<ThreefoldDirectory>, args| {
            resource_units(&this.base.world, &*this.directory()?, args)
        },
    )
    .needs(ASKS),
];

impl Class for ThreefoldDirectory {
    const NAME: &'static str = "threefold_directory_client";
    const DOC: &'static str = "A capacity directory: nodes and farmers of the grid.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[MEMBERS, registration::MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}

/// An index into a list; negative ones count from its end.
fn element(items: &[Value], index: &Value) -> Option<Result<Value>> {
    let Value::Int(at) = index else { return None };
    let length = items.len();
    let place = match usize::try_from(*at) {
        Ok(place) => Some(place),
        Err(_) => usize::try_from(at.unsigned_abs())
            .ok()
            .and_then(|back| length.checked_sub(back)),
    };
    let found = place.and_then(|place| items.get(place)).cloned();
    Some(found.ok_or_else(|| Error::value(format!("list index out of range: {at} of {length}"))))
}
