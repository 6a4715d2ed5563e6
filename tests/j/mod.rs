//! Tests of the room `j`: lines as a person types them, against a devnet inside this process.
mod book;
mod broker;
mod builders;
mod capacity;
mod cosigners;
mod data;
mod erc20;
mod examples;
mod flist;
mod grid;
mod hub;
mod images;
#[cfg(target_os = "linux")]
mod kills;
mod mails;
mod minting;
mod money;
mod nodes;
mod reference;
mod reference_minting;
mod reserved;
mod sending;
mod services;
mod swaps;
mod threebots;
mod transcript;
mod types;
mod zos;
#[cfg(target_os = "linux")]
mod zos_members;
mod zos_use;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kosmos::devnet::{Config, Devnet, Handle};
use kosmos::engine::Engine;
use kosmos::j;
use kosmos::j::world::{Host, Settings, Takeover, TerminalFacts, World};
use kosmos::object::{Error, Kind, Paint, Result, Value, print};
use kosmos::store::Store;

/// Recovery words of the tutorial.
pub const WORDS: &str = "bullet absurd cabin dose void wink toward oven catalog chef venture edge \
                         suggest strategy note merry mechanic buffalo bronze creek select walk \
                         click snow";
/// The primary address of those words.
pub const ADDRESS: &str =
    "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";

/// All inputs of the tutorial and the readmes.
pub fn records() -> Vec<serde_json::Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/shell/transcript.json"
    );
    let file: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["records"].as_array().unwrap().clone()
}

/// A devnet that makes blocks on demand only.
pub struct Chain {
    runtime: tokio::runtime::Runtime,
    handle: Option<Handle>,
    dir: tempfile::TempDir,
}

impl Chain {
    pub fn start() -> Chain {
        let chain = Chain::open(tempfile::tempdir().unwrap());
        chain.block();
        chain
    }

    /// As [`Chain::start`], with another configuration.
    pub fn with(change: impl FnOnce(&mut Config)) -> Chain {
        let chain = Chain::open_with(tempfile::tempdir().unwrap(), change);
        chain.block();
        chain
    }

    fn open(dir: tempfile::TempDir) -> Chain {
        Chain::open_with(dir, |_| {})
    }

    fn open_with(dir: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> Chain {
        many_files();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut config = Config::new(dir.path().join("devnet"));
        config.port = 0;
        config.block_time = None;
        // Nothing listens there: no test asks a registry of the world.
        config.registry = Some("127.0.0.1:1".into());
        config.deploy_pauses = [Duration::from_millis(1); 3];
        change(&mut config);
        let handle = runtime.block_on(Devnet::start(config)).unwrap();
        Chain {
            runtime,
            handle: Some(handle),
            dir,
        }
    }

    /// The same chain twice: what one does from now on the other does not see.
    pub fn twins(mut self) -> (Chain, Chain) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
        let copy = || {
            let dir = tempfile::tempdir().unwrap();
            let to = dir.path().join("devnet");
            crate::folders::copy(&self.dir.path().join("devnet"), &to);
            Chain::open(dir)
        };
        (copy(), copy())
    }

    /// The same chain, stopped and started again; `change` may change its folder in between.
    pub fn restarted(mut self, change: impl FnOnce(&std::path::Path)) -> Chain {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
        change(&self.dir.path().join("devnet"));
        let other = tempfile::tempdir().unwrap();
        Chain::open(std::mem::replace(&mut self.dir, other))
    }

    fn handle(&self) -> &Handle {
        self.handle.as_ref().unwrap()
    }

    /// The folder of its state.
    pub fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("devnet")
    }

    pub fn block(&self) {
        self.runtime.block_on(self.handle().block_make()).unwrap();
    }

    /// Waits until the broker has dealt with the newest block.
    pub fn settled(&self) {
        let height = self.handle().node().read().chain.height();
        self.runtime.block_on(self.handle().grid().settled(height));
    }

    /// What the devnet's gateway answers for a host.
    pub fn asked(&self, host: &str) -> String {
        let gateway = self.handle().grid().addresses().gateway;
        let headers = [("Host", host)];
        let asked = crate::devnet::client::request(gateway, "GET", "/", &headers, b"");
        self.runtime.block_on(asked).body
    }

    /// Lets so many seconds pass, and makes a block after them.
    pub fn later(&self, seconds: i64) {
        let moved = self.handle().clock_offset_set(seconds);
        self.runtime.block_on(moved).unwrap();
        self.block();
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.handle().addr())
    }

    /// Settings that find this devnet.
    pub fn settings(&self) -> Settings {
        Settings {
            devnet_dir: self.dir.path().join("devnet"),
            container_program: Some(env!("CARGO_BIN_EXE_kosmos").into()),
            ephemeral: true,
            ..Settings::default()
        }
    }

    /// A session with a client `c` and a wallet `w` that has 300 TFT.
    pub fn funded(&self) -> Session {
        let mut s = Session::new(self.settings());
        s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
        s.says("w = c.wallets.new('my_wallet')");
        s.says("txid = c.faucet_request(w.address)");
        self.block();
        s
    }
}

/// Lets this process have as many open files as the system allows it. Many devnets side by side
/// need more than the 1024 that users often begin with.
fn many_files() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: both calls only read or write the limit that they are given, which lives on.
        unsafe {
            if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
                limit.rlim_cur = limit.rlim_max.min(65_536);
                libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
            }
        }
    });
}

