//! Messages between the node and a container's init: a length (4 bytes, big-endian), then JSON.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message: a block of the file API is 512 KiB before base64, everything else is small.
const LONGEST: usize = 16 << 20;

/// What is missing when flists cannot be mounted: the key in [`Ready::missing`].
pub const FLISTS: &str = "flists read as they are used";

/// What the node says to an init.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToInit {
    /// Build the container; always the first message.
    SetUp(Box<SetUp>),
    /// Run a command envelope (spec: 2.2).
    Run(Value),
    /// End all jobs, then the container.
    Stop,
}

/// What an init says to the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromInit {
    /// The container stands and takes commands.
    Ready(Ready),
    /// It could not be built.
    Failed(String),
    /// A message of the job machinery; the same machinery on the node understands it.
    Job(Value),
}

/// How a container is built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SetUp {
    /// Number of the container.
    pub id: u16,
    /// Folder that is the lower layer of the root.
    pub lower: PathBuf,
    /// The container's own folder: `upper`, `work` and `root` are made in it.
    pub folder: PathBuf,
    /// Host name inside.
    pub hostname: String,
    /// More rights.
    pub privileged: bool,
    /// The node's network.
    pub host_network: bool,
    /// Where flists are mounted, which the node serves; folders in the container's own folder.
    #[serde(default)]
    pub flists: Vec<PathBuf>,
    /// Bind mounts: host path (without links) to guest path.
    pub mounts: Vec<(PathBuf, PathBuf)>,
    /// The same, but nothing can be written there.
    #[serde(default)]
    pub read_only: Vec<(PathBuf, PathBuf)>,
    /// Files to write, mode 0600.
    pub config: IndexMap<String, String>,
    /// Environment of its jobs.
    pub env: IndexMap<String, String>,
    /// Text appended to `/etc/resolv.conf`.
    pub resolv: String,
    /// Milliseconds that jobs have between SIGTERM and SIGKILL when the container stops.
    pub patience_ms: u64,
    /// Build it to see whether that works, then end.
    pub probe: bool,
}

/// What a container turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Process id of its init, as the node sees it.
    pub pid: u32,
    /// It has a user namespace of its own: root inside is an ordinary user outside.
    pub user_namespace: bool,
    /// Its root is an overlay; otherwise a copy.
    pub overlay: bool,
    /// What the kernel did not give, and why: name to reason.
    pub missing: BTreeMap<String, String>,
}

/// Returns a message as it goes over the wire.
pub fn encode<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len())
        .ok()
        .filter(|_| text.len() <= LONGEST);
    let length = length.ok_or_else(|| too_long(text.len()))?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(text);
    Ok(bytes)
}

/// Writes a message.
pub fn write<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    to.write_all(&encode(message)?)
}

/// Reads a message; None when the other side is gone.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut text = vec![0; checked(length)?];
    from.read_exact(&mut text)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

/// Reads a message; None when the other side is gone.
pub async fn read_async<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut text = vec![0; checked(length)?];
    from.read_exact(&mut text).await?;
    Ok(Some(serde_json::from_slice(&text)?))
}

fn checked(length: [u8; 4]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(too_long(length));
    }
    Ok(length)
}

fn too_long(length: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a message of {length} bytes; the longest allowed is {LONGEST}"),
    )
}
