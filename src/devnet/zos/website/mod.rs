//! A small website as the root of a container: the kosmos program is its web server, so that
//! nothing of the machine is needed but what that program itself needs.
mod root;
mod server;

pub use root::make;
pub use server::serve;

/// The hidden subcommand of the kosmos program that serves a folder.
pub const SUBCOMMAND: &str = "zos-web";
/// Where the pages lie in the container.
pub const PAGES: &str = "/www";
