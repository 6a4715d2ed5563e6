//! Typed questions to an explorer.
//!
//! Each call asks anew (no cache, no polling); answers are parsed into typed shapes and checked by
//! [`super::verify`] before anything is returned.
use std::fmt::Display;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::error::ExplorerError;
use super::facts::{AddressInfo, Block, Erc20Info, ExplorerTransaction, OutputInfo};
use super::fetch::{Fetch, FetchError};
use super::model;
use super::reading::{
    address_info, coin_output, erc20_address, good_answer, invalid, not_in_answer, output_info,
    parse, parse_kind,
};
use super::text::ServerText;
use super::verify;
use crate::tfchain::{
    Amount, BotRecord, Condition, Erc20Address, Hash, Network, Transaction, UnlockHash,
};

/// The most look-ups that are under way at once.
const CONCURRENT_LOOKUPS: usize = 32;

/// An explorer of one network; cheap to clone.
#[derive(Clone)]
pub struct Explorer {
    network: Network,
    fetch: Arc<dyn Fetch>,
    gate: Arc<Semaphore>,
}

impl Explorer {
    /// Creates a client that asks `fetch`; nothing is asked yet.
    pub fn new(network: Network, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            network,
            fetch,
            gate: Arc::new(Semaphore::new(CONCURRENT_LOOKUPS)),
        }
    }

    /// Returns the network that the explorer is of.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Returns the least fee of a transaction on this network.
    pub fn minimum_miner_fee(&self) -> Amount {
        self.network.minimum_miner_fee()
    }

    /// Returns the addresses of the nodes that may be asked.
    pub fn addresses(&self) -> Vec<String> {
        self.fetch.addresses()
    }

    /// Asks for an endpoint and reads a good answer. When a node answers what cannot be, it is
    /// avoided from then on, and the next one is asked.
    async fn ask<T>(
        &self,
        endpoint: &str,
        read: impl Fn(&[u8]) -> Result<T, ExplorerError>,
    ) -> Result<T, ExplorerError> {
        // The gate is never closed; without a permit the look-up is merely not counted.
        let _permit = self.gate.acquire().await.ok();
        let nodes = self.fetch.addresses().len();
        let mut first = None;
        let mut wrong: Vec<Arc<str>> = Vec::new();
        loop {
            let (outcome, node) = match self.fetch.get(endpoint).await {
                Ok(answer) => {
                    let node = answer.node.clone();
                    let good = good_answer(endpoint, answer);
                    (good.and_then(|body| read(&body)), node)
                }
                // That no other node answers is no news, when one has lied.
                Err(FetchError::NotAvailable(_)) if first.is_some() => break,
                Err(error) => (Err(not_read(endpoint, error)), None),
            };
            match (outcome, node) {
                (Err(error @ ExplorerError::InvalidResponse { .. }), Some(node)) if nodes > 1 => {
                    self.fetch.avoid(&node);
                    first.get_or_insert_with(|| error.said_by(&node));
                    if wrong.contains(&node) {
                        break;
                    }
                    wrong.push(node);
                    if wrong.len() >= nodes {
                        break;
                    }
                }
                (outcome, _) => return outcome,
            }
        }
        Err(first.unwrap_or_else(|| ExplorerError::invalid(endpoint, "no node was asked")))
    }

    async fn get_json<T: DeserializeOwned>(&self, endpoint: &str) -> Result<T, ExplorerError> {
        self.ask(endpoint, |body| parse(endpoint, body)).await
    }

    /// Looks a hash up, checks that it is of the kind `wanted`, and reads the answer.
    async fn lookup<T: DeserializeOwned, R>(
        &self,
        hash: impl Display,
        wanted: &str,
        kind: impl Fn(&T) -> &str,
        read: impl Fn(&str, T) -> Result<R, ExplorerError>,
    ) -> Result<R, ExplorerError> {
        let endpoint = format!("/explorer/hashes/{hash}");
        self.ask(&endpoint, |body| {
            let answer = parse_kind(&endpoint, body, wanted, &kind)?;
            read(&endpoint, answer)
        })
        .await
    }

    /// Tells the nodes apart: an explorer for each node alone.
    pub fn each(&self) -> Vec<(String, Explorer)> {
        let one = |node: String| {
            let fetch = self.fetch.only(&node)?;
            Some((node, Explorer::new(self.network, fetch)))
        };
        self.fetch.addresses().into_iter().filter_map(one).collect()
    }

    /// Asks `node` only when no other node answers.
    pub fn avoid(&self, node: &str) {
        self.fetch.avoid(node);
    }

    /// Returns the newest block.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn chain_info(&self) -> Result<Block, ExplorerError> {
        let nodes = self.fetch.addresses().len();
        let mut left = nodes.max(1);
        loop {
            let facts: model::WireFacts = self.get_json("/explorer").await?;
            left = left.saturating_sub(1);
            let block = match self.block_by_id(facts.blockid).await {
                // The node that was asked for the block is behind the one that named it.
                Err(error) if error.is_no_content() && left > 0 => continue,
                block => block?,
            };
            if block.height != facts.height {
                return Err(ExplorerError::invalid(
                    "/explorer",
                    format!(
                        "block {} has height {}, not {}",
                        block.id, block.height, facts.height
                    ),
                ));
            }
            return Ok(block);
        }
    }

    /// Returns the block of a height.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up; a height beyond the chain is a server error.
    pub async fn block_by_height(&self, height: u64) -> Result<Block, ExplorerError> {
        let endpoint = format!("/explorer/blocks/{height}");
        self.ask(&endpoint, |body| {
            let answer: model::WireBlockByHeight = parse(&endpoint, body)?;
            let block = verify::block(answer.block).map_err(|r| invalid(&endpoint, &r))?;
            match block.height == height {
                true => Ok(block),
                false => Err(invalid(
                    &endpoint,
                    &format!("the node sent block {}", block.height),
                )),
            }
        })
        .await
    }

    /// Returns the block of an id.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn block_by_id(&self, id: Hash) -> Result<Block, ExplorerError> {
        self.lookup(
            id,
            "blockid",
            |answer: &model::WireBlockAnswer| &answer.hashtype,
            |endpoint, answer| {
                let block = verify::block(answer.block).map_err(|r| invalid(endpoint, &r))?;
                match block.id == id {
                    true => Ok(block),
                    false => Err(invalid(
                        endpoint,
                        &format!("the node sent block {}", block.id),
                    )),
                }
            },
        )
        .await
    }

    /// Returns a transaction of the chain or the pool.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn transaction(&self, id: Hash) -> Result<ExplorerTransaction, ExplorerError> {
        self.lookup(
            id,
            "transactionid",
            |answer: &model::WireTransactionAnswer| &answer.hashtype,
            |endpoint, answer| {
                let transaction = verify::transaction(answer.transaction, answer.unconfirmed)
                    .map_err(|reason| invalid(endpoint, &reason))?;
                match transaction.id == id {
                    true => Ok(transaction),
                    false => Err(invalid(
                        endpoint,
                        &format!("the node sent transaction {}", transaction.id),
                    )),
                }
            },
        )
        .await
    }

    /// Returns what the chain knows of an address.
    ///
    /// # Errors
    /// [`ExplorerError::NoContent`] when it was never used; every other one of a look-up.
    pub async fn address(&self, address: UnlockHash) -> Result<AddressInfo, ExplorerError> {
        self.lookup(
            address,
            "unlockhash",
            |answer: &model::WireAddressAnswer| &answer.hashtype,
            |endpoint, answer| address_info(endpoint, address, answer),
        )
        .await
    }

    /// Asks something of every item side by side; the answers are in the order of the items.
    ///
    /// # Errors
    /// The first error of any question, which ends the others.
    pub async fn side_by_side<I, T, F>(
        &self,
        items: impl IntoIterator<Item = I>,
        ask: impl Fn(Explorer, I) -> F,
    ) -> Result<Vec<T>, ExplorerError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ExplorerError>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for (place, item) in items.into_iter().enumerate() {
            let question = ask(self.clone(), item);
            tasks.spawn(async move { (place, question.await) });
        }
        let mut answers = Vec::with_capacity(tasks.len());
        while let Some(done) = tasks.join_next().await {
            let (place, answer) = done.map_err(|_| {
                ExplorerError::invalid("/explorer", "a question was ended before its time")
            })?;
            answers.push((place, answer?));
        }
        answers.sort_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// Looks several addresses up side by side; None for those that were never used. The order is
    /// kept.
    ///
    /// # Errors
    /// The first error of any look-up, which ends the others.
    pub async fn addresses_info(
        &self,
        addresses: &[UnlockHash],
    ) -> Result<Vec<Option<AddressInfo>>, ExplorerError> {
        self.side_by_side(addresses.iter().copied(), |explorer, address| async move {
            match explorer.address(address).await {
                Ok(info) => Ok(Some(info)),
                Err(error) if error.is_no_content() => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Returns a coin output, the transaction that created it and the one that spent it.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up. Outputs of the pool are not known.
    pub async fn coin_output(&self, id: Hash) -> Result<OutputInfo, ExplorerError> {
        self.lookup(
            id,
            "coinoutputid",
            |answer: &model::WireOutputAnswer| &answer.hashtype,
            |endpoint, answer| coin_output(endpoint, id, answer),
        )
        .await
    }

    /// Returns a block stake output, the transaction that created it and the one that spent it.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn blockstake_output(&self, id: Hash) -> Result<OutputInfo, ExplorerError> {
        self.lookup(
            id,
            "blockstakeoutputid",
            |answer: &model::WireOutputAnswer| &answer.hashtype,
            |endpoint, answer| {
                let transactions = answer
                    .transactions
                    .agreed()
                    .map_err(|reason| invalid(endpoint, &reason))?;
                output_info(
                    id,
                    &transactions,
                    ExplorerTransaction::created_blockstake_outputs,
                    ExplorerTransaction::spent_blockstake_outputs,
                )
                .ok_or_else(|| not_in_answer(endpoint))
            },
        )
        .await
    }

    /// Returns the transactions in the pool, in the order in which it took them.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn pool(&self) -> Result<Vec<Transaction>, ExplorerError> {
        let answer: model::WirePool = self.get_json("/transactionpool/transactions").await?;
        Ok(answer.transactions)
    }

    /// Returns the mint condition that is active at a height, or now.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn mint_condition(&self, height: Option<u64>) -> Result<Condition, ExplorerError> {
        let endpoint = match height {
            Some(height) => format!("/explorer/mintcondition/{height}"),
            None => "/explorer/mintcondition".to_owned(),
        };
        let answer: model::WireMintCondition = self.get_json(&endpoint).await?;
        Ok(answer.mintcondition)
    }

    /// Returns the record of a 3Bot by its number or public key (`ed25519:…`).
    ///
    /// # Errors
    /// [`ExplorerError::ThreeBotNotFound`]; every other one of a look-up.
    pub async fn threebot_record(
        &self,
        identifier: impl Display,
    ) -> Result<BotRecord, ExplorerError> {
        self.bot_record("/explorer/3bot", &identifier.to_string())
            .await
    }

    /// Returns the record of a 3Bot by one of its names.
    ///
    /// # Errors
    /// [`ExplorerError::ThreeBotNotFound`]; every other one of a look-up.
    pub async fn threebot_record_by_name(&self, name: &str) -> Result<BotRecord, ExplorerError> {
        self.bot_record("/explorer/whois/3bot", name).await
    }

    async fn bot_record(&self, path: &str, identifier: &str) -> Result<BotRecord, ExplorerError> {
        // Bot names, numbers and keys need no escaping; nothing else may reach the path.
        if !identifier
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
        {
            let identifier = ServerText::new(identifier).to_string();
            return Err(ExplorerError::ThreeBotNotFound { identifier });
        }
        let answer: Result<model::WireRecord<BotRecord>, _> =
            self.get_json(&format!("{path}/{identifier}")).await;
        match answer {
            Ok(answer) => Ok(answer.record),
            Err(ExplorerError::Server { code: 404, .. }) => Err(ExplorerError::ThreeBotNotFound {
                identifier: identifier.to_owned(),
            }),
            Err(error) if error.is_no_content() => Err(ExplorerError::ThreeBotNotFound {
                identifier: identifier.to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    /// Returns the registration of an address as an ERC20 withdrawal address.
    ///
    /// # Errors
    /// [`ExplorerError::NotRegistered`], [`ExplorerError::NoContent`]; every other one of a
    /// look-up.
    pub async fn erc20_info(&self, address: UnlockHash) -> Result<Erc20Info, ExplorerError> {
        let info = self.address(address).await?;
        info.erc20.ok_or_else(|| ExplorerError::NotRegistered {
            endpoint: format!("/explorer/hashes/{address}"),
            reason: format!(
                "{address} could be found but is not registered as an ERC20 withdraw address"
            ),
        })
    }

    /// Returns the two addresses of an ERC20 registration by either of them.
    ///
    /// # Errors
    /// [`ExplorerError::NoContent`] when there is no registration; every other one of a look-up.
    pub async fn erc20_addresses(
        &self,
        address: impl Display,
    ) -> Result<(UnlockHash, Erc20Address), ExplorerError> {
        let address = address.to_string();
        // Nodes do not understand the prefix of an ERC20 address here.
        let address = address.strip_prefix("0x").unwrap_or(&address);
        let endpoint = format!("/explorer/erc20/addresses/{address}");
        self.ask(&endpoint, |body| {
            let answer: model::WireErc20Addresses = parse(&endpoint, body)?;
            let erc20 = erc20_address(&endpoint, answer.tftaddress, &answer.erc20address)?;
            Ok((answer.tftaddress, erc20))
        })
        .await
    }

    /// Posts a transaction and returns the id that the node gives it, which is the computed one.
    ///
    /// This sends once and only reports; [`crate::tfchain::wallet::submit()`] finds out what became
    /// of a transaction whose answer is unclear.
    ///
    /// # Errors
    /// [`ExplorerError::ServerPost`] when the node refuses, [`ExplorerError::PostUnclear`] when
    /// the answer got lost, [`ExplorerError::InvalidResponse`] when it answers another id.
    pub async fn transaction_post(&self, transaction: &Transaction) -> Result<Hash, ExplorerError> {
        const ENDPOINT: &str = "/transactionpool/transactions";
        let local = |reason: String| ExplorerError::invalid(ENDPOINT, reason);
        let id = transaction.id().map_err(|error| local(error.to_string()))?;
        let data = serde_json::to_string(transaction).map_err(|error| local(error.to_string()))?;
        let answer = match self.fetch.post(ENDPOINT, &data).await {
            Ok(answer) => answer,
            Err(FetchError::NotAvailable(tried)) => {
                return Err(ExplorerError::NotAvailable {
                    endpoint: ENDPOINT.to_owned(),
                    tried,
                });
            }
            Err(FetchError::Unclear { reason } | FetchError::Broken { reason }) => {
                let endpoint = ENDPOINT.to_owned();
                return Err(ExplorerError::PostUnclear {
                    endpoint,
                    reason,
                    data,
                });
            }
        };
        if answer.status != 200 {
            return Err(ExplorerError::ServerPost {
                endpoint: ENDPOINT.to_owned(),
                code: answer.status,
                text: ServerText::from_body(&answer.body),
                data,
            });
        }
        let posted: model::WirePosted = parse(ENDPOINT, &answer.body)?;
        if posted.transactionid != id {
            let said = posted.transactionid;
            return Err(invalid(
                ENDPOINT,
                &format!("the node took transaction {id} but calls it {said}"),
            ));
        }
        Ok(id)
    }
}

/// The error of a question that got no whole answer.
fn not_read(endpoint: &str, error: FetchError) -> ExplorerError {
    match error {
        FetchError::NotAvailable(tried) => ExplorerError::NotAvailable {
            endpoint: endpoint.to_owned(),
            tried,
        },
        FetchError::Broken { reason } | FetchError::Unclear { reason } => {
            ExplorerError::invalid(endpoint, reason)
        }
    }
}
