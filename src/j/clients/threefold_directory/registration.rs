//! What nodes and farmers tell a directory, in the tree.
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{ThreefoldDirectory, lists};
use crate::grid::directory::{Directory, FarmChange, Node, Registrar, Units};
use crate::j::devnet::grid as devnet_grid;
use crate::j::world::World;
use crate::object::{Args, Default, Error, Member, Needs, Param, Result, Ty, Value, print};

const ASKS: Needs = Needs::NETWORK.and(Needs::UNLOCKED);

/// The largest number of units that a directory believes.
const MOST_UNITS: f64 = 1e12;

const TOKEN: Param = Param::optional(
    "token",
    Ty::Str,
    Default::None,
    "token of the identity service that says who the farmer is; the devnet gives its own without",
)
.secret();

const fn unit(name: &'static str, doc: &'static str) -> Param {
    Param::required(name, Ty::Float, doc)
}

const CRU: Param = unit("cru", "CPU cores");
const MRU: Param = unit("mru", "GiB of memory");
const HRU: Param = unit("hru", "GB of turning disk");
const SRU: Param = unit("sru", "GB of solid state disk");
const ID: Param = Param::required("id", Ty::Str, "id of the node: 12 hex digits");

const NODE: &[Param] = &[
    Param::required(
        "farmer",
        Ty::Str,
        "id of its farmer, who must be registered",
    ),
    ID,
    CRU,
    MRU,
    HRU,
    SRU,
    Param::optional(
        "os_version",
        Ty::Str,
        Default::Str("development"),
        "branch and revision of its system",
    ),
    Param::optional(
        "robot_address",
        Ty::Str,
        Default::Str(""),
        "address of its robot",
    ),
    Param::optional("uptime", Ty::Int, Default::None, "seconds since it started"),
    TOKEN,
];
const RESERVED: &[Param] = &[ID, CRU, MRU, HRU, SRU];
const ACTUAL: &[Param] = &[
    Param::required("farmer", Ty::Str, "id of its farmer"),
    ID,
    CRU,
    MRU,
    HRU,
    SRU,
    TOKEN,
];

const fn farm(name: Param) -> [Param; 9] {
    [
        Param::required("organization", Ty::Str, "id of the farmer"),
        name,
        Param::optional(
            "wallet_address",
            Ty::Str,
            Default::Str(""),
            "where the farmer is paid",
        ),
        Param::optional("latitude", Ty::Float, Default::None, "degrees north"),
        Param::optional("longitude", Ty::Float, Default::None, "degrees east"),
        Param::optional(
            "city",
            Ty::Str,
            Default::Str(""),
            "city, for a devnet, which knows no map",
        ),
        Param::optional(
            "country",
            Ty::Str,
            Default::Str(""),
            "country, for a devnet, which knows no map",
        ),
        Param::optional(
            "continent",
            Ty::Str,
            Default::Str(""),
            "continent, for a devnet, which knows no map",
        ),
        TOKEN,
    ]
}

const CREATE: &[Param] = &farm(Param::required("name", Ty::Str, "its name"));
const UPDATE: &[Param] = &farm(Param::optional(
    "name",
    Ty::Str,
    Default::Str(""),
    "its new name",
));

/// Who is asked, and how.
struct Place<'a> {
    world: &'a World,
    directory: Arc<Directory>,
}

fn units(args: &Args) -> Result<Units> {
    let unit = |name: &str| match args.get(name) {
        Value::Float(units) if (0.0..=MOST_UNITS).contains(units) => Ok(*units),
        Value::Float(units) => {
            let units = print::float(*units);
            Err(args.error(name, format!("is {units}: expected 0 to 10^12")))
        }
        _ => Err(args.error(name, "is no number")),
    };
    Ok(Units {
        cru: unit("cru")?,
        hru: unit("hru")?,
        mru: unit("mru")?,
        sru: unit("sru")?,
    })
}

