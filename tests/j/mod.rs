//! Tests of the room `j`: lines as a person types them, against a devnet inside this process.
mod book;
mod examples;
mod money;
mod nodes;
mod sending;
mod swaps;
mod threebots;
mod transcript;
mod zos;
mod zos_use;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use kosmos::devnet::{Config, Devnet, Handle};
use kosmos::engine::Engine;
use kosmos::j;
use kosmos::j::world::{Host, Settings, World};
use kosmos::object::{Error, Kind, Paint, Result, Value, print};
use kosmos::store::Store;

/// Recovery words of the tutorial.
pub const WORDS: &str = "bullet absurd cabin dose void wink toward oven catalog chef venture edge \
                         suggest strategy note merry mechanic buffalo bronze creek select walk \
                         click snow";
/// The primary address of those words.
pub const ADDRESS: &str =
    "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";

/// A devnet that makes blocks on demand only.
pub struct Chain {
    runtime: tokio::runtime::Runtime,
    handle: Option<Handle>,
    dir: tempfile::TempDir,
}

impl Chain {
    pub fn start() -> Chain {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("devnet"));
        config.port = 0;
        config.block_time = None;
        let handle = runtime.block_on(Devnet::start(config)).unwrap();
        let chain = Chain {
            runtime,
            handle: Some(handle),
            dir,
        };
        chain.block();
        chain
    }

    fn handle(&self) -> &Handle {
        self.handle.as_ref().unwrap()
    }

    pub fn block(&self) {
        self.runtime.block_on(self.handle().block_make()).unwrap();
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
    pub questions: Mutex<Vec<String>>,
    /// What was printed while something ran.
    pub printed: Mutex<String>,
}

impl Host for Person {
    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_string());
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

    pub fn with_store(settings: Settings, store: Arc<Store>) -> Session {
        let person = Arc::new(Person::default());
        let interrupt = Arc::new(AtomicBool::new(false));
        let open = Box::new(move || Ok(store.clone()));
        let world = World::new(person.clone(), settings, interrupt, open);
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
