//! System calls that no program in an unprivileged container may make: those that reach for the
//! machine rather than the container, much as the usual profile of container engines refuses them.
//!
//! Everything else is allowed, debugging included: other containers and the machine's processes
//! cannot even be named in here.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Refused whatever their arguments are (EPERM).
const REFUSED: &[c_long] = &[
    // Mounts and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // The kernel itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    libc::SYS_lookup_dcookie,
    // The clock of the machine.
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    // Keys are not kept apart by namespaces.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Where memory of others lies.
    libc::SYS_mbind,
    libc::SYS_get_mempolicy,
    libc::SYS_set_mempolicy,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
];

/// The same on machines that have these calls.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[c_long] = &[
    libc::SYS_kexec_file_load,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[c_long] = &[];

/// Flags of `clone` that make namespaces: mount, cgroup, uts, ipc, user, pid, net.
const NAMESPACES: &[libc::c_int] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// On x86-64 every call has a second number for programs with short pointers (x32).
const X32: c_long = 0x4000_0000;
/// Those of them with a number of their own: ptrace, process_vm_readv, process_vm_writev,
/// move_pages, kexec_load.
const X32_ONLY: &[c_long] = &[521, 539, 540, 533, 528];

#[cfg(target_arch = "x86_64")]
const ARCH: Option<TargetArch> = Some(TargetArch::x86_64);
#[cfg(target_arch = "aarch64")]
const ARCH: Option<TargetArch> = Some(TargetArch::aarch64);
#[cfg(target_arch = "riscv64")]
const ARCH: Option<TargetArch> = Some(TargetArch::riscv64);
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
const ARCH: Option<TargetArch> = None;

/// Refuses these calls to this process and to all that it will start. Needs `no_new_privs`.
pub fn refuse() -> Result<(), String> {
    let Some(arch) = ARCH else { return Ok(()) };
    let fail = |e: &dyn std::fmt::Display| format!("cannot refuse system calls: {e}");
    for (rules, number) in [
        (refused().map_err(|e| fail(&e))?, libc::EPERM),
        (missing(), libc::ENOSYS),
    ] {
        let errno = SeccompAction::Errno(u32::try_from(number).unwrap_or_default());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, errno, arch);
        let filter: BpfProgram = filter.and_then(TryInto::try_into).map_err(|e| fail(&e))?;
        apply_filter(&filter).map_err(|e| fail(&e))?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn refused() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    for call in REFUSED.iter().chain(REFUSED_HERE) {
        rules.insert(*call, Vec::new());
    }
    let mut making = Vec::new();
    for flag in NAMESPACES {
        let flag = u64::from(flag.cast_unsigned());
        let condition = SeccompCondition::new(
            0,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(flag),
            flag,
        )?;
        making.push(SeccompRule::new(vec![condition])?);
    }
    rules.insert(libc::SYS_clone, making);
    if cfg!(target_arch = "x86_64") {
        let short: Vec<_> = rules
            .iter()
            .map(|(call, rules)| (call | X32, rules.clone()))
            .collect();
        rules.extend(short);
        rules.extend(X32_ONLY.iter().map(|call| (call | X32, Vec::new())));
    }
    Ok(rules)
}

/// The flags of `clone3` lie in memory, where no filter can look: programs are told that the
/// kernel does not have it, and use `clone`.
fn missing() -> Rules {
    let mut rules = Rules::from([(libc::SYS_clone3, Vec::new())]);
    if cfg!(target_arch = "x86_64") {
        rules.insert(libc::SYS_clone3 | X32, Vec::new());
    }
    rules
}