impl Place<'_> {
    fn registrar(&self) -> Result<Registrar> {
        Ok(Registrar::new(&self.directory.address())?)
    }

    /// The token that was given, or that of the devnet when its directory is the one.
    fn token(&self, args: &Args, farmer: &str) -> Result<Zeroizing<String>> {
        if let Some(token) = args.opt_text("token") {
            return Ok(Zeroizing::new(token.to_owned()));
        }
        let own = devnet_grid::grid(self.world).directory;
        let address = self.directory.address();
        if address.trim_end_matches('/') == own {
            return devnet_grid::farmer_token(self.world, farmer);
        }
        Err(Error::value(format!(
            "{address} asks for a token of the farmer '{farmer}'"
        ))
        .hint("token=j.clients.itsyouonline.<name>.jwt_get('<organization>')"))
    }

    fn node_register(&self, args: &Args) -> Result<Value> {
        let farmer = args.text("farmer");
        let uptime = args.opt_int("uptime").map(|seconds| {
            u64::try_from(seconds)
                .map_err(|_| args.error("uptime", format!("is {seconds}: expected 0 and more")))
        });
        let node = Node {
            farmer_id: String::new(),
            location: None,
            node_id: args.text("id").to_owned(),
            os_version: args.text("os_version").to_owned(),
            parameters: Vec::new(),
            reserved_resources: None,
            robot_address: args.text("robot_address").to_owned(),
            total_resources: units(args)?,
            updated: String::new(),
            uptime: uptime.transpose()?,
            used_resources: None,
        };
        let (registrar, token) = (self.registrar()?, self.token(args, farmer)?);
        let told = registrar.node_register(&node, &token);
        let node = self.world.block_on(told)??;
        self.directory.forget();
        Ok(lists::node_value(&node))
    }

    fn reserved(&self, args: &Args) -> Result<Value> {
        let registrar = self.registrar()?;
        let told = registrar.reserved_update(args.text("id"), units(args)?);
        self.world.block_on(told)??;
        self.directory.forget();
        Ok(Value::None)
    }

    fn actual(&self, args: &Args) -> Result<Value> {
        let registrar = self.registrar()?;
        let token = self.token(args, args.text("farmer"))?;
        let told = registrar.actual_update(args.text("id"), units(args)?, &token);
        self.world.block_on(told)??;
        self.directory.forget();
        Ok(Value::None)
    }

    fn farm(&self, args: &Args, new: bool) -> Result<Value> {
        let text = |name: &str| args.opt_text(name).unwrap_or_default().to_owned();
        let degrees = |name: &str| match args.get(name) {
            Value::Float(degrees) => Some(*degrees),
            _ => None,
        };
        let place = match (degrees("latitude"), degrees("longitude")) {
            (Some(latitude), Some(longitude)) => Some((latitude, longitude)),
            (None, None) => None,
            _ => {
                return Err(Error::value(
                    "a place has a latitude and a longitude: give both",
                ));
            }
        };
        let farm = FarmChange {
            organization: text("organization"),
            name: text("name"),
            wallet_address: text("wallet_address"),
            place,
            names: [text("city"), text("country"), text("continent")],
        };
        let (registrar, token) = (self.registrar()?, self.token(args, &farm.organization)?);
        let told = async {
            match new {
                true => registrar.farmer_create(&farm, &token).await,
                false => registrar.farmer_update(&farm, &token).await,
            }
        };
        self.world.block_on(told)??;
        self.directory.forget();
        let farmer = self
            .world
            .block_on(self.directory.farmer(&farm.organization))??;
        Ok(lists::plain(&farmer))
    }
}

const NODE_DOC: &str = "Registers a node of a farm, or changes what is known of it, as nodes do \
                        themselves.\nAnswers the node.";
const RESERVED_DOC: &str = "Says what of a node is reserved, as nodes do themselves.";
const ACTUAL_DOC: &str = "Says what of a node is in use, as nodes do themselves.";
const CREATE_DOC: &str = "Registers a farm; one that is registered already is replaced. Answers the \
                          farmer.";
const UPDATE_DOC: &str = "Changes what is known of a farm: what is given, nothing else. Answers \
                          the farmer.";

/// Members of a directory.
pub const MEMBERS: &[Member<ThreefoldDirectory>] = &[
    Member::method(
        "farmer_register",
        CREATE,
        Ty::Dict,
        CREATE_DOC,
        "d = j.clients.threefold_directory.get('own', base_uri=j.devnet.status().directory)\n\
         d.farmer_register('north.farm', 'North', latitude=59.9, longitude=10.7)",
        |this: &Arc<ThreefoldDirectory>, args| place(this)?.farm(args, true),
    )
    .needs(ASKS),
    Member::method(
        "farmer_update",
        UPDATE,
        Ty::Dict,
        UPDATE_DOC,
        "d = j.clients.threefold_directory.get('own', base_uri=j.devnet.status().directory)\n\
         f = d.farmer_register('south.farm', 'South')\n\
         d.farmer_update('south.farm', name='Far south', latitude=-54.8, longitude=-68.3)",
        |this: &Arc<ThreefoldDirectory>, args| place(this)?.farm(args, false),
    )
    .needs(ASKS),
    Member::method(
        "node_register",
        NODE,
        Ty::Dict,
        NODE_DOC,
        "d = j.clients.threefold_directory.get('own', base_uri=j.devnet.status().directory)\n\
         d.node_register('vienna.farm', '0cc47a000001', cru=8, mru=32, hru=0, sru=500)",
        |this: &Arc<ThreefoldDirectory>, args| place(this)?.node_register(args),
    )
    .needs(ASKS),
    Member::method(
        "reserved_update",
        RESERVED,
        Ty::Nothing,
        RESERVED_DOC,
        "d = j.clients.threefold_directory.get('own', base_uri=j.devnet.status().directory)\n\
         d.reserved_update('ac1f6b84a331', cru=2, mru=4, hru=0, sru=40)",
        |this: &Arc<ThreefoldDirectory>, args| place(this)?.reserved(args),
    )
    .needs(ASKS),
    Member::method(
        "actual_update",
        ACTUAL,
        Ty::Nothing,
        ACTUAL_DOC,
        "d = j.clients.threefold_directory.get('own', base_uri=j.devnet.status().directory)\n\
         d.actual_update('vienna.farm', 'ac1f6b84a331', cru=0.5, mru=3, hru=0, sru=20)",
        |this: &Arc<ThreefoldDirectory>, args| place(this)?.actual(args),
    )
    .needs(ASKS),
];

fn place(this: &Arc<ThreefoldDirectory>) -> Result<Place<'_>> {
    Ok(Place {
        world: &this.base.world,
        directory: this.directory()?,
    })
}
