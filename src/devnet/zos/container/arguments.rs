//! What `corex.create` is given, and the checks that need no machine (spec: 3.2).

use indexmap::IndexMap;

use super::error::{Error, Result};
use super::port::Source;
use crate::zos::protocol::container::NIC_TYPES;
use crate::zos::protocol::{CreateArguments, ListedArguments, ListedNic};

/// Host name of a container that was given none.
pub const DEFAULT_HOSTNAME: &str = "corex";
/// Chunk store of a container that was given none.
pub const DEFAULT_STORAGE: &str = "zdb://hub.grid.tf:9900";
/// The search path of every container.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// State of a link that was taken away; its entry stays.
pub const DESTROYED: &str = "destroyed";
/// Longest host name that the kernel takes.
const LONGEST_HOSTNAME: usize = 64;
/// Longest name that a network link may have.
const LONGEST_LINK: usize = 15;

/// Checks what can be checked without the machine, normalizes ports and fills defaults in.
///
/// # Errors
/// Those of the node (spec: 3.2), in its order.
pub fn check(given: CreateArguments, tags: Option<Vec<String>>) -> Result<ListedArguments> {
    if given.root.is_empty() {
        return Err(Error::failed("root plist is required"));
    }
    for (host, guest) in given.mount.iter().flatten() {
        if !host.contains("://") && !host.starts_with('/') {
            return Err(Error::failed(format!(
                "host path '{host}' must be absolute"
            )));
        }
        if !guest.starts_with('/') {
            return Err(Error::failed(format!(
                "guest path '{guest}' must be absolute"
            )));
        }
    }
    for path in given.config.keys() {
        if !path.starts_with('/') {
            return Err(Error::failed(format!(
                "config path '{path}' must be absolute"
            )));
        }
    }
    for (key, value) in given.env.iter().flatten() {
        if key.is_empty() || key.contains(['=', '\0']) || value.contains('\0') {
            return Err(Error::failed(format!(
                "invalid environment variable '{key}'"
            )));
        }
    }
    let mut nics: Vec<ListedNic> = given.nics.into_iter().map(ListedNic::from).collect();
    check_nics(&nics)?;
    if given.host_network {
        // Nobody makes them: they have no state.
        nics.iter_mut().for_each(|nic| nic.state.clear());
    }
    let or = |given: Option<String>, usual: &str| {
        given
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| usual.to_owned())
    };
    let hostname = given.hostname.unwrap_or_default();
    // The kernel takes no more; a space or newline would add names to /etc/hosts.
    if hostname.len() > LONGEST_HOSTNAME || hostname.contains(|c: char| c.is_control() || c == ' ')
    {
        let shown = hostname.escape_debug();
        return Err(Error::failed(format!(
            "invalid hostname '{shown}': at most {LONGEST_HOSTNAME} bytes without spaces"
        )));
    }
    Ok(ListedArguments {
        root: given.root,
        mount: given.mount,
        host_network: given.host_network,
        identity: given.identity.unwrap_or_default(),
        nics,
        port: given.port.map(ports).transpose()?,
        privileged: given.privileged,
        hostname,
        storage: or(given.storage, DEFAULT_STORAGE),
        name: given.name.unwrap_or_default(),
        tags,
        env: given.env,
        cgroups: given.cgroups,
        config: Some(given.config),
    })
}

/// Checks ports and writes their sources in the normal form.
fn ports(given: IndexMap<String, i64>) -> Result<IndexMap<String, i64>> {
    let mut normal = IndexMap::new();
    let mut seen = Vec::new();
    for (source, guest) in given {
        let source = Source::parse(&source)?;
        guest_port(guest)?;
        if seen.contains(&source.port) {
            return Err(super::forward::in_use(source.port));
        }
        seen.push(source.port);
        normal.insert(source.to_string(), guest);
    }
    Ok(normal)
}

/// Says whether ports can be forwarded: there is a default link.
pub fn has_default_nic(arguments: &ListedArguments) -> bool {
    let nics = arguments.nics.iter();
    let mut living = nics.filter(|nic| nic.state != DESTROYED);
    living.any(|nic| nic.kind == "default")
}

/// Returns the host name of a container; what it was given is listed, also if that is nothing.
pub fn hostname(arguments: &ListedArguments) -> &str {
    match arguments.hostname.as_str() {
        "" => DEFAULT_HOSTNAME,
        given => given,
    }
}

/// Returns the environment of a container's jobs.
pub fn environment(arguments: &ListedArguments) -> IndexMap<String, String> {
    let mut all = IndexMap::from([
        ("PATH".to_owned(), PATH.to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
    ]);
    all.extend(arguments.env.clone().unwrap_or_default());
    all
}

/// Reads a port in the container.
pub fn guest_port(port: i64) -> Result<u16> {
    u16::try_from(port).map_err(|_| Error::failed(format!("invalid guest port '{port}'")))
}

/// Checks the links of a container against each other.
pub fn check_nics(nics: &[ListedNic]) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    let mut bridges: Vec<&str> = Vec::new();
    let mut defaults = 0;
    for nic in nics.iter().filter(|nic| nic.state != DESTROYED) {
        match nic.kind.as_str() {
            "default" => defaults += 1,
            "bridge" => {
                let id = nic.id.as_str();
                if id == "core0" {
                    return Err(Error::failed(
                        "cannot use bridge core0 with nic type 'bridge', please use type default instead",
                    ));
                }
                if bridges.contains(&id) {
                    return Err(Error::failed(format!(
                        "connecting to bridge '{id}' more than one time is not allowed"
                    )));
                }
                bridges.push(id);
            }
            known if NIC_TYPES.contains(&known) => {}
            other => {
                return Err(Error::failed(format!("unsupported network type '{other}'")));
            }
        }
        if defaults > 1 {
            return Err(Error::failed("only one default network is allowed"));
        }
        let name = nic.name.as_str();
        if name.is_empty() {
            continue;
        }
        if names.contains(&name) {
            return Err(Error::failed(format!(
                "name '{name}' is passed twice in the container"
            )));
        }
        if name.len() > LONGEST_LINK {
            return Err(Error::failed(format!("invalid name '{name}' too long")));
        }
        if name == "default" {
            return Err(Error::failed("invalid name `default`"));
        }
        if name.starts_with("eth") || name.starts_with("zt") {
            return Err(Error::failed(format!(
                "name '{name}' cannot be used as it is started with eth or zt"
            )));
        }
        names.push(name);
    }
    Ok(())
}
