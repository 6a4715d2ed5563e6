//! Who the broker is: the 3bot `development.broker` of the devnet's chain, with a key of its own.
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::super::error::{Error, Result};
use super::super::faucet::{DEFAULT_TFT, Faucet};
use super::super::folder;
use super::super::node::Node;
use super::notary;
use crate::grid::BROKER;
use crate::tfchain::explorer::{Explorer, HttpFetch, HttpLimits};
use crate::tfchain::wallet::{Clock, NewBot, Payer, Wallet};
use crate::tfchain::{BotName, KeyPair, Network, Seed, UnlockHash};

/// Months that the broker is paid for: the most there are.
const MONTHS: i64 = 24;

/// The broker's wallet and 3bot.
pub struct Identity {
    seed: Seed,
    node: Arc<Node>,
    faucet: Arc<Faucet>,
    wallet: Wallet,
    /// True when the chain is known to have the 3bot.
    registered: Mutex<bool>,
}

/// Shows who, never the seed.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the key from its file, or makes one.
    ///
    /// # Errors
    /// When the file is damaged or cannot be written.
    pub(super) fn open(
        file: &Path,
        node: Arc<Node>,
        faucet: Arc<Faucet>,
        addr: SocketAddr,
    ) -> Result<Self> {
        let fail = |reason: String| Error::Start { reason };
        let entropy = match std::fs::read(file) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new(vec![0; 32]);
                getrandom::fill(&mut bytes).map_err(|e| fail(e.to_string()))?;
                folder::replace_private(file, &bytes)?;
                bytes
            }
            Err(error) => return Err(Error::file("cannot read", file)(error)),
        };
        let seed = Seed::from_entropy(&entropy)
            .map_err(|_| fail(format!("{} is damaged: it holds no key", file.display())))?;
        // There is one node to ask, so the order does not matter.
        let fetch = HttpFetch::new(
            &[format!("http://{addr}")],
            Box::new(|| 0),
            HttpLimits::default(),
        )
        .map_err(|e| fail(e.to_string()))?;
        let explorer = Explorer::new(Network::Devnet, Arc::new(fetch));
        let time = node.clock().clone();
        let now = move || {
            let seconds = i64::try_from(time.now()).unwrap_or(i64::MAX);
            Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
        };
        let clock = Clock::new(now, TimeZone::UTC);
        let wallet =
            Wallet::new(explorer, seed.clone(), 1, 0, clock).map_err(|e| fail(e.to_string()))?;
        Ok(Self {
            seed,
            node,
            faucet,
            wallet,
            registered: Mutex::new(false),
        })
    }

    /// The address that is paid.
    pub fn address(&self) -> UnlockHash {
        self.seed.address(0)
    }

    /// The key that opens reservations.
    pub(super) fn key(&self) -> KeyPair {
        self.seed.key_pair(0)
    }

    /// The wallet that refunds.
    pub(super) fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Registers the 3bot unless the chain has it; what goes wrong is noted.
    pub async fn ready(&self) {
        let mut registered = self.registered.lock().await;
        if *registered {
            return;
        }
        match self.register().await {
            Ok(()) => *registered = true,
            Err(reason) => self.node.note(&format!("the broker cannot work: {reason}")),
        }
    }

    async fn register(&self) -> std::result::Result<(), String> {
        if let Ok(record) = notary::bot(&self.node, BROKER) {
            return match record.public_key == *self.key().public_key() {
                true => Ok(()),
                false => Err(format!("the 3bot {BROKER} has another key")),
            };
        }
        let given = self.faucet.give(self.address(), DEFAULT_TFT).await;
        given.map_err(|e| e.to_string())?;
        self.block().await?;
        let name = BROKER.parse::<BotName>().map_err(|e| e.to_string())?;
        let order = NewBot {
            months: MONTHS,
            names: vec![name],
            key_index: Some(0),
            ..NewBot::default()
        };
        let drafted = self.wallet.draft_bot(&order, &Payer::default()).await;
        let draft = drafted.map_err(|e| e.to_string())?;
        let signed = self.wallet.sign_bot(&draft).map_err(|e| e.to_string())?;
        let submitted = self.node.submit(signed.transaction);
        let (_, pending) = submitted.map_err(|e| e.to_string())?;
        pending.wait().await.map_err(|e| e.to_string())?;
        self.block().await?;
        self.node.note(&format!(
            "the broker is the 3bot {BROKER}, paid at {}",
            self.address()
        ));
        Ok(())
    }

    async fn block(&self) -> std::result::Result<(), String> {
        let (_, pending) = self.node.make_block().map_err(|e| e.to_string())?;
        pending.wait().await.map_err(|e| e.to_string())
    }
}
