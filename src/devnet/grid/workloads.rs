//! What the broker deploys, for real and on this machine: Zero-OS nodes, S3 archives, 0-DB
//! namespaces and reverse proxies.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::super::error::{Error, Result};
use super::super::serving::Serving;
use super::super::{gateway, s3, zdb};
use super::directory::Directory;
use super::robot;
use crate::grid::directory::Units;
use crate::grid::reservation::price::{archive_gigabytes, machine};
use crate::grid::reservation::{DiskType, Mode, Reservation, Wanted};

/// Port of a Zero-OS node, of its robot, and of an archive (spec: capacity §8).
const ZOS_PORT: u16 = 6379;
const ROBOT_PORT: u16 = 6600;
const S3_PORT: u16 = 9000;
/// The only farm that archives are made in (spec: capacity §6.3).
const S3_FARM: &str = "freefarm.s3-storage";
/// Addresses that are tried before there is none.
const TRIES: usize = 50;
/// Bytes of a gigabyte.
const GIGABYTE: u64 = 1_000_000_000;

/// What a workload is, decided before anything is started, so that it can be started again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Plan {
    /// A machine.
    Vm {
        /// Its own address on this machine.
        address: Ipv4Addr,
        /// Where its capacity comes from.
        node: String,
        /// How much that is.
        units: Units,
    },
    /// An archive.
    S3 {
        address: Ipv4Addr,
        node: String,
        units: Units,
        /// Its name at the gateway.
        domain: String,
        login: String,
        password: Secret,
        limit: u64,
    },
    /// A namespace.
    Namespace {
        node: String,
        units: Units,
        name: String,
        password: Secret,
        limit: u64,
        /// Who chooses the keys; None as it is.
        #[serde(default)]
        mode: Option<zdb::Mode>,
    },
    /// A reverse proxy.
    ReverseProxy {
        domain: String,
        backends: Vec<String>,
    },
}

/// A password in the broker's private file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl Secret {
    fn zeroizing(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.clone())
    }
}

/// What runs.
enum Running {
    #[cfg(target_os = "linux")]
    Vm(super::super::zos::Handle, Serving),
    S3(Serving),
    /// It is an entry of a server that all share.
    Shared,
}

impl Running {
    async fn stop(self) {
        match self {
            #[cfg(target_os = "linux")]
            Running::Vm(node, robot) => {
                node.stop().await;
                robot.stop().await;
            }
            Running::S3(archive) => archive.stop().await,
            Running::Shared => {}
        }
    }
}

/// All that is deployed.
pub(super) struct Workloads {
    folder: PathBuf,
    directory: Arc<Directory>,
    gateway: gateway::Handle,
    zdb: zdb::Handle,
    /// The program that is the first process of containers.
    program: Option<PathBuf>,
    running: Mutex<HashMap<String, Running>>,
}

impl std::fmt::Debug for Workloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workloads").finish_non_exhaustive()
    }
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::Refused {
        reason: reason.into(),
    }
}

impl Workloads {
    pub(super) fn new(
        folder: PathBuf,
        directory: Arc<Directory>,
        gateway: gateway::Handle,
        zdb: zdb::Handle,
        program: Option<PathBuf>,
    ) -> Self {
        Self {
            folder,
            directory,
            gateway,
            zdb,
            program,
            running: Mutex::default(),
        }
    }

    pub(super) fn gateway_addr(&self) -> SocketAddr {
        self.gateway.addr()
    }

    pub(super) fn zdb_addr(&self) -> SocketAddr {
        self.zdb.addr()
    }

