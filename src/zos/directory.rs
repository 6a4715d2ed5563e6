//! Where a node of the capacity directory is reached.
use serde_json::Value as Json;

use super::error::{Error, Result};
use super::plain;
use super::web::{self, Question};

/// The directory of the grid.
pub const ADDRESS: &str = "https://capacity.threefoldtoken.com";

/// Host of a node by its id: that of its robot's address.
///
/// # Errors
/// A directory that is out of reach, a node it does not know, or one without an address.
pub async fn host_of(directory: &str, id: &str) -> Result<String> {
    let failed = |reason: String| Error::Service {
        service: plain::line(directory, 80),
        reason,
    };
    let shown = plain::line(id, 40);
    let url = web::below(directory, &["api", "nodes", id])?;
    let answer = web::ask(url, Question::Get).await?;
    if answer.status == 404 {
        return Err(Error::NoSuchNode { id: shown });
    }
    if answer.status != 200 {
        return Err(failed(format!("it refuses ({})", answer.status)));
    }
    let node: Json =
        serde_json::from_slice(&answer.body).map_err(|_| failed("its answer is no JSON".into()))?;
    let address = node["robot_address"].as_str().unwrap_or_default();
    let url = reqwest::Url::parse(address).ok();
    let host = url.as_ref().and_then(|url| url.host_str());
    match host {
        Some(host) => Ok(host.trim_matches(['[', ']']).to_string()),
        None => Err(failed(format!(
            "node {shown} has no address of a robot there, but '{}'",
            plain::line(address, 80)
        ))),
    }
}
