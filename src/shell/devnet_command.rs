//! `kosmos devnet start|status|stop|reset`.
use std::path::{Path, PathBuf};

use super::environment::{Environment, short};
use super::{output, terminal};
use crate::cli::{DevnetCommand, DevnetStart};
use crate::devnet::grid::{MailServer, SmtpOptions};
use crate::devnet::{self, Config, Devnet, Status};
use crate::object::{Error, Kind, Result};

/// Runs a command.
///
/// # Errors
/// When the devnet cannot be started, reached or stopped.
pub fn run(command: &DevnetCommand, environment: &Environment, yes: bool) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let folder = |dir: &Option<PathBuf>| dir.clone().unwrap_or_else(|| environment.devnet());
    match command {
        DevnetCommand::Start(options) => {
            let dir = folder(&options.place.dir);
            make_parent(&dir)?;
            match options.foreground {
                true => runtime.block_on(foreground(options, &dir))?,
                false => runtime.block_on(background(options, &dir))?,
            }
            Ok(0)
        }
        DevnetCommand::Status(place) => {
            let dir = folder(&place.dir);
            match runtime.block_on(devnet::status(&dir)).map_err(failed)? {
                Some(status) => {
                    output::line(&text(&status));
                    Ok(0)
                }
                None => {
                    output::line(&format!("No devnet runs on {}.", short(&dir)));
                    output::err("start it with: kosmos devnet start");
                    Ok(1)
                }
            }
        }
        DevnetCommand::Stop(place) => {
            let dir = folder(&place.dir);
            let stopped = runtime.block_on(devnet::stop(&dir)).map_err(failed)?;
            output::line(match stopped {
                true => "The devnet is stopped; its chain is kept.",
                false => "No devnet was running.",
            });
            Ok(0)
        }
        DevnetCommand::Reset(place) => {
            let dir = folder(&place.dir);
            if !yes && terminal::can_ask() {
                output::err(&format!("This deletes the chain in {}.", short(&dir)));
                if !terminal::ask_yes("Go on?")? {
                    return Err(Error::new(
                        Kind::NotConfirmed,
                        "not confirmed: nothing was done",
                    ));
                }
            }
            let removed = runtime.block_on(devnet::reset(&dir)).map_err(failed)?;
            output::line(match removed {
                true => "The devnet's chain is deleted.",
                false => "There was no devnet.",
            });
            Ok(0)
        }
    }
}

/// The folder above the devnet's own is Kosmos' home, which only its owner may enter.
fn make_parent(dir: &Path) -> Result<()> {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => super::unlock::private_folder(parent),
        _ => Ok(()),
    }
}

/// Runs it in this process until Ctrl-C, a termination, or `kosmos devnet stop`.
async fn foreground(options: &DevnetStart, dir: &Path) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut config = Config::new(dir);
    config.port = options.port;
    config.block_time = Some(options.block_time).filter(|time| !time.is_zero());
    config.import = options.import.clone();
    config.registry = options.registry.clone();
    config.identity_key = options.identity_key.clone();
    config.program = std::env::current_exe().ok();
    config.mail_server = mail_server(options)?;
    let handle = Devnet::start(config).await.map_err(failed)?;
    output::line(&text(&handle.status()));
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        () = handle.stop_requested() => {}
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    handle.stop().await;
    Ok(())
}

/// Starts it as a process of its own and waits until it answers.
async fn background(options: &DevnetStart, dir: &Path) -> Result<()> {
    let exe = std::env::current_exe()?;
    let mut args: Vec<String> = ["devnet", "start", "--foreground"].map(String::from).into();
    let mut with = |name: &str, value: String| args.extend([name.to_string(), value]);
    with("--dir", absolute(dir)?);
    with("--port", options.port.to_string());
    with("--block-time", options.block_time.as_secs_f64().to_string());
    if let Some(file) = &options.import {
        with("--import", absolute(file)?);
    }
    if let Some(registry) = &options.registry {
        with("--registry", registry.clone());
    }
    if let Some(file) = &options.identity_key {
        with("--identity-key", absolute(file)?);
    }
    // A mistake is told here, not in the log of the process in the background.
    mail_server(options)?;
    args.extend(smtp_options(options).line());
    let status = devnet::start_background(&exe, &args, dir)
        .await
        .map_err(failed)?;
    output::line(&text(&status));
    Ok(())
}

fn smtp_options(options: &DevnetStart) -> SmtpOptions {
    let options = &options.mail;
    SmtpOptions {
        host: options.smtp_host.clone(),
        port: options.smtp_port,
        tls: options.smtp_tls.clone(),
        user: options.smtp_user.clone(),
        password_file: options.smtp_password_file.clone(),
        from: options.smtp_from.clone(),
        ca_file: options.smtp_ca_file.clone(),
    }
}

fn mail_server(options: &DevnetStart) -> Result<MailServer> {
    let read = smtp_options(options).read();
    read.map_err(|reason| Error::new(Kind::Usage, reason))
}

fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path)?;
    path.to_str().map(str::to_string).ok_or_else(|| {
        Error::new(
            Kind::Usage,
            format!("the path {} is not text", path.display()),
        )
    })
}

/// What a person wants to know of a devnet.
fn text(status: &Status) -> String {
    let blocks = match status.block_every_ms {
        Some(ms) => format!(
            "a block every {} s",
            std::time::Duration::from_millis(ms).as_secs_f64()
        ),
        None => "blocks on demand".to_string(),
    };
    let mut text = format!(
        "devnet on http://{}, faucet on http://{}, process {}\npages: {}\nflist hub: http://{}\ncapacity and mails: http://{}, web gateway: http://{}\nheight {}, {} waiting, {blocks}\nstate in {}",
        status.addr,
        status.faucet,
        status.pid,
        status.pages(),
        status.hub,
        status.grid.directory,
        status.grid.gateway,
        status.height,
        status.pool,
        short(Path::new(&status.dir)),
    );
    if status.clock_offset != 0 {
        text.push_str(&format!("\nits clock is {} s ahead", status.clock_offset));
    }
    if let Some(server) = &status.mail_server {
        text.push_str(&format!("\nmails go to {server}"));
    }
    for notice in &status.notices {
        text.push_str(&format!("\n{notice}"));
    }
    text
}

/// An error of the devnet in the words of the shell.
fn failed(error: devnet::Error) -> Error {
    let text = error.to_string();
    match error {
        devnet::Error::NotRunning { .. } => Error::new(Kind::NotFound, text),
        _ => Error::new(Kind::Io, text),
    }
}
