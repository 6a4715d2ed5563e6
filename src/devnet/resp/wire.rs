//! Bytes in and out of a connection, and what a client that cannot be understood is told.
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::reply::{Protocol, Reply};
use super::request::{Malformed, Parser};

/// Bytes that are asked for in one read.
const READ: usize = 64 * 1024;
/// Answers are sent at the latest when so many bytes of them have gathered.
pub const FLUSH_AT: usize = 1024 * 1024;
/// How much, and how long, a client whose command was too large may go on sending, so that it
/// reads our answer instead of a broken connection.
const DRAIN_BYTES: usize = 512 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Reads what is there into the parser; 0 at the end of the connection.
///
/// # Errors
/// Those of the connection.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S, parser: &mut Parser) -> io::Result<usize> {
    let buffer = parser.buffer();
    buffer.reserve(READ);
    stream.read_buf(buffer).await
}

/// Sends the answers that have gathered.
///
/// # Errors
/// Those of the connection.
pub async fn flush<S: AsyncWrite + Unpin>(stream: &mut S, out: &mut Vec<u8>) -> io::Result<()> {
    if !out.is_empty() {
        stream.write_all(out).await?;
        stream.flush().await?;
        out.clear();
        out.shrink_to(FLUSH_AT);
    }
    Ok(())
}

/// Says what was wrong and lets the client read it.
///
/// # Errors
/// Those of the connection.
pub async fn refuse<S>(stream: &mut S, mut out: Vec<u8>, malformed: &Malformed) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Reply::Error(malformed.to_string()).write(Protocol::Two, &mut out);
    flush(stream, &mut out).await?;
    stream.shutdown().await?;
    let drain = async {
        let mut scrap = vec![0; READ];
        let mut left = DRAIN_BYTES;
        while left > 0 {
            match stream.read(&mut scrap).await {
                Ok(0) | Err(_) => break,
                Ok(n) => left = left.saturating_sub(n),
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    Ok(())
}
