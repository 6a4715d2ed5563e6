//! A node by name: `j.clients.zos.my_vm`.
use std::sync::Arc;
use std::time::Duration;

use super::capacity::Capacity;
use super::client::NodeClient;
use super::containers::{Containers, absent};
use super::core::Core;
use super::disks::Disks;
use super::factory;
use super::group::{LIMIT_PARAM, NodeGroup};
use super::healthcheck::Health;
use super::hypervisor::Hypervisor;
use super::network::Network;
use super::response::seconds;
use super::storagepools::StoragePools;
use super::targets::Targets;
use super::view;
use super::zerodbs::ZeroDbs;
use crate::j::clients::itsyouonline::ItsYouOnline;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Class, Default, Error, Member, Needs, Param, Result, Stored, Ty, Value, class_of,
};
use crate::zos::{Fingerprint, web};

/// Time between two questions whether a node is there.
const BETWEEN: Duration = Duration::from_secs(1);

/// The collection at `j.clients.zos`.
pub fn collection(
    world: &Arc<World>,
    identities: &Arc<Collection<ItsYouOnline>>,
) -> Arc<Collection<ZosInstance>> {
    let location = "j.clients.zos".to_string();
    Collection::new(world, location.clone(), location, None).with_context(identities.clone())
}

/// A node by name.
pub struct ZosInstance {
    core: Arc<Core>,
}

impl ZosInstance {
    /// The node of a connection.
    pub fn of(core: &Arc<Core>) -> Self {
        ZosInstance { core: core.clone() }
    }

    /// Its connection, shared with everything that hangs on it.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn is_running(&self, limit: Duration) -> Result<Value> {
        let client = self.core.client()?;
        let world = self.core.world();
        let asking = async {
            loop {
                match client.ping().await {
                    Ok(text) => return Ok(text),
                    // Waiting does not change these.
                    Err(
                        error @ (crate::zos::Error::Password { .. }
                        | crate::zos::Error::CertificateChanged { .. }),
                    ) => return Err(error),
                    Err(_) => tokio::time::sleep(BETWEEN).await,
                }
            }
        };
        // The clock is that of the runtime, so it is wound up inside.
        let found =
            world.block_on(async { tokio::time::timeout(limit.max(BETWEEN), asking).await })?;
        self.core.remember();
        match found {
            Ok(Ok(text)) => Ok(text.into()),
            Ok(Err(error)) => Err(self.core.explain(error)),
            Err(_) => Ok(Value::Bool(false)),
        }
    }
}

impl Config for ZosInstance {
    /// Whom tokens are asked from.
    type Owner = Arc<Collection<ItsYouOnline>>;
    const SCHEMA: &'static str = r#"
@url = jumpscale.zos.client.1
@secret = password
name* = "" (S)
host = "127.0.0.1" (S)      # name or address of the node
port = 6379 (ipport)        # port of its Redis
unixsocket = "" (S)         # socket on this machine; host, port, TLS and password are not used then
password = "" (S)           # token for the node's organization
db = 0 (I)                  # database; nodes have 0 only
ssl = true (B)              # with TLS
timeout = 120 (I)           # seconds until a job must have ended
fingerprint = "" (S)        # certificate of the first connection; another one is refused
identity_url = "https://itsyou.online" (S)  # where a token that ends is renewed
"#;
    const COLLECTION: &'static str = "zos";
    const COLLECTION_DOC: &'static str = "Zero-OS nodes, by name.";
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = &[
        Member::method(
            "all",
            &[LIMIT_PARAM],
            Ty::Object(class_of::<NodeGroup>),
            "Answers all nodes as a group: what is called on it is called on all, side by side.",
            "j.clients.zos.all().client.info.mem()",
            |this: &Arc<Collection<Self>>, args| NodeGroup::value(this, &this.matching(&[])?, args),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "find",
            &[
                LIMIT_PARAM,
                Param::rest("criteria", "properties that must be equal"),
            ],
            Ty::Object(class_of::<NodeGroup>),
            "Answers the nodes whose indexed properties equal the criteria, as a group.",
            "j.clients.zos.find(name='my_vm')",
            |this: &Arc<Collection<Self>>, args| {
                NodeGroup::value(this, &this.matching(args.rest())?, args)
            },
        )
        .needs(Needs::UNLOCKED),
        factory::GET_BY_ID,
        factory::GET_FROM_ITSYOUONLINE,
    ];

