//! A test that needs what this machine lacks says so; it never passes in silence.

/// Says why a test, or a part of one, did not run.
#[allow(
    clippy::disallowed_macros,
    reason = "a test that cannot run here says why"
)]
pub fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
