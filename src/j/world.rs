//! What the tree needs from outside: a host that talks to the person, a store that is opened when
//! first needed, a clock, a runtime that is started when first needed, and a way to stop.
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::clients::grid::Grid;
use super::instances::Tracked;
use crate::object::{Error, Kind, Result};
use crate::schema::Context;
use crate::store::Store;

/// The person's terminal, for a program elsewhere that will use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalFacts {
    /// Characters of a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
    /// Its kind (`xterm-256color`).
    pub kind: String,
}

/// The terminal in the hands of a program elsewhere.
pub struct Takeover {
    /// What is typed from now on; closed when nothing more can be.
    pub typed: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>,
    /// Shows what the program says, as it is.
    pub write: Box<dyn Fn(&str) + Send + Sync>,
    /// Gives the terminal back when it is dropped.
    pub given_back: Box<dyn std::any::Any + Send>,
}

/// The person, or the program, at the other end.
pub trait Host: Send + Sync {
    /// A line for the person that is not a result (stderr).
    fn note(&self, text: &str);
    /// A secret the person must write down now, shown on a terminal only and never in a log.
    /// Answers false when nobody is there to see it.
    fn show_secret(&self, _text: &str) -> bool {
        false
    }
    /// Text that belongs to the result (stdout): what a stream prints while it runs.
    fn out(&self, text: &str);
    /// Asks a question that must be answered with yes before something irreversible is done.
    /// `preview` is shown before it.
    ///
    /// # Errors
    /// [`Kind::NotConfirmed`] when the answer is no, or when there is nobody to ask and no `--yes`.
    fn confirm(&self, preview: &str, question: &str) -> Result<()>;
    /// Shows what long work is at (None: it ended). Nothing in a pipe.
    fn progress(&self, text: Option<&str>);
    /// Lets the person change a text in their editor; answers the changed text.
    ///
    /// # Errors
    /// When there is no terminal, or no editor.
    fn edit(&self, _text: &str) -> Result<String> {
        Err(Error::new(Kind::Usage, "there is no terminal to edit on"))
    }
    /// What the terminal is.
    ///
    /// # Errors
    /// When there is none.
    fn terminal(&self) -> Result<TerminalFacts> {
        Err(Error::new(Kind::Usage, "there is no terminal to hand over")
            .hint("run a program with .client.system('…').get()"))
    }
    /// Takes the terminal over; with `raw`, every key is handed on as it is, Ctrl-C too.
    ///
    /// # Errors
    /// When there is none.
    fn take_over(&self, _raw: bool) -> Result<Takeover> {
        Err(Error::new(Kind::Usage, "there is no terminal to hand over"))
    }
}

/// How the store is opened when it is first needed: asks for the passphrase if it must.
pub type OpenStore = Box<dyn Fn() -> Result<Arc<Store>> + Send + Sync>;

/// What differs from run to run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Folder of the devnet that `j.devnet` starts.
    pub devnet_dir: PathBuf,
    /// Where the devnet listens unless told otherwise; 0 takes a free port.
    pub devnet_port: u16,
    /// The program that runs a devnet of its own with `devnet start --foreground`; None runs it
    /// inside this process, where it ends with it.
    pub devnet_program: Option<PathBuf>,
    /// The kosmos program: first process of every container of a node that runs inside this
    /// process, and web server of websites. None gives neither.
    pub container_program: Option<PathBuf>,
    /// `network_type="TEST"` also means the devnet (`kosmos --devnet`, the tutorial).
    pub test_is_devnet: bool,
    /// Nothing is written to disk.
    pub ephemeral: bool,
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Only new guids need it; without entropy they stay zero.
fn random(buffer: &mut [u8]) {
    let _ = getrandom::fill(buffer);
}

/// Everything the tree needs from outside, shared by all its objects.
pub struct World {
    /// The person at the other end.
    pub host: Arc<dyn Host>,
    /// What differs from run to run.
    pub settings: Settings,
    /// Set to stop what runs; cleared before each input.
    pub interrupt: Arc<AtomicBool>,
    open_store: OpenStore,
    store: Mutex<Option<Arc<Store>>>,
    runtime: OnceLock<tokio::runtime::Runtime>,
    /// The folder of the devnet that this shell started elsewhere.
    devnet_elsewhere: Mutex<Option<PathBuf>>,
    /// The devnet that runs inside this process, if one does.
    pub devnet: Mutex<Option<crate::devnet::Handle>>,
    /// The Zero-OS nodes that run inside this process, by name.
    #[cfg(target_os = "linux")]
    pub zos_nodes: Mutex<std::collections::BTreeMap<String, crate::devnet::zos::Handle>>,
    /// Where the grid is, and what its directories answered.
    pub grid: Grid,
    collections: Mutex<Vec<(String, Weak<dyn Tracked>)>>,
    clock: fn() -> SystemTime,
    schemas: Arc<Context>,
}

impl World {
    /// A world; the store is opened by `open_store` when first needed.
    pub fn new(
        host: Arc<dyn Host>,
        settings: Settings,
        interrupt: Arc<AtomicBool>,
        open_store: OpenStore,
    ) -> Arc<World> {
        World::with_clock(host, settings, interrupt, open_store, SystemTime::now)
    }

