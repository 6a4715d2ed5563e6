//! What is seen and run on the node and in containers.
use super::Default::{Bool as IsBool, Int as IsInt, Null, Text as IsText};
use super::{Answer, Argument, Call, Kind, Manager, optional, required};

const PATH: Argument = required("path", Kind::Filled, "a file or folder");
const FD: Argument = required("fd", Kind::Filled, "the descriptor that open() answered");
const LINK: Argument = required("link", Kind::Filled, "name of the link").sent_as("name");
const SIGNAL: Argument = optional(
    "signal",
    Kind::Within(0, 64),
    IsInt(15),
    "number of the signal",
);
const RECURSIVE: Argument = optional(
    "recursive",
    Kind::Bool,
    IsBool(false),
    "everything below it too",
);

/// Facts about the machine.
pub const INFO: Manager = Manager {
    path: "info",
    doc: "Facts about the machine: processors, memory, disks, links, ports.",
    calls: &[
        Call::any(
            "cpu",
            "info.cpu",
            &[],
            Answer::List,
            "Lists the processors.",
        ),
        Call::any(
            "mem",
            "info.mem",
            &[],
            Answer::Object,
            "Answers the use of the memory, in bytes.",
        ),
        Call::any(
            "disk",
            "info.disk",
            &[],
            Answer::List,
            "Lists the mounted partitions.",
        ),
        Call::any(
            "nic",
            "info.nic",
            &[],
            Answer::List,
            "Lists the network links with their addresses.",
        ),
        Call::any(
            "os",
            "info.os",
            &[],
            Answer::Object,
            "Answers host name, kernel and uptime.",
        ),
        Call::any(
            "port",
            "info.port",
            &[],
            Answer::List,
            "Lists the ports that are listened on.",
        ),
        Call::any(
            "version",
            "info.version",
            &[],
            Answer::Object,
            "Answers the version of Zero-OS.",
        ),
        Call::node(
            "dmi",
            "info.dmi",
            &[optional(
                "types",
                Kind::Mixed,
                super::Default::EmptyList,
                "numbers 0 to 42, or bios, system, baseboard, chassis, processor, memory, cache, \
                 connector, slot; all without",
            )],
            Answer::Object,
            "Answers the tables of the firmware.",
        ),
    ],
};

/// Commands that run.
pub const JOB: Manager = Manager {
    path: "job",
    doc: "Commands that run.",
    calls: &[
        Call::any(
            "list",
            "job.list",
            &[optional("id", Kind::Text, Null, "only this job")],
            Answer::List,
            "Lists the jobs that run, this question included.",
        ),
        Call::any(
            "kill",
            "job.kill",
            &[required("id", Kind::Filled, "id of the job"), SIGNAL],
            Answer::Bool,
            "Sends a signal to a job; False when there is none of that id.",
        ),
        Call::any(
            "unschedule",
            "job.unschedule",
            &[required("id", Kind::Filled, "id of the job")],
            Answer::Bool,
            "Ends the repetition of a job; the run that is on goes on.",
        ),
        Call::any(
            "killall",
            "job.killall",
            &[],
            Answer::Bool,
            "Ends all jobs that are not protected.",
        ),
    ],
};

/// Processes.
pub const PROCESS: Manager = Manager {
    path: "process",
    doc: "Processes.",
    calls: &[
        Call::any(
            "list",
            "process.list",
            &[optional("id", Kind::Int, Null, "only this process").sent_as("pid")],
            Answer::List,
            "Lists the processes; nothing for an unknown one.",
        ),
        Call::any(
            "kill",
            "process.kill",
            &[required("pid", Kind::Int, "id of the process"), SIGNAL],
            Answer::Nothing,
            "Sends a signal to a process.",
        ),
    ],
};

/// Files, except reading and writing, which go through [`crate::zos::files`].
pub const FILESYSTEM: Manager = Manager {
    path: "filesystem",
    doc: "Files.",
    calls: &[
        Call::any(
            "open",
            "filesystem.open",
            &[
                required("file", Kind::Filled, "the file"),
                optional(
                    "mode",
                    Kind::Filled,
                    IsText("r"),
                    "one of r w x a, and + for both ways",
                ),
                optional(
                    "perm",
                    Kind::Within(0, 0o7777),
                    IsInt(0o644),
                    "permissions of a new file",
                ),
            ],
            Answer::Text,
            "Opens a file and answers its descriptor, which is closed 5 minutes after its last use.",
        ),
        Call::any(
            "close",
            "filesystem.close",
            &[FD],
            Answer::Nothing,
            "Closes a descriptor.",
        ),
        Call::any(
            "exists",
            "filesystem.exists",
            &[PATH],
            Answer::Bool,
            "True when there is such a file or folder.",
        ),
        Call::any(
            "list",
            "filesystem.list",
            &[PATH],
            Answer::List,
            "Lists a folder.",
        ),
        Call::any(
            "mkdir",
            "filesystem.mkdir",
            &[PATH],
            Answer::Nothing,
            "Makes a folder and those above it.",
        ),
        Call::any(
            "remove",
            "filesystem.remove",
            &[PATH],
            Answer::Nothing,
            "Removes a file, or a folder with everything in it.",
        ),
        Call::any(
            "move",
            "filesystem.move",
            &[PATH, required("destination", Kind::Filled, "its new path")],
            Answer::Nothing,
            "Moves a file or folder.",
        ),
        Call::any(
            "chmod",
            "filesystem.chmod",
            &[
                PATH,
                required("mode", Kind::Within(0, 0o7777), "permissions (0o644)"),
                RECURSIVE,
            ],
            Answer::Nothing,
            "Sets permissions.",
        ),
        Call::any(
            "chown",
            "filesystem.chown",
            &[
                PATH,
                required("user", Kind::Filled, "name of the user"),
                required("group", Kind::Filled, "name of the group"),
                RECURSIVE,
            ],
            Answer::Nothing,
            "Sets user and group.",
        ),
    ],
};

