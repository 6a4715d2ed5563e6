//! Commands of recipes: they end with all that they started, in time, or when somebody stops them.
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::j::world::World;
use crate::object::{Error, Kind, Result};

/// How long one may take.
const LONGEST: Duration = Duration::from_secs(600);
/// Characters of its output that are shown when it fails.
const SHOWN: usize = 2000;

/// A group of processes that ends when this is dropped.
struct Group(Option<i32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // SAFETY: a call without pointers; the group is of a child of ours that was not waited
            // for, so its number is not used again.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
}

/// Runs a script with bash, which stops at its first error. Answers what it wrote to its output.
///
/// # Errors
/// When it cannot be started, fails, takes longer than ten minutes, or is stopped.
pub fn bash(world: &World, script: &str, dir: &Path, env: &[(String, String)]) -> Result<String> {
    let mut command = Command::new("bash");
    command
        .args(["-e", "-o", "pipefail", "-c", script])
        .current_dir(dir)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let first = script.trim().lines().next().unwrap_or_default().to_owned();
    let run = async {
        let child = command
            .spawn()
            .map_err(|e| Error::new(Kind::Io, format!("cannot start bash: {e}")))?;
        let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()));
        let output = match timeout(LONGEST, child.wait_with_output()).await {
            Ok(output) => output.map_err(|e| Error::new(Kind::Io, format!("'{first}': {e}")))?,
            Err(_) => {
                let seconds = LONGEST.as_secs();
                let text = format!("'{first}' took longer than {seconds} s and was ended");
                return Err(Error::new(Kind::Script, text));
            }
        };
        // It has ended by itself.
        group.0 = None;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
        let skipped = all.chars().count().saturating_sub(SHOWN);
        let last: String = all.chars().skip(skipped).collect();
        Err(Error::new(
            Kind::Script,
            format!("'{first}' failed ({}):\n{}", output.status, last.trim_end()),
        ))
    };
    world.block_on(run)?
}