    /// The same with another clock.
    pub fn with_clock(
        host: Arc<dyn Host>,
        settings: Settings,
        interrupt: Arc<AtomicBool>,
        open_store: OpenStore,
        clock: fn() -> SystemTime,
    ) -> Arc<World> {
        Arc::new(World {
            host,
            settings,
            interrupt,
            open_store,
            store: Mutex::new(None),
            runtime: OnceLock::new(),
            devnet_elsewhere: Mutex::new(None),
            devnet: Mutex::new(None),
            #[cfg(target_os = "linux")]
            zos_nodes: Mutex::default(),
            grid: Grid::default(),
            collections: Mutex::new(Vec::new()),
            clock,
            schemas: Arc::new(Context::new(move || seconds(clock()), random)),
        })
    }

    /// Stops the Zero-OS nodes that run inside this process, with their jobs and containers.
    #[cfg(target_os = "linux")]
    pub fn stop_zos_nodes(&self) {
        let nodes = {
            let mut own = self
                .zos_nodes
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *own)
        };
        // Without a runtime there was never a node.
        let Some(runtime) = self.runtime.get() else {
            return;
        };
        for (_, node) in nodes {
            runtime.block_on(node.stop());
        }
    }

    /// The schemas a person registered, with the rates in use. Dates are in UTC.
    pub fn schemas(&self) -> &Arc<Context> {
        &self.schemas
    }

    /// The store, opened now if it was not yet.
    ///
    /// # Errors
    /// When it cannot be opened or unlocked.
    pub fn store(&self) -> Result<Arc<Store>> {
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = slot.as_ref() {
            return Ok(store.clone());
        }
        let store = (self.open_store)()?;
        *slot = Some(store.clone());
        Ok(store)
    }

    /// The store if it is open already; never asks and never opens.
    pub fn opened_store(&self) -> Option<Arc<Store>> {
        self.store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers a collection, to ask it at exit what was not saved.
    pub fn track(&self, location: &str, collection: Weak<dyn Tracked>) {
        let mut all = self
            .collections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, weak)| weak.strong_count() > 0);
        all.push((location.to_string(), collection));
    }

    fn tracked(&self) -> Vec<Arc<dyn Tracked>> {
        let all = self
            .collections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(|(_, weak)| weak.upgrade()).collect()
    }

    /// Paths of instances with changes that were not saved.
    pub fn unsaved(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.tracked().iter().flat_map(|c| c.unsaved()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Drops a deleted instance, and what hangs below it, from memory.
    pub fn forget(&self, path: &str) {
        for collection in self.tracked() {
            collection.forget(path);
        }
    }

    /// Forgets the open store and its keys; the next use opens it again and asks if it must.
    pub fn forget_store(&self) {
        self.store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Wall clock time.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// What tells the wall clock time.
    pub fn clock(&self) -> fn() -> SystemTime {
        self.clock
    }

    /// The time in seconds since 1970.
    pub fn seconds(&self) -> u64 {
        u64::try_from(seconds(self.now())).unwrap_or(0)
    }

    /// A clock that tells the seconds since 1970.
    pub fn seconds_clock(&self) -> Arc<dyn Fn() -> u64 + Send + Sync> {
        let clock = self.clock;
        Arc::new(move || u64::try_from(seconds(clock())).unwrap_or(0))
    }

    /// Folder of the devnet that this shell uses: its own, unless it started one elsewhere.
    pub fn devnet_dir(&self) -> PathBuf {
        let elsewhere = self.devnet_elsewhere.lock();
        let elsewhere = elsewhere.unwrap_or_else(PoisonError::into_inner);
        let dir = elsewhere.as_ref().unwrap_or(&self.settings.devnet_dir);
        dir.clone()
    }

    /// From now on the devnet in this folder is the one that is used.
    pub fn devnet_is_in(&self, dir: &Path) {
        let elsewhere = self.devnet_elsewhere.lock();
        *elsewhere.unwrap_or_else(PoisonError::into_inner) = Some(dir.to_path_buf());
    }

    /// Runs a future to its end; Ctrl-C drops it.
    ///
    /// # Errors
    /// [`Kind::Interrupted`], or that the runtime could not be started.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        let runtime = self.runtime()?;
        runtime.block_on(async {
            tokio::pin!(future);
            loop {
                tokio::select! {
                    done = &mut future => return Ok(done),
                    // A flag set by a signal handler cannot wake a future; looking ten times
                    // in a blink costs nothing.
                    () = tokio::time::sleep(Duration::from_millis(25)) => {
                        if self.interrupt.load(Ordering::Relaxed) {
                            return Err(Error::new(Kind::Interrupted, "KeyboardInterrupt"));
                        }
                    }
                }
            }
        })
    }

    /// The one runtime, started now if it was not yet.
    ///
    /// # Errors
    /// When the system refuses threads.
    pub fn runtime(&self) -> Result<&tokio::runtime::Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| Error::new(Kind::Internal, format!("cannot start the runtime: {e}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }
}
