//! Making and changing containers.
use super::Default::{Bool as IsBool, EmptyObject, Null};
use super::{Answer, Argument, Call, Kind, Manager, optional, required};

/// Largest id of a container.
pub const LAST_ID: i64 = 65534;

const CONTAINER_ID: Argument =
    required("container", Kind::Within(1, LAST_ID), "id of the container");
const HOST_PORT: Argument = required(
    "host_port",
    Kind::Source,
    "port of the node, or its source: [address:]port[|tcp+udp]",
);
const CONTAINER_PORT: Argument = required(
    "container_port",
    Kind::Within(0, 65535),
    "port in the container",
);

/// Arguments of `corex.create`. Tags travel with the job.
const CREATE: &[Argument] = &[
    required("root_url", Kind::Text, "address or path of the flist").sent_as("root"),
    optional(
        "mount",
        Kind::TextMap,
        Null,
        "path of the node, or flist: path in the container",
    ),
    optional(
        "host_network",
        Kind::Bool,
        IsBool(false),
        "share the node's network",
    ),
    optional(
        "nics",
        Kind::Nics,
        Null,
        "network cards; a default one without",
    ),
    optional(
        "port",
        Kind::IntMap,
        Null,
        "port of the node: port in the container",
    ),
    optional("hostname", Kind::Text, Null, "host name"),
    optional(
        "privileged",
        Kind::Bool,
        IsBool(false),
        "without the limits of a container",
    ),
    optional(
        "storage",
        Kind::Text,
        Null,
        "where contents of files are fetched from",
    ),
    optional("name", Kind::Text, Null, "name to find it by"),
    optional(
        "identity",
        Kind::Text,
        Null,
        "secret identity of a zerotier network",
    ),
    optional("env", Kind::TextMap, Null, "added to the environment"),
    optional(
        "cgroups",
        Kind::Pairs,
        Null,
        "groups of resources: [subsystem, name]",
    ),
    optional(
        "config",
        Kind::TextMap,
        EmptyObject,
        "files to write: path: text",
    ),
];

/// Containers.
pub const CONTAINER: Manager = Manager {
    path: "container",
    doc: "Containers, as the node has them.",
    calls: &[
        Call::node(
            "create",
            "corex.create",
            CREATE,
            Answer::Job,
            "Makes a container; the value of the job is its id.",
        ),
        Call::node(
            "list",
            "corex.list",
            &[],
            Answer::Object,
            "Lists the containers by id.",
        ),
        Call::node(
            "get",
            "corex.get",
            &[required("query", Kind::Query, "name or id")],
            Answer::Object,
            "Answers a container by name or id; None when there is none.",
        ),
        Call::node(
            "find",
            "corex.find",
            &[optional(
                "tags",
                Kind::Texts,
                super::Default::EmptyList,
                "tags it must have",
            )],
            Answer::Object,
            "Lists the containers that have all tags.",
        ),
        Call::node(
            "terminate",
            "corex.terminate",
            &[CONTAINER_ID],
            Answer::Nothing,
            "Ends a container.",
        ),
        Call::node(
            "nic_add",
            "corex.nic-add",
            &[CONTAINER_ID, required("nic", Kind::Nic, "the network card")],
            Answer::Nothing,
            "Adds a network card to a container that runs.",
        ),
        Call::node(
            "nic_remove",
            "corex.nic-remove",
            &[
                CONTAINER_ID,
                required("index", Kind::Within(0, 65535), "its place in the list"),
            ],
            Answer::Nothing,
            "Takes a network card from a container that runs.",
        ),
        Call::node(
            "add_portforward",
            "corex.portforward-add",
            &[CONTAINER_ID, HOST_PORT, CONTAINER_PORT],
            Answer::Nothing,
            "Forwards a port of the node to a container.",
        ),
        Call::node(
            "remove_portforward",
            "corex.portforward-remove",
            &[CONTAINER_ID, HOST_PORT, CONTAINER_PORT],
            Answer::Nothing,
            "Ends the forwarding of a port.",
        ),
        Call::node(
            "flist_layer",
            "corex.flist-layer",
            &[
                CONTAINER_ID,
                required("flist", Kind::Filled, "address of the flist"),
            ],
            Answer::Nothing,
            "Puts an flist over the root of a container that runs, in place of the last one.",
        ),
        Call::node(
            "flist_create",
            "corex.flist.create",
            &[
                CONTAINER_ID,
                required("flist", Kind::Filled, "name of the new flist"),
                required("src", Kind::Filled, "folder in the container"),
                optional(
                    "storage",
                    Kind::Text,
                    Null,
                    "where contents of files are put",
                ),
                optional("token", Kind::Text, Null, "token for the hub"),
                optional("hub", Kind::Text, Null, "address of the hub"),
            ],
            Answer::Text,
            "Makes an flist of a folder of a container; answers the path of the archive.",
        ),
        Call::node(
            "backup",
            "corex.backup",
            &[
                CONTAINER_ID,
                required("url", Kind::Filled, "where the backup goes"),
            ],
            Answer::Job,
            "Backs a container up; the value of the job is the id of the backup.",
        ),
        Call::node(
            "restore",
            "corex.restore",
            &[required("url", Kind::Filled, "the backup")],
            Answer::Job,
            "Makes a container from a backup; the value of the job is its id.",
        ),
        Call::node(
            "zerotier_info",
            "corex.zerotier.info",
            &[CONTAINER_ID],
            Answer::Object,
            "Answers the state of zerotier in a container.",
        ),
        Call::node(
            "zerotier_list",
            "corex.zerotier.list",
            &[CONTAINER_ID],
            Answer::List,
            "Lists the zerotier networks of a container.",
        ),
    ],
};
