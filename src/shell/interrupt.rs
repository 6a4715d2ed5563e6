//! Ctrl-C: a signal sets the flags of whatever runs, and kills nothing.
//!
//! The evaluation and the tree each look at a flag of their own. A signal handler may touch little,
//! so the flags stand in a fixed table of atomics.
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

const PLACES: usize = 16;

static FLAGS: [AtomicPtr<AtomicBool>; PLACES] = [const { AtomicPtr::new(ptr::null_mut()) }; PLACES];

extern "C" fn on_signal(_: libc::c_int) {
    stop();
}

/// Sets every watched flag: what runs stops at the next look.
pub fn stop() {
    for place in &FLAGS {
        let flag = place.load(Ordering::Acquire);
        if !flag.is_null() {
            // SAFETY: pointers in the table come from `Arc::into_raw` and are never freed.
            unsafe { (*flag).store(true, Ordering::Release) };
        }
    }
}

/// Flags that Ctrl-C sets as long as this lives.
pub struct Watch(Vec<usize>);

impl Watch {
    /// Puts the flags into the table. The few bytes of each stay allocated for good, because a
    /// signal may come at any moment.
    pub fn new(flags: &[Arc<AtomicBool>]) -> Watch {
        let mut places = Vec::new();
        for flag in flags {
            let pointer = Arc::into_raw(flag.clone()).cast_mut();
            let free = FLAGS.iter().position(|place| {
                place
                    .compare_exchange(
                        ptr::null_mut(),
                        pointer,
                        Ordering::AcqRel,
                        Ordering::Relaxed,
                    )
                    .is_ok()
            });
            places.extend(free);
        }
        Watch(places)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for place in self.0.iter().filter_map(|at| FLAGS.get(*at)) {
            place.store(ptr::null_mut(), Ordering::Release);
        }
    }
}

/// While one exists, Ctrl-C sets the flags; afterwards it does what it did before.
pub struct Caught(libc::sigaction);

impl Caught {
    /// Takes over SIGINT.
    pub fn sigint() -> Caught {
        // SAFETY: all-zero is a valid `sigaction`; both pointers are valid for the calls; the
        // handler only touches atomics.
        unsafe {
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = on_signal as *const () as libc::sighandler_t;
            ours.sa_flags = libc::SA_RESTART;
            libc::sigemptyset(&raw mut ours.sa_mask);
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGINT, &raw const ours, &raw mut before);
            Caught(before)
        }
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        // SAFETY: the struct was filled in by `sigaction`.
        unsafe { libc::sigaction(libc::SIGINT, &raw const self.0, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_sets_the_flags_of_those_who_watch() {
        let flag = Arc::new(AtomicBool::new(false));
        let watch = Watch::new(std::slice::from_ref(&flag));
        let caught = Caught::sigint();
        // SAFETY: raises a signal whose handler was installed above.
        unsafe { libc::raise(libc::SIGINT) };
        assert!(flag.swap(false, Ordering::SeqCst));
        drop(watch);
        // SAFETY: as above.
        unsafe { libc::raise(libc::SIGINT) };
        assert!(!flag.load(Ordering::SeqCst));
        drop(caught);
    }
}
