//! What only a node has.
use serde_json::{Value as Json, json};

use super::Default::{Bool as IsBool, EmptyList, EmptyObject, Int as IsInt, Null, Text as IsText};
use super::{Answer, Argument, Arguments, Call, Kind, Manager, optional, required};

const BRIDGE_NAME: Argument =
    required("bridge", Kind::Filled, "name of the bridge").sent_as("name");

/// Bridges that the node manages.
pub const BRIDGE: Manager = Manager {
    path: "bridge",
    doc: "Bridges that the node manages.",
    calls: &[
        Call::node(
            "list",
            "bridge.list",
            &[],
            Answer::List,
            "Lists the bridges.",
        ),
        Call::node(
            "create",
            "bridge.create",
            &[
                required("name", Kind::Filled, "name of the bridge"),
                optional("hwaddr", Kind::Text, Null, "hardware address"),
                optional(
                    "network",
                    Kind::Word(&["static", "dnsmasq"]),
                    Null,
                    "how it gets addresses",
                ),
                optional("nat", Kind::Bool, IsBool(false), "hide what is behind it"),
                optional(
                    "settings",
                    Kind::TextMap,
                    EmptyObject,
                    "cidr; start and end for dnsmasq",
                ),
            ],
            Answer::Nothing,
            "Makes a bridge.",
        )
        .shaped(bridge),
        Call::node(
            "delete",
            "bridge.delete",
            &[BRIDGE_NAME],
            Answer::Nothing,
            "Removes a bridge.",
        ),
        Call::node(
            "nic_add",
            "bridge.nic-add",
            &[
                BRIDGE_NAME,
                required("nic", Kind::Filled, "name of the link"),
            ],
            Answer::Nothing,
            "Adds a link to a bridge.",
        ),
        Call::node(
            "nic_remove",
            "bridge.nic-remove",
            &[required("nic", Kind::Filled, "name of the link")],
            Answer::Nothing,
            "Takes a link out of its bridge.",
        ),
        Call::node(
            "nic_list",
            "bridge.nic-list",
            &[BRIDGE_NAME],
            Answer::List,
            "Lists the links of a bridge.",
        ),
        Call::node(
            "host_add",
            "bridge.host-add",
            &[
                required("bridge", Kind::Filled, "name of the bridge"),
                required("ip", Kind::Filled, "address"),
                required("mac", Kind::Filled, "hardware address that gets it"),
            ],
            Answer::Nothing,
            "Reserves an address of a bridge of kind dnsmasq.",
        ),
    ],
};

fn bridge(given: Arguments) -> Json {
    json!({
        "name": given["name"],
        "hwaddr": given["hwaddr"],
        "network": {"mode": given["network"], "nat": given["nat"], "settings": given["settings"]},
    })
}

const OPEN: &[Argument] = &[
    required("port", Kind::Within(1, 65535), "the port"),
    optional("interface", Kind::Text, Null, "only on this link"),
    optional("subnet", Kind::Text, Null, "only for this network"),
];

/// Ports of the firewall.
pub const NFT: Manager = Manager {
    path: "nft",
    doc: "Ports of the firewall.",
    calls: &[
        Call::node(
            "list",
            "nft.list",
            &[],
            Answer::List,
            "Lists the rules for incoming packets.",
        ),
        Call::node(
            "rule_exists",
            "nft.rule_exists",
            OPEN,
            Answer::Bool,
            "True when a port is open.",
        ),
        Call::node(
            "open_port",
            "nft.open_port",
            OPEN,
            Answer::Nothing,
            "Opens a port, unless it is open.",
        )
        .guarded("nft.rule_exists", false),
        Call::node(
            "drop_port",
            "nft.drop_port",
            OPEN,
            Answer::Nothing,
            "Closes a port, if it is open.",
        )
        .guarded("nft.rule_exists", true),
    ],
};

/// Forwarded ports.
pub const SOCAT: Manager = Manager {
    path: "socat",
    doc: "Forwarded ports.",
    calls: &[
        Call::node(
            "list",
            "socat.list",
            &[],
            Answer::List,
            "Lists the rules of forwarded ports.",
        ),
        Call::node(
            "reserve",
            "socat.reserve",
            &[optional(
                "number",
                Kind::Within(0, 65535),
                IsInt(1),
                "how many",
            )],
            Answer::List,
            "Answers free ports, which nobody else is told within two minutes.",
        ),
    ],
};

