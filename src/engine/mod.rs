//! The only room that knows rhai: builds the engine, connects objects to it, maps errors back to
//! what was typed.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::object::complete::Place;
use crate::object::{Obj, Result, Value};

/// What a run ended with.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Set when `exit()` or `quit()` was called: the exit code asked for.
    pub exit: Option<i32>,
}

/// Where the text of `print(…)` goes.
pub type Print = Arc<dyn Fn(&str) + Send + Sync>;

/// An engine with its variables and functions.
pub struct Engine {
    // filled in by the engine room
}

impl Engine {
    /// An engine whose tree hangs at `j`.
    pub fn new(_root: Obj, _print: Print) -> Self {
        Engine {}
    }
    /// Runs an input of the prompt: each top-level statement in order, `show` gets the value of each
    /// expression statement that is not `None`. Errors carry the span in `source`.
    ///
    /// # Errors
    /// The first error; what ran before it stays done.
    pub fn run(&mut self, _source: &str, _show: &mut dyn FnMut(&Value)) -> Result<Outcome> {
        Ok(Outcome::default())
    }
    /// Runs a whole script; `plain` switches the dialect off. Values are not shown.
    ///
    /// # Errors
    /// The first error.
    pub fn run_script(&mut self, _source: &str, _args: &[String], _plain: bool) -> Result<Outcome> {
        Ok(Outcome::default())
    }
    /// Set from a signal handler to stop what runs.
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::new(AtomicBool::new(false))
    }
    /// Names of the variables and of the functions a user can call.
    pub fn names(&self) -> Vec<String> {
        Vec::new()
    }
    /// True when the name is a variable in scope (or `j`).
    pub fn is_defined(&self, _name: &str) -> bool {
        false
    }
    /// The value of a variable.
    pub fn variable(&self, _name: &str) -> Option<Value> {
        None
    }
    /// The place a dotted expression names, without evaluating, creating or loading anything.
    pub fn place(&self, _expression: &str) -> Option<Place> {
        None
    }
    /// Help text of a dotted expression (`?`), without evaluating anything.
    pub fn help(&self, _expression: &str) -> Option<String> {
        None
    }
}