    fn open(base: Arc<Base>, _: &Self::Owner) -> Result<Self> {
        Ok(ZosInstance {
            core: Core::new(base),
        })
    }
    fn base(&self) -> &Arc<Base> {
        &self.core.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        let wrong = |what: &str| Err(Error::value(format!("{name} {what}")));
        match (name, value) {
            ("timeout" | "db", Value::Int(number)) if *number < 0 => {
                wrong(&format!("is {number}: expected 0 or more"))
            }
            ("identity_url", Value::Str(address)) => {
                web::below(address, &[])?;
                Ok(())
            }
            ("fingerprint", Value::Str(text))
                if !text.is_empty() && Fingerprint::parse(text).is_none() =>
            {
                wrong("must be 64 hex digits, or empty to take the next certificate")
            }
            _ => Ok(()),
        }
    }
    fn changed(&self) {
        self.core.forget();
    }
}

const MEMBERS: &[Member<ZosInstance>] = &[
    Member::child(
        "client",
        class_of::<NodeClient>,
        "Its protocol client: everything the node can be asked.",
        "vm.client.info.mem()",
        |this: &Arc<ZosInstance>, _| Ok(NodeClient::value(Targets::node(&this.core))),
    ),
    Member::child(
        "containers",
        class_of::<Containers>,
        "Its containers.",
        "vm.containers.list()",
        |this: &Arc<ZosInstance>, _| Ok(Containers::value(&this.core)),
    ),
    Member::child(
        "zerodbs",
        class_of::<ZeroDbs>,
        "Its 0-DB servers, each in a container.",
        "vm.zerodbs.list()",
        |this: &Arc<ZosInstance>, _| Ok(ZeroDbs::value(&this.core)),
    ),
    Member::child(
        "disks",
        class_of::<Disks>,
        "Its disks.",
        "vm.disks.list()",
        |this: &Arc<ZosInstance>, _| Ok(Disks::value(&this.core)),
    ),
    Member::child(
        "network",
        class_of::<Network>,
        "Its network.",
        "vm.network.get_free_nics()",
        |this: &Arc<ZosInstance>, _| Ok(Network::value(&this.core)),
    ),
    Member::child(
        "storagepools",
        class_of::<StoragePools>,
        "Its storage pools: btrfs over its disks.",
        "vm.storagepools.list()",
        |this: &Arc<ZosInstance>, _| Ok(StoragePools::value(&this.core)),
    ),
    Member::child(
        "hypervisor",
        class_of::<Hypervisor>,
        "Its virtual machines.",
        "vm.hypervisor.list()",
        |this: &Arc<ZosInstance>, _| Ok(Hypervisor::value(&this.core)),
    ),
    Member::child(
        "capacity",
        class_of::<Capacity>,
        "What it has, in the units of the directory.",
        "vm.capacity.total_report()",
        |this: &Arc<ZosInstance>, _| Ok(Capacity::value(&this.core)),
    ),
    Member::child(
        "healthcheck",
        class_of::<Health>,
        "How it is: memory, disks, load.",
        "vm.healthcheck.run()",
        |this: &Arc<ZosInstance>, _| Ok(Health::value(&this.core)),
    ),
    Member::method(
        "ping",
        &[],
        Ty::Str,
        "Asks whether it is there; answers its version.",
        "vm.ping()",
        |this: &Arc<ZosInstance>, _| {
            let client = this.core.client()?;
            this.core.ask(client.ping()).map(Value::Str)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "is_running",
        &[Param::optional(
            "timeout",
            Ty::Any("seconds"),
            Default::Int(30),
            "longest time to try",
        )],
        Ty::Any("str or False"),
        "Tries every second whether it is there; answers its version, or False.",
        "vm.is_running()",
        |this: &Arc<ZosInstance>, args| {
            this.is_running(seconds(args, "timeout")?.unwrap_or_default())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "trust_certificate",
        &[],
        Ty::Nothing,
        "Takes the certificate of the next connection, whatever it is: after a restart of the node.",
        "vm.trust_certificate()",
        |this: &Arc<ZosInstance>, _| {
            this.core
                .base
                .set("fingerprint", &Value::Str(String::new()))?;
            this.core.forget();
            Ok(Value::None)
        },
    ),
];

impl Class for ZosInstance {
    const NAME: &'static str = "ZosInstance";
    const DOC: &'static str = "A Zero-OS node.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[MEMBERS, view::FACTS, view::ACTIONS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;

    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        absent(name)?;
        Ok(None)
    }
    fn text(&self) -> String {
        let base = &self.core.base;
        match base.text("unixsocket") {
            socket if !socket.is_empty() => format!("Node <{socket}>"),
            _ => format!("Node <{}:{}>", base.text("host"), base.int("port")),
        }
    }
    fn inline(&self) -> String {
        self.text()
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast::<ZosInstance>().is_some_and(|other| {
            let place = |node: &ZosInstance| {
                let base = &node.core.base;
                (base.text("host"), base.int("port"), base.text("unixsocket"))
            };
            place(self) == place(&other)
        })
    }
}
