//! What some work needs of memory.
use std::fs;

/// A line of the system's account of this process, in KiB; 0 where there is none.
pub fn state(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    found
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

/// Answers what `work` answers, and by how many MB this process was larger meanwhile than before.
pub fn grown<T>(work: impl FnOnce() -> T) -> (T, u64) {
    // Forgets the highest so far, where that is allowed.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = state("VmRSS:");
    let answer = work();
    (answer, state("VmHWM:").saturating_sub(before) / 1024)
}
