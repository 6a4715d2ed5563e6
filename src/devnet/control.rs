//! Controlling a running devnet from another process: status, stop, a block at once, the clock.
//!
//! The node answers `POST /kosmos/devnet/<action>` on its own port, but only to requests that carry
//! the token of its folder (readable by the owner alone); all others get the "404 page not found"
//! of any unknown path, so the HTTP surface stays that of the real node.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::answers::{Account, GridAddresses, Made, Status};
use super::bridge::{Bridged, Withdrawal};
use super::error::{Error, Result};
use super::folder::{self, NodeFile};
use super::grid::{Letter, NewFarm};

/// Path prefix of the control requests.
pub const PREFIX: &str = "/kosmos/devnet/";
/// Header that carries the token.
pub const TOKEN_HEADER: &str = "x-kosmos-token";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer.
const MAX_ANSWER: u64 = 10_000_000;

/// A connection to a devnet that runs in this or another process.
#[derive(Clone, Debug)]
pub struct Control {
    node: NodeFile,
}

impl Control {
    /// Finds the devnet that runs on a folder; [`Error::NotRunning`] when none does.
    pub fn open(dir: &Path) -> Result<Self> {
        let node = folder::running(dir)?.ok_or_else(|| Error::NotRunning { path: dir.into() })?;
        Ok(Self { node })
    }

    /// Returns the address of the node's HTTP interface.
    pub fn addr(&self) -> SocketAddr {
        self.node.addr
    }

    /// Returns the address of the faucet.
    pub fn faucet_addr(&self) -> SocketAddr {
        self.node.faucet
    }

    /// Returns the address of the flist hub.
    pub fn hub_addr(&self) -> SocketAddr {
        self.node.hub
    }

    /// Returns the addresses of the grid.
    pub fn grid_addresses(&self) -> GridAddresses {
        self.node.grid
    }

    /// Returns the mails that the broker wrote, newest first.
    pub async fn mails(&self) -> Result<Vec<Letter>> {
        self.ask("mails").await
    }

    /// Returns the address of the page of mails that shows everything in them; it holds a secret.
    pub async fn mails_page(&self) -> Result<String> {
        self.ask("mails_page").await
    }

    /// Returns the last mail about a payment; waits some seconds for one.
    pub async fn mail_of(&self, transaction: &str) -> Result<Option<Letter>> {
        self.ask(&format!("mail?of={transaction}")).await
    }

    /// Makes the broker a 3bot of the chain, unless it is one.
    pub async fn broker_ready(&self) -> Result<()> {
        self.ask::<serde_json::Value>("broker").await.map(|_| ())
    }

    /// Adds a farm to the capacity directory; the ids of its nodes.
    ///
    /// # Errors
    /// [`Error::Refused`] when the id is taken or a value cannot be.
    pub async fn farm_add(&self, farm: &NewFarm) -> Result<Vec<String>> {
        self.ask(&format!("farm_add?{}", farm.query())).await
    }

    /// Returns a token that speaks for a farmer of this devnet, for a day.
    ///
    /// # Errors
    /// [`Error::Refused`] for an id that no farm can have.
    pub async fn farmer_token(&self, farmer: &str) -> Result<Zeroizing<String>> {
        let farmer: String = farmer.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let token: String = self.ask(&format!("farmer_token?farmer={farmer}")).await?;
        Ok(Zeroizing::new(token))
    }

    /// Returns the process id of the node.
    pub fn pid(&self) -> u32 {
        self.node.pid
    }

    /// Asks how the devnet is.
    pub async fn status(&self) -> Result<Status> {
        self.ask("status").await
    }

    /// Makes a block at once and waits until it is on disk.
    pub async fn block_make(&self) -> Result<Made> {
        self.ask("block_make").await
    }

    /// Sets the offset of the node's clock in seconds; it counts from the next block on.
    pub async fn clock_offset_set(&self, seconds: i64) -> Result<Status> {
        self.ask(&format!("clock?offset={seconds}")).await
    }

    /// Lists the devnet's funded identities.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.ask("accounts").await
    }

    /// Returns the funded identity that may create coins, alone or with others.
    ///
    /// # Errors
    /// [`Error::Refused`] when the right was handed on to others.
    pub async fn minter(&self) -> Result<Account> {
        self.ask("minter").await
    }

    /// Lets the stand-in for the bridge create the coins of tokens that were sent on Ethereum.
    ///
    /// # Errors
    /// [`Error::Refused`] with the rule that it breaks.
    pub async fn bridge(&self, withdrawal: &Withdrawal) -> Result<Bridged> {
        self.ask(&format!("bridge?{}", withdrawal.query())).await
    }

    /// Asks the devnet to stop; it answers before it does.
    pub async fn stop(&self) -> Result<()> {
        self.ask::<serde_json::Value>("stop").await.map(|_| ())
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, action: &str) -> Result<T> {
        let fail = |reason: String| Error::Control {
            addr: self.node.addr.to_string(),
            reason,
        };
        let (status, body) = tokio::time::timeout(PATIENCE, self.exchange(action))
            .await
            .map_err(|_| fail(format!("no answer within {} s", PATIENCE.as_secs())))?
            .map_err(|e| fail(e.to_string()))?;
        if status == 400 {
            let text = String::from_utf8_lossy(&body);
            return Err(Error::Refused {
                reason: text.trim().to_owned(),
            });
        }
        if status != 200 {
            let text = String::from_utf8_lossy(&body);
            return Err(fail(format!("status {status}: {}", text.trim())));
        }
        serde_json::from_slice(&body).map_err(|e| fail(e.to_string()))
    }

    /// One HTTP/1.0 request and its answer, read to the end.
    async fn exchange(&self, action: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(self.node.addr).await?;
        let request = format!(
            "POST {PREFIX}{action} HTTP/1.0\r\nUser-Agent: Rivine-Agent\r\n\
             {TOKEN_HEADER}: {}\r\nContent-Length: 0\r\n\r\n",
            self.node.token
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut bytes).await?;
        let invalid = || std::io::Error::new(std::io::ErrorKind::InvalidData, "not HTTP");
        let split = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .ok_or_else(invalid)?;
        let head = String::from_utf8_lossy(bytes.get(..split).unwrap_or_default()).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or_else(invalid)?;
        Ok((status, bytes.split_off(split.saturating_add(4))))
    }
}
