//! `kosmos zos-web`: the web server of the website that `website()` of a Zero-OS node makes.
use crate::cli::ZosWebOptions;
use crate::object::{Error, Kind, Result};

/// Serves a folder until the process is ended.
///
/// # Errors
/// When the port is taken, or the folder is not there.
#[cfg(unix)]
pub fn run(options: &ZosWebOptions) -> Result<u8> {
    use super::output;
    let fail = |what: String| move |e: std::io::Error| Error::new(Kind::Io, format!("{what}: {e}"));
    let listen = options.listen;
    let listener =
        std::net::TcpListener::bind(listen).map_err(fail(format!("cannot listen on {listen}")))?;
    output::line(&format!("listening on port {}", listen.port()));
    crate::devnet::zos::website::serve(&listener, &options.folder, |line| output::line(line))
        .map_err(fail(format!("cannot serve {}", options.folder.display())))?;
    Ok(0)
}

/// There are no nodes on other systems.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn run(_options: &ZosWebOptions) -> Result<u8> {
    Err(Error::new(Kind::Usage, "a Zero-OS node needs Linux"))
}
