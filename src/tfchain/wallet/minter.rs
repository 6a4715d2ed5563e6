//! Minting: naming who may create coins, and creating them.
//!
//! Both become a [`MintDraft`], which spends nothing: it is signed by the owners of the mint
//! condition that is active, which is looked up when it is drafted. A wallet that is one of several
//! owners signs its part by [`Wallet::sign_mint`], the others add theirs by [`Wallet::sign_any`].
use super::draft::Draft;
use super::error::WalletError;
use super::preview::{self, Preview};
use super::recipient::Recipient;
use super::sign::{Signed, sign_transaction};
use super::wallet::Wallet;
use crate::tfchain::constants::MAX_ARBITRARY_DATA_BYTES;
use crate::tfchain::transaction::{CoinCreation, MinterDefinition, Nonce};
use crate::tfchain::{
    Amount, Condition, Fulfillment, Output, PublicKey, Transaction, UnlockHash, UnlockType,
};
use std::collections::HashMap;

/// An order of the minters that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MinterError {
    /// A recipient that nobody could mint with.
    #[error("{} is an invalid unlock hash type and cannot be used for a minter definition", .0.byte())]
    Type(UnlockType),
    /// The address of a shared wallet, from which its owners cannot be told.
    #[error(
        "the owners of {0} must be named, a minter definition lists them: \
         ([address, address], number of signatures)"
    )]
    Owners(UnlockHash),
}

impl MinterError {
    /// Returns the name of the error as users know it.
    pub fn kind(&self) -> &'static str {
        "ValueError"
    }
}

/// An unsigned transaction of the minters.
#[derive(Debug, Clone, PartialEq)]
pub struct MintDraft {
    /// The transaction, which spends nothing.
    pub draft: Draft,
    /// The mint condition that is active, which the signatures must fulfill.
    pub condition: Condition,
    /// Height of the chain when it was made.
    pub height: u64,
}

impl Wallet {
    /// Drafts a minter definition: from its block on, coins are created by `minter` only. The nonce
    /// is random.
    ///
    /// # Errors
    /// [`MinterError`]; those of the recipient and of the data; those of a look-up.
    pub async fn draft_minter_definition(
        &self,
        minter: &Recipient,
        data: &[u8],
        nonce: Nonce,
    ) -> Result<MintDraft, WalletError> {
        let mint_condition = minter.condition(None)?;
        match mint_condition.unlock_hash().kind() {
            UnlockType::PublicKey | UnlockType::MultiSignature => {}
            other => return Err(MinterError::Type(other).into()),
        }
        match mint_condition.unlocked() {
            Condition::UnlockHash(address) if address.kind() == UnlockType::MultiSignature => {
                return Err(MinterError::Owners(*address).into());
            }
            _ => {}
        }
        self.draft_mint(data, |mint_fulfillment, fee| {
            Transaction::from(MinterDefinition {
                nonce,
                mint_fulfillment,
                mint_condition,
                miner_fees: vec![fee],
                arbitrary_data: data.to_vec(),
            })
        })
        .await
    }

    /// Drafts the creation of `amount` for a recipient. The nonce is random.
    ///
    /// # Errors
    /// [`WalletError::NoAmount`]; those of the recipient and of the data; those of a look-up.
    pub async fn draft_coin_creation(
        &self,
        recipient: &Recipient,
        amount: &Amount,
        lock: Option<u64>,
        data: &[u8],
        nonce: Nonce,
    ) -> Result<MintDraft, WalletError> {
        if amount.is_zero() {
            return Err(WalletError::NoAmount);
        }
        let output = Output::new(amount.clone(), recipient.condition(lock)?);
        let mut made = self
            .draft_mint(data, |mint_fulfillment, fee| {
                Transaction::from(CoinCreation {
                    nonce,
                    mint_fulfillment,
                    coin_outputs: vec![output],
                    miner_fees: vec![fee],
                    arbitrary_data: data.to_vec(),
                })
            })
            .await?;
        made.draft.payments = 1;
        Ok(made)
    }

    async fn draft_mint(
        &self,
        data: &[u8],
        build: impl FnOnce(Fulfillment, Amount) -> Transaction,
    ) -> Result<MintDraft, WalletError> {
        if data.len() > MAX_ARBITRARY_DATA_BYTES {
            return Err(WalletError::DataTooLong(data.len()));
        }
        let explorer = self.explorer();
        let (condition, block) =
            tokio::try_join!(explorer.mint_condition(None), explorer.chain_info())?;
        let unsigned = match condition.unlocked() {
            Condition::MultiSignature(_) => Fulfillment::MultiSignature(Vec::new()),
            _ => Fulfillment::single(PublicKey::Nil),
        };
        Ok(MintDraft {
            draft: Draft {
                network: self.network(),
                transaction: build(unsigned, self.minimum_miner_fee()),
                parents: HashMap::new(),
                payments: 0,
            },
            condition,
            height: block.height,
        })
    }

    /// Describes a draft of the minters in words.
    pub fn preview_mint(&self, draft: &MintDraft) -> Preview {
        let mut preview = self.preview(&draft.draft, Some(draft.height));
        let now = preview::recipient_words(&draft.condition);
        preview.facts.insert(0, format!("minters now: {now}"));
        preview
    }

    /// Signs a draft of the minters with the keys that the wallet has of them; nothing is sent.
    ///
    /// # Errors
    /// [`WalletError::Encode`] for a transaction without a binary form.
    pub fn sign_mint(&self, draft: &MintDraft) -> Result<Signed, WalletError> {
        sign_transaction(
            draft.draft.transaction.clone(),
            &draft.draft.parents,
            Some(&draft.condition),
            &self.keys(),
        )
    }
}
