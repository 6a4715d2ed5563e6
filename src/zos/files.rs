//! Files up and down in blocks.
use std::io::{Read, Write};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value as Json, json};

use super::client::{Client, Request};
use super::error::{Error, Result};
use super::protocol::BLOCK;

/// Characters of a line of base64, as the clients of 2019 write it.
const LINE: usize = 76;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

fn encode(bytes: &[u8]) -> String {
    let plain = BASE64.encode(bytes);
    let mut lines = String::with_capacity(plain.len() + plain.len() / LINE + 1);
    let mut rest = plain.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(LINE.min(rest.len()));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines
}

fn decode(mut text: String) -> Result<Vec<u8>> {
    // Nodes write no line breaks; looking for one is much faster than taking them all out.
    if text.bytes().any(|b| b == b'\n' || b == b'\r') {
        text.retain(|c| c != '\n' && c != '\r');
    }
    BASE64.decode(text).map_err(|error| Error::Unreadable {
        what: "a block of a file".into(),
        reason: error.to_string(),
    })
}

impl Client {
    async fn text_of(&self, command: &str, arguments: Json) -> Result<String> {
        match self.json(Request::new(command, arguments)).await? {
            Json::String(text) => Ok(text),
            other => Err(Error::Unreadable {
                what: format!("an answer to {command}"),
                reason: format!("it is {}", crate::zos::plain::line(&other.to_string(), 60)),
            }),
        }
    }

    /// Opens a file; answers its descriptor.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn open_file(&self, path: &str, mode: &str) -> Result<String> {
        let arguments = json!({"file": path, "mode": mode, "perm": 0o644});
        self.text_of("filesystem.open", arguments).await
    }

    /// Reads the next block of a descriptor; empty at the end.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with, and a block that cannot be read.
    pub async fn read_block(&self, fd: &str) -> Result<Vec<u8>> {
        decode(self.read_text(fd).await?)
    }

    async fn read_text(&self, fd: &str) -> Result<String> {
        self.text_of("filesystem.read", json!({"fd": fd})).await
    }

    /// Writes a block to a descriptor.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn write_block(&self, fd: &str, block: &[u8]) -> Result<()> {
        self.write_text(fd, encode(block)).await
    }

    async fn write_text(&self, fd: &str, block: String) -> Result<()> {
        let arguments = json!({"fd": fd, "block": block});
        self.json(Request::new("filesystem.write", arguments))
            .await
            .map(drop)
    }

    /// Closes a descriptor.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn close_file(&self, fd: &str) -> Result<()> {
        self.json(Request::new("filesystem.close", json!({"fd": fd})))
            .await
            .map(drop)
    }

    /// Writes everything of `source` to a file there, and answers how many bytes. `at` is told
    /// how many are there after each block.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with, and a source that cannot be read.
    pub async fn upload(
        &self,
        remote: &str,
        mut source: impl Read,
        mut at: impl FnMut(u64),
    ) -> Result<u64> {
        let fd = self.open_file(remote, "w").await?;
        let copied = async {
            let mut block = vec![0; BLOCK];
            let mut read = move || -> Result<(usize, String)> {
                let length = fill(&mut source, &mut block)?;
                Ok((length, encode(&block[..length])))
            };
            let (mut length, mut text) = read()?;
            let mut count = 0;
            while length > 0 {
                // The next block is made ready while the node has this one.
                let whole = length == BLOCK;
                let (written, following) = tokio::join!(self.write_text(&fd, text), async {
                    match whole {
                        true => read(),
                        false => Ok((0, String::new())),
                    }
                });
                written?;
                count += length as u64;
                at(count);
                (length, text) = following?;
            }
            Ok(count)
        };
        self.closing(&fd, copied.await).await
    }

    /// Writes everything of a file there to `target`, and answers how many bytes. `at` is told
    /// how many are here after each block.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with, and a target that cannot be written.
    pub async fn download(
        &self,
        remote: &str,
        mut target: impl Write,
        mut at: impl FnMut(u64),
    ) -> Result<u64> {
        let fd = self.open_file(remote, "r").await?;
        let copied = async {
            let mut count = 0;
            let mut text = self.read_text(&fd).await?;
            while !text.is_empty() {
                // The node reads on while this block is written here.
                let (following, written) = tokio::join!(self.read_text(&fd), async {
                    let block = decode(text)?;
                    target.write_all(&block).map_err(|e| local("write", &e))?;
                    count += block.len() as u64;
                    at(count);
                    Ok::<(), Error>(())
                });
                written?;
                text = following?;
            }
            target.flush().map_err(|e| local("write", &e))?;
            Ok(count)
        };
        self.closing(&fd, copied.await).await
    }

    /// Closes a descriptor whatever happened; the first error counts.
    async fn closing<T>(&self, fd: &str, done: Result<T>) -> Result<T> {
        let closed = self.close_file(fd).await;
        let done = done?;
        closed.map(|()| done)
    }
}

fn local(what: &str, error: &std::io::Error) -> Error {
    Error::Local {
        what: format!("cannot {what} the local file"),
        reason: error.to_string(),
    }
}

/// Reads until the block is full, or there is no more.
fn fill(source: &mut impl Read, block: &mut [u8]) -> Result<usize> {
    let mut length = 0;
    while length < block.len() {
        match source.read(&mut block[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(local("read", &error)),
        }
    }
    Ok(length)
}
