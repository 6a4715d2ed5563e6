//! Answers to bytes.
use super::Bytes;

/// An answer of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A word, for example `OK`.
    Simple(&'static str),
    /// An error; the text has no line breaks.
    Error(String),
    /// A number.
    Integer(i64),
    /// Bytes.
    Bulk(Bytes),
    /// There is nothing. `$-1` also where Redis itself sends `*-1`, as the real node's proxy does.
    Nil,
    /// Several.
    Array(Vec<Reply>),
    /// Names and values.
    Map(Vec<(Reply, Reply)>),
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2, what every connection begins with.
    Two,
    /// RESP3, after `HELLO 3`: newer client libraries insist on it. Only nil and maps differ.
    Three,
}

impl Reply {
    /// `+OK`.
    pub const OK: Reply = Reply::Simple("OK");

    /// Bytes of a text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Reply::Bulk(text.as_ref().as_bytes().into())
    }

    /// A count.
    pub fn count(n: usize) -> Self {
        Reply::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }

    /// Appends its bytes.
    pub fn write(&self, protocol: Protocol, out: &mut Vec<u8>) {
        match self {
            Reply::Simple(word) => line(out, '+', word),
            Reply::Error(text) => line(out, '-', &text.replace(['\r', '\n'], " ")),
            Reply::Integer(n) => line(out, ':', &n.to_string()),
            Reply::Bulk(bytes) => {
                line(out, '$', &bytes.len().to_string());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Reply::Nil if protocol == Protocol::Three => out.extend_from_slice(b"_\r\n"),
            Reply::Nil => out.extend_from_slice(b"$-1\r\n"),
            Reply::Map(pairs) => {
                match protocol {
                    Protocol::Two => line(out, '*', &(pairs.len() * 2).to_string()),
                    Protocol::Three => line(out, '%', &pairs.len().to_string()),
                }
                for (name, value) in pairs {
                    name.write(protocol, out);
                    value.write(protocol, out);
                }
            }
            Reply::Array(items) => {
                line(out, '*', &items.len().to_string());
                for item in items {
                    item.write(protocol, out);
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, mark: char, text: &str) {
    out.extend_from_slice(mark.to_string().as_bytes());
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
