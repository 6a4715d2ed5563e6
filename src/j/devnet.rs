//! `j.devnet`: starts, asks and drives the grid on this machine.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::clients::tfchain::amount::Currency;
use super::clients::tfchain::recipient;
use super::devnet_grid;
use super::world::World;
use super::zos_node::{self, ZosNode};
use crate::devnet::{
    self, Account, Bridged, Config, Control, Devnet, Made, Status, Target, Withdrawal,
};
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
    print,
};
use crate::tfchain::Amount;
use crate::tfchain::erc20::Erc20Error;
use crate::tfchain::wallet::Recipient;

/// Shortest and longest time between blocks, in seconds.
const BLOCK_TIMES: std::ops::RangeInclusive<f64> = 0.02..=86_400.0;

impl From<devnet::Error> for Error {
    fn from(error: devnet::Error) -> Self {
        let text = error.to_string();
        match error {
            devnet::Error::NotRunning { .. } => {
                Error::new(Kind::NotFound, text).hint("start one: j.devnet.start()")
            }
            devnet::Error::Refused { .. } => Error::new(Kind::Refused, text),
            devnet::Error::Running { .. } => Error::value(text),
            devnet::Error::Listen { .. } => {
                Error::new(Kind::Io, text).hint("choose another port: j.devnet.start(port=24110)")
            }
            _ => Error::new(Kind::Io, text),
        }
    }
}

/// Addresses of the devnet that this shell would use: node and faucet. None when none runs.
pub fn running(world: &World) -> Option<(SocketAddr, SocketAddr)> {
    {
        let own = world.devnet.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = own.as_ref() {
            return Some((handle.addr(), handle.faucet_addr()));
        }
    }
    let control = Control::open(&world.settings.devnet_dir).ok()?;
    Some((control.addr(), control.faucet_addr()))
}

/// Address of the flist hub of that devnet. None when none runs.
pub fn hub(world: &World) -> Option<SocketAddr> {
    {
        let own = world.devnet.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = own.as_ref() {
            return Some(handle.hub_addr());
        }
    }
    let control = Control::open(&world.settings.devnet_dir).ok()?;
    Some(control.hub_addr())
}

/// `j.devnet`.
pub struct DevnetNode {
    world: Arc<World>,
}

impl DevnetNode {
    /// The node of the tree; starts nothing.
    pub fn open(world: Arc<World>) -> Arc<DevnetNode> {
        Arc::new(DevnetNode { world })
    }

    fn start(&self, args: &Args) -> Result<Value> {
        let settings = &self.world.settings;
        let port = match args.opt_int("port") {
            None => settings.devnet_port,
            Some(port) => u16::try_from(port)
                .map_err(|_| args.error("port", format!("is {port}: expected 0 to 65535")))?,
        };
        let dir = args
            .opt_text("dir")
            .map_or_else(|| settings.devnet_dir.clone(), PathBuf::from);
        let block_time = block_time(args)?;
        // A mistake is told here, not in the log of a process in the background.
        let mail_server = devnet_grid::mail_server(args)?;
        if let Some((addr, _)) = running(&self.world) {
            let mail = devnet_grid::SMTP.iter().map(|param| param.name);
            let mut asked = ["port", "dir", "import_file", "registry", "identity_key"]
                .into_iter()
                .chain(mail);
            if asked.any(|name| args.given(name)) {
                self.world.host.note(&format!(
                    "a devnet runs already on {addr}: what was asked for counts after j.devnet.stop()"
                ));
            }
            return self.status();
        }
        match &settings.devnet_program {
            Some(program) => {
                let mut line = vec![
                    "devnet".to_string(),
                    "start".into(),
                    "--foreground".into(),
                    "--port".into(),
                    port.to_string(),
                    "--dir".into(),
                    dir.display().to_string(),
                    "--block-time".into(),
                    print::float(block_time.as_secs_f64()),
                ];
                if let Some(file) = args.opt_text("import_file") {
                    line.extend(["--import".into(), file.into()]);
                }
                if let Some(registry) = args.opt_text("registry") {
                    line.extend(["--registry".into(), registry.into()]);
                }
                if let Some(file) = args.opt_text("identity_key") {
                    line.extend(["--identity-key".into(), file.into()]);
                }
                line.extend(devnet_grid::smtp_options(args)?.line());
                let status = self
                    .world
                    .block_on(devnet::start_background(program, &line, &dir))??;
                Ok(Value::object(DevnetStatus(status)))
            }
            None => {
                let mut config = Config::new(dir);
                config.port = port;
                config.block_time = Some(block_time);
                config.import = args.opt_text("import_file").map(PathBuf::from);
                config.registry = args.opt_text("registry").map(String::from);
                config.identity_key = args.opt_text("identity_key").map(PathBuf::from);
                config.mail_server = mail_server;
                config.program = settings.container_program.clone();
                let handle = self.world.block_on(Devnet::start(config))??;
                let status = handle.status();
                *self
                    .world
                    .devnet
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(handle);
                Ok(Value::object(DevnetStatus(status)))
            }
        }
    }

