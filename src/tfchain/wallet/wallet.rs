//! A wallet: keys, what the chain knows of them, and sending.
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::balance::Balance;
use super::chain_point::ChainPoint;
use super::clock::Clock;
use super::draft::{self, Draft, SendRequest};
use super::error::WalletError;
use super::keys::KeyRing;
use super::preview::Preview;
use super::sign::{Signed, sign_transaction};
use super::statement::{StatementRow, statement};
use super::submit::{Submission, submit};
use super::threebot::sign_with_bots;
use crate::tfchain::explorer::{
    AddressInfo, Explorer, ExplorerError, ExplorerTransaction, newest_first,
};
use crate::tfchain::{
    Amount, EncodeError, Hash, KeyPair, Network, Output, PublicKey, Seed, Transaction, UnlockHash,
    UnlockType,
};

/// Keys that are looked ahead when the wallet does not say how many.
const DEFAULT_SCAN: u64 = 3;
/// The most keys that one step of a scan looks ahead.
const MAX_SCAN: u64 = 1_000;

/// A wallet of one seed on one network. Its methods can be called from several tasks at once.
pub struct Wallet {
    explorer: Explorer,
    clock: Clock,
    keys: Mutex<KeyRing>,
    scan_count: u64,
    /// Held while a scan is under way, so that there is one at a time.
    scanning: tokio::sync::Mutex<()>,
}

/// The newest block, and what it knows of the wallet's addresses, in their order.
struct Survey {
    chain: ChainPoint,
    infos: Vec<AddressInfo>,
}

impl Wallet {
    /// Creates a wallet of `seed` with the keys 0 to `key_count - 1`; no network is needed. A
    /// `key_scan_count` below zero stands for 3, zero switches scanning off.
    ///
    /// # Errors
    /// [`WalletError::TooManyKeys`].
    pub fn new(
        explorer: Explorer,
        seed: Seed,
        key_count: u64,
        key_scan_count: i64,
        clock: Clock,
    ) -> Result<Self, WalletError> {
        Ok(Self {
            explorer,
            clock,
            keys: Mutex::new(KeyRing::new(seed, key_count)?),
            scan_count: u64::try_from(key_scan_count)
                .unwrap_or(DEFAULT_SCAN)
                .min(MAX_SCAN),
            scanning: tokio::sync::Mutex::new(()),
        })
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the explorer that the wallet asks.
    pub fn explorer(&self) -> &Explorer {
        &self.explorer
    }

    /// Returns the network.
    pub fn network(&self) -> Network {
        self.explorer.network()
    }

    /// Returns the clock of the wallet's user.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the seed.
    pub fn seed(&self) -> Seed {
        self.keys().seed().clone()
    }

    /// Returns how many keys are to be derived when the wallet is made again: to be stored after
    /// every call that can add keys.
    pub fn key_count(&self) -> u64 {
        self.keys().key_count()
    }

    /// Returns the primary address: that of key 0.
    pub fn address(&self) -> UnlockHash {
        self.keys().primary()
    }

    /// Returns the addresses that the wallet has now, without asking anybody.
    pub fn known_addresses(&self) -> Vec<UnlockHash> {
        self.keys().addresses()
    }

    /// Returns true when the wallet has the key of an address.
    pub fn owns(&self, address: &UnlockHash) -> bool {
        self.keys().place(address).is_some()
    }

    /// Adds a key and returns its address: the first one that scanning skipped, else the next of
    /// the seed.
    ///
    /// # Errors
    /// [`WalletError::TooManyKeys`].
    pub fn address_new(&self) -> Result<UnlockHash, WalletError> {
        self.keys().add_next()
    }

    /// Adds a key and returns its public key.
    ///
    /// # Errors
    /// [`WalletError::TooManyKeys`].
    pub fn public_key_new(&self) -> Result<PublicKey, WalletError> {
        let address = self.address_new()?;
        Ok(*self.key_pair(&address)?.public_key())
    }

    /// Returns the key pair of an address; an address of type 00 has key 0.
    ///
    /// # Errors
    /// [`WalletError::NotOwned`].
    pub fn key_pair(&self, address: &UnlockHash) -> Result<KeyPair, WalletError> {
        self.keys()
            .pair(address)
            .cloned()
            .ok_or(WalletError::NotOwned(*address))
    }

    /// Looks for keys of the seed that were used but are not in the wallet yet, and returns how
    /// many joined it.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up; what was found before stays.
    pub async fn scan(&self) -> Result<usize, WalletError> {
        Ok(self.scan_infos().await?.len())
    }

    /// Scans, and returns what the chain knows of the addresses that joined.
    async fn scan_infos(&self) -> Result<Vec<AddressInfo>, ExplorerError> {
        let _one_at_a_time = self.scanning.lock().await;
        let mut found = Vec::new();
        loop {
            let candidates = {
                let keys = self.keys();
                if self.scan_count == 0 || keys.has_pending() {
                    return Ok(found);
                }
                keys.candidates(self.scan_count)
            };
            let addresses: Vec<UnlockHash> = candidates.iter().map(|key| key.address).collect();
            let infos = self.explorer.addresses_info(&addresses).await?;
            let used: Vec<bool> = infos.iter().map(Option::is_some).collect();
            if !used.contains(&true) || !self.keys().adopt(candidates, &used) {
                return Ok(found);
            }
            let go_on = used.last() == Some(&true);
            found.extend(infos.into_iter().flatten());
            if !go_on {
                return Ok(found);
            }
        }
    }

    /// Returns the addresses in order of their addition, after a scan. A scan that fails (no
    /// network) is left for later.
    pub async fn addresses(&self) -> Vec<UnlockHash> {
        // Offline, the addresses that are known are the answer.
        let _ = self.scan().await;
        self.known_addresses()
    }

    /// Asks for everything of all addresses, those that a scan finds included.
    async fn survey(&self) -> Result<Survey, ExplorerError> {
        let known = self.known_addresses();
        let (block, infos, scanned) = tokio::try_join!(
            self.explorer.chain_info(),
            self.explorer.addresses_info(&known),
            self.scan_infos(),
        )?;
        Ok(Survey {
            chain: ChainPoint {
                height: block.height,
                time: block.time,
                block_id: block.id,
            },
            infos: infos.into_iter().flatten().chain(scanned).collect(),
        })
    }

    /// Returns the balance of all addresses, with the multi-signature wallets that the explorer
    /// reports for any of them.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn balance(&self) -> Result<Balance, WalletError> {
        let survey = self.survey().await?;
        let mut balance = Balance::new(survey.chain);
        balance.addresses.extend(self.known_addresses());
        let mut multisig: Vec<UnlockHash> = Vec::new();
        let mut seen = HashSet::new();
        for info in &survey.infos {
            balance.add_address(info);
            let found = info.multisig_addresses.iter().copied();
            multisig.extend(found.filter(|address| {
                address.kind() == UnlockType::MultiSignature && seen.insert(*address)
            }));
        }
        for info in self
            .explorer
            .addresses_info(&multisig)
            .await?
            .iter()
            .flatten()
        {
            balance.add_multisig(Balance::of_address(info, survey.chain));
        }
        Ok(balance)
    }

