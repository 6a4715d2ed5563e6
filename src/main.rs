//! The kosmos command: reads the command line and opens one of the doors of the shell.
use std::process::ExitCode;

use clap::Parser;
#[cfg(target_os = "linux")]
use kosmos::devnet::zos::container;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if std::env::args_os()
        .next()
        .is_some_and(|name| name == container::init::NAME)
    {
        return container::init::main(kosmos::devnet::zos::inside::make);
    }
    let cli = kosmos::cli::Cli::parse();
    #[cfg(target_os = "linux")]
    if let Some(kosmos::cli::Command::ZosInit { arguments }) = &cli.command {
        return container::init::enter(arguments);
    }
    kosmos::shell::main(cli)
}
