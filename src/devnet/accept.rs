//! Takes the clients of a TCP server in.
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Pause after the system refused a connection (too many files).
const PAUSE: Duration = Duration::from_millis(50);

/// Serves clients until the server stops, so many at once; more wait until one leaves. When it
/// returns, their connections have ended. How one of them ends concerns nobody else.
pub(super) async fn take_in<F, C>(
    listener: TcpListener,
    clients: usize,
    stopping: watch::Receiver<bool>,
    serve: F,
) where
    F: Fn(TcpStream) -> C,
    C: Future<Output = ()> + Send + 'static,
{
    let stopped = super::stopping::stopped(stopping);
    tokio::pin!(stopped);
    let places = Arc::new(Semaphore::new(clients));
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => {
                let (Ok(place), Ok((stream, _))) = accepted else {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let served = serve(stream);
                clients.spawn(async move {
                    served.await;
                    drop(place);
                });
            }
        }
    }
    clients.shutdown().await;
}
