//! The managers of the tree: the library's tables with an example for each command.
use super::files::FILES;
use super::manager::{Manager, Table};
use crate::object::{Class, Default, Member, Needs, Param, Result, Ty, Value};
use crate::zos::calls::{self, node, system};

use super::rows::shown;
use serde_json::json;
use std::sync::Arc;

use super::targets::Targets;
use crate::zos::Request;

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident $name:literal $manager:path { $($example:literal)* } $(own $own:expr)?;)*) => {$(
        $(#[$doc])*
        pub struct $table;
        impl Table for $table {
            const NAME: &'static str = $name;
            const MANAGER: calls::Manager = $manager;
            const EXAMPLES: &'static [&'static str] = &[$($example),*];
            $(const OWN: &'static [Member<Manager<Self>>] = $own;)?
        }
    )*};
}

tables! {
    /// `client.info`.
    Info "InfoManager" system::INFO {
        "vm.client.info.cpu()"
        "vm.client.info.mem()"
        "vm.client.info.disk()"
        "vm.client.info.nic()"
        "vm.client.info.os()"
        "vm.client.info.port()"
        "vm.client.info.version()"
        "vm.client.info.dmi(['bios'])"
    };
    /// `client.job`.
    Job "JobManager" system::JOB {
        "vm.client.job.list()"
        "vm.client.job.kill('my_job')"
        "vm.client.job.unschedule('my_job')"
        "site.client.job.killall()"
    };
    /// `client.process`.
    Process "ProcessManager" system::PROCESS {
        "vm.client.process.list()"
        "p = vm.client.system('sleep 60', id='nap')\nvm.client.process.kill(vm.client.job.list('nap')[0]['pid'])"
    };
    /// `client.filesystem`.
    Filesystem "FilesystemManager" system::FILESYSTEM {
        "fd = vm.client.filesystem.open('/tmp/notes.txt', 'w')"
        "vm.client.filesystem.close(vm.client.filesystem.open('/tmp/notes.txt', 'w'))"
        "vm.client.filesystem.exists('/tmp')"
        "vm.client.filesystem.list('/tmp')"
        "vm.client.filesystem.mkdir('/tmp/a/b')"
        "vm.client.filesystem.remove('/tmp/a')"
        "vm.client.filesystem.mkdir('/tmp/c')\nvm.client.filesystem.move('/tmp/c', '/tmp/d')\nvm.client.filesystem.remove('/tmp/d')"
        "vm.upload_content('/tmp/notes.txt', 'text')\nvm.client.filesystem.chmod('/tmp/notes.txt', 0o600)"
        "vm.upload_content('/tmp/notes.txt', 'text')\nvm.client.filesystem.chown('/tmp/notes.txt', 'root', 'root')"
    } own FILES;
    /// `client.ip.link`.
    IpLink "IpLinkManager" system::IP_LINK {
        "vm.client.ip.link.list()"
        "site.client.ip.link.up('lo')"
        "site.client.ip.link.down('lo')"
        "site.client.ip.link.name('lo', 'lo0')"
        "site.client.ip.link.mtu('lo', 1400)"
    };
    /// `client.ip.addr`.
    IpAddr "IpAddrManager" system::IP_ADDR {
        "vm.client.ip.addr.list('lo')"
        "site.client.ip.addr.add('lo', '10.99.0.1/32')"
        "site.client.ip.addr.add('lo', '10.99.0.2/32')\nsite.client.ip.addr.delete('lo', '10.99.0.2/32')"
    };
    /// `client.ip.route`.
    IpRoute "IpRouteManager" system::IP_ROUTE {
        "vm.client.ip.route.list()"
        "site.client.ip.route.add('lo', '10.98.0.0/24')"
        "site.client.ip.route.add('lo', '10.97.0.0/24')\nsite.client.ip.route.delete('lo', '10.97.0.0/24')"
    };
    /// `client.ip.bridge`.
    IpBridge "IpBridgeManager" system::IP_BRIDGE {
        "vm.client.ip.bridge.add('br0')"
        "vm.client.ip.bridge.add('br1')\nvm.client.ip.bridge.delete('br1')"
        "vm.client.ip.bridge.addif('br0', 'dummy0')"
        "vm.client.ip.bridge.delif('br0', 'dummy0')"
    };
    /// `client.ip.bond`.
    IpBond "IpBondManager" system::IP_BOND {
        "vm.client.ip.bond.list()"
        "vm.client.ip.bond.add('bond0', ['eth1', 'eth2'])"
        "vm.client.ip.bond.delete('bond0')"
    };
    /// `client.container`.
    ContainerCalls "ContainerManager" calls::containers::CONTAINER {
        "vm.client.container.create(flist, name='tools').get()"
        "vm.client.container.list()"
        "vm.client.container.get('my_site')"
        "vm.client.container.find(['my_site'])"
        "vm.client.container.terminate(site.id)"
        "vm.client.container.nic_add(site.id, {'type': 'bridge', 'id': 'br0'})"
        "vm.client.container.nic_remove(site.id, 0)"
        "vm.client.container.add_portforward(site.id, 8090, 80)"
        "vm.client.container.remove_portforward(site.id, 8090, 80)"
        "vm.client.container.flist_layer(site.id, flist)"
        "vm.client.container.flist_create(site.id, 'mine.flist', '/www')"
        "vm.client.container.backup(site.id, 's3:backups').get()"
        "vm.client.container.restore('s3:backups#1').get()"
        "vm.client.container.zerotier_info(site.id)"
        "vm.client.container.zerotier_list(site.id)"
    } own CONTAINERS;
    /// `client.bridge`.
    Bridge "BridgeManager" node::BRIDGE {
        "vm.client.bridge.list()"
        "vm.client.bridge.create('net1', network='static', settings={'cidr': '10.10.1.1/24'})"
        "vm.client.bridge.create('net2')\nvm.client.bridge.delete('net2')"
        "vm.client.bridge.nic_add('net1', 'dummy0')"
        "vm.client.bridge.nic_remove('dummy0')"
        "vm.client.bridge.create('net3')\nvm.client.bridge.nic_list('net3')"
        "vm.client.bridge.host_add('net1', '10.10.1.9', '02:00:00:00:00:09')"
    };
    /// `client.nft`.
    Nft "NftManager" node::NFT {
        "vm.client.nft.list()"
        "vm.client.nft.rule_exists(2200)"
        "vm.client.nft.open_port(2200)"
        "vm.client.nft.drop_port(2200)"
    };
    /// `client.socat`.
    Socat "SocatManager" node::SOCAT {
        "vm.client.socat.list()"
        "vm.client.socat.reserve(2)"
    };
    /// `client.cgroup`.
    Cgroup "CgroupManager" node::CGROUP {
        "vm.client.cgroup.list()"
        "vm.client.cgroup.ensure('memory', 'box')"
        "vm.client.cgroup.remove('memory', 'box')"
        "vm.client.cgroup.ensure('memory', 'box')\nvm.client.cgroup.tasks('memory', 'box')"
        "vm.client.cgroup.ensure('memory', 'box')\nvm.client.cgroup.task_add('memory', 'box', 1)"
        "vm.client.cgroup.ensure('memory', 'box')\nvm.client.cgroup.task_remove('memory', 'box', 1)"
        "vm.client.cgroup.ensure('memory', 'box')\nvm.client.cgroup.reset('memory', 'box')"
        "vm.client.cgroup.ensure('memory', 'box')\nvm.client.cgroup.memory('box', mem=67108864)"
        "vm.client.cgroup.ensure('cpuset', 'box')\nvm.client.cgroup.cpuset('box', cpus='0')"
    };
    /// `client.disk`.
    Disk "DiskManager" node::DISK {
        "vm.client.disk.list()"
        "vm.client.disk.getinfo('/dev/sda')"
        "vm.client.disk.mounts()"
        "vm.client.disk.smartctl_info('/dev/sda')"
        "vm.client.disk.smartctl_health('/dev/sda')"
        "vm.client.disk.spindown('/dev/sda')"
        "vm.client.disk.isstandby('/dev/sda')"
        "vm.client.disk.seektime('/dev/sda')"
        "vm.client.disk.mktable('/dev/sda')"
        "vm.client.disk.mkpart('/dev/sda', '1MiB', '100%')"
        "vm.client.disk.rmpart('/dev/sda', 1)"
        "vm.client.disk.mount('/dev/sda1', '/mnt/data')"
        "vm.client.disk.umount('/dev/sda1')"
    };
    /// `client.btrfs`.
    Btrfs "BtrfsManager" node::BTRFS {
        "vm.client.btrfs.list()"
        "vm.client.btrfs.info('/mnt/data')"
        "vm.client.btrfs.create('data', ['/dev/sda1'])"
        "vm.client.btrfs.device_add('/mnt/data', ['/dev/sdb1'])"
        "vm.client.btrfs.device_remove('/mnt/data', ['/dev/sdb1'])"
        "vm.client.btrfs.subvol_create('/mnt/data/a')"
        "vm.client.btrfs.subvol_list('/mnt/data')"
        "vm.client.btrfs.subvol_delete('/mnt/data/a')"
        "vm.client.btrfs.subvol_quota('/mnt/data/a', '10G')"
        "vm.client.btrfs.subvol_snapshot('/mnt/data/a', '/mnt/data/b')"
    };
    /// `client.zerotier`.
    Zerotier "ZerotierManager" node::ZEROTIER {
        "vm.client.zerotier.list()"
        "vm.client.zerotier.info()"
        "vm.client.zerotier.join('9bee8941b5717835')"
        "vm.client.zerotier.leave('9bee8941b5717835')"
    };
    /// `client.kvm`.
    Kvm "KvmManager" node::KVM {
        "vm.client.kvm.create('box', flist=flist)"
        "vm.client.kvm.list()"
        "vm.client.kvm.get(name='box')"
        "vm.client.kvm.info('6f2a')"
        "vm.client.kvm.infops('6f2a')"
        "vm.client.kvm.shutdown('6f2a')"
        "vm.client.kvm.destroy('6f2a')"
        "vm.client.kvm.reboot('6f2a')"
        "vm.client.kvm.reset('6f2a')"
        "vm.client.kvm.pause('6f2a')"
        "vm.client.kvm.resume('6f2a')"
        "vm.client.kvm.attach_disk('6f2a', {'url': '/mnt/data/disk.qcow2'})"
        "vm.client.kvm.detach_disk('6f2a', {'url': '/mnt/data/disk.qcow2'})"
        "vm.client.kvm.add_nic('6f2a', 'default')"
        "vm.client.kvm.remove_nic('6f2a', 'default')"
        "vm.client.kvm.limit_disk_io('6f2a', {'url': '/mnt/data/disk.qcow2'}, {'readiopssec': 100})"
        "vm.client.kvm.migrate('6f2a', 'qemu+tcp://10.0.0.2/system')"
        "vm.client.kvm.prepare_migration_target('6f2a')"
        "vm.client.kvm.create_image('/mnt/data/disk.qcow2', '10G')"
        "vm.client.kvm.add_portforward('6f2a', 8022, 22)"
        "vm.client.kvm.remove_portforward('6f2a', 8022, 22)"
    };
    /// `client.log_manager`.
    LogManager "LogManager" node::LOG_MANAGER {
        "vm.client.log_manager.set_level('DEBUG')"
        "vm.client.log_manager.reopen()"
        "vm.client.log_manager.subscribe('my_logs', [1, 2])"
        "vm.client.log_manager.unsubscribe('logger:my_logs')"
    };
    /// `client.aggregator`.
    Aggregator "AggregatorManager" node::AGGREGATOR {
        "vm.client.aggregator.query()"
    } own KEYS;
    /// `client.rtinfo`.
    Rtinfo "RtinfoManager" node::RTINFO {
        "vm.client.rtinfo.start('10.0.0.2')"
        "vm.client.rtinfo.stop('10.0.0.2')"
        "vm.client.rtinfo.list()"
    };
    /// `client.web`.
    Web "WebManager" node::WEB {
        "vm.client.web.download(flist, '/tmp/site.flist').get()"
    };
    /// `client.config_manager`.
    ConfigManager "ConfigManager" node::CONFIG {
        "vm.client.config_manager.get()"
    };
    /// `client.power`.
    Power "PowerManager" node::POWER {
        "vm.client.power.reboot()"
        "vm.client.power.poweroff()"
        "vm.client.power.update('zero-os-master')"
    };
}

