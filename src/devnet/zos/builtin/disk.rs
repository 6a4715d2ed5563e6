//! `disk.list` and `disk.mounts`: what disks the machine has. Nothing here changes one.
use std::process::Command;

use serde_json::{Map, Value as Json, json};

use super::info;
use crate::devnet::zos::jobs::{Commands, Failure};

/// Adds them.
pub fn add(commands: &mut Commands) {
    commands.add_blocking("disk.list", |_| {
        let listed = Command::new("lsblk")
            .args(["--json", "--bytes", "--output-all"])
            .output()
            .map_err(|_| Failure::not_here("the program lsblk"))?;
        if !listed.status.success() {
            return Err(String::from_utf8_lossy(&listed.stderr)
                .trim()
                .to_string()
                .into());
        }
        let mut answer: Json = serde_json::from_slice(&listed.stdout)
            .map_err(|e| Failure::from(format!("what lsblk prints cannot be read: {e}")))?;
        let mut disks = answer["blockdevices"].take();
        for disk in disks.as_array_mut().into_iter().flatten() {
            extend(disk);
        }
        Ok(disks)
    });
    commands.add_blocking("disk.mounts", |_| {
        let mut devices: Map<String, Json> = Map::new();
        for [device, point, kind, options] in info::mounts() {
            let options: Map<String, Json> = options
                .split(',')
                .map(|option| option.split_once('=').unwrap_or((option, "")))
                .map(|(name, value)| (name.to_string(), value.into()))
                .collect();
            let mount = json!({"mountpoint": point, "filesystem": kind, "options": options});
            let all = devices.entry(device).or_insert_with(|| json!([]));
            if let Some(all) = all.as_array_mut() {
                all.push(mount);
            }
        }
        Ok(devices.into())
    });
}

/// Adds what the node knows beside the columns of lsblk.
fn extend(disk: &mut Json) {
    let size = disk["size"].as_u64().unwrap_or_default();
    let block = disk["phy-sec"].as_u64().unwrap_or(512);
    let table = disk["pttype"].as_str().unwrap_or_default().to_string();
    if let Some(map) = disk.as_object_mut() {
        map.insert("start".into(), 0.into());
        map.insert("end".into(), size.saturating_sub(1).into());
        map.insert("size".into(), size.into());
        map.insert("blocksize".into(), block.into());
        map.insert("table".into(), table.into());
        map.insert("free".into(), json!([]));
    }
    for child in disk["children"].as_array_mut().into_iter().flatten() {
        extend(child);
    }
}
