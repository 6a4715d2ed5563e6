//! The node's port: takes clients in, tells TLS from plain by the first byte.
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::guard::Guard;
use super::redis::Keyspace;
use super::redis::connection::serve;
use crate::devnet::accept::take_in;

/// First byte of a TLS greeting (record type "handshake").
const TLS: u8 = 0x16;
/// Clients at once; more wait until one leaves.
const CLIENTS: usize = 4096;
/// How long a TLS greeting may take.
const GREETING: Duration = Duration::from_secs(10);

/// What every connection needs.
#[derive(Clone)]
pub struct Door {
    /// The data.
    pub keyspace: Arc<Keyspace>,
    /// Who may come in.
    pub guard: Arc<Guard>,
    /// Answers TLS greetings.
    pub tls: TlsAcceptor,
}

/// Takes clients in until the node stops; their connections end with it.
pub async fn listen(listener: TcpListener, door: Door, stopping: watch::Receiver<bool>) {
    let greet = |stream| {
        let door = door.clone();
        async move { greet(stream, &door).await }
    };
    take_in(listener, CLIENTS, stopping, greet).await;
}

/// Serves one client. How its connection ends concerns nobody else.
async fn greet(mut stream: TcpStream, door: &Door) {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first == [TLS] => {
            let Ok(Ok(mut stream)) = tokio::time::timeout(GREETING, door.tls.accept(stream)).await
            else {
                return;
            };
            let _ = serve(&mut stream, &door.keyspace, &door.guard).await;
        }
        Ok(1) => {
            let _ = serve(&mut stream, &door.keyspace, &door.guard).await;
        }
        _ => {}
    }
}
