//! The processes of a container, seen from the node: starting, talking, waiting, measuring.

use std::fs;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::dial::Dial;
use super::error::{Error, Result};
use super::frame::{self, FromInit, Ready, SetUp, ToInit};
use super::init::PARENT;
use super::leftovers::Home;
use super::root::{FlistRoot, Told};
use super::{Config, Event};
use crate::devnet::zos::switch::Switch;
use crate::devnet::zos::switch::links::Cable;

/// The hidden subcommand of the kosmos program that starts a container.
pub const SUBCOMMAND: &str = "zos-init";
/// How long building a container may take: a root may have to be copied.
const BUILD_PATIENCE: Duration = Duration::from_secs(120);
/// How long a stopping container may take beyond its jobs' patience.
const STOP_MARGIN: Duration = Duration::from_secs(5);
/// How long the kernel may take to end what was killed.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// The way to speak to a container's worker.
pub struct Living {
    out: mpsc::UnboundedSender<Vec<u8>>,
    dial: Arc<Dial>,
    stopping: Notify,
    kill: Notify,
}

impl Living {
    /// Sends a message.
    pub fn say(&self, message: &ToInit) -> Result<()> {
        let bytes = frame::encode(message).map_err(Error::failed)?;
        self.out.send(bytes).map_err(|_| {
            Error::failed("failed to dispatch command to container, check system logs for errors")
        })
    }

    /// Returns the maker of sockets inside.
    pub fn dial(&self) -> Arc<Dial> {
        Arc::clone(&self.dial)
    }

    /// Ends the container: by asking, then by force. Returns when it is gone.
    pub async fn stop(&self, patience: Duration, mut ended: watch::Receiver<Option<String>>) {
        self.stopping.notify_one();
        let _ = self.say(&ToInit::Stop);
        let gone = ended.wait_for(Option::is_some);
        if timeout(patience.saturating_add(STOP_MARGIN), gone)
            .await
            .is_err()
        {
            self.kill.notify_one();
            let _ = ended.wait_for(Option::is_some).await;
        }
    }
}

/// A container that stands; [`Started::run`] sees it through to its end.
pub struct Started {
    /// What it turned out to be.
    pub ready: Ready,
    /// The way to speak to it.
    pub living: Arc<Living>,
    child: Child,
    from: OwnedReadHalf,
    home: Home,
}

/// How a container is connected to the node's network.
#[derive(Default)]
pub struct Wiring {
    /// The network, where there is one.
    pub switch: Option<Arc<Switch>>,
    /// The pairs of links to make.
    pub cables: Vec<Cable>,
}

impl Wiring {
    /// Connects the network of a process.
    async fn connect(&self, pid: u32) -> std::io::Result<()> {
        let Some(switch) = self.switch.clone() else {
            return Ok(());
        };
        let cables = self.cables.clone();
        let connecting = tokio::task::spawn_blocking(move || {
            for cable in cables {
                let name = cable.inside.clone();
                let done = switch.attach(Cable { pid, ..cable });
                done.map_err(|e| format!("cannot connect link '{name}': {e}"))?;
            }
            Ok::<_, String>(())
        });
        connecting.await?.map_err(std::io::Error::other)
    }
}

