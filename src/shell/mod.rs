//! A person at a terminal, or a program at the end of a pipe.
//!
//! | module | holds |
//! |---|---|
//! | [`start`] | which door the command line opens; sessions |
//! | [`interactive`], [`editor`] | the prompt: its loop, and the line editor |
//! | [`completion`], [`hint`], [`highlight`], [`question`], [`cursor`], [`input`] | what the editor shows: pure functions |
//! | [`history`], [`secrecy`] | the history file, and what never gets into it |
//! | [`batch`], [`instruct`], [`answer`] | scripts, pipes, instruction files, JSON |
//! | [`tutorial`] | plays the scripts of `examples/` |
//! | [`unlock`], [`first_run`], [`keeping`] | the store: opening, making, looking after |
//! | [`devnet_command`] | `kosmos devnet …` |
//! | [`zos_node_command`] | `kosmos zos-node …` |
//! | [`zos_web_command`] | the web server of a node's website |
//! | [`session`], [`host`], [`interrupt`] | one run of the language, the person as the tree sees them, Ctrl-C |
//! | [`output`], [`terminal`], [`errors`], [`log`], [`environment`] | the only place that prints; what is known of the surroundings |
pub mod answer;
pub mod batch;
pub mod completion;
pub mod cursor;
pub mod devnet_command;
pub mod editor;
pub mod environment;
pub mod errors;
pub mod first_run;
pub mod highlight;
pub mod hint;
pub mod history;
pub mod host;
pub mod input;
pub mod instruct;
pub mod interactive;
pub mod interrupt;
pub mod keeping;
pub mod log;
pub mod output;
pub mod question;
pub mod secrecy;
pub mod session;
pub mod start;
pub mod terminal;
pub mod tutorial;
pub mod unlock;
pub mod zos_node_command;
pub mod zos_web_command;

pub use start::main;
