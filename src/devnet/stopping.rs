//! How the parts of a devnet learn that they are to end.

use tokio::sync::watch;

/// Waits until somebody says so.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that nobody can say so any more, so it is time as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}
