//! One client, from its first byte to its last.
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::command;
use super::keyspace::Keyspace;
use super::reply::{Protocol, Reply};
use super::request::{Limits, Parser};
use crate::devnet::resp::wire::{FLUSH_AT, flush, read, refuse};
use crate::devnet::zos::guard::{Guard, REFUSED};

/// Bytes that a client may send ahead while it waits in a blocking command.
const AHEAD: usize = 1024 * 1024;

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
    let mut protocol = Protocol::Two;
    let mut out = Vec::new();
    loop {
        let arguments = match parser.command() {
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
                Reply::OK.write(protocol, &mut out);
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
            b"HELLO" => match hello(arguments.get(1..).unwrap_or_default(), guard, trusted) {
                Ok(spoken) => {
                    trusted = true;
                    parser.set_limits(Limits::TRUSTED);
                    protocol = spoken;
                    greeting(spoken)
                }
                Err(why) => Reply::Error(why),
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
        reply.write(protocol, &mut out);
        if out.len() >= FLUSH_AT {
            flush(stream, &mut out).await?;
        }
    }
}

/// Checks the arguments of `HELLO [version [AUTH user password] [SETNAME name]]`.
fn hello(arguments: &[Vec<u8>], guard: &Guard, trusted: bool) -> Result<Protocol, String> {
    let (version, mut rest) = match arguments.split_first() {
        None => (b"2".as_slice(), arguments),
        Some((version, rest)) => (version.as_slice(), rest),
    };
    let protocol = match version {
        b"2" => Protocol::Two,
        b"3" => Protocol::Three,
        _ => return Err("NOPROTO unsupported protocol version".into()),
    };
    let mut admitted = trusted;
    loop {
        rest = match rest {
            [] => break,
            [word, _, password, more @ ..] if word.eq_ignore_ascii_case(b"AUTH") => {
                guard.admit(std::slice::from_ref(password))?;
                admitted = true;
                more
            }
            [word, _, more @ ..] if word.eq_ignore_ascii_case(b"SETNAME") => more,
            _ => return Err("ERR syntax error in HELLO".into()),
        };
    }
    if admitted {
        Ok(protocol)
    } else {
        Err(REFUSED.into())
    }
}

/// What the server says of itself.
fn greeting(protocol: Protocol) -> Reply {
    let number = if protocol == Protocol::Three { 3 } else { 2 };
    let facts = [("server", "redis"), ("version", "5.0.0")];
    let modes = [("mode", "standalone"), ("role", "master")];
    let text = |(name, value): (&str, &str)| (Reply::text(name), Reply::text(value));
    let mut pairs: Vec<(Reply, Reply)> = facts.into_iter().map(text).collect();
    pairs.push((Reply::text("proto"), Reply::Integer(number)));
    pairs.extend(modes.into_iter().map(text));
    Reply::Map(pairs)
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
