//! Process-wide protection of secrets: no core dumps, no swap, private files.
//!
//! [`harden_process`] is for the binary; the rest serves this room.
use std::sync::Mutex;

/// Forbids core dumps and, on Linux, reading this process's memory through `/proc` or a
/// debugger of the same user. Best effort; called once by the binary.
pub fn harden_process() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: setrlimit reads the struct it is given, which lives through the call.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    #[cfg(target_os = "linux")]
    // SAFETY: PR_SET_DUMPABLE takes one integer argument and touches no memory of ours.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0)
    };
}

/// Asks the system not to swap these bytes out. Best effort: limits are often small. Never
/// undone, because a page may hold other secrets.
pub(crate) fn keep_in_memory(bytes: &[u8]) {
    // SAFETY: the range is a live slice; mlock changes only how its pages are kept.
    unsafe { libc::mlock(bytes.as_ptr().cast(), bytes.len()) };
}

/// How many guards live, and the umask to put back.
static UMASK: Mutex<(usize, libc::mode_t)> = Mutex::new((0, 0));

/// While one exists, new files of this process are 0600 and new folders 0700.
///
/// The storage engine creates files with the process's umask and offers no other way. The umask
/// is process-wide: other threads that create files meanwhile get private ones, never more open
/// ones. Guards may overlap; the last one puts the old value back.
pub(crate) struct PrivateFiles(());

impl PrivateFiles {
    /// Sets the umask to 077.
    pub(crate) fn new() -> Self {
        let mut state = UMASK.lock().unwrap_or_else(|e| e.into_inner());
        if state.0 == 0 {
            // SAFETY: umask only swaps a number in the process and cannot fail.
            state.1 = unsafe { libc::umask(0o077) };
        }
        state.0 += 1;
        Self(())
    }
}

impl Drop for PrivateFiles {
    fn drop(&mut self) {
        let mut state = UMASK.lock().unwrap_or_else(|e| e.into_inner());
        state.0 = state.0.saturating_sub(1);
        if state.0 == 0 {
            // SAFETY: as above.
            unsafe { libc::umask(state.1) };
        }
    }
}
