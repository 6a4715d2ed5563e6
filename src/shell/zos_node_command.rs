//! `kosmos zos-node`: a Zero-OS node in the foreground.
use crate::cli::ZosNodeOptions;
use crate::object::{Error, Kind, Result};

/// Runs a node until Ctrl-C or a termination.
///
/// # Errors
/// When it cannot be started.
#[cfg(target_os = "linux")]
pub fn run(options: &ZosNodeOptions) -> Result<u8> {
    use super::output;
    use crate::devnet::zos::{Config, ZosNode};
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut config = Config::new(&options.root);
    config.listen = options.listen;
    config.guard = guard(options)?;
    for folder in &options.share {
        config.shared.push(
            std::fs::canonicalize(folder).map_err(|e| {
                Error::new(Kind::Usage, format!("--share {}: {e}", folder.display()))
            })?,
        );
    }
    config.env = environment();
    config.program = std::env::current_exe().ok();
    runtime.block_on(async {
        let node = ZosNode::start(config)
            .await
            .map_err(|e| Error::new(Kind::Io, e.to_string()))?;
        output::line(&format!(
            "zos node on {}, state in {}",
            node.addr(),
            node.dir().display()
        ));
        for notice in node.notices() {
            output::err(&format!("note: {notice}"));
        }
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            () = node.stop_requested() => {}
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        node.stop().await;
        Ok(0)
    })
}

/// Environment of the jobs of a node that is started here: that of the person, without what
/// opens the store.
#[cfg(target_os = "linux")]
pub fn environment() -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    std::env::vars_os()
        .filter(|(name, _)| !name.to_string_lossy().starts_with("KOSMOS_"))
        .collect()
}

#[cfg(target_os = "linux")]
fn guard(options: &ZosNodeOptions) -> Result<crate::devnet::zos::guard::Guard> {
    use crate::devnet::zos::guard::{Guard, Organizations};
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path)
            .map_err(|e| Error::new(Kind::Io, format!("cannot read {}: {e}", path.display())))
    };
    if let Some(path) = &options.password_file {
        let text = zeroize::Zeroizing::new(read(path)?);
        let password = text.lines().next().unwrap_or_default();
        if password.is_empty() {
            let text = format!(
                "{}: the first line is empty, expected a password",
                path.display()
            );
            return Err(Error::new(Kind::Usage, text));
        }
        return Ok(Guard::Password(zeroize::Zeroizing::new(
            password.to_string(),
        )));
    }
    if let Some(path) = options
        .identity_key
        .as_ref()
        .filter(|_| !options.organization.is_empty())
    {
        let now = || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
        };
        return Organizations::new(options.organization.clone(), &read(path)?, now)
            .map(Guard::Organizations)
            .map_err(|e| Error::new(Kind::Usage, format!("{}: {e}", path.display())));
    }
    Ok(Guard::Open)
}

/// There are no nodes on other systems.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn run(_options: &ZosNodeOptions) -> Result<u8> {
    Err(Error::new(Kind::Usage, "a Zero-OS node needs Linux"))
}