const SUBSYSTEM: Argument = required(
    "subsystem",
    Kind::Word(&["memory", "cpuset"]),
    "memory or cpuset",
);
const GROUP: Argument = required("name", Kind::Filled, "name of the group");
const PID: Argument = required("pid", Kind::Within(1, i64::MAX), "id of the process");

/// Groups of resources.
pub const CGROUP: Manager = Manager {
    path: "cgroup",
    doc: "Groups of resources: limits of memory and processors.",
    calls: &[
        Call::node(
            "list",
            "cgroup.list",
            &[],
            Answer::Object,
            "Lists the groups by subsystem.",
        ),
        Call::node(
            "ensure",
            "cgroup.ensure",
            &[SUBSYSTEM, GROUP],
            Answer::Nothing,
            "Makes a group, unless it is there.",
        ),
        Call::node(
            "remove",
            "cgroup.remove",
            &[SUBSYSTEM, GROUP],
            Answer::Nothing,
            "Removes a group, if it is there.",
        ),
        Call::node(
            "tasks",
            "cgroup.tasks",
            &[SUBSYSTEM, GROUP],
            Answer::List,
            "Lists the processes of a group.",
        ),
        Call::node(
            "task_add",
            "cgroup.task-add",
            &[SUBSYSTEM, GROUP, PID],
            Answer::Nothing,
            "Adds a process to a group.",
        ),
        Call::node(
            "task_remove",
            "cgroup.task-remove",
            &[SUBSYSTEM, GROUP, PID],
            Answer::Nothing,
            "Takes a process out of a group.",
        ),
        Call::node(
            "reset",
            "cgroup.reset",
            &[SUBSYSTEM, GROUP],
            Answer::Nothing,
            "Lifts the limits of a group.",
        ),
        Call::node(
            "memory",
            "cgroup.memory.spec",
            &[
                GROUP,
                optional(
                    "mem",
                    Kind::Within(0, i64::MAX),
                    IsInt(0),
                    "bytes of memory; 0 only asks",
                ),
                optional("swap", Kind::Within(0, i64::MAX), IsInt(0), "bytes of swap"),
            ],
            Answer::Object,
            "Sets, or answers, the limit of memory of a group.",
        ),
        Call::node(
            "cpuset",
            "cgroup.cpuset.spec",
            &[
                GROUP,
                optional(
                    "cpus",
                    Kind::Text,
                    Null,
                    "numbers of processors (0,2-3); None only asks",
                ),
                optional("mems", Kind::Text, Null, "numbers of memory nodes"),
            ],
            Answer::Object,
            "Sets, or answers, the processors of a group.",
        ),
    ],
};

const DISK_NAME: Argument = required("disk", Kind::Filled, "the disk (/dev/sda)");

