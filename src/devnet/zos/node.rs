//! Takes jobs from the data, runs them, puts results back.
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::builtin::aggregator::{Aggregator, Measured};
use super::builtin::cgroup::Cgroups;
use super::builtin::corex::{self, Boxes, NodeRoots};
use super::builtin::logger::Logger;
use super::builtin::network::Networks;
use super::builtin::{self, aggregator, cgroup, disk, info, logger, network, ports, settings, web};
use super::container::{self, Containers, Event};
use super::files::Files;
use super::flists::{Flists, Limits};
use super::inside::Said;
use super::jobs::basics::Version;
use super::jobs::running::wire;
use super::jobs::{Commands, Outlet, Runner, Surroundings};
use super::place::{OWNER, Place, end_leftovers};
use super::redis::Keyspace;
use super::redis::keyspace::End;
use super::view::View;
use crate::devnet::error::{Error, Result};
use crate::devnet::stopping::stopped;
use crate::zos::protocol::{Job, JobResult, Level, Message, Record, keys};

/// How often what is over is thrown away.
const SWEEP: Duration = Duration::from_secs(1);
/// How long jobs have between SIGTERM and SIGKILL when the node stops.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes from which on a result counts as large.
const LARGE: usize = 64 * 1024;
/// Bytes that large results may take together; beyond it the oldest go before their time.
const LARGE_TOGETHER: usize = 128 * 1024 * 1024;
/// How often the machine is measured, in sweeps.
const MEASURE: u32 = 30;

/// Writes what jobs say to the keys that clients read.
pub struct Desk {
    keyspace: Arc<Keyspace>,
    logger: Arc<Logger>,
    aggregator: Arc<Aggregator>,
    large: Mutex<LargeResults>,
    running: Mutex<HashMap<String, usize>>,
}

/// Results that take much room, oldest first: a file that is read in blocks leaves one for each.
#[derive(Default)]
struct LargeResults {
    kept: VecDeque<(String, usize)>,
    bytes: usize,
}

impl Desk {
    /// A record of a job on the node or in a container.
    pub fn record(&self, record: Record, streams: bool) {
        let level = record.message.level();
        if level == Level::STATISTICS
            && let Some(measured) = Measured::parse(&record.message.message)
        {
            self.aggregator.take(record.core, measured);
        }
        let text = streams.then(|| wire(&record));
        if let Some(text) = &text {
            self.keyspace.append(
                &keys::stream(&record.command),
                text,
                Some(keys::STREAM_LENGTH),
                Some(keys::STREAM_LIFE),
            );
        }
        self.logger.record(record, text);
    }

