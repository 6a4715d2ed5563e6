//! One client, from its first byte to its last.
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::command;
use super::keyspace::Keyspace;
use super::reply::Reply;
use super::request::{Limits, Malformed, Parser};
use crate::devnet::zos::guard::{Guard, REFUSED};

/// Bytes that are asked for in one read.
const READ: usize = 64 * 1024;
/// Answers are sent at the latest when so many bytes of them have gathered.
const FLUSH_AT: usize = 1024 * 1024;
/// Bytes that a client may send ahead while it waits in a blocking command.
const AHEAD: usize = 1024 * 1024;
/// How much, and how long, a client whose command was too large may go on sending, so that it
/// reads our answer instead of a broken connection.
const DRAIN_BYTES: usize = 512 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Serves a client until it leaves, says `QUIT`, or sends what cannot be understood.
///
/// # Errors
/// Those of the connection; they concern nobody else.
pub async fn serve<S>(stream: &mut S, keyspace: &Keyspace, guard: &Guard) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut trusted = guard.is_open();
    let mut parser = Parser::new(if trusted {
        Limits::TRUSTED
    } else {
        Limits::STRANGER
    });
    let mut out = Vec::new();
    loop {
        let arguments = match parser.next() {
            Ok(Some(arguments)) => arguments,
            Ok(None) => {
                flush(stream, &mut out).await?;
                if read(stream, &mut parser).await? == 0 {
                    return Ok(());
                }
                continue;
            }
            Err(malformed) => return refuse(stream, out, &malformed).await,
        };
        let name = arguments
            .first()
            .map(|name| name.to_ascii_uppercase())
            .unwrap_or_default();
        let reply = match name.as_slice() {
            b"QUIT" => {
                Reply::OK.write(&mut out);
                flush(stream, &mut out).await?;
                return stream.shutdown().await;
            }
            b"AUTH" => match guard.admit(arguments.get(1..).unwrap_or_default()) {
                Ok(()) => {
                    trusted = true;
                    parser.set_limits(Limits::TRUSTED);
                    Reply::OK
                }
                Err(why) => Reply::Error(why.into()),
            },
            _ if !trusted => Reply::Error(REFUSED.into()),
            _ if command::waits(&arguments) => {
                flush(stream, &mut out).await?;
                let working = command::execute(keyspace, arguments);
                match while_there(stream, &mut parser, working).await? {
                    Some(reply) => reply,
                    None => return Ok(()),
                }
            }
            _ => command::execute(keyspace, arguments).await,
        };
        reply.write(&mut out);
        if out.len() >= FLUSH_AT {
            flush(stream, &mut out).await?;
        }
    }
}

/// Waits for an answer, and for the client to go away; None when it went first.
async fn while_there<S: AsyncRead + Unpin>(
    stream: &mut S,
    parser: &mut Parser,
    working: impl Future<Output = Reply>,
) -> io::Result<Option<Reply>> {
    let mut working = std::pin::pin!(working);
    loop {
        let room = parser.waiting() < AHEAD;
        tokio::select! {
            biased;
            reply = &mut working => return Ok(Some(reply)),
            got = read(stream, parser), if room => {
                if got? == 0 {
                    return Ok(None);
                }
            }
        }
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, parser: &mut Parser) -> io::Result<usize> {
    let buffer = parser.buffer();
    buffer.reserve(READ);
    stream.read_buf(buffer).await
}

async fn flush<S: AsyncWrite + Unpin>(stream: &mut S, out: &mut Vec<u8>) -> io::Result<()> {
    if !out.is_empty() {
        stream.write_all(out).await?;
        stream.flush().await?;
        out.clear();
        out.shrink_to(FLUSH_AT);
    }
    Ok(())
}

/// Says what was wrong and lets the client read it.
async fn refuse<S>(stream: &mut S, mut out: Vec<u8>, malformed: &Malformed) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Reply::Error(malformed.to_string()).write(&mut out);
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