/// Starts the helper and waits until the container stands. Nothing is left when that fails.
pub async fn start(
    config: &Config,
    home: Home,
    mut set_up: SetUp,
    groups: &[(String, String)],
    network: Wiring,
    served: Vec<Serving>,
) -> Result<Started> {
    set_up.cables = !network.cables.is_empty();
    let pair = || {
        let (ours, theirs) = StdUnixStream::pair()?;
        Ok::<_, std::io::Error>((ours, Stdio::from(std::os::fd::OwnedFd::from(theirs))))
    };
    let failed = || Error::doing::<std::io::Error>("cannot open a socket pair");
    let (control, their_control) = pair().map_err(failed())?;
    let (dial, their_dial) = pair().map_err(failed())?;
    control.set_nonblocking(true).map_err(failed())?;
    let control = UnixStream::from_std(control).map_err(failed())?;
    let mut command = Command::new(&config.init);
    command.arg(SUBCOMMAND);
    if let Some(switch) = &network.switch {
        command.args([PARENT, &switch.pid().to_string()]);
    }
    command
        .args(["-hostname", &set_up.hostname])
        .args((!set_up.privileged).then_some("-unprivileged"))
        .env_clear()
        .current_dir("/")
        .stdin(their_control)
        .stdout(their_dial)
        .stderr(Stdio::null())
        // Ctrl-C at the node's terminal is not meant for containers.
        .process_group(0)
        .kill_on_drop(true);
    let what = format!("cannot start {}", config.init.display());
    let child = command.spawn().map_err(Error::doing(what))?;
    // Until it is dropped, the command holds their ends of the sockets.
    drop(command);
    let pid = child.id().unwrap_or(0);
    home.claim(pid)
        .map_err(Error::doing("cannot write its state"))?;
    for (subsystem, name) in groups {
        if let Some(all) = config.groups.as_ref().filter(|g| g.exists(subsystem, name)) {
            let what = format!("cannot join cgroup [{subsystem} {name}]");
            all.add(subsystem, name, pid).map_err(Error::doing(what))?;
        }
    }
    if !served.is_empty() {
        let passed = dial.try_clone().map_err(failed())?;
        let thread = std::thread::Builder::new().name("flists".into());
        thread
            .spawn(move || serve(&passed, served))
            .map_err(Error::doing("cannot start a thread"))?;
    }
    let (mut from, mut to) = control.into_split();
    let first = frame::encode(&ToInit::SetUp(Box::new(set_up))).map_err(Error::failed)?;
    let building = async {
        // A helper that may not go on says why and ends, perhaps before it was told anything.
        let told = to.write_all(&first).await;
        let said = match frame::read_async::<FromInit>(&mut from).await {
            Ok(Some(FromInit::Network)) => {
                network.connect(pid).await?;
                to.write_all(&frame::encode(&ToInit::Connected)?).await?;
                frame::read_async::<FromInit>(&mut from).await
            }
            other => other,
        };
        match said {
            Ok(Some(said)) => Ok(Some(said)),
            other => told.and(other),
        }
    };
    let ready = match timeout(BUILD_PATIENCE, building).await {
        Ok(Ok(Some(FromInit::Ready(ready)))) => ready,
        other => {
            let reason = match other {
                Ok(Ok(Some(FromInit::Failed(reason)))) => reason,
                Ok(Ok(_)) => format!("{} ended at once", config.init.display()),
                Ok(Err(e)) => e.to_string(),
                Err(_) => format!("not built within {} s", BUILD_PATIENCE.as_secs()),
            };
            end(child, 0).await;
            home.remove().await;
            return Err(Error::failed(format!(
                "cannot build the container: {reason}"
            )));
        }
    };
    let (out, outgoing) = mpsc::unbounded_channel();
    tokio::spawn(write(to, outgoing));
    let living = Arc::new(Living {
        out,
        dial: Arc::new(Dial::new(dial)),
        stopping: Notify::new(),
        kill: Notify::new(),
    });
    Ok(Started {
        ready,
        living,
        child,
        from,
        home,
    })
}

/// An flist that is served to a container.
pub struct Serving {
    /// The flist.
    pub flist: Arc<dyn FlistRoot>,
    /// Only one user exists in the container.
    pub one_user: bool,
    /// Is told what cannot be read.
    pub told: Told,
}

/// Takes the devices that the helper passes out, and serves each until its mount is gone.
fn serve(passed: &StdUnixStream, served: Vec<Serving>) {
    for serving in served {
        // A helper that failed says so itself, and its end closes the socket.
        let Ok(Some(device)) = super::dial::take(passed) else {
            return;
        };
        let thread = std::thread::Builder::new().name("flist".into());
        // Without a thread the device closes, and whoever reads there gets an error.
        let _ = thread.spawn(move || {
            let told = Arc::clone(&serving.told);
            if let Err(e) = serving.flist.serve(device, serving.one_user, serving.told) {
                told(&format!("an flist is not served any more: {e}"));
            }
        });
    }
}