/// Disks.
pub const DISK: Manager = Manager {
    path: "disk",
    doc: "Disks and partitions.",
    calls: &[
        Call::node(
            "list",
            "disk.list",
            &[],
            Answer::List,
            "Lists the disks with their partitions.",
        ),
        Call::node(
            "getinfo",
            "disk.getinfo",
            &[
                DISK_NAME,
                optional("part", Kind::Text, IsText(""), "only this partition"),
            ],
            Answer::Object,
            "Answers size and free ranges of a disk.",
        ),
        Call::node(
            "mounts",
            "disk.mounts",
            &[],
            Answer::Object,
            "Lists what is mounted, by device.",
        ),
        Call::node(
            "smartctl_info",
            "disk.smartctl-info",
            &[DISK_NAME],
            Answer::Object,
            "Asks a disk what it is.",
        )
        .shaped(device_too),
        Call::node(
            "smartctl_health",
            "disk.smartctl-health",
            &[DISK_NAME],
            Answer::Object,
            "Asks a disk how it is.",
        )
        .shaped(device_too),
        Call::node(
            "spindown",
            "disk.spindown",
            &[
                DISK_NAME,
                optional(
                    "spindown",
                    Kind::Within(0, 255),
                    IsInt(1),
                    "after so many units of 5 s",
                ),
            ],
            Answer::Nothing,
            "Sets when a disk stops turning.",
        ),
        Call::node(
            "isstandby",
            "disk.isstandby",
            &[DISK_NAME],
            Answer::Bool,
            "True when a disk does not turn.",
        ),
        Call::node(
            "seektime",
            "disk.seektime",
            &[DISK_NAME],
            Answer::Object,
            "Measures whether a disk turns.",
        ),
        Call::node(
            "mktable",
            "disk.mktable",
            &[
                DISK_NAME,
                optional("table_type", Kind::Filled, IsText("gpt"), "kind of table"),
            ],
            Answer::Nothing,
            "Makes a new table of partitions: what was on the disk is lost.",
        ),
        Call::node(
            "mkpart",
            "disk.mkpart",
            &[
                DISK_NAME,
                required("start", Kind::Query, "where it begins"),
                required("end", Kind::Query, "where it ends"),
                optional(
                    "part_type",
                    Kind::Filled,
                    IsText("primary"),
                    "kind of partition",
                ),
            ],
            Answer::Nothing,
            "Makes a partition.",
        ),
        Call::node(
            "rmpart",
            "disk.rmpart",
            &[
                DISK_NAME,
                required("number", Kind::Within(1, 128), "number of the partition"),
            ],
            Answer::Nothing,
            "Removes a partition: what was on it is lost.",
        ),
        Call::node(
            "mount",
            "disk.mount",
            &[
                required("source", Kind::Filled, "the partition"),
                required("target", Kind::Filled, "the folder"),
                optional("options", Kind::Texts, EmptyList, "options of mount"),
            ],
            Answer::Nothing,
            "Mounts a partition.",
        )
        .shaped(joined_options),
        Call::node(
            "umount",
            "disk.umount",
            &[required(
                "source",
                Kind::Filled,
                "the partition, or its folder",
            )],
            Answer::Nothing,
            "Unmounts a partition.",
        ),
    ],
};

/// Nodes of 2019 read `device` where their clients send `disk`.
fn device_too(mut given: Arguments) -> Json {
    let disk = given["disk"].clone();
    given.insert("device".into(), disk);
    Json::Object(given)
}

fn joined_options(mut given: Arguments) -> Json {
    let options = given["options"].as_array().cloned().unwrap_or_default();
    let texts: Vec<&str> = options.iter().filter_map(Json::as_str).collect();
    given.insert("options".into(), texts.join(",").into());
    Json::Object(given)
}

const PROFILES: &[&str] = &[
    "raid0", "raid1", "raid5", "raid6", "raid10", "dup", "single", "",
];
const MOUNTPOINT: Argument = required(
    "mountpoint",
    Kind::Filled,
    "where the file system is mounted",
);
const DEVICES: Argument = required("devices", Kind::Texts, "its devices");
const SUBVOLUME: Argument = required("path", Kind::Filled, "path of the subvolume");

/// File systems of kind btrfs.
pub const BTRFS: Manager = Manager {
    path: "btrfs",
    doc: "File systems of kind btrfs.",
    calls: &[
        Call::node(
            "list",
            "btrfs.list",
            &[],
            Answer::List,
            "Lists the file systems.",
        ),
        Call::node(
            "info",
            "btrfs.info",
            &[MOUNTPOINT],
            Answer::Object,
            "Answers the use of a file system.",
        ),
        Call::node(
            "create",
            "btrfs.create",
            &[
                required("label", Kind::Filled, "its label"),
                DEVICES,
                optional(
                    "metadata_profile",
                    Kind::Word(PROFILES),
                    IsText(""),
                    "how metadata is kept",
                )
                .sent_as("metadata"),
                optional(
                    "data_profile",
                    Kind::Word(PROFILES),
                    IsText(""),
                    "how data is kept",
                )
                .sent_as("data"),
                optional(
                    "overwrite",
                    Kind::Bool,
                    IsBool(false),
                    "also when something is on the devices",
                ),
            ],
            Answer::Nothing,
            "Makes a file system: what was on the devices is lost.",
        ),
        Call::node(
            "device_add",
            "btrfs.device_add",
            &[MOUNTPOINT, DEVICES],
            Answer::Nothing,
            "Adds devices.",
        ),
        Call::node(
            "device_remove",
            "btrfs.device_remove",
            &[MOUNTPOINT, DEVICES],
            Answer::Nothing,
            "Takes devices out.",
        ),
        Call::node(
            "subvol_create",
            "btrfs.subvol_create",
            &[SUBVOLUME],
            Answer::Nothing,
            "Makes a subvolume.",
        ),
        Call::node(
            "subvol_list",
            "btrfs.subvol_list",
            &[SUBVOLUME],
            Answer::List,
            "Lists subvolumes.",
        ),
        Call::node(
            "subvol_delete",
            "btrfs.subvol_delete",
            &[SUBVOLUME],
            Answer::Nothing,
            "Removes a subvolume.",
        ),
        Call::node(
            "subvol_quota",
            "btrfs.subvol_quota",
            &[
                SUBVOLUME,
                required("limit", Kind::Query, "bytes, or a text like 10G"),
            ],
            Answer::Nothing,
            "Limits the size of a subvolume.",
        ),
        Call::node(
            "subvol_snapshot",
            "btrfs.subvol_snapshot",
            &[
                required("source", Kind::Filled, "the subvolume"),
                required("destination", Kind::Filled, "path of the snapshot"),
                optional(
                    "read_only",
                    Kind::Bool,
                    IsBool(false),
                    "cannot be written to",
                ),
            ],
            Answer::Nothing,
            "Makes a snapshot of a subvolume.",
        ),
    ],
};