    /// Decides what a reservation becomes. Addresses and domains of those that are `active` are
    /// taken.
    pub(super) fn plan(&self, reservation: &Reservation, active: &[&Plan]) -> Result<Plan> {
        let taken: Vec<Ipv4Addr> = active.iter().filter_map(|plan| plan.address()).collect();
        let taken = taken.as_slice();
        match &reservation.wanted {
            Wanted::Vm { size, location, .. } => {
                let machine = machine(*size).ok_or_else(|| refuse("no such size"))?;
                let units = Units {
                    cru: f64::from(machine.cpus),
                    mru: f64::from(machine.memory_mib / 1024),
                    hru: 0.0,
                    sru: f64::from(machine.disk_gib),
                };
                let node = self.directory.place(location, units)?.node_id;
                let address = free_address(taken, &[ZOS_PORT, ROBOT_PORT])?;
                Ok(Plan::Vm {
                    address,
                    node,
                    units,
                })
            }
            Wanted::S3 { size, location } => {
                let gigabytes = archive_gigabytes(*size).ok_or_else(|| refuse("no such size"))?;
                let units = Units {
                    hru: f64::from(gigabytes),
                    ..Units::default()
                };
                let node = self.directory.place(location, units);
                let at = self.directory.node(location);
                let farm = at.map_or_else(|| location.clone(), |node| node.farmer_id);
                if farm != S3_FARM {
                    return Err(refuse(format!("can only deploy s3 in {S3_FARM}")));
                }
                Ok(Plan::S3 {
                    address: free_address(taken, &[S3_PORT])?,
                    node: node?.node_id,
                    units,
                    domain: format!("{}.wg01.grid.tf", random_text(6, LOWER)?),
                    login: random_text(8, ALL)?,
                    password: Secret(random_text(16, ALL)?),
                    limit: u64::from(gigabytes).saturating_mul(GIGABYTE),
                })
            }
            Wanted::Namespace {
                size,
                location,
                disk_type,
                password,
                mode,
            } => {
                let gigabytes = f64::from(*size);
                let units = match disk_type {
                    DiskType::Hdd => Units {
                        hru: gigabytes,
                        ..Units::default()
                    },
                    DiskType::Ssd => Units {
                        sru: gigabytes,
                        ..Units::default()
                    },
                };
                let password = match password.is_empty() {
                    true => random_text(16, ALL)?,
                    false => password.reveal().to_owned(),
                };
                Ok(Plan::Namespace {
                    node: self.directory.place(location, units)?.node_id,
                    units,
                    name: guid()?,
                    password: Secret(password),
                    limit: u64::from(*size).saturating_mul(GIGABYTE),
                    mode: Some(match mode {
                        Mode::User => zdb::Mode::User,
                        // Keys of `direct` are the server's own too.
                        Mode::Seq | Mode::Direct => zdb::Mode::Seq,
                    }),
                })
            }
            Wanted::ReverseProxy {
                domain,
                backend_urls,
            } => {
                let same = |name: &str| gateway::same_domain(name, domain);
                if active.iter().any(|plan| plan.domain().is_some_and(same)) {
                    let taken = gateway::RouteError::Taken(domain.clone());
                    return Err(refuse(taken.to_string()));
                }
                Ok(Plan::ReverseProxy {
                    domain: domain.clone(),
                    backends: backend_urls.clone(),
                })
            }
            Wanted::Extension { .. } => Err(refuse("an extension is nothing to deploy")),
        }
    }

    /// Whether something runs.
    pub(super) async fn runs(&self, id: &str) -> bool {
        self.running.lock().await.contains_key(id)
    }

    /// Starts what was planned, also when some of it was started before. `again` says that it
    /// had been deployed when the devnet stopped. Several can be started side by side, but each by
    /// one at a time only.
    pub(super) async fn start(&self, id: &str, plan: &Plan, again: bool) -> Result<()> {
        if self.runs(id).await {
            return Ok(());
        }
        let folder = self.folder.join(id);
        let started = match plan {
            #[cfg(target_os = "linux")]
            Plan::Vm { address, .. } => {
                let at = |port| SocketAddr::new(IpAddr::V4(*address), port);
                let robot = robot::start(at(ROBOT_PORT)).await?;
                let config = super::super::zos::Config {
                    listen: at(ZOS_PORT),
                    program: self.program.clone(),
                    ..super::super::zos::Config::new(folder)
                };
                Running::Vm(super::super::zos::ZosNode::start(config).await?, robot)
            }
            #[cfg(not(target_os = "linux"))]
            Plan::Vm { .. } => return Err(refuse("Zero-OS nodes run on Linux only")),
            Plan::S3 {
                address,
                domain,
                login,
                password,
                limit,
                ..
            } => {
                let listen = SocketAddr::new(IpAddr::V4(*address), S3_PORT);
                let settings = s3::Settings {
                    login: login.clone(),
                    password: password.zeroizing(),
                    limit: Some(*limit),
                };
                let archive = s3::start(listen, &folder, settings).await?;
                self.serve(domain, &[format!("http://{listen}")], again)?;
                Running::S3(archive)
            }
            Plan::Namespace {
                name,
                password,
                limit,
                mode,
                ..
            } => {
                self.zdb
                    .namespace(name, Some(&password.zeroizing()), false, *limit)?;
                if let Some(mode) = mode {
                    self.zdb.namespace_mode(name, *mode)?;
                }
                Running::Shared
            }
            Plan::ReverseProxy { domain, backends } => {
                self.serve(domain, backends, again)?;
                Running::Shared
            }
        };
        self.running.lock().await.insert(id.to_owned(), started);
        Ok(())
    }

    fn serve(&self, domain: &str, backends: &[String], again: bool) -> Result<()> {
        let served = self.gateway.serve(domain, backends, again);
        served.map_err(|error| refuse(error.to_string()))
    }

    /// Takes the capacity of a plan, or gives it back.
    pub(super) fn reserve(&self, plan: &Plan, back: bool) -> Result<()> {
        match plan {
            Plan::Vm { node, units, .. }
            | Plan::S3 { node, units, .. }
            | Plan::Namespace { node, units, .. } => self.directory.reserve(node, *units, back),
            Plan::ReverseProxy { .. } => Ok(()),
        }
    }