impl Drop for Chain {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
    }
}

/// Who answers questions, and what they were told.
#[derive(Default)]
pub struct Person {
    /// Says yes; without, there is nobody to ask.
    pub yes: AtomicBool,
    pub notes: Mutex<Vec<String>>,
    /// Secrets that were shown.
    pub secrets: Mutex<Vec<String>>,
    pub questions: Mutex<Vec<String>>,
    /// What was printed while something ran.
    pub printed: Arc<Mutex<String>>,
    /// What is typed on the terminal when it is handed over; without, there is no terminal.
    pub types: Mutex<Option<Vec<Vec<u8>>>>,
}

impl Host for Person {
    fn terminal(&self) -> Result<TerminalFacts> {
        match self.types.lock().unwrap().is_some() {
            true => Ok(TerminalFacts {
                columns: 80,
                rows: 24,
                kind: "dumb".into(),
            }),
            false => Err(Error::new(Kind::Usage, "there is no terminal to hand over")),
        }
    }
    fn take_over(&self, _raw: bool) -> Result<Takeover> {
        let (send, typed) = tokio::sync::mpsc::unbounded_channel();
        for bytes in self.types.lock().unwrap().take().unwrap_or_default() {
            send.send(bytes).unwrap();
        }
        let printed = self.printed.clone();
        Ok(Takeover {
            typed,
            write: Box::new(move |text| printed.lock().unwrap().push_str(text)),
            given_back: Box::new(send),
        })
    }
    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_string());
    }
    fn show_secret(&self, text: &str) -> bool {
        self.secrets.lock().unwrap().push(text.to_string());
        true
    }
    fn out(&self, text: &str) {
        self.printed.lock().unwrap().push_str(text);
    }
    fn confirm(&self, preview: &str, question: &str) -> Result<()> {
        let asked = format!("{preview}\n{question}");
        self.questions.lock().unwrap().push(asked);
        match self.yes.load(std::sync::atomic::Ordering::SeqCst) {
            true => Ok(()),
            false => Err(Error::new(
                Kind::NotConfirmed,
                "there is no terminal to ask on",
            )),
        }
    }
    fn progress(&self, _text: Option<&str>) {}
}

/// A shell without a terminal.
pub struct Session {
    engine: Engine,
    pub world: Arc<World>,
    pub person: Arc<Person>,
}

impl Session {
    pub fn new(settings: Settings) -> Session {
        let store = Arc::new(Store::ephemeral(Default::default()).unwrap());
        Session::with_store(settings, store)
    }

    /// A session at noon of 15 July 2019, without a chain.
    pub fn frozen() -> Session {
        let clock = || UNIX_EPOCH + Duration::from_secs(1_563_192_000);
        let store = Arc::new(Store::ephemeral(Default::default()).unwrap());
        Session::at(Settings::default(), store, clock)
    }

    pub fn with_store(settings: Settings, store: Arc<Store>) -> Session {
        Session::at(settings, store, SystemTime::now)
    }

    fn at(settings: Settings, store: Arc<Store>, clock: fn() -> SystemTime) -> Session {
        let person = Arc::new(Person::default());
        let interrupt = Arc::new(AtomicBool::new(false));
        let open = Box::new(move || Ok(store.clone()));
        let world = World::with_clock(person.clone(), settings, interrupt, open, clock);
        let engine = Engine::new(j::open(world.clone()), Arc::new(|_: &str| {}));
        Session {
            engine,
            world,
            person,
        }
    }

    /// What the prompt would show for an input.
    pub fn ask(&mut self, source: &str) -> Result<String> {
        let mut shown = Vec::new();
        let outcome = self.engine.run(source, &mut |value| {
            shown.push(print::repr(value, Paint::Plain));
        });
        outcome.map(|_| shown.join("\n"))
    }

    /// What notes said since the last time this was asked.
    pub fn notes(&self) -> String {
        let notes = std::mem::take(&mut *self.person.notes.lock().unwrap());
        notes.join("\n")
    }

    /// The text that an expression answers, without the quotes of the shell.
    #[track_caller]
    pub fn text(&mut self, source: &str) -> String {
        let shown = self.says(source);
        let inner = shown.get(1..shown.len().saturating_sub(1)).unwrap_or("");
        // A quote inside would make it print with others, or with backslashes.
        assert!(
            shown.starts_with(['\'', '"']) && !inner.contains('\\'),
            "{shown}"
        );
        inner.to_owned()
    }

    /// The engine, for completion and help.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The last value of an input.
    pub fn value(&mut self, source: &str) -> Result<Value> {
        let mut last = Value::None;
        let outcome = self.engine.run(source, &mut |value| last = value.clone());
        outcome.map(|_| last)
    }

    #[track_caller]
    pub fn says(&mut self, source: &str) -> String {
        self.ask(source)
            .unwrap_or_else(|error| panic!("{source}: {error} {:?}", error.hints))
    }

    #[track_caller]
    pub fn fails(&mut self, source: &str) -> Error {
        match self.ask(source) {
            Ok(text) => panic!("{source} answered {text}"),
            Err(error) => error,
        }
    }
}
