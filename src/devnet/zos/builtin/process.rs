//! `process.*`: all processes of the machine that can be seen.
use nix::errno::Errno;
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::proc;
use crate::devnet::zos::jobs::command::reason;
use crate::devnet::zos::jobs::{Commands, Failure, basics};

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    pid: i32,
    #[serde(default)]
    signal: i32,
}

/// Adds them.
pub fn add(commands: &mut Commands) {
    commands.add_blocking("process.list", |mut call| {
        let Arguments { pid, .. } = call.arguments()?;
        let ids = match pid {
            0 => proc::all(),
            pid => vec![pid],
        };
        Ok(ids.into_iter().filter_map(shown).collect())
    });
    commands.add("process.kill", |mut call| async move {
        let Arguments { pid, signal } = call.arguments()?;
        if pid <= 1 {
            return Err("invalid PID".into());
        }
        let signal = basics::signal(signal)?;
        nix::sys::signal::kill(Pid::from_raw(pid), signal)
            .map_err(|e: Errno| Failure::from(reason(&std::io::Error::from(e))))?;
        Ok(Json::Null)
    });
}

fn shown(pid: i32) -> Option<Json> {
    let stat = proc::stat(pid)?;
    let (_, rss, vms, swap) = proc::usage(pid);
    let command = proc::read(&format!("/proc/{pid}/cmdline"));
    let command = command.trim_end_matches('\0').replace('\0', " ");
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |entries| entries.count());
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of a machine's life"
    )]
    let created = (proc::boot_time() + stat.started as u64) * 1000;
    Some(json!({
        "pid": pid, "ppid": stat.parent, "cmdline": command, "name": stat.name,
        "createtime": created,
        "cpu": {
            "guestnice": 0, "idle": 0, "iowait": 0, "irq": 0, "nice": 0, "softirq": 0, "steal": 0,
            "stolen": 0, "system": stat.system, "user": stat.user,
        },
        "rss": rss, "vms": vms, "swap": swap, "rlimit": proc::limits(pid), "ofd": open,
    }))
}