    /// Returns all transactions of all addresses, each once, newest first, those in the pool on
    /// top; none for a fresh wallet.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn transactions(&self) -> Result<Vec<Arc<ExplorerTransaction>>, WalletError> {
        let known = self.known_addresses();
        let (infos, scanned) =
            tokio::try_join!(self.explorer.addresses_info(&known), self.scan_infos())?;
        let infos = infos.into_iter().flatten().chain(scanned);
        // The lists come newest first; merging wants the pool's order.
        Ok(newest_first(
            infos.flat_map(|info| info.transactions.into_iter().rev()),
        ))
    }

    /// Returns the bank statement: what each transaction brought in or took out.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn statement(&self) -> Result<Vec<StatementRow>, WalletError> {
        let transactions = self.transactions().await?;
        let own = self.known_addresses().into_iter().collect();
        Ok(statement(transactions.iter().map(AsRef::as_ref), &own))
    }

    /// Builds the unsigned transaction of a request from the balance as it is now.
    ///
    /// # Errors
    /// Every [`WalletError`] of a look-up, and of [`draft::draft`].
    pub async fn draft(&self, request: &SendRequest) -> Result<Draft, WalletError> {
        let balance = self.balance().await?;
        self.draft_from(&balance, request)
    }

    /// Builds the unsigned transaction of a request from a balance that was taken before.
    ///
    /// # Errors
    /// As [`draft::draft`].
    pub fn draft_from(
        &self,
        balance: &Balance,
        request: &SendRequest,
    ) -> Result<Draft, WalletError> {
        draft::draft(balance, request, self.address(), self.network())
    }

    /// Describes a draft in words; `height` is that of the last block, where known.
    pub fn preview(&self, draft: &Draft, height: Option<u64>) -> Preview {
        Preview::of_draft(draft, &self.known_addresses(), height, &self.clock)
    }

    /// Describes in words any transaction, one that somebody else made for example.
    ///
    /// # Errors
    /// Every [`WalletError`] of a look-up of the outputs that it spends.
    pub async fn preview_any(&self, transaction: &Transaction) -> Result<Preview, WalletError> {
        let parents = self.parents(transaction).await?;
        let block = self.explorer.chain_info().await?;
        Ok(Preview::of_transaction(
            transaction,
            |id| parents.get(id).cloned(),
            self.network(),
            &self.known_addresses(),
            Some(block.height),
            &self.clock,
        ))
    }

    /// Signs a draft of this wallet; nothing is asked and nothing is sent.
    ///
    /// # Errors
    /// [`WalletError::Encode`] for a transaction without a binary form.
    pub fn sign(&self, draft: &Draft) -> Result<Signed, WalletError> {
        sign_transaction(
            draft.transaction.clone(),
            &draft.parents,
            None,
            &self.keys(),
        )
    }

    /// Signs what the wallet can of any transaction: one that another owner sent, or one that was
    /// drained. The outputs that it spends are looked up, in the balance first; for versions 128
    /// and 129 the active mint condition is, for versions 145 and 146 the bots are. Nothing is sent.
    ///
    /// # Errors
    /// Every [`WalletError`] of a look-up; [`WalletError::Encode`].
    pub async fn sign_any(&self, transaction: Transaction) -> Result<Signed, WalletError> {
        let parents = self.parents(&transaction).await?;
        self.sign_spending(transaction, &parents).await
    }

    /// Signs as [`Wallet::sign_any`], when the outputs that are spent were looked up before.
    ///
    /// # Errors
    /// As [`Wallet::sign_any`].
    pub async fn sign_spending(
        &self,
        transaction: Transaction,
        parents: &HashMap<Hash, Output>,
    ) -> Result<Signed, WalletError> {
        let mint_condition = async {
            match transaction.mint_fulfillment() {
                Some(_) => Ok(Some(self.explorer.mint_condition(None).await?)),
                None => Ok::<_, WalletError>(None),
            }
        };
        let (mint_condition, bots) = tokio::try_join!(mint_condition, self.bot_keys(&transaction))?;
        self.adopt_new_key(&transaction)?;
        let keys = self.keys();
        sign_with_bots(transaction, parents, mint_condition.as_ref(), &bots, &keys)
    }

    /// Finds the outputs that a transaction spends; those that nobody knows are left out.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn parents(
        &self,
        transaction: &Transaction,
    ) -> Result<HashMap<Hash, Output>, WalletError> {
        let mut parents = HashMap::new();
        let mut coin_ids: Vec<Hash> = ids(transaction.coin_inputs());
        let stake_ids: Vec<Hash> = ids(transaction.blockstake_inputs());
        if !coin_ids.is_empty() {
            let balance = self.balance().await?;
            coin_ids.retain(|id| match balance.output(id) {
                Some(output) => {
                    parents.insert(*id, output.clone());
                    false
                }
                None => true,
            });
        }
        let coins = self
            .explorer
            .side_by_side(coin_ids, |explorer, id| async move {
                Ok((id, known(explorer.coin_output(id).await)?))
            });
        let stakes = self
            .explorer
            .side_by_side(stake_ids, |explorer, id| async move {
                Ok((id, known(explorer.blockstake_output(id).await)?))
            });
        let (coins, stakes) = tokio::try_join!(coins, stakes)?;
        let found = coins.into_iter().chain(stakes);
        parents.extend(found.filter_map(|(id, output)| Some((id, output?))));
        Ok(parents)
    }

    /// Submits a signed transaction once, and finds out what became of it.
    ///
    /// # Errors
    /// [`EncodeError`] for a transaction without a binary form; nothing is sent then.
    pub async fn submit(&self, transaction: &Transaction) -> Result<Submission, EncodeError> {
        submit(&self.explorer, transaction).await
    }

    /// Returns the least fee of a transaction on this network.
    pub fn minimum_miner_fee(&self) -> Amount {
        self.explorer.minimum_miner_fee()
    }
}

fn ids(inputs: &[crate::tfchain::Input]) -> Vec<Hash> {
    inputs.iter().map(|input| input.parent_id).collect()
}

/// Returns the output of a look-up, None when the explorer does not know it.
fn known(
    info: Result<crate::tfchain::explorer::OutputInfo, ExplorerError>,
) -> Result<Option<Output>, ExplorerError> {
    match info {
        Ok(info) => Ok(Some(info.output)),
        Err(error) if error.is_no_content() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the balance of what an explorer knows of one address, seen from the newest block.
///
/// # Errors
/// Every [`ExplorerError`] of a look-up.
pub async fn address_balance(
    explorer: &Explorer,
    info: &AddressInfo,
) -> Result<Balance, ExplorerError> {
    let block = explorer.chain_info().await?;
    let chain = ChainPoint {
        height: block.height,
        time: block.time,
        block_id: block.id,
    };
    Ok(Balance::of_address(info, chain))
}