    fn own<T>(&self, ask: impl FnOnce(&devnet::Handle) -> T) -> Option<T> {
        self.world
            .devnet
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(ask)
    }

    fn control(&self) -> Result<Control> {
        if let Some(dir) = self.own(|handle| handle.dir().to_path_buf()) {
            return Ok(Control::open(&dir)?);
        }
        Ok(Control::open(&self.world.settings.devnet_dir)?)
    }

    fn status(&self) -> Result<Value> {
        if let Some(status) = self.own(devnet::Handle::status) {
            return Ok(Value::object(DevnetStatus(status)));
        }
        let control = self.control()?;
        let status = self.world.block_on(control.status())??;
        Ok(Value::object(DevnetStatus(status)))
    }

    fn erc20_mint(&self, args: &Args) -> Result<Value> {
        let to = match recipient::recipient(args.get("address"))? {
            Recipient::Erc20(address) => Target::Erc20(address),
            other => Target::Tft(other.unlock_hash()?),
        };
        let transaction = args.opt_text("txid").map(str::parse).transpose();
        let withdrawal = Withdrawal {
            to,
            amount: recipient::amount(args.get("amount"))?,
            transaction: transaction
                .map_err(|e: Erc20Error| args.error("txid", format!("is wrong: {e}")))?,
        };
        let control = self.control()?;
        let bridged = self.world.block_on(control.bridge(&withdrawal))??;
        Ok(Value::object(BridgedCoins(bridged)))
    }

    fn stop(&self) -> Result<Value> {
        let own = self
            .world
            .devnet
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(handle) = own {
            self.world.block_on(handle.stop())?;
            return Ok(Value::Bool(true));
        }
        let stopped = self
            .world
            .block_on(devnet::stop(&self.world.settings.devnet_dir))??;
        Ok(Value::Bool(stopped))
    }
}

fn block_time(args: &Args) -> Result<Duration> {
    let seconds = match args.get("block_time") {
        Value::Float(seconds) => *seconds,
        _ => devnet::DEFAULT_BLOCK_TIME.as_secs_f64(),
    };
    if !BLOCK_TIMES.contains(&seconds) {
        return Err(args.error(
            "block_time",
            format!(
                "is {} seconds: expected 0.02 to 86400",
                print::float(seconds)
            ),
        ));
    }
    Ok(Duration::from_secs_f64(seconds))
}

const START: &[Param] = &[
    Param::optional(
        "port",
        Ty::Int,
        Default::None,
        "port of the node; faucet and flist hub take the next two",
    ),
    Param::optional("dir", Ty::Str, Default::None, "folder of its state")
        .completed_by(crate::object::Complete::File),
    Param::optional(
        "block_time",
        Ty::Float,
        Default::Float(10.0),
        "seconds between blocks",
    ),
    Param::optional(
        "import_file",
        Ty::Str,
        Default::None,
        "recorded blocks to take in first",
    )
    .completed_by(crate::object::Complete::File),
    Param::optional(
        "registry",
        Ty::Str,
        Default::None,
        "where the flist hub takes docker images from, when their name does not say",
    ),
    Param::optional(
        "identity_key",
        Ty::Str,
        Default::None,
        "public key of an identity service (PEM, P-384), whose tokens the flist hub then wants",
    )
    .completed_by(crate::object::Complete::File),
    devnet_grid::SMTP[0],
    devnet_grid::SMTP[1],
    devnet_grid::SMTP[2],
    devnet_grid::SMTP[3],
    devnet_grid::SMTP[4],
    devnet_grid::SMTP[5],
    devnet_grid::SMTP[6],
];