impl Started {
    /// Passes on what the container says until it ends; returns how it ended.
    pub async fn run(self, id: u16, events: mpsc::UnboundedSender<Event>) -> String {
        let Self {
            ready,
            living,
            mut child,
            mut from,
            home,
        } = self;
        let mut killed = false;
        let listening = async {
            // Anything but a message ends the listening: the other side is gone or mad.
            while let Ok(Some(FromInit::Job(message))) = frame::read_async(&mut from).await {
                let container = id;
                let _ = events.send(Event::Message { container, message });
            }
        };
        tokio::select! {
            () = listening => {}
            () = living.kill.notified() => killed = true,
        }
        let status = if killed {
            None
        } else {
            timeout(STOP_MARGIN, child.wait())
                .await
                .ok()
                .and_then(std::result::Result::ok)
        };
        end(child, ready.pid).await;
        home.remove().await;
        let asked = timeout(Duration::ZERO, living.stopping.notified())
            .await
            .is_ok();
        match status {
            _ if asked => "terminated".to_owned(),
            Some(status) => words(status),
            None => "killed".to_owned(),
        }
    }
}

/// Writes what is to be said to a container, until nobody says anything or it is gone.
async fn write(mut to: OwnedWriteHalf, mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = outgoing.recv().await {
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Kills the helper, with which the kernel kills the container, and waits until both are gone.
async fn end(mut child: Child, init: u32) {
    let _ = child.start_kill();
    let _ = child.wait().await;
    let gone = async {
        // One that ended may stay listed until the machine's first process collects it.
        while init != 0 && Stat::read(init).is_some_and(|stat| !stat.ended) {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let _ = timeout(KILL_PATIENCE, gone).await;
}

/// The helper passes the status of the container's first process on, a signal as 128 + n.
fn words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) if code > 128 => format!("signal {}", code - 128),
        Some(code) => format!("exit code {code}"),
        None => "killed".to_owned(),
    }
}

/// What the processes of a container use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Percent of one processor since the container started.
    pub cpu: u64,
    /// Memory in use, bytes (shared pages count for each process).
    pub rss: u64,
    /// Address space, bytes.
    pub vms: u64,
    /// Memory that was swapped out, bytes.
    pub swap: u64,
}

/// Adds up a process and all that come from it.
pub fn usage(init: u32) -> Usage {
    let mut all: Vec<Stat> = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().parse::<u32>();
        if let Some(stat) = pid.ok().and_then(Stat::read) {
            all.push(stat);
        }
    }
    let mut wanted = vec![init];
    let mut at = 0;
    while let Some(parent) = wanted.get(at).copied() {
        let children = all.iter().filter(|s| s.parent == parent && s.pid != parent);
        wanted.extend(children.map(|s| s.pid));
        at += 1;
    }
    let mut sum = Usage::default();
    let (mut ticks, mut begun) = (0u64, u64::MAX);
    for stat in all.iter().filter(|s| wanted.contains(&s.pid)) {
        ticks = ticks.saturating_add(stat.ticks);
        begun = begun.min(stat.start);
        sum.vms = sum.vms.saturating_add(stat.vms);
        sum.rss = sum.rss.saturating_add(stat.rss);
        sum.swap = sum.swap.saturating_add(swapped(stat.pid));
    }
    let lived = uptime_ticks().saturating_sub(begun);
    sum.cpu = ticks.saturating_mul(100).checked_div(lived).unwrap_or(0);
    sum
}

/// What `/proc/<pid>/stat` says.
pub struct Stat {
    /// Process id.
    pub pid: u32,
    /// Process id of its parent.
    pub parent: u32,
    /// When it started, in ticks since the machine did: tells a reused id.
    pub start: u64,
    /// It ended, and only waits to be collected by its parent.
    pub ended: bool,
    ticks: u64,
    vms: u64,
    rss: u64,
}

/// Size of a page where the kernel counts in pages; every machine that we build for has it.
const PAGE: u64 = 4096;
/// Ticks of a second in `/proc` (USER_HZ, part of the kernel's interface).
const TICKS: u64 = 100;

impl Stat {
    /// Reads it; None when there is no such process.
    pub fn read(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything, also parentheses.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid,
            ended: matches!(fields.first(), Some(&("Z" | "X"))),
            parent: u32::try_from(number(1)?).ok()?,
            ticks: number(11)?.saturating_add(number(12)?),
            start: number(19)?,
            vms: number(20)?,
            rss: number(21)?.saturating_mul(PAGE),
        })
    }
}

fn swapped(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmSwap:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0).saturating_mul(1024)
}

fn uptime_ticks() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split('.').next().and_then(|s| s.parse::<u64>().ok());
    seconds.unwrap_or(0).saturating_mul(TICKS)
}