/// Names of what is measured, and values by tags given as keywords.
const KEYS: &[Member<Manager<Aggregator>>] = &[
    Member::method(
        "query",
        &[
            Param::optional(
                "key",
                Ty::Str,
                Default::None,
                "name of the value; all without",
            ),
            Param::rest("tags", "tags it must have"),
        ],
        Ty::Dict,
        "Answers measured values with their averages over 5 minutes and an hour.",
        "vm.client.aggregator.query('machine.CPU.percent')",
        |this: &Arc<Manager<Aggregator>>, args| {
            let tags: serde_json::Map<String, serde_json::Value> = args
                .rest()
                .iter()
                .map(|(k, v)| (k.clone(), v.to_json()))
                .collect();
            let given = json!({"key": args.opt_text("key"), "tags": tags});
            let request = Request::new("aggregator.query", given);
            ask_json(this.targets(), request, |answer| shown(&answer))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "keys",
        &[],
        Ty::List,
        "Lists the names of the measured values.",
        "vm.client.aggregator.keys()",
        |this: &Arc<Manager<Aggregator>>, _| {
            let request = Request::new("aggregator.query", json!({"key": null, "tags": {}}));
            ask_json(this.targets(), request, |answer| match answer.as_object() {
                Some(map) => map.keys().map(|key| Value::Str(key.clone())).collect(),
                None => Value::List(Vec::new()),
            })
        },
    )
    .needs(Needs::NETWORK),
];

/// Making a container takes tags, which travel with the job; cards may be none.
const CONTAINERS: &[Member<Manager<ContainerCalls>>] = &[
    Member::method(
        "create",
        &[
            Param::required("root_url", Ty::Str, "address or path of the flist"),
            Param::optional(
                "mount",
                Ty::Any("dict"),
                Default::None,
                "path of the node: path inside",
            ),
            Param::optional(
                "host_network",
                Ty::Bool,
                Default::Bool(false),
                "share the node's network",
            ),
            Param::optional(
                "nics",
                Ty::Any("list of dicts"),
                Default::None,
                "network cards; a default one without",
            ),
            Param::optional(
                "port",
                Ty::Any("dict"),
                Default::None,
                "port of the node: port inside",
            ),
            Param::optional("hostname", Ty::Str, Default::None, "host name"),
            Param::optional(
                "privileged",
                Ty::Bool,
                Default::Bool(false),
                "without the limits of a container",
            ),
            Param::optional(
                "storage",
                Ty::Str,
                Default::None,
                "where contents of files are fetched from",
            ),
            Param::optional("name", Ty::Str, Default::None, "name to find it by"),
            Param::optional("tags", Ty::Any("list"), Default::None, "tags to find it by"),
            Param::optional(
                "identity",
                Ty::Str,
                Default::None,
                "secret identity of a zerotier network",
            )
            .secret(),
            Param::optional(
                "env",
                Ty::Any("dict"),
                Default::None,
                "added to the environment",
            ),
            Param::optional(
                "cgroups",
                Ty::Any("list"),
                Default::None,
                "groups of resources: [subsystem, name]",
            ),
            Param::optional(
                "config",
                Ty::Any("dict"),
                Default::None,
                "files to write: path: text",
            ),
        ],
        Ty::Object(crate::object::class_of::<super::response::ResponseValue>),
        "Starts to make a container; .get() of the job waits and answers its id.",
        "vm.client.container.create(flist, name='tools', tags=['tools']).get()",
        |this: &Arc<Manager<ContainerCalls>>, args| {
            let call = calls::find("container", "create")
                .ok_or_else(|| args.error("root_url", "cannot be used"))?;
            let mut given = super::manager::arguments(args, call);
            if args.given("nics") {
                given.insert("nics".into(), args.get("nics").to_json());
            }
            let tags = super::client::texts(args, "tags")?;
            let (core, client) = this.targets().one("container.create")?;
            let response = core.ask(client.create_container(&given, tags))?;
            Ok(super::response::ResponseValue::json(core, response))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "client",
        &[Param::required("id", Ty::Any("int"), "id of the container")],
        Ty::Object(crate::object::class_of::<super::client::ContainerClient>),
        "Answers the protocol client of a container; asks nothing.",
        "vm.client.container.client(1)",
        |this: &Arc<Manager<ContainerCalls>>, args| {
            let id = match args.get("id") {
                Value::Int(id) => u16::try_from(*id).ok(),
                Value::Str(text) => text.trim().parse().ok(),
                _ => None,
            };
            let id = id.filter(|id| *id > 0 && *id < u16::MAX);
            let id = id.ok_or_else(|| args.error("id", "must be a number from 1 to 65534"))?;
            let (core, _) = this.targets().one("container.client")?;
            Ok(super::client::ContainerClient::value(core, id))
        },
    ),
];

/// Asks one or all for a JSON value.
///
/// # Errors
/// As [`Targets::ask`].
pub fn ask_json(
    targets: &Targets,
    request: Request,
    show: impl Fn(serde_json::Value) -> Value,
) -> Result<Value> {
    let what = request.command.clone();
    targets.ask(
        &what,
        |client| {
            let request = request.clone();
            async move { client.json(request).await }
        },
        show,
    )
}

/// Addresses, routes and links of the kernel: `client.ip`.
pub struct Ip(Targets);

impl Ip {
    /// The manager of these.
    pub fn value(targets: &Targets) -> Value {
        Value::object(Ip(targets.clone()))
    }
}

const fn child<M: Table>(
    name: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Member<Ip> {
    Member::child(
        name,
        crate::object::class_of::<Manager<M>>,
        doc,
        example,
        |ip: &Arc<Ip>, _| Ok(Manager::<M>::value(&ip.0)),
    )
}

impl Class for Ip {
    const NAME: &'static str = "IpManager";
    const DOC: &'static str = "Links, addresses and routes of the kernel.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        child::<IpLink>("link", "Network links.", "vm.client.ip.link.list()"),
        child::<IpAddr>(
            "addr",
            "Addresses of links.",
            "vm.client.ip.addr.list('lo')",
        ),
        child::<IpRoute>("route", "Routes.", "vm.client.ip.route.list()"),
        child::<IpBridge>("bridge", "Bridges of the kernel.", "vm.client.ip.bridge"),
        child::<IpBond>("bond", "Bonds of links.", "vm.client.ip.bond.list()"),
    ]];
}
