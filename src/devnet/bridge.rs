//! A stand-in for the bridge from Ethereum: coins that come back from there.
//!
//! A real bridge waits until tokens were sent on Ethereum to the ERC20 address of a registered
//! address, and then creates as many coins, less the miner fee. Here somebody just says that it
//! happened. The transaction goes through all rules of the node: the address must be registered,
//! and an Ethereum transaction counts once.

use serde::{Deserialize, Serialize};

use super::node::{Node, Refused};
use super::query::Query;
use super::storage::Pending;
use crate::tfchain::transaction::Erc20CoinCreation;
use crate::tfchain::{Amount, Erc20Address, Erc20Hash, Network, UnlockHash};

/// Where tokens were sent to on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The ERC20 address.
    Erc20(Erc20Address),
    /// The address on this chain that it stands for.
    Tft(UnlockHash),
}

/// Tokens that were sent on Ethereum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who shall get the coins.
    pub to: Target,
    /// How many tokens were sent; the miner fee is taken from them.
    pub amount: Amount,
    /// The Ethereum transaction; None invents one.
    pub transaction: Option<Erc20Hash>,
}

/// What the bridge made of tokens that were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridged {
    /// Id of the transaction on this chain (64 hex), which waits for its block.
    pub transaction: String,
    /// Who gets the coins.
    pub address: UnlockHash,
    /// How many.
    pub value: Amount,
    /// The Ethereum transaction.
    pub erc20_transaction: Erc20Hash,
}

impl Withdrawal {
    /// Returns the query of the control request.
    pub(super) fn query(&self) -> String {
        let to = match self.to {
            Target::Erc20(address) => address.to_string(),
            Target::Tft(address) => address.to_string(),
        };
        let mut query = format!("address={to}&amount={}", self.amount.units_text());
        if let Some(transaction) = self.transaction {
            query.push_str(&format!("&txid={transaction}"));
        }
        query
    }

    /// Reads the query of the control request.
    pub(super) fn from_query(query: &Query) -> Result<Self, String> {
        let address = query.get("address");
        let to = match address.starts_with("0x") {
            true => address
                .parse()
                .map(Target::Erc20)
                .map_err(|e| e.to_string()),
            false => address.parse().map(Target::Tft).map_err(|e| e.to_string()),
        };
        let amount = Amount::parse_units(query.get("amount")).map_err(|e| e.to_string())?;
        let transaction = match query.get("txid") {
            "" => None,
            hash => Some(hash.parse().map_err(|e| format!("`{hash}`: {e}"))?),
        };
        Ok(Self {
            to: to.map_err(|e| format!("`{address}`: {e}"))?,
            amount,
            transaction,
        })
    }
}

impl Node {
    /// Creates the coins of tokens that were sent on Ethereum, less the miner fee. Accepted once the
    /// returned waiter is through.
    ///
    /// # Errors
    /// The rule that it breaks: an address that is not registered, an Ethereum transaction that
    /// created coins before, less than the fee; or that it cannot be written.
    pub fn bridge(&self, withdrawal: &Withdrawal) -> Result<(Bridged, Pending), Refused> {
        let rule = |text: String| Refused::Rule(text);
        let (invented, block_id) = (random_hash()?, random_hash()?);
        let fee = Network::Devnet.minimum_miner_fee();
        let sent = &withdrawal.amount;
        let value = sent.checked_sub(&fee).filter(|value| !value.is_zero());
        let value = value.ok_or_else(|| {
            rule(format!(
                "{} is not more than the fee of {}, which is taken from it",
                sent.with_unit(),
                fee.with_unit()
            ))
        })?;
        let transaction_id = withdrawal.transaction.unwrap_or(invented);
        let mut made = Erc20CoinCreation {
            value,
            transaction_fee: fee,
            block_id,
            transaction_id,
            ..Erc20CoinCreation::default()
        };
        let (id, pending) = self.submit_with(|state| {
            made.address = match withdrawal.to {
                Target::Tft(address) => address,
                Target::Erc20(address) => {
                    let registry = &state.chain.ledger().extensions().erc20;
                    registry.tft_address(&address).ok_or_else(|| {
                        format!(
                            "Address {address} is not registered as an ERC20 withdrawal address"
                        )
                    })?
                }
            };
            Ok(made.clone().into())
        })?;
        let bridged = Bridged {
            transaction: id.to_string(),
            address: made.address,
            value: made.value,
            erc20_transaction: made.transaction_id,
        };
        Ok((bridged, pending))
    }
}

fn random_hash() -> Result<Erc20Hash, Refused> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Refused::Rule(format!("no random numbers: {e}")))?;
    Ok(Erc20Hash::from_bytes(bytes))
}
