//! `j.devnet`: starts, asks and drives the grid on this machine.
//!
//! * [`grid`]: mails of its broker, and farms.
//! * [`zos_node`]: Zero-OS nodes beside it.
//! * [`values`]: what its members answer.
pub mod grid;
pub mod values;
mod zos_node;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use values::{BridgedCoins, DevnetAccount, DevnetStatus, MadeBlock};
use zos_node::ZosNode;

use super::clients::tfchain::recipient;
use super::world::World;
use crate::devnet::{self, Config, Control, Devnet, Target, Withdrawal};
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value, class_of, print,
};
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
    let control = Control::open(&world.devnet_dir()).ok()?;
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
    let control = Control::open(&world.devnet_dir()).ok()?;
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
        let port = args.opt_port("port", 0)?.unwrap_or(settings.devnet_port);
        let dir = args
            .opt_text("dir")
            .map_or_else(|| self.world.devnet_dir(), PathBuf::from);
        let block_time = block_time(args)?;
        // A mistake is told here, not in the log of a process in the background.
        let mail_server = grid::mail_server(args)?;
        if let Some((addr, _)) = running(&self.world) {
            let mail = grid::SMTP.iter().map(|param| param.name);
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
                line.extend(grid::smtp_options(args)?.line());
                let status = self
                    .world
                    .block_on(devnet::start_background(program, &line, &dir))??;
                self.world.devnet_is_in(&dir);
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
        Ok(Control::open(&self.world.devnet_dir())?)
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
            .block_on(devnet::stop(&self.world.devnet_dir()))??;
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
    grid::SMTP[0],
    grid::SMTP[1],
    grid::SMTP[2],
    grid::SMTP[3],
    grid::SMTP[4],
    grid::SMTP[5],
    grid::SMTP[6],
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
                let dir = node.world.devnet_dir();
                node.world.host.confirm(
                    &format!("the chain in {} and all coins on it", dir.display()),
                    "delete them for ever?",
                )?;
                node.stop()?;
                Ok(Value::Bool(node.world.block_on(devnet::reset(&dir))??))
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
            |node: &Arc<Self>, _| grid::mails(&node.world),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mails_page",
            &[],
            Ty::Str,
            "Answers the address of the page of mails for a browser, with the secret that shows\n\
             logins and passwords; without it the page hides them.",
            "j.devnet.mails_page()",
            |node: &Arc<Self>, _| grid::mails_page(&node.world),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mail_wait",
            grid::MAIL_WAIT,
            Ty::Object(class_of::<grid::DevnetMail>),
            "Waits for the mail about a payment: what is deployed and how to reach it, or why not.",
            "j.devnet.mail_wait(result.transaction.id, timeout=60)",
            |node: &Arc<Self>, args| grid::mail_wait(&node.world, args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "farm_add",
            grid::FARM_ADD,
            Ty::List,
            "Adds a farm to the capacity directory, with nodes of one kind; answers their ids.",
            "j.devnet.farm_add('my.farm', country='Austria', cru=16, mru=64)",
            |node: &Arc<Self>, args| grid::farm_add(&node.world, args),
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
                let token = grid::farmer_token(&node.world, args.text("farmer"))?;
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