const ERC20_MINT: &[Param] = &[
    Param::required(
        "address",
        Ty::Any("address"),
        "the ERC20 address (0x…) of a registered address, or that address",
    ),
    Param::required(
        "amount",
        Ty::Any("amount"),
        "how many tokens were sent, the fee included",
    ),
    Param::optional(
        "txid",
        Ty::Str,
        Default::None,
        "the Ethereum transaction: 0x and 64 hex digits; an invented one without",
    ),
];

impl Class for DevnetNode {
    const NAME: &'static str = "devnet";
    const DOC: &'static str = "The grid on this machine: a chain node with the real one's interface \
                               and rules, a faucet,\na hub of flists, and a stand-in for the bridge from Ethereum. \
                               Its coins are worth nothing elsewhere.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "start",
            START,
            Ty::Object(class_of::<DevnetStatus>),
            "Starts the devnet; it goes on when the shell is left.\n\
             Answers its status, also when it runs already.",
            "j.devnet.start()",
            |node: &Arc<Self>, args| node.start(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "status",
            &[],
            Ty::Object(class_of::<DevnetStatus>),
            "Answers how the running devnet is.",
            "j.devnet.status()",
            |node: &Arc<Self>, _| node.status(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "stop",
            &[],
            Ty::Bool,
            "Stops the devnet; its state stays. Answers False when none ran.",
            "",
            |node: &Arc<Self>, _| node.stop(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "reset",
            &[],
            Ty::Bool,
            "Stops the devnet and deletes its chain, after a question.",
            "",
            |node: &Arc<Self>, _| {
                let dir = &node.world.settings.devnet_dir;
                node.world.host.confirm(
                    &format!("the chain in {} and all coins on it", dir.display()),
                    "delete them for ever?",
                )?;
                node.stop()?;
                Ok(Value::Bool(node.world.block_on(devnet::reset(dir))??))
            },
        ),
        Member::property(
            "hub_url",
            Ty::Str,
            "Address of the flist hub of the running devnet, also for a browser.",
            "j.devnet.hub_url",
            |node: &Arc<Self>, _| match hub(&node.world) {
                Some(addr) => Ok(format!("http://{addr}").into()),
                None => Err(Error::new(Kind::NotFound, "no devnet runs")
                    .hint("start one: j.devnet.start()")),
            },
        ),
        Member::method(
            "block_make",
            &[],
            Ty::Object(class_of::<MadeBlock>),
            "Makes a block at once, with everything that waits in the pool.",
            "j.devnet.block_make()",
            |node: &Arc<Self>, _| {
                let control = node.control()?;
                let made = node.world.block_on(control.block_make())??;
                Ok(Value::object(MadeBlock(made)))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "clock_offset",
            &[Param::optional("seconds", Ty::Int, Default::None, "new offset; None only asks")],
            Ty::Int,
            "Answers, or sets, how many seconds the node's clock is ahead; locks on time follow it\n\
             from the next block on.",
            "j.devnet.clock_offset()",
            |node: &Arc<Self>, args| {
                let control = node.control()?;
                let status = match args.opt_int("seconds") {
                    Some(seconds) => node.world.block_on(control.clock_offset_set(seconds))??,
                    None => node.world.block_on(control.status())??,
                };
                Ok(Value::Int(status.clock_offset))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "accounts",
            &[],
            Ty::List,
            "Lists the funded identities. Their recovery words are public knowledge.",
            "j.devnet.accounts()",
            |node: &Arc<Self>, _| {
                let control = node.control()?;
                let accounts = node.world.block_on(control.accounts())??;
                Ok(accounts.into_iter().map(|a| Value::object(DevnetAccount(a))).collect())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "minter",
            &[],
            Ty::Object(class_of::<DevnetAccount>),
            "Answers who may create coins on the devnet: the identity whose recovery words are\n\
             public, while nobody has handed the right on. A wallet of its words can mint.",
            "a = j.devnet.minter()\n\
             m = c.wallets.new('minter', seed=a.seed, key_count=a.key_count)\n\
             m.minter.coins_new(w.address, 1000)",
            |node: &Arc<Self>, _| {
                let control = node.control()?;
                let account = node.world.block_on(control.minter())??;
                Ok(Value::object(DevnetAccount(account)))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "erc20_mint",
            ERC20_MINT,
            Ty::Object(class_of::<BridgedCoins>),
            "Stands in for the bridge from Ethereum: as if ERC20 tokens had been sent there to a\n\
             registered address. As many coins are created for it, less the fee; they come with the\n\
             next block.",
            "result = w.erc20.address_register(0)\n\
             b = j.devnet.block_make()\n\
             j.devnet.erc20_mint(w.erc20.address_get().address_erc20, 100)",
            |node: &Arc<Self>, args| node.erc20_mint(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mails",
            &[],
            Ty::List,
            "Lists the mails that the broker wrote about reservations, newest first, with everything\n\
             in them and how far their delivery is.",
            "j.devnet.mails()",
            |node: &Arc<Self>, _| devnet_grid::mails(&node.world),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mails_page",
            &[],
            Ty::Str,
            "Answers the address of the page of mails for a browser, with the secret that shows\n\
             logins and passwords; without it the page hides them.",
            "j.devnet.mails_page()",
            |node: &Arc<Self>, _| devnet_grid::mails_page(&node.world),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mail_wait",
            devnet_grid::MAIL_WAIT,
            Ty::Object(class_of::<devnet_grid::DevnetMail>),
            "Waits for the mail about a payment: what is deployed and how to reach it, or why not.",
            "j.devnet.mail_wait(result.transaction.id, timeout=60)",
            |node: &Arc<Self>, args| devnet_grid::mail_wait(&node.world, args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "farm_add",
            devnet_grid::FARM_ADD,
            Ty::List,
            "Adds a farm to the capacity directory, with nodes of one kind; answers their ids.",
            "j.devnet.farm_add('my.farm', country='Austria', cru=16, mru=64)",
            |node: &Arc<Self>, args| devnet_grid::farm_add(&node.world, args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "farmer_token",
            &[Param::required("farmer", Ty::Str, "id of the farmer")],
            Ty::Str,
            "Answers a token that speaks for a farmer of this devnet, for a day, as the identity\n\
             service gives it elsewhere: nodes register themselves with it.",
            "len(j.devnet.farmer_token('vienna.farm'))",
            |node: &Arc<Self>, args| {
                let token = devnet_grid::farmer_token(&node.world, args.text("farmer"))?;
                Ok(token.as_str().into())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "zos_start",
            zos_node::START,
            Ty::Object(class_of::<ZosNode>),
            "Starts a Zero-OS node on this machine; it goes on when the shell is left.\n\
             Its jobs run as you. Answers the node, also when it runs already.",
            "j.devnet.zos_start()",
            |node: &Arc<Self>, args| zos_node::start(&node.world, args),
        )
        .needs(zos_node::NEEDS),
        Member::method(
            "zos_stop",
            zos_node::STOP,
            Ty::Bool,
            "Stops a Zero-OS node with its jobs and containers; its files stay.\n\
             Answers False when none of that name ran.",
            "j.devnet.zos_stop(\"other\")",
            |node: &Arc<Self>, args| zos_node::stop(&node.world, args),
        )
        .needs(zos_node::NEEDS),
        Member::method(
            "zos_list",
            &[],
            Ty::List,
            "Lists the Zero-OS nodes that run on this machine.",
            "j.devnet.zos_list()",
            |node: &Arc<Self>, _| zos_node::list(&node.world),
        )
        .needs(Needs::NETWORK),
    ]];

    fn location(&self) -> String {
        "j.devnet".into()
    }
}

/// What a devnet says of itself.
pub struct DevnetStatus(Status);

fn number(n: impl TryInto<i64>) -> Value {
    n.try_into().map_or(Value::None, Value::Int)
}

impl Class for DevnetStatus {
    const NAME: &'static str = "DevnetStatus";
    const DOC: &'static str = "How a devnet is.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "address",
            Ty::Str,
            "Address of the node.",
            "j.devnet.status().address",
            |s, _| Ok(format!("http://{}", s.0.addr).into()),
        ),
        Member::property(
            "faucet",
            Ty::Str,
            "Address of the faucet.",
            "j.devnet.status().faucet",
            |s, _| Ok(format!("http://{}", s.0.faucet).into()),
        ),
        Member::property(
            "pages",
            Ty::Str,
            "Address of its pages for a browser: blocks, transactions, addresses, 3bots.",
            "j.devnet.status().pages",
            |s, _| Ok(s.0.pages().into()),
        ),
        Member::property(
            "hub",
            Ty::Str,
            "Address of its flist hub, also for a browser.",
            "j.devnet.status().hub",
            |s, _| Ok(format!("http://{}", s.0.hub).into()),
        ),
        Member::property(
            "directory",
            Ty::Str,
            "Address of its capacity directory, also for a browser; the broker's mails are there too.",
            "j.devnet.status().directory",
            |s, _| Ok(format!("http://{}", s.0.grid.directory).into()),
        ),
        Member::property(
            "mail_server",
            Ty::Str,
            "Host, port and encryption of the mail server that its mails go to; None without one.",
            "j.devnet.status().mail_server",
            |s, _| Ok(s.0.mail_server.clone().map_or(Value::None, Value::from)),
        ),
        Member::property(
            "gateway",
            Ty::Str,
            "Address of its web gateway, which forwards by host name.",
            "j.devnet.status().gateway",
            |s, _| Ok(format!("http://{}", s.0.grid.gateway).into()),
        ),
        Member::property(
            "height",
            Ty::Int,
            "Height of the newest block.",
            "j.devnet.status().height",
            |s, _| Ok(number(s.0.height)),
        ),
        Member::property(
            "block_id",
            Ty::Str,
            "Id of the newest block.",
            "j.devnet.status().block_id",
            |s, _| Ok(s.0.block_id.clone().into()),
        ),
        Member::property(
            "pool",
            Ty::Int,
            "Transactions that wait for a block.",
            "j.devnet.status().pool",
            |s, _| Ok(number(s.0.pool)),
        ),
        Member::property(
            "pid",
            Ty::Int,
            "Id of its process.",
            "j.devnet.status().pid",
            |s, _| Ok(number(s.0.pid)),
        ),
        Member::property(
            "dir",
            Ty::Str,
            "Folder of its state.",
            "j.devnet.status().dir",
            |s, _| Ok(s.0.dir.clone().into()),
        ),
        Member::property(
            "clock_offset",
            Ty::Int,
            "Seconds its clock is ahead.",
            "j.devnet.status().clock_offset",
            |s, _| Ok(Value::Int(s.0.clock_offset)),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let s = &self.0;
        let blocks = match s.block_every_ms {
            Some(ms) => format!(
                "a block every {} s",
                Duration::from_millis(ms).as_secs_f64()
            ),
            None => "blocks on demand".to_string(),
        };
        let mut text = format!(
            "devnet on http://{}, faucet on http://{}\npages: {}\nflist hub: http://{}\ncapacity: http://{}\nheight {}, {blocks}, {} waiting in \
             the pool",
            s.addr,
            s.faucet,
            s.pages(),
            s.hub,
            s.grid.directory,
            s.height,
            s.pool
        );
        if let Some(server) = &s.mail_server {
            text.push_str(&format!("\nmail server: {server}"));
        }
        for notice in &s.notices {
            text.push_str(&format!("\nnote: {notice}"));
        }
        text
    }
    fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(&self.0).unwrap_or_default();
        if let Some(fields) = json.as_object_mut() {
            fields.insert("pages".into(), self.0.pages().into());
        }
        json
    }
}

/// A block that was just made.
pub struct MadeBlock(Made);

impl Class for MadeBlock {
    const NAME: &'static str = "MadeBlock";
    const DOC: &'static str = "A block that was just made.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "height",
            Ty::Int,
            "Its height.",
            "j.devnet.block_make().height",
            |b, _| Ok(number(b.0.height)),
        ),
        Member::property(
            "id",
            Ty::Str,
            "Its id.",
            "j.devnet.block_make().id",
            |b, _| Ok(b.0.id.clone().into()),
        ),
        Member::property(
            "timestamp",
            Ty::Int,
            "Its time, in seconds since 1970.",
            "j.devnet.block_make().timestamp",
            |b, _| Ok(number(b.0.timestamp)),
        ),
        Member::property(
            "transactions",
            Ty::Int,
            "Transactions in it, the block creating one not counted.",
            "j.devnet.block_make().transactions",
            |b, _| Ok(number(b.0.transactions)),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let s = if self.0.transactions == 1 { "" } else { "s" };
        format!(
            "block {} at height {}, {} transaction{s}",
            self.0.id, self.0.height, self.0.transactions
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

/// Coins that the stand-in for the bridge has created.
pub struct BridgedCoins(Bridged);

const BRIDGED: &str = "result = w.erc20.address_register(0)\n\
                       b = j.devnet.block_make()\n\
                       m = j.devnet.erc20_mint(w.address, 100)";

impl Class for BridgedCoins {
    const NAME: &'static str = "BridgedCoins";
    const DOC: &'static str = "Coins that came back from Ethereum.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "transaction",
            Ty::Str,
            "Id of the transaction on this chain.",
            BRIDGED,
            |b, _| Ok(b.0.transaction.clone().into()),
        ),
        Member::property("address", Ty::Str, "Who gets them.", BRIDGED, |b, _| {
            Ok(b.0.address.to_string().into())
        }),
        Member::property(
            "value",
            Ty::Object(class_of::<Currency>),
            "How many, the fee taken off.",
            BRIDGED,
            |b, _| Ok(Currency::value(b.0.value.clone())),
        ),
        Member::property(
            "txid",
            Ty::Str,
            "The Ethereum transaction, which counts once.",
            BRIDGED,
            |b, _| Ok(b.0.erc20_transaction.to_string().into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let b = &self.0;
        format!(
            "{} for {} in transaction {}\nof the Ethereum transaction {}",
            b.value.with_unit(),
            b.address,
            b.transaction,
            b.erc20_transaction
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

/// A funded identity of the devnet.
pub struct DevnetAccount(Account);

impl Class for DevnetAccount {
    const NAME: &'static str = "DevnetAccount";
    const DOC: &'static str = "A funded identity of the devnet; its words are public knowledge.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "What it is used for.",
            "j.devnet.accounts()[0].name",
            |a, _| Ok(a.0.name.clone().into()),
        ),
        Member::property(
            "address",
            Ty::Str,
            "Its address.",
            "j.devnet.accounts()[0].address",
            |a, _| Ok(a.0.address.clone().into()),
        ),
        Member::property(
            "seed",
            Ty::Str,
            "Its recovery words.",
            "j.devnet.accounts()[0].seed",
            |a, _| Ok(a.0.mnemonic.clone().into()),
        ),
        Member::property(
            "index",
            Ty::Int,
            "Index of its key.",
            "j.devnet.accounts()[0].index",
            |a, _| Ok(number(a.0.index)),
        ),
        Member::property(
            "key_count",
            Ty::Int,
            "Keys that a wallet of its words needs to have this one.",
            "a = j.devnet.accounts()[0]\n\
             g = c.wallets.new('genesis', seed=a.seed, key_count=a.key_count)\n\
             g.addresses[a.index] == a.address",
            |a, _| Ok(number(a.0.index.saturating_add(1))),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let balance = Amount::parse_units(&self.0.balance)
            .map_or_else(|_| self.0.balance.clone(), |amount| amount.with_unit());
        format!(
            "{}: {} with {balance} (key {})",
            self.0.name, self.0.address, self.0.index
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
