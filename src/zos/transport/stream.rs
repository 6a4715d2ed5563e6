//! TCP, TLS and unix sockets.
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Endpoint;
use super::certificate::{self, Fingerprint};
use crate::zos::error::{Error, Result};

/// A connection of any kind.
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    Tls(Box<TlsStream<TcpStream>>),
    /// On this machine.
    Unix(UnixStream),
}

/// Opens a connection; with TLS, answers the fingerprint of the certificate as well.
///
/// # Errors
/// No connection, or no TLS.
pub async fn open(endpoint: &Endpoint) -> Result<(Stream, Option<Fingerprint>)> {
    let refused = |error: io::Error| Error::Connect {
        address: endpoint.to_string(),
        reason: error.to_string(),
    };
    let (host, port, tls) = match endpoint {
        Endpoint::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(refused)?;
            return Ok((Stream::Unix(stream), None));
        }
        Endpoint::Tcp { host, port, tls } => (host.as_str(), *port, *tls),
    };
    let stream = TcpStream::connect((host, port)).await.map_err(refused)?;
    // Small commands in turns: waiting for more to send would cost 40 ms each.
    stream.set_nodelay(true).map_err(refused)?;
    // A node that went away while nothing was said is noticed within seconds.
    let alive = TcpKeepalive::new()
        .with_time(Duration::from_secs(1))
        .with_interval(Duration::from_secs(1));
    SockRef::from(&stream)
        .set_tcp_keepalive(&alive)
        .map_err(refused)?;
    if !tls {
        return Ok((Stream::Plain(stream), None));
    }
    let failed = |reason: String| Error::Tls {
        address: endpoint.to_string(),
        reason,
    };
    let config = certificate::config().map_err(|error| failed(error.to_string()))?;
    // The name is not checked; it is only said to the server.
    let name = ServerName::try_from(host.to_string()).map_err(|error| failed(error.to_string()))?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let certificate = stream.get_ref().1.peer_certificates();
    let fingerprint = certificate
        .and_then(|chain| chain.first())
        .map(Fingerprint::of)
        .ok_or_else(|| failed("it has no certificate".into()))?;
    Ok((Stream::Tls(Box::new(stream)), Some(fingerprint)))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
            Stream::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