    /// Stops a workload; what it kept goes as well when it is `over`.
    pub(super) async fn stop(&self, id: &str, plan: &Plan, over: bool) -> Result<()> {
        let stopped = self.running.lock().await.remove(id);
        // What was not started has no domain: it may be somebody else's.
        let served = stopped.is_some();
        if let Some(running) = stopped {
            running.stop().await;
        }
        if !over {
            return Ok(());
        }
        match plan {
            Plan::Vm { .. } => {}
            Plan::S3 { domain, .. } | Plan::ReverseProxy { domain, .. } => {
                if served {
                    self.gateway.remove(domain);
                }
            }
            Plan::Namespace { name, .. } => self.zdb.namespace_delete(name)?,
        }
        let folder = self.folder.join(id);
        #[cfg(target_os = "linux")]
        if let Plan::Vm { .. } = plan {
            // Also what a killed devnet left running in it.
            return super::super::zos::remove(&folder).await;
        }
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file("cannot remove", folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// Stops everything, side by side; it is started again with the devnet.
    pub(super) async fn stop_all(&self) {
        let all = std::mem::take(&mut *self.running.lock().await);
        let mut stopping: JoinSet<()> = all.into_values().map(Running::stop).collect();
        while stopping.join_next().await.is_some() {}
    }
}

impl Plan {
    /// The address of its own that it has.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        match self {
            Plan::Vm { address, .. } | Plan::S3 { address, .. } => Some(*address),
            Plan::Namespace { .. } | Plan::ReverseProxy { .. } => None,
        }
    }

    /// The domain of its own that it has.
    fn domain(&self) -> Option<&str> {
        match self {
            Plan::S3 { domain, .. } | Plan::ReverseProxy { domain, .. } => Some(domain),
            Plan::Vm { .. } | Plan::Namespace { .. } => None,
        }
    }

    /// Lines of the mail that tells how to reach it.
    pub(super) fn told(&self, gateway: SocketAddr, zdb: SocketAddr) -> Vec<(&'static str, String)> {
        match self {
            Plan::Vm { address, .. } => vec![
                ("0-OS address", format!("{address}:{ZOS_PORT}")),
                ("0-robot url", format!("http://{address}:{ROBOT_PORT}")),
                ("VNC address", "none on a devnet".to_owned()),
            ],
            Plan::S3 {
                address,
                domain,
                login,
                password,
                ..
            } => vec![
                ("S3 url", format!("http://{address}:{S3_PORT}")),
                ("S3 domain", domain.clone()),
                ("Login", login.clone()),
                ("Password", password.0.clone()),
            ],
            Plan::Namespace { name, password, .. } => vec![
                ("0-DB host", zdb.ip().to_string()),
                ("0-DB port", zdb.port().to_string()),
                ("Password", password.0.clone()),
                ("Namespace name", name.clone()),
            ],
            Plan::ReverseProxy { domain, .. } => vec![
                ("Domain", domain.clone()),
                ("IP address for its DNS record", gateway.ip().to_string()),
                ("Port on a devnet", gateway.port().to_string()),
            ],
        }
    }

    /// The kind, as reservations name it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Plan::Vm { .. } => "vm",
            Plan::S3 { .. } => "s3",
            Plan::Namespace { .. } => "namespace",
            Plan::ReverseProxy { .. } => "reverse_proxy",
        }
    }

    /// Subject of that mail (spec: capacity §6.2).
    pub(super) fn subject(&self) -> &'static str {
        match self {
            Plan::Vm { .. } => "Your virtual 0-OS is ready on the Threefold grid",
            Plan::S3 { .. } => "Your S3 archive server is ready on the Threefold grid",
            Plan::Namespace { .. } => "Your 0-DB namespace is ready on the Threefold grid",
            Plan::ReverseProxy { .. } => "Your reverse proxy is ready on the Threefold grid",
        }
    }
}

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ALL: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    Ok(bytes)
}

/// Random characters of an alphabet, each equally likely.
fn random_text(length: usize, alphabet: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(length);
    let fair = 256 - 256 % alphabet.len().max(1);
    while text.len() < length {
        for byte in random::<32>()? {
            if usize::from(byte) < fair
                && text.len() < length
                && let Some(letter) = alphabet.get(usize::from(byte) % alphabet.len().max(1))
            {
                text.push(char::from(*letter));
            }
        }
    }
    Ok(text)
}

/// A random guid of version 4.
fn guid() -> Result<String> {
    let mut bytes = random::<16>()?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    Ok(format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    ))
}

/// An address of the loopback network that nobody uses on these ports.
fn free_address(taken: &[Ipv4Addr], ports: &[u16]) -> Result<Ipv4Addr> {
    for _ in 0..TRIES {
        let [a, b, c] = random::<3>()?;
        // 127.64.0.0 to 127.191.255.255: away from what people use by hand.
        let address = Ipv4Addr::new(127, 64 | (a & 0x7f), b, c.clamp(1, 254));
        let free = |port: &u16| std::net::TcpListener::bind((address, *port)).is_ok();
        if !taken.contains(&address) && ports.iter().all(free) {
            return Ok(address);
        }
    }
    Err(refuse(
        "no address of this machine is free: its loopback network may be one address only",
    ))
}
