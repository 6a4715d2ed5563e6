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
    address_info, erc20_address, good_answer, invalid, output_info, parse, parse_kind, spends,
};
use super::text::ServerText;
use super::verify;
use crate::tfchain::{
    Amount, BotRecord, Condition, Erc20Address, Hash, Network, Output, Transaction, UnlockHash,
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

    /// Asks for an endpoint and returns the body of a good answer.
    async fn get(&self, endpoint: &str) -> Result<Vec<u8>, ExplorerError> {
        // The gate is never closed; without a permit the look-up is merely not counted.
        let _permit = self.gate.acquire().await.ok();
        let answer = self
            .fetch
            .get(endpoint)
            .await
            .map_err(|error| match error {
                FetchError::NotAvailable(tried) => ExplorerError::NotAvailable {
                    endpoint: endpoint.to_owned(),
                    tried,
                },
                FetchError::Broken { reason } | FetchError::Unclear { reason } => {
                    ExplorerError::invalid(endpoint, reason)
                }
            })?;
        good_answer(endpoint, answer)
    }

    async fn get_json<T: DeserializeOwned>(&self, endpoint: &str) -> Result<T, ExplorerError> {
        parse(endpoint, &self.get(endpoint).await?)
    }

    /// Looks a hash up and checks that it is of the kind `wanted`.
    async fn lookup<T: DeserializeOwned>(
        &self,
        hash: impl Display,
        wanted: &str,
        kind: impl FnOnce(&T) -> &str,
    ) -> Result<(String, T), ExplorerError> {
        let endpoint = format!("/explorer/hashes/{hash}");
        let body = self.get(&endpoint).await?;
        let answer = parse_kind(&endpoint, &body, wanted, kind)?;
        Ok((endpoint, answer))
    }

    /// Returns the newest block.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn chain_info(&self) -> Result<Block, ExplorerError> {
        let facts: model::WireFacts = self.get_json("/explorer").await?;
        let block = self.block_by_id(facts.blockid).await?;
        if block.height != facts.height {
            return Err(ExplorerError::invalid(
                "/explorer",
                format!(
                    "block {} has height {}, not {}",
                    block.id, block.height, facts.height
                ),
            ));
        }
        Ok(block)
    }

    /// Returns the block of a height.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up; a height beyond the chain is a server error.
    pub async fn block_by_height(&self, height: u64) -> Result<Block, ExplorerError> {
        let endpoint = format!("/explorer/blocks/{height}");
        let answer: model::WireBlockByHeight = self.get_json(&endpoint).await?;
        let block = verify::block(answer.block).map_err(|reason| invalid(&endpoint, &reason))?;
        if block.height != height {
            return Err(invalid(
                &endpoint,
                &format!("the node sent block {}", block.height),
            ));
        }
        Ok(block)
    }

    /// Returns the block of an id.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn block_by_id(&self, id: Hash) -> Result<Block, ExplorerError> {
        let (endpoint, answer) = self
            .lookup(id, "blockid", |answer: &model::WireBlockAnswer| {
                &answer.hashtype
            })
            .await?;
        let block = verify::block(answer.block).map_err(|reason| invalid(&endpoint, &reason))?;
        if block.id != id {
            return Err(invalid(
                &endpoint,
                &format!("the node sent block {}", block.id),
            ));
        }
        Ok(block)
    }

    /// Returns a transaction of the chain or the pool.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn transaction(&self, id: Hash) -> Result<ExplorerTransaction, ExplorerError> {
        let (endpoint, answer) = self
            .lookup(
                id,
                "transactionid",
                |answer: &model::WireTransactionAnswer| &answer.hashtype,
            )
            .await?;
        let transaction = verify::transaction(answer.transaction, answer.unconfirmed)
            .map_err(|reason| invalid(&endpoint, &reason))?;
        if transaction.id != id {
            let sent = transaction.id;
            return Err(invalid(
                &endpoint,
                &format!("the node sent transaction {sent}"),
            ));
        }
        Ok(transaction)
    }

    /// Returns what the chain knows of an address.
    ///
    /// # Errors
    /// [`ExplorerError::NoContent`] when it was never used; every other one of a look-up.
    pub async fn address(&self, address: UnlockHash) -> Result<AddressInfo, ExplorerError> {
        let endpoint = format!("/explorer/hashes/{address}");
        let body = self.get(&endpoint).await?;
        let answer: model::WireAddressAnswer = parse_kind(
            &endpoint,
            &body,
            "unlockhash",
            |answer: &model::WireAddressAnswer| &answer.hashtype,
        )?;
        address_info(&endpoint, address, answer)
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
        let mut tasks = JoinSet::new();
        for (place, address) in addresses.iter().copied().enumerate() {
            let explorer = self.clone();
            tasks.spawn(async move { (place, explorer.address(address).await) });
        }
        let mut infos: Vec<Option<AddressInfo>> = Vec::new();
        infos.resize_with(addresses.len(), || None);
        while let Some(done) = tasks.join_next().await {
            let (place, info) = done.map_err(|_| {
                ExplorerError::invalid("/explorer/hashes", "a look-up was ended before its time")
            })?;
            match info {
                Ok(info) => {
                    if let Some(slot) = infos.get_mut(place) {
                        *slot = Some(info);
                    }
                }
                Err(error) if error.is_no_content() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(infos)
    }

    /// Returns a coin output, the transaction that created it and the one that spent it.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up. Outputs of the pool are not known.
    pub async fn coin_output(&self, id: Hash) -> Result<OutputInfo, ExplorerError> {
        let (endpoint, answer) = self
            .lookup(id, "coinoutputid", |answer: &model::WireOutputAnswer| {
                &answer.hashtype
            })
            .await?;
        let transactions = answer
            .transactions
            .agreed()
            .map_err(|r| invalid(&endpoint, &r))?;
        let mut info = output_info(
            id,
            &transactions,
            ExplorerTransaction::created_outputs,
            ExplorerTransaction::spent_outputs,
        );
        if info.is_none() {
            // A payout of a block: no transaction created it.
            for block in answer.blocks {
                let block = verify::block(block).map_err(|reason| invalid(&endpoint, &reason))?;
                if let Some(payout) = block.miner_payouts.iter().find(|payout| payout.id == id) {
                    let spend = |transaction: &&Arc<ExplorerTransaction>| spends(transaction, id);
                    info = Some(OutputInfo {
                        id,
                        output: Output {
                            value: payout.value.clone(),
                            condition: Condition::for_address(payout.unlock_hash),
                        },
                        creation: None,
                        spend: transactions.iter().find(spend).cloned(),
                    });
                }
            }
        }
        info.ok_or_else(|| invalid(&endpoint, "no transaction of the answer has this output"))
    }

    /// Returns a block stake output, the transaction that created it and the one that spent it.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn blockstake_output(&self, id: Hash) -> Result<OutputInfo, ExplorerError> {
        let (endpoint, answer) = self
            .lookup(
                id,
                "blockstakeoutputid",
                |answer: &model::WireOutputAnswer| &answer.hashtype,
            )
            .await?;
        let transactions = answer
            .transactions
            .agreed()
            .map_err(|r| invalid(&endpoint, &r))?;
        output_info(
            id,
            &transactions,
            ExplorerTransaction::created_blockstake_outputs,
            ExplorerTransaction::spent_blockstake_outputs,
        )
        .ok_or_else(|| invalid(&endpoint, "no transaction of the answer has this output"))
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
        let answer: model::WireErc20Addresses = self.get_json(&endpoint).await?;
        let erc20 = erc20_address(&endpoint, answer.tftaddress, &answer.erc20address)?;
        Ok((answer.tftaddress, erc20))
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
