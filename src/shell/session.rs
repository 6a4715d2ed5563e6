//! One run of the language: an engine, the tree, and where results go.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use super::host::Sink;
use super::interrupt::Watch;
use super::{answer, errors, output, question};
use crate::dialect;
use crate::engine::{Engine, Outcome};
use crate::j::world::World;
use crate::object::{Error, Kind, Obj, Paint, Result, Value, print};

/// How to make the tree and what it tells at the end; passed in by the command line.
#[derive(Clone, Copy)]
pub struct Tree {
    /// Makes the root object.
    pub open: fn(Arc<World>) -> Obj,
    /// Locations of instances that were changed and not saved.
    pub unsaved: fn(&World) -> Vec<String>,
}

/// How things look.
#[derive(Clone, Copy)]
pub struct Look {
    /// Values on stdout.
    pub paint: Paint,
    /// Errors on stderr.
    pub errors: errors::Style,
}

/// An engine with its tree.
pub struct Session {
    /// The root of the tree.
    pub root: Obj,
    world: Arc<World>,
    engine: Arc<Mutex<Engine>>,
    sink: Arc<Sink>,
    look: Look,
    unsaved: fn(&World) -> Vec<String>,
    _watch: Watch,
}

/// What a run ended with: the exit code asked for by `exit()`, if it was called.
pub type Exit = Option<i32>;

impl Session {
    /// A session in a world.
    pub fn new(tree: Tree, world: Arc<World>, sink: Arc<Sink>, look: Look) -> Session {
        let root = (tree.open)(world.clone());
        let printed = sink.clone();
        let print = Arc::new(move |text: &str| printed.out(text));
        let engine = Engine::with_interrupt(root.clone(), print, world.interrupt.clone());
        let watch = Watch::new(std::slice::from_ref(&world.interrupt));
        Session {
            root,
            world,
            engine: Arc::new(Mutex::new(engine)),
            sink,
            look,
            unsaved: tree.unsaved,
            _watch: watch,
        }
    }

    /// The engine, shared with the line editor.
    pub fn shared_engine(&self) -> Arc<Mutex<Engine>> {
        self.engine.clone()
    }

    /// What it looks like.
    pub fn look(&self) -> Look {
        self.look
    }

    /// The world of its tree.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Locations of instances that were changed and not saved.
    pub fn unsaved(&self) -> Vec<String> {
        (self.unsaved)(&self.world)
    }

    /// Runs an input and prints the values of its expressions.
    ///
    /// # Errors
    /// The first error; it is not printed.
    pub fn run(&self, source: &str) -> Result<Exit> {
        // The names that are known change no remark.
        for hint in dialect::rewrite(source, &|_| true).map_or(Vec::new(), |text| text.hints) {
            output::note(&format!("hint: {}", hint.message));
        }
        self.evaluate(source, &mut |value| {
            self.sink.line(&print::repr(value, self.look.paint))
        })
    }

    /// Runs an input and prints only what it prints itself.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_silently(&self, source: &str) -> Result<Exit> {
        self.evaluate(source, &mut |_| {})
    }

    /// Runs a script.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_script(&self, source: &str, args: &[String], plain: bool) -> Result<Exit> {
        self.guarded(|engine| engine.run_script(source, args, plain))
    }

    /// Runs an input and answers the JSON object for it, with the error if there was one.
    pub fn run_json(&self, source: &str) -> (String, Result<Exit>) {
        let mut last = Json::Null;
        self.sink.keep();
        let result = self.evaluate(source, &mut |value| {
            last = value.to_json();
            self.sink.line(&print::repr(value, Paint::Plain));
        });
        self.answer(last, result)
    }

    /// Runs a script and answers the JSON object for it.
    pub fn script_json(
        &self,
        source: &str,
        args: &[String],
        plain: bool,
    ) -> (String, Result<Exit>) {
        self.sink.keep();
        let result = self.run_script(source, args, plain);
        self.answer(Json::Null, result)
    }

    /// Runs an input and answers everything it put on the screen, errors included.
    pub fn transcript(&self, source: &str) -> (String, Result<Exit>) {
        self.sink.keep();
        let result = self.evaluate(source, &mut |value| {
            self.sink.line(&print::repr(value, Paint::Plain))
        });
        let mut text = self.sink.taken();
        if let Err(error) = &result {
            text.push_str(&errors::render(error, source, errors::Style::default()));
            text.push('\n');
        }
        (text, result)
    }

    fn answer(&self, value: Json, result: Result<Exit>) -> (String, Result<Exit>) {
        let text = self.sink.taken();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        match &result {
            Ok(_) => (answer::ok(value, text), result),
            Err(error) => (answer::failed(error, text), result),
        }
    }

    fn evaluate(&self, source: &str, show: &mut dyn FnMut(&Value)) -> Result<Exit> {
        if let Some(question) = question::postfix(source) {
            let text = question::answer(&question, &self.engine())?;
            self.sink.line(&text);
            return Ok(None);
        }
        self.guarded(|engine| engine.run(source, show))
    }

    fn guarded(&self, run: impl FnOnce(&mut Engine) -> Result<Outcome>) -> Result<Exit> {
        self.world.interrupt.store(false, Ordering::Release);
        let mut engine = self.engine();
        // A panic below is a mistake of ours or of a library: the shell and its variables live on.
        let result = catch_unwind(AssertUnwindSafe(|| run(&mut engine)));
        drop(engine);
        output::progress(None);
        match result {
            Ok(result) => result.map(|outcome| outcome.exit),
            Err(_) => Err(Error::new(Kind::Internal, "something broke inside kosmos")
                .hint("start it with --debug to see where")),
        }
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
