//! What root in a container may not do.

use std::io;

use nix::errno::Errno;
use nix::sys::prctl::set_no_new_privs;

/// Rights of jobs in an unprivileged container: chown, dac_override, fowner, fsetid, kill, setgid,
/// setuid, net_bind_service, net_raw, sys_chroot, audit_write, setfcap. The original also
/// lets them make device nodes; ours does not, for no node would work and none should.
const ALLOWED: u64 = 0xa004_24fb;
const CAP_NET_ADMIN: u64 = 12;
/// No kernel has more capabilities than a set has bits.
const BITS: u64 = 64;
/// Version of the sets below (`_LINUX_CAPABILITY_VERSION_3`).
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: libc::c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Gives rights away for good: from this process, and from all that it will start.
///
/// The init itself may go on to set up links if the network is the container's own; what it starts
/// may not.
pub fn drop(privileged: bool, own_network: bool) -> Result<(), String> {
    set_no_new_privs().map_err(|e| format!("cannot give up new rights: {e}"))?;
    if privileged {
        return Ok(());
    }
    for bit in 0..BITS {
        if ALLOWED & (1 << bit) != 0 {
            continue;
        }
        // SAFETY: PR_CAPBSET_DROP takes a number and touches no memory of ours.
        let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, bit, 0, 0, 0) };
        match Errno::last() {
            _ if done == 0 => {}
            // The kernel knows no more capabilities.
            Errno::EINVAL => break,
            e => return Err(format!("cannot drop capability {bit}: {e}")),
        }
    }
    let own = ALLOWED | (u64::from(own_network) << CAP_NET_ADMIN);
    let set = |half: u64| Sets {
        effective: u32::try_from(half & u64::from(u32::MAX)).unwrap_or(0),
        permitted: u32::try_from(half & u64::from(u32::MAX)).unwrap_or(0),
        inheritable: 0,
    };
    let sets = [set(own), set(own >> 32)];
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    // SAFETY: version 3 reads one header and two sets, which outlive the call.
    let done = unsafe { libc::syscall(libc::SYS_capset, &header, sets.as_ptr()) };
    if done != 0 {
        return Err(format!(
            "cannot set capabilities: {}",
            io::Error::last_os_error()
        ));
    }
    Ok(())
}