const NETWORK: Argument = required("network", Kind::Filled, "id of the network: 16 hex digits");

/// Zerotier networks.
pub const ZEROTIER: Manager = Manager {
    path: "zerotier",
    doc: "Zerotier networks of the node.",
    calls: &[
        Call::node(
            "list",
            "zerotier.list",
            &[],
            Answer::List,
            "Lists the networks.",
        ),
        Call::node(
            "info",
            "zerotier.info",
            &[],
            Answer::Object,
            "Answers the node's address in zerotier.",
        ),
        Call::node(
            "join",
            "zerotier.join",
            &[NETWORK],
            Answer::Nothing,
            "Joins a network.",
        ),
        Call::node(
            "leave",
            "zerotier.leave",
            &[NETWORK],
            Answer::Nothing,
            "Leaves a network.",
        ),
    ],
};

const UUID: Argument = required("uuid", Kind::Filled, "id of the machine");
const MEDIA: Argument = required("media", Kind::Object, "url, type, iotune");
const MACHINE_NIC: &[Argument] = &[
    UUID,
    required("type", Kind::Filled, "kind of card"),
    optional("id", Kind::Text, Null, "bridge, network or tag"),
    optional("hwaddr", Kind::Text, Null, "hardware address"),
];
const MACHINE_PORT: &[Argument] = &[
    UUID,
    required("host_port", Kind::Source, "port of the node"),
    required(
        "container_port",
        Kind::Within(0, 65535),
        "port in the machine",
    ),
];

