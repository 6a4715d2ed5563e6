//! Files up and down in blocks.
use std::collections::VecDeque;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;

use super::client::{self, Client, Request};
use super::error::{Error, Result};
use super::protocol::{BLOCK, JobResult};
use super::response::Response;

/// Reads the next block.
const READ: &str = "filesystem.read";
/// Writes one.
const WRITE: &str = "filesystem.write";

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

/// The bytes of a block, which is a JSON text in base64.
fn decode(json: &str) -> Result<Vec<u8>> {
    let unreadable = |reason: String| Error::Unreadable {
        what: "a block of a file".into(),
        reason,
    };
    // Nodes write base64 without line breaks: nothing in the text is escaped, and taking it as it
    // stands is much faster than reading JSON.
    let inside = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(bytes) = inside.and_then(|text| BASE64.decode(text).ok()) {
        return Ok(bytes);
    }
    let mut text: String =
        serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
    text.retain(|c| c != '\n' && c != '\r');
    BASE64
        .decode(text)
        .map_err(|error| unreadable(error.to_string()))
}

/// Blocks that are under way at once.
const AHEAD: usize = 3;
/// Bytes of a file that go one block at a time, as with the clients of 2019.
const LARGE: u64 = 4 * BLOCK as u64;

/// A block that is under way; it is not waited for any longer when the value is dropped.
struct Block<T>(JoinHandle<Result<T>>);

impl<T: Send + 'static> Block<T> {
    /// One whose job was pushed: what becomes of it is read beside everything else.
    fn of(response: Response, read: fn(&JobResult) -> Result<T>) -> Self {
        Block(tokio::spawn(
            async move { read(&response.get(None).await?) },
        ))
    }

    async fn end(mut self) -> Result<T> {
        (&mut self.0).await.unwrap_or_else(|error| {
            Err(Error::Unreadable {
                what: "a block of a file".into(),
                reason: error.to_string(),
            })
        })
    }
}

impl<T> Drop for Block<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
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
        let response = self.raw(reading(fd, None)).await?;
        block_of(&response.get(None).await?)
    }

    /// Asks for the next block.
    async fn reading(&self, fd: &str, queue: Option<&str>) -> Result<Block<Vec<u8>>> {
        let response = self.raw(reading(fd, queue)).await?;
        Ok(Block::of(response, block_of))
    }

    /// Sends the next block, in base64.
    async fn writing(&self, fd: &str, text: String, queue: Option<&str>) -> Result<Block<()>> {
        let request = Request {
            queue: queue.map(str::to_owned),
            ..Request::new(WRITE, json!({"fd": fd, "block": text}))
        };
        let response = self.raw(request).await?;
        Ok(Block::of(response, |result| {
            client::data(WRITE, result).map(drop)
        }))
    }

    /// Writes a block to a descriptor.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn write_block(&self, fd: &str, block: &[u8]) -> Result<()> {
        self.writing(fd, encode(block), None).await?.end().await
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
            let mut count = 0;
            let mut going = VecDeque::new();
            loop {
                // Of a large file the next block is made ready and sent while the node has some,
                // which a queue of its own keeps in order.
                let (most, queue) = match count >= LARGE {
                    true => (AHEAD, Some(fd.as_str())),
                    false => (1, None),
                };
                let (length, text) = read()?;
                if length > 0 {
                    let written = self.writing(&fd, text, queue).await?;
                    going.push_back((length, written));
                }
                while going.len() >= most || length < BLOCK {
                    let Some((length, written)) = going.pop_front() else {
                        break;
                    };
                    written.end().await?;
                    count += length as u64;
                    at(count);
                }
                if length < BLOCK {
                    break;
                }
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
            let mut coming = VecDeque::from([self.reading(&fd, None).await?]);
            while let Some(next) = coming.pop_front() {
                let block = next.end().await?;
                if block.is_empty() {
                    break;
                }
                // Of a large file the node reads on meanwhile; a queue of its own keeps the reads in
                // order.
                let (most, queue) = match block.len() == BLOCK && count >= LARGE {
                    true => (AHEAD, Some(fd.as_str())),
                    false => (1, None),
                };
                while coming.len() < most {
                    coming.push_back(self.reading(&fd, queue).await?);
                }
                target.write_all(&block).map_err(|e| local("write", &e))?;
                count += block.len() as u64;
                at(count);
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

fn reading(fd: &str, queue: Option<&str>) -> Request {
    Request {
        queue: queue.map(str::to_owned),
        ..Request::new(READ, json!({"fd": fd}))
    }
}

/// The bytes of a read that ended.
fn block_of(result: &JobResult) -> Result<Vec<u8>> {
    let data = client::data(READ, result)?;
    decode(data)
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
