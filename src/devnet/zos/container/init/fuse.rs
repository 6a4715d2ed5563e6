//! Mounts flists in the container's own mount namespace. The device goes to the node, which serves
//! what is asked there: so the mount ends with the container, and with the node.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

/// Mounts them, and passes the devices out in the same order.
pub fn mount_all<'a>(
    points: impl Iterator<Item = &'a Path>,
    node: &UnixStream,
) -> Result<(), String> {
    for point in points {
        let device = mount_at(point)
            .map_err(|e| format!("cannot mount an flist at {}: {e}", point.display()))?;
        let descriptors = [device.as_raw_fd()];
        sendmsg::<()>(
            node.as_raw_fd(),
            &[IoSlice::new(&[0])],
            &[ControlMessage::ScmRights(&descriptors)],
            MsgFlags::MSG_NOSIGNAL,
            None,
        )
        .map_err(|e| format!("cannot pass an flist to the node: {e}"))?;
    }
    Ok(())
}

/// Mounts a file system that whoever holds the device serves.
pub fn mount_at(point: &Path) -> io::Result<OwnedFd> {
    // Opened here: the device belongs to the user namespace that it was opened in.
    let device: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/fuse")?;
    let options = format!(
        "fd={},rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other",
        device.as_raw_fd()
    );
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
    mount(
        Some("flist"),
        point,
        Some("fuse.flist"),
        flags,
        Some(options.as_str()),
    )?;
    Ok(device.into())
}
