//! `web.download`.
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::fcntl::OFlag;
use serde::Deserialize;

use crate::devnet::zos::files::Files;
use crate::devnet::zos::jobs::command::reason;
use crate::devnet::zos::jobs::{Commands, Failure};

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    url: String,
    #[serde(default)]
    destination: String,
}

/// Adds it.
pub fn add(commands: &mut Commands, files: &Arc<Files>) {
    let files = Arc::clone(files);
    commands.add("web.download", move |mut call| {
        let files = Arc::clone(&files);
        async move {
            let Arguments { url, destination } = call.arguments()?;
            if url.is_empty() || destination.is_empty() {
                return Err("url and destination argument must be provided".into());
            }
            download(&files, &url, &destination).await?;
            Ok(destination.into())
        }
    });
}

async fn download(files: &Files, url: &str, destination: &str) -> Result<(), Failure> {
    let failed = |e: reqwest::Error| {
        // The reason stands at the end of the chain of causes.
        let mut cause: &dyn std::error::Error = &e;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Failure::from(format!("cannot download {url}: {cause}"))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Another part of the program may have installed it before: one is as good as the other.
    let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
    let mut response = reqwest::Client::new()
        .get(url)
        .send()
        .await
        .map_err(failed)?;
    if !response.status().is_success() {
        return Err(format!("cannot download {url}: {}", response.status()).into());
    }
    let write = |e: std::io::Error| Failure::from(format!("open {destination}: {}", reason(&e)));
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC;
    let fd: OwnedFd = files.open_path(destination, flags, 0o644).map_err(write)?;
    let mut file = std::fs::File::from(fd);
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        file.write_all(&piece).map_err(write)?;
    }
    Ok(())
}
