//! `kosmos devnet start|status|stop|reset`.
use super::environment::Environment;
use crate::cli::DevnetCommand;
use crate::object::{Error, Kind, Result};

/// Port of the devnet unless another is asked for.
pub const PORT: u16 = 23110;

/// Runs a command.
///
/// # Errors
/// When the devnet cannot be reached, started or stopped.
pub fn run(_command: &DevnetCommand, _environment: &Environment) -> Result<u8> {
    Err(Error::new(Kind::Internal, "no devnet yet"))
}
