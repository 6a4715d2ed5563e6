//! `config.get`, and commands whose subject is not on a node of ours.
use serde_json::{Value as Json, json};

use super::logger;
use crate::devnet::zos::jobs::{Commands, Failure};

/// Chunk store that containers use when none is named (real node's stock configuration).
pub const STORAGE: &str = "zdb://hub.grid.tf:9900";

/// Named commands of a real node that need what this machine does not give a node, and what.
const NOT_HERE: &[(&str, &[&str])] = &[
    (
        "file systems of its own (btrfs)",
        &[
            "btrfs.info",
            "btrfs.create",
            "btrfs.device_add",
            "btrfs.device_remove",
            "btrfs.subvol_create",
            "btrfs.subvol_list",
            "btrfs.subvol_delete",
            "btrfs.subvol_quota",
            "btrfs.subvol_snapshot",
        ],
    ),
    (
        "zerotier",
        &[
            "zerotier.join",
            "zerotier.leave",
            "zerotier.info",
            "corex.zerotier.info",
            "corex.zerotier.list",
        ],
    ),
    (
        "a hypervisor (kvm)",
        &[
            "kvm.create",
            "kvm.destroy",
            "kvm.shutdown",
            "kvm.reboot",
            "kvm.reset",
            "kvm.pause",
            "kvm.resume",
            "kvm.info",
            "kvm.infops",
            "kvm.attach_disk",
            "kvm.detach_disk",
            "kvm.add_nic",
            "kvm.remove_nic",
            "kvm.limit_disk_io",
            "kvm.migrate",
            "kvm.prepare_migration_target",
            "kvm.get",
            "kvm.create-image",
            "kvm.convert-image",
            "kvm.portforward-add",
            "kvm.portforward-remove",
        ],
    ),
    (
        "disks of its own: those of the machine are not touched",
        &[
            "disk.getinfo",
            "disk.mktable",
            "disk.mkpart",
            "disk.rmpart",
            "disk.mount",
            "disk.umount",
            "disk.smartctl-info",
            "disk.smartctl-health",
            "disk.smartctl_info",
            "disk.smartctl_health",
            "disk.spindown",
            "disk.isstandby",
            "disk.seektime",
            "disk.protect",
        ],
    ),
    ("power over the machine", &["core.reboot", "core.poweroff"]),
    (
        "monitors that report elsewhere",
        &["rtinfo.start", "monitor"],
    ),
    ("backups (restic)", &["corex.backup", "corex.restore"]),
];

/// Adds them.
pub fn add(commands: &mut Commands) {
    commands.add("config.get", |_| async {
        Ok(json!({
            "main": {"max_jobs": 524_288, "include": [], "network": "", "log_level": "info"},
            "globals": {"storage": STORAGE},
            "extension": null,
            "logger": {
                "file": {"levels": []},
                "Ledis": {"ledis": {"levels": null}, "size": logger::LENGTH},
            },
            "containers": {"max_count": 1000},
            "stats": {"enabled": true},
        }))
    });
    for name in ["btrfs.list", "zerotier.list", "kvm.list"] {
        commands.add(name, |_| async { Ok(Json::Array(Vec::new())) });
    }
    commands.add("rtinfo.list", |_| async { Ok(json!({})) });
    commands.add("rtinfo.stop", |_| async { Ok(Json::Null) });
    for (what, names) in NOT_HERE {
        for name in *names {
            commands.add(name, move |_| async move { Err(Failure::not_here(what)) });
        }
    }
}
