//! The kosmos command: reads the command line and opens one of the doors of the shell.
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    kosmos::shell::main(kosmos::cli::Cli::parse())
}
