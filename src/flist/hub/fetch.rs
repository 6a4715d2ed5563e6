//! An flist by its address, wherever it lies.
use reqwest::Method;
use zeroize::Zeroizing;

use super::error::HubError;
use super::transport::{Effect, LONG, Server};

/// Fetches a file by `http` or `https`, 256 MiB at most: an flist of a hub, or of any other server.
///
/// # Errors
/// See [`HubError`].
pub async fn fetch(url: &str, token: Option<&Zeroizing<String>>) -> Result<Vec<u8>, HubError> {
    let server = Server::new(url, token, None)?;
    let request = || server.request(Method::GET, server.base.clone());
    let answer = server.ask(Effect::None, LONG, request).await?;
    Ok(answer.body)
}
