//! Bytes to commands: RESP2 arrays of bulk strings, fed in pieces.
//!
//! Commands typed as plain words are refused. A page in a browser can send such lines to any port
//! of the machine, and on this port a command runs programs.

/// Longest line that announces a count or a length.
const MAX_LINE: usize = 64;
/// Bytes that are kept in front of the reading position before they are thrown away.
const COMPACT_AT: usize = 64 * 1024;

/// What a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arguments of a command, its name counted.
    pub arguments: usize,
    /// Bytes of all arguments of a command together.
    pub bytes: usize,
}

impl Limits {
    /// Of a client that may work: a block of a file needs 0.7 MB, a large script some more.
    pub const TRUSTED: Limits = Limits {
        arguments: 1024 * 1024,
        bytes: 64 * 1024 * 1024,
    };
    /// Of a client that has not said its password yet.
    pub const STRANGER: Limits = Limits {
        arguments: 16,
        bytes: 16 * 1024,
    };
}

/// What is wrong with the bytes of a client; the connection cannot go on after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Another byte than `*` or `$` where a command or an argument begins.
    #[error("ERR Protocol error: expected '{expected}', got '{}'", char::from(*found).escape_default())]
    Unexpected {
        /// `*` or `$`.
        expected: char,
        /// What stood there.
        found: u8,
    },
    /// A count of arguments that is no number, negative, or too large.
    #[error("ERR Protocol error: invalid multibulk length (at most {most})")]
    Count {
        /// The limit.
        most: usize,
    },
    /// A length that is no number, negative, or too large.
    #[error("ERR Protocol error: invalid bulk length (a command may have {most} bytes)")]
    Length {
        /// The limit.
        most: usize,
    },
    /// An argument that is longer than announced.
    #[error("ERR Protocol error: an argument does not end where its length says")]
    End,
}

/// Takes bytes in pieces of any size and hands out whole commands.
#[derive(Debug)]
pub struct Parser {
    buffer: Vec<u8>,
    at: usize,
    /// Arguments of the command that is being read, as far as they are complete.
    arguments: Vec<Vec<u8>>,
    /// Arguments still to come; None between two commands.
    missing: Option<usize>,
    /// Length of the argument whose bytes come next.
    body: Option<usize>,
    /// Bytes announced for the current command.
    size: usize,
    limits: Limits,
}

impl Parser {
    /// A parser without any bytes.
    pub fn new(limits: Limits) -> Self {
        Parser {
            buffer: Vec::new(),
            at: 0,
            arguments: Vec::new(),
            missing: None,
            body: None,
            size: 0,
            limits,
        }
    }

    /// Changes what the client may send from the next command on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Where newly read bytes are appended.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
        } else if self.at >= COMPACT_AT {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        // After something large the room is given back.
        if self.buffer.is_empty() && self.buffer.capacity() > 4 * 1024 * 1024 {
            self.buffer = Vec::new();
        }
        &mut self.buffer
    }

    /// Bytes that wait to be read as commands.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.at
    }

    /// The next whole command; None when more bytes are needed first.
    ///
    /// # Errors
    /// [`Malformed`]; nothing of the connection can be understood after it.
    pub fn command(&mut self) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
        loop {
            if let Some(length) = self.body {
                let Some(rest) = self.buffer.get(self.at..) else {
                    return Ok(None);
                };
                if rest.len() < length + 2 {
                    return Ok(None);
                }
                if rest.get(length..length + 2) != Some(b"\r\n") {
                    return Err(Malformed::End);
                }
                self.arguments
                    .push(rest.get(..length).unwrap_or_default().to_vec());
                self.at += length + 2;
                self.body = None;
                self.missing = self.missing.map(|missing| missing - 1);
            }
            if self.missing == Some(0) {
                self.missing = None;
                self.size = 0;
                let command = std::mem::take(&mut self.arguments);
                if !command.is_empty() {
                    return Ok(Some(command));
                }
            }
            match self.missing {
                None => {
                    let most = self.limits.arguments;
                    let Some(count) = self.line(b'*', Malformed::Count { most })? else {
                        return Ok(None);
                    };
                    // Redis takes an empty and a negative count for no command at all.
                    let count = usize::try_from(count).unwrap_or(0);
                    if count > most {
                        return Err(Malformed::Count { most });
                    }
                    self.missing = Some(count);
                }
                Some(_) => {
                    let most = self.limits.bytes;
                    let bad = Malformed::Length { most };
                    let Some(length) = self.line(b'$', bad.clone())? else {
                        return Ok(None);
                    };
                    let length = usize::try_from(length).map_err(|_| bad.clone())?;
                    self.size = self.size.saturating_add(length);
                    if self.size > most {
                        return Err(bad);
                    }
                    self.body = Some(length);
                }
            }
        }
    }

    /// Reads `<mark><number>\r\n`.
    fn line(&mut self, mark: u8, bad: Malformed) -> Result<Option<i64>, Malformed> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(&first) = rest.first() else {
            return Ok(None);
        };
        if first != mark {
            return Err(Malformed::Unexpected {
                expected: char::from(mark),
                found: first,
            });
        }
        let Some(end) = rest.iter().take(MAX_LINE).position(|b| *b == b'\n') else {
            return match rest.len() < MAX_LINE {
                true => Ok(None),
                false => Err(bad),
            };
        };
        let digits = rest.get(1..end).and_then(|line| line.strip_suffix(b"\r"));
        let number = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| digits.parse().ok())
            .ok_or(bad)?;
        self.at += end + 1;
        Ok(Some(number))
    }
}