/// Virtual machines.
pub const KVM: Manager = Manager {
    path: "kvm",
    doc: "Virtual machines.",
    calls: &[
        Call::node(
            "create",
            "kvm.create",
            &[
                required("name", Kind::Filled, "its name"),
                optional("media", Kind::Objects, Null, "its disks: url, type, iotune"),
                optional("flist", Kind::Text, Null, "flist it starts from"),
                optional("cpu", Kind::Within(1, 1024), IsInt(2), "processors"),
                optional(
                    "memory",
                    Kind::Within(1, i64::MAX),
                    IsInt(512),
                    "MiB of memory",
                ),
                optional("nics", Kind::Objects, Null, "network cards"),
                optional(
                    "port",
                    Kind::IntMap,
                    Null,
                    "port of the node: port in the machine",
                ),
                optional("mount", Kind::Objects, Null, "folders of the node"),
                optional("config", Kind::TextMap, Null, "files to write: path: text"),
                optional(
                    "storage",
                    Kind::Text,
                    Null,
                    "where contents of files are fetched from",
                ),
                optional("cmdline", Kind::Text, Null, "command line of the kernel"),
                optional(
                    "share_cache",
                    Kind::Bool,
                    IsBool(false),
                    "share the cache of contents",
                ),
                optional("kvm", Kind::Bool, IsBool(false), "machines inside it"),
            ],
            Answer::Text,
            "Makes a virtual machine and answers its id; it needs media or an flist.",
        )
        .one_of(&["media", "flist"]),
        Call::node(
            "list",
            "kvm.list",
            &[],
            Answer::List,
            "Lists the virtual machines.",
        ),
        Call::node(
            "get",
            "kvm.get",
            &[
                optional("name", Kind::Text, IsText(""), "its name"),
                optional("uuid", Kind::Text, IsText(""), "its id"),
            ],
            Answer::Object,
            "Answers a virtual machine by name or id.",
        ),
        Call::node(
            "info",
            "kvm.info",
            &[UUID],
            Answer::Object,
            "Answers how a machine is.",
        ),
        Call::node(
            "infops",
            "kvm.infops",
            &[UUID],
            Answer::Object,
            "Answers what a machine uses.",
        ),
        Call::node(
            "shutdown",
            "kvm.shutdown",
            &[UUID],
            Answer::Nothing,
            "Asks a machine to stop.",
        ),
        Call::node(
            "destroy",
            "kvm.destroy",
            &[UUID],
            Answer::Nothing,
            "Ends a machine at once.",
        ),
        Call::node(
            "reboot",
            "kvm.reboot",
            &[UUID],
            Answer::Nothing,
            "Asks a machine to start again.",
        ),
        Call::node(
            "reset",
            "kvm.reset",
            &[UUID],
            Answer::Nothing,
            "Starts a machine again at once.",
        ),
        Call::node(
            "pause",
            "kvm.pause",
            &[UUID],
            Answer::Nothing,
            "Halts a machine.",
        ),
        Call::node(
            "resume",
            "kvm.resume",
            &[UUID],
            Answer::Nothing,
            "Lets a halted machine go on.",
        ),
        Call::node(
            "attach_disk",
            "kvm.attach_disk",
            &[UUID, MEDIA],
            Answer::Nothing,
            "Adds a disk.",
        ),
        Call::node(
            "detach_disk",
            "kvm.detach_disk",
            &[UUID, MEDIA],
            Answer::Nothing,
            "Takes a disk out.",
        ),
        Call::node(
            "add_nic",
            "kvm.add_nic",
            MACHINE_NIC,
            Answer::Nothing,
            "Adds a network card.",
        ),
        Call::node(
            "remove_nic",
            "kvm.remove_nic",
            MACHINE_NIC,
            Answer::Nothing,
            "Takes a network card out.",
        ),
        Call::node(
            "limit_disk_io",
            "kvm.limit_disk_io",
            &[
                UUID,
                MEDIA,
                optional("limits", Kind::Object, EmptyObject, "limits by name"),
            ],
            Answer::Nothing,
            "Limits the use of a disk.",
        )
        .shaped(merged_limits),
        Call::node(
            "migrate",
            "kvm.migrate",
            &[
                UUID,
                required(
                    "desturi",
                    Kind::Filled,
                    "address of the other node's hypervisor",
                ),
            ],
            Answer::Nothing,
            "Moves a machine to another node.",
        ),
        Call::node(
            "prepare_migration_target",
            "kvm.prepare_migration_target",
            &[
                UUID,
                optional("nics", Kind::Objects, Null, "network cards"),
                optional(
                    "port",
                    Kind::IntMap,
                    Null,
                    "port of the node: port in the machine",
                ),
                optional("tags", Kind::Texts, Null, "tags"),
            ],
            Answer::Nothing,
            "Makes ready for a machine that will be moved here.",
        ),
        Call::node(
            "create_image",
            "kvm.create-image",
            &[
                required("file_name", Kind::Filled, "path of the image"),
                required("size", Kind::Query, "its size"),
                optional("format", Kind::Filled, IsText("qcow2"), "its format"),
            ],
            Answer::Nothing,
            "Makes an empty image of a disk.",
        ),
        Call::node(
            "add_portforward",
            "kvm.portforward-add",
            MACHINE_PORT,
            Answer::Nothing,
            "Forwards a port to a machine.",
        ),
        Call::node(
            "remove_portforward",
            "kvm.portforward-remove",
            MACHINE_PORT,
            Answer::Nothing,
            "Ends the forwarding of a port.",
        ),
    ],
};

fn merged_limits(mut given: Arguments) -> Json {
    if let Some(Json::Object(limits)) = given.remove("limits") {
        given.extend(limits);
    }
    Json::Object(given)
}