/// Network links.
pub const IP_LINK: Manager = Manager {
    path: "ip.link",
    doc: "Network links.",
    calls: &[
        Call::any(
            "list",
            "ip.link.list",
            &[],
            Answer::List,
            "Lists the links.",
        ),
        Call::any(
            "up",
            "ip.link.up",
            &[LINK],
            Answer::Nothing,
            "Starts a link.",
        ),
        Call::any(
            "down",
            "ip.link.down",
            &[LINK],
            Answer::Nothing,
            "Stops a link.",
        ),
        Call::any(
            "name",
            "ip.link.name",
            &[
                LINK,
                required("name", Kind::Filled, "its new name").sent_as("new"),
            ],
            Answer::Nothing,
            "Renames a link that is down.",
        ),
        Call::any(
            "mtu",
            "ip.link.mtu",
            &[LINK, required("mtu", Kind::Within(1, 65536), "bytes")],
            Answer::Nothing,
            "Sets the largest size of a packet.",
        ),
    ],
};

const ADDRESS: Argument = required("ip", Kind::Filled, "address with prefix (10.1.0.1/24)");

/// Addresses of links.
pub const IP_ADDR: Manager = Manager {
    path: "ip.addr",
    doc: "Addresses of links.",
    calls: &[
        Call::any(
            "list",
            "ip.addr.list",
            &[LINK],
            Answer::List,
            "Lists the addresses of a link.",
        ),
        Call::any(
            "add",
            "ip.addr.add",
            &[LINK, ADDRESS],
            Answer::Nothing,
            "Adds an address.",
        ),
        Call::any(
            "delete",
            "ip.addr.del",
            &[LINK, ADDRESS],
            Answer::Nothing,
            "Removes an address.",
        ),
    ],
};

const ROUTE: &[Argument] = &[
    required("dev", Kind::Filled, "name of the link"),
    required("dst", Kind::Text, "network it leads to"),
    optional("gw", Kind::Text, Null, "address of the gateway"),
];

/// Routes.
pub const IP_ROUTE: Manager = Manager {
    path: "ip.route",
    doc: "Routes.",
    calls: &[
        Call::any(
            "list",
            "ip.route.list",
            &[],
            Answer::List,
            "Lists the routes.",
        ),
        Call::any(
            "add",
            "ip.route.add",
            ROUTE,
            Answer::Nothing,
            "Adds a route.",
        ),
        Call::any(
            "delete",
            "ip.route.del",
            ROUTE,
            Answer::Nothing,
            "Removes a route.",
        ),
    ],
};

const BRIDGE: Argument = required("name", Kind::Filled, "name of the bridge");
const MEMBER: Argument = required("inf", Kind::Filled, "name of the link");

/// Bridges of the kernel.
pub const IP_BRIDGE: Manager = Manager {
    path: "ip.bridge",
    doc: "Bridges of the kernel, without the node's own management.",
    calls: &[
        Call::any(
            "add",
            "ip.bridge.add",
            &[
                BRIDGE,
                optional("hwaddr", Kind::Text, Null, "hardware address"),
            ],
            Answer::Nothing,
            "Makes a bridge.",
        ),
        Call::any(
            "delete",
            "ip.bridge.del",
            &[BRIDGE],
            Answer::Nothing,
            "Removes a bridge.",
        ),
        Call::any(
            "addif",
            "ip.bridge.addif",
            &[BRIDGE, MEMBER],
            Answer::Nothing,
            "Adds a link to a bridge.",
        ),
        Call::any(
            "delif",
            "ip.bridge.delif",
            &[BRIDGE, MEMBER],
            Answer::Nothing,
            "Takes a link out of a bridge.",
        ),
    ],
};

/// Bonds of links.
pub const IP_BOND: Manager = Manager {
    path: "ip.bond",
    doc: "Bonds of links.",
    calls: &[
        Call::any(
            "list",
            "ip.bond.list",
            &[],
            Answer::List,
            "Lists the bonds.",
        ),
        Call::any(
            "add",
            "ip.bond.add",
            &[
                required("bond", Kind::Filled, "name of the bond"),
                required("interfaces", Kind::Texts, "names of its links"),
                optional(
                    "mtu",
                    Kind::Within(1, 65536),
                    IsInt(1500),
                    "largest packet, in bytes",
                ),
            ],
            Answer::Nothing,
            "Makes a bond.",
        ),
        Call::any(
            "delete",
            "ip.bond.del",
            &[required("bond", Kind::Filled, "name of the bond")],
            Answer::Nothing,
            "Removes a bond.",
        ),
    ],
};
