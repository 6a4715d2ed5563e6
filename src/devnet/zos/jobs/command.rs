//! The table of commands, a call of one, and how it fails.
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::program::Program;
use super::runner::Runner;
use super::running::Running;
use crate::zos::protocol::result::codes;

/// Why a built-in command failed, as its result says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of [`codes`].
    pub code: i64,
    /// What a client reads.
    pub text: String,
}

impl Failure {
    /// A failure with a code of its own.
    pub fn new(code: i64, text: impl Into<String>) -> Self {
        Failure {
            code,
            text: text.into(),
        }
    }

    /// Bad arguments (400).
    pub fn arguments(text: impl Into<String>) -> Self {
        Failure::new(codes::BAD_ARGUMENTS, text)
    }

    /// Something that does not exist (404).
    pub fn not_found(text: impl Into<String>) -> Self {
        Failure::new(codes::NOT_FOUND, text)
    }

    /// Something that cannot work on this machine (501).
    pub fn not_here(what: impl std::fmt::Display) -> Self {
        Failure::new(codes::NOT_IMPLEMENTED, format!("not on this node: {what}"))
    }
}

impl<T: Into<String>> From<T> for Failure {
    fn from(text: T) -> Self {
        Failure::new(codes::FAILED, text)
    }
}

/// What the system says of an error, in the form nodes use: `no such file or directory`.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A call of a built-in command.
pub struct Call {
    /// Who runs it.
    pub runner: Arc<Runner>,
    /// The job it is.
    pub running: Arc<Running>,
    /// Its arguments; never null.
    pub arguments: Json,
}

impl Call {
    /// Takes the arguments as a type. What is `null` counts as not given, as on the real node.
    ///
    /// # Errors
    /// Which argument is wrong, what it is, and what was expected.
    pub fn arguments<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let mut arguments = std::mem::take(&mut self.arguments);
        if let Json::Object(map) = &mut arguments {
            map.retain(|_, value| !value.is_null());
        }
        serde_json::from_value(arguments)
            .map_err(|e| Failure::from(format!("arguments of {}: {e}", self.running.job.command)))
    }
}

/// What a built-in command answers.
pub type Answer = Result<Json, Failure>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a command does.
#[derive(Clone)]
pub enum Command {
    /// Answers a JSON value.
    BuiltIn(Arc<dyn Fn(Call) -> Answering + Send + Sync>),
    /// Runs a process; the flag hides its id from job lists, as for scripts.
    Process(fn(&Json) -> Result<Program, Failure>, bool),
    /// Follows another job.
    Subscribe,
}

/// The commands that a runner knows.
#[derive(Clone, Default)]
pub struct Commands {
    table: HashMap<&'static str, Command>,
}

impl std::fmt::Debug for Commands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.table.keys()).finish()
    }
}

impl Commands {
    /// Adds a built-in command.
    pub fn add<A>(&mut self, name: &'static str, answer: impl Fn(Call) -> A + Send + Sync + 'static)
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        let answer = move |call| -> Answering { Box::pin(answer(call)) };
        self.table.insert(name, Command::BuiltIn(Arc::new(answer)));
    }

    /// Adds a built-in command that asks the system and may block for a moment.
    pub fn add_blocking(
        &mut self,
        name: &'static str,
        answer: impl Fn(Call) -> Answer + Send + Sync + 'static,
    ) {
        let answer = Arc::new(answer);
        self.add(name, move |call| {
            let answer = Arc::clone(&answer);
            async move {
                match tokio::task::spawn_blocking(move || answer(call)).await {
                    Ok(answer) => answer,
                    Err(e) => Err(Failure::from(e.to_string())),
                }
            }
        });
    }

    /// Adds any command.
    pub fn put(&mut self, name: &'static str, command: Command) {
        self.table.insert(name, command);
    }

    /// The command of a name.
    pub fn get(&self, name: &str) -> Option<&Command> {
        self.table.get(name)
    }
}