/// Levels of the node's own log.
pub const LOG_LEVELS: &[&str] = &["CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"];

/// Logs.
pub const LOG_MANAGER: Manager = Manager {
    path: "log_manager",
    doc: "Logs of the node and of all jobs.",
    calls: &[
        Call::node(
            "set_level",
            "logger.set_level",
            &[required(
                "level",
                Kind::Word(LOG_LEVELS),
                "least level that is written",
            )],
            Answer::Nothing,
            "Sets what the node writes to its log.",
        ),
        Call::node(
            "reopen",
            "logger.reopen",
            &[],
            Answer::Nothing,
            "Opens the log file again.",
        ),
        Call::node(
            "subscribe",
            "logger.subscribe",
            &[
                optional(
                    "queue",
                    Kind::Text,
                    IsText(""),
                    "name of the queue; made up when empty",
                ),
                optional(
                    "levels",
                    Kind::Ints,
                    EmptyList,
                    "levels of messages; all without",
                ),
            ],
            Answer::Text,
            "Copies the messages of all jobs to a queue; answers its real name.",
        ),
        Call::node(
            "unsubscribe",
            "logger.unsubscribe",
            &[required("queue", Kind::Text, "real name of the queue")],
            Answer::Nothing,
            "Ends the copying to a queue.",
        ),
    ],
};

/// Measured values.
pub const AGGREGATOR: Manager = Manager {
    path: "aggregator",
    doc: "Measured values.",
    calls: &[Call::node(
        "query",
        "aggregator.query",
        &[
            optional("key", Kind::Text, Null, "name of the value; all without"),
            optional("tags", Kind::TextMap, EmptyObject, "tags it must have"),
        ],
        Answer::Object,
        "Answers measured values with their averages over 5 minutes and an hour.",
    )],
};

const MONITOR: &[Argument] = &[
    optional(
        "host",
        Kind::Filled,
        IsText("localhost"),
        "host of the collector",
    ),
    optional("port", Kind::Within(1, 65535), IsInt(8999), "its port"),
];

/// Clients of a monitor.
pub const RTINFO: Manager = Manager {
    path: "rtinfo",
    doc: "Programs that report the node's load to a collector.",
    calls: &[
        Call::node(
            "start",
            "rtinfo.start",
            &[
                optional(
                    "host",
                    Kind::Filled,
                    IsText("localhost"),
                    "host of the collector",
                ),
                optional("port", Kind::Within(1, 65535), IsInt(8999), "its port"),
                optional("disks", Kind::Texts, Null, "beginnings of names of disks"),
            ],
            Answer::Nothing,
            "Starts to report.",
        ),
        Call::node(
            "stop",
            "rtinfo.stop",
            MONITOR,
            Answer::Nothing,
            "Ends a report.",
        ),
        Call::node(
            "list",
            "rtinfo.list",
            &[],
            Answer::Object,
            "Lists the reports.",
        ),
    ],
};

/// Downloads.
pub const WEB: Manager = Manager {
    path: "web",
    doc: "Downloads to the node.",
    calls: &[Call::node(
        "download",
        "web.download",
        &[
            required("url", Kind::Text, "the address"),
            required("destination", Kind::Text, "path on the node"),
        ],
        Answer::Result,
        "Downloads a file to the node; the data of the result is its path.",
    )],
};

/// The node's configuration.
pub const CONFIG: Manager = Manager {
    path: "config_manager",
    doc: "The node's configuration.",
    calls: &[Call::node(
        "get",
        "config.get",
        &[],
        Answer::Object,
        "Answers the configuration.",
    )],
};

/// Starting again and switching off.
pub const POWER: Manager = Manager {
    path: "power",
    doc: "Starting the node again, switching it off.",
    calls: &[
        Call::node(
            "reboot",
            "core.reboot",
            &[],
            Answer::Result,
            "Starts the node again: everything on it ends.",
        ),
        Call::node(
            "poweroff",
            "core.poweroff",
            &[],
            Answer::Result,
            "Switches the node off: everything on it ends.",
        ),
        Call::node(
            "update",
            "core.update",
            &[required("image", Kind::Filled, "name of the image")],
            Answer::Result,
            "Starts the node again with another version of Zero-OS.",
        ),
    ],
};