    /// Something of a container that its user should know.
    pub fn trouble(&self, container: u16, text: &str) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let epoch = i64::try_from(now.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX);
        let record = Record {
            core: container,
            command: String::new(),
            message: Message::new(text, Level::WARNING, 0, epoch),
        };
        self.record(record, false);
    }

    /// The result of a job on the node or in a container.
    pub fn result(&self, result: &JobResult) {
        // One of the same id may go on in another container.
        if self.leave(&result.id) {
            self.keyspace
                .expire(keys::flag(&result.id).as_bytes(), keys::RESULT_LIFE);
        }
        let key = keys::result(&result.id);
        let text = wire(result);
        self.keyspace
            .append(&key, &text, None, Some(keys::RESULT_LIFE));
        if text.len() < LARGE {
            return;
        }
        let mut large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        large.bytes += text.len();
        large.kept.push_back((key, text.len()));
        while large.bytes > LARGE_TOGETHER {
            let Some((key, bytes)) = large.kept.pop_front() else {
                break;
            };
            large.bytes = large.bytes.saturating_sub(bytes);
            self.keyspace.remove(key.as_bytes());
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One job less of this id; true when it was the last.
    fn leave(&self, id: &str) -> bool {
        let mut running = self.running();
        match running.get_mut(id) {
            Some(count @ 2..) => {
                *count -= 1;
                false
            }
            _ => {
                running.remove(id);
                true
            }
        }
    }

    /// Takes the mark of a job away that could not be handed on.
    pub fn forget(&self, id: &str) {
        if self.leave(id) {
            self.keyspace.remove(keys::flag(id).as_bytes());
        }
    }

    /// Marks a job of the node as taken; false when its id is known already.
    pub fn accept(&self, id: &str) -> bool {
        let flag = keys::flag(id);
        if self.keyspace.exists(flag.as_bytes()) {
            return false;
        }
        self.keyspace.append(&flag, "", None, None);
        self.running().insert(id.to_string(), 1);
        true
    }

    /// Marks a job of a container as taken, also when its id was used before: on the real node only
    /// the jobs that clients push to the node itself are compared with those of the last minutes.
    /// What an earlier job of that id left is removed, so that nobody takes it for this one's.
    pub fn accept_inside(&self, id: &str) {
        let mut running = self.running();
        let count = running.entry(id.to_string()).or_default();
        *count += 1;
        if *count > 1 {
            return;
        }
        self.keyspace.remove(keys::result(id).as_bytes());
        self.keyspace.remove(keys::stream(id).as_bytes());
        let flag = keys::flag(id);
        if !self.keyspace.persist(flag.as_bytes()) {
            self.keyspace.append(&flag, "", None, None);
        }
    }
}

impl Outlet for Desk {
    fn message(&self, runner: &Runner, job: &Job, message: &Message) {
        let record = Record {
            core: runner.id,
            command: job.id.clone(),
            message: message.clone(),
        };
        self.record(record, job.stream);
    }

    fn result(&self, result: JobResult) {
        Desk::result(self, &result);
    }
}

/// A node without its port.
pub struct Node {
    keyspace: Arc<Keyspace>,
    desk: Arc<Desk>,
    runner: Arc<Runner>,
    aggregator: Arc<Aggregator>,
    boxes: Option<Arc<Boxes>>,
    events: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
    groups: Arc<Cgroups>,
    owner: String,
    notices: Vec<String>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// A node in a folder.
    ///
    /// # Errors
    /// When the folder, or what is shared, cannot be used.
    pub async fn new(
        place: &Place,
        keyspace: Arc<Keyspace>,
        shared: &[PathBuf],
        mut env: Vec<(std::ffi::OsString, std::ffi::OsString)>,
        program: Option<PathBuf>,
        address: std::net::IpAddr,
    ) -> Result<Arc<Self>> {
        let mut notices = Vec::new();
        let root = place.files();
        let files = Files::new(&root, shared).map_err(Error::file("cannot open", &root))?;
        let files = Arc::new(files);
        let everything = shared.iter().any(|path| path.as_os_str() == "/");
        let view = if everything {
            None
        } else {
            view(&root, shared, &mut notices)
        };
        env.push((OWNER.into(), place.id().into()));
        let surroundings = Surroundings {
            dir: if view.is_some() || everything {
                "/".into()
            } else {
                root
            },
            env,
            groups: true,
            end_with_us: true,
            patience: PATIENCE,
            view,
        };
        let logger = Arc::new(Logger::new(Arc::clone(&keyspace)));
        let aggregator = Arc::new(Aggregator::new(Arc::clone(&keyspace)));
        let desk = Arc::new(Desk {
            keyspace: Arc::clone(&keyspace),
            logger: Arc::clone(&logger),
            aggregator: Arc::clone(&aggregator),
            large: Mutex::default(),
            running: Mutex::default(),
        });
        let mut commands = Commands::default();
        builtin::everywhere(&mut commands, &Version::ours(), &files);
        info::add_dmi(&mut commands);
        logger::add(&mut commands, &logger);
        aggregator::add(&mut commands, &aggregator);
        settings::add(&mut commands);
        web::add(&mut commands, &files);
        let groups = Arc::new(Cgroups::new(place.id()));
        // What a killed node left.
        groups.clear();
        let mut events = None;
        let mut boxes = None;
        if let Some(program) = program {
            let mut config = container::Config::new(place.containers(), program);
            let cache = place.path().join("roots");
            config.address = address;
            config.groups = Some(Arc::clone(&groups) as Arc<dyn container::Groups>);
            let flists = Flists::new(place.path().join("flists"), Limits::default());
            config.sources = vec![Arc::new(NodeRoots::new(Arc::clone(&files), cache, flists))];
            let (containers, told) = Containers::open(config).await.map_err(|e| Error::Start {
                reason: e.to_string(),
            })?;
            notices.push(containers.support().to_string());
            notices.push(containers.network_words());
            let made = Boxes::new(
                containers,
                Arc::clone(&desk),
                Arc::clone(&files),
                place.files(),
            );
            let made = Arc::new(made);
            corex::add(&mut commands, &made);
            boxes = Some(made);
            events = Some(told);
        } else {
            corex::add_none(&mut commands);
        }
        let of_ports = boxes.clone();
        ports::add(&mut commands, move || {
            of_ports
                .as_ref()
                .map(|boxes| boxes.forwarded())
                .unwrap_or_default()
        });
        disk::add(&mut commands);
        cgroup::add(&mut commands, &groups);
        let own = match &boxes {
            Some(boxes) => boxes.containers().network().map(Arc::clone),
            None => Err("it runs inside another program"),
        };
        let networks = Networks::Node(own.map_err(str::to_owned));
        network::add_ip(&mut commands, &networks);
        network::add_node(&mut commands, &networks);
        let outlet: Arc<dyn Outlet> = Arc::clone(&desk) as Arc<dyn Outlet>;
        let runner = Runner::new(0, surroundings, commands, outlet).map_err(|e| Error::Start {
            reason: e.to_string(),
        })?;
        Ok(Arc::new(Node {
            keyspace,
            desk,
            runner,
            aggregator,
            boxes,
            events: Mutex::new(events),
            groups,
            owner: place.id().to_string(),
            notices,
        }))
    }

    /// See [`super::Handle::notices`].
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Takes jobs as they come, until the node stops.
    pub async fn take_jobs(self: Arc<Self>, stopping: watch::Receiver<bool>) {
        let queue: super::redis::Bytes = keys::JOBS.as_bytes().into();
        loop {
            let next = self
                .keyspace
                .pop_waiting(vec![queue.clone()], End::Left, None);
            let taken = tokio::select! {
                biased;
                () = stopped(stopping.clone()) => return,
                taken = next => taken,
            };
            match taken {
                Ok(Some((_, text))) => self.take(&text),
                // A client put a text where the queue should be.
                _ => {
                    self.keyspace.remove(&queue);
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Takes one job. What is no job is skipped, as on the real node.
    fn take(&self, text: &[u8]) {
        let Ok(job) = serde_json::from_slice::<Job>(text) else {
            return;
        };
        if job.id.is_empty() || !self.desk.accept(&job.id) {
            return;
        }
        self.runner.start(job);
    }

    /// Throws away what is over, and measures the machine.
    pub async fn keep_house(self: Arc<Self>, stopping: watch::Receiver<bool>) {
        let mut sweeps = 0;
        loop {
            if sweeps % MEASURE == 0 {
                let aggregator = Arc::clone(&self.aggregator);
                let _ = tokio::task::spawn_blocking(move || aggregator.measure()).await;
            }
            sweeps += 1;
            tokio::select! {
                () = stopped(stopping.clone()) => return,
                () = tokio::time::sleep(SWEEP) => self.keyspace.sweep(),
            }
        }
    }

    /// Passes on what containers say.
    pub fn listen_to_containers(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let boxes = Arc::clone(self.boxes.as_ref()?);
        let events = self
            .events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut events = events?;
        let desk = Arc::clone(&self.desk);
        Some(tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                match event {
                    Event::Trouble { container, text } => desk.trouble(container, &text),
                    Event::Ended { container, reason } => boxes.gone(container, &reason),
                    Event::Message { container, message } => {
                        match serde_json::from_value::<Said>(message) {
                            // A container speaks for itself only.
                            Ok(Said::Record(mut record, streams)) => {
                                record.core = container;
                                desk.record(record, streams);
                            }
                            Ok(Said::Result(mut result)) => {
                                result.container = container;
                                boxes.ended(&result);
                            }
                            Ok(Said::Started(id)) => boxes.started(container, id),
                            Err(_) => {}
                        }
                    }
                }
            }
        }))
    }

    /// Ends all jobs, and whatever they left running.
    pub async fn stop(&self) {
        self.runner.stop().await;
        if let Some(boxes) = &self.boxes {
            boxes.containers().stop().await;
        }
        let groups = Arc::clone(&self.groups);
        let owner = self.owner.clone();
        let _ = tokio::task::spawn_blocking(move || {
            end_leftovers(&owner);
            groups.clear();
        })
        .await;
    }
}

/// The view of jobs, if the machine allows one.
fn view(
    root: &std::path::Path,
    shared: &[PathBuf],
    notices: &mut Vec<String>,
) -> Option<Arc<View>> {
    let tried = View::prepare(root, shared).map(Arc::new).and_then(|view| {
        view.try_out()?;
        Ok(view)
    });
    match tried {
        Ok(view) => Some(view),
        Err(e) => {
            notices.push(format!(
                "jobs see the machine's own files, not the node's: no mount namespace ({e})"
            ));
            None
        }
    }
}
