//! ERC20: addresses of a wallet to which coins come back from the Ethereum chain.
//!
//! Coins go there by an ordinary [`SendRequest`](super::SendRequest) to a
//! [`Recipient::Erc20`](super::Recipient::Erc20). They come back to an address that was registered
//! before: its registration becomes a [`RegistrationDraft`], which has a [`Preview`], is signed by
//! [`Wallet::sign_erc20`] and submitted as any other transaction.
use super::draft::Draft;
use super::error::WalletError;
use super::preview::Preview;
use super::sign::Signed;
use super::threebot::{Payer, sign_with_bots};
use super::wallet::Wallet;
use crate::tfchain::constants::VERSION_ERC20_ADDRESS_REGISTRATION;
use crate::tfchain::explorer::{Erc20Info, Explorer, ExplorerError};
use crate::tfchain::transaction::Erc20AddressRegistration;
use crate::tfchain::{
    Amount, Erc20Address, Network, PublicKey, SignTarget, Transaction, UnlockHash, fees,
};

/// An order about ERC20 that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// A network without ERC20 (spec: tfchain protocol §4).
    #[error("there is no ERC20 on {0}, only on TEST and DEV")]
    Network(Network),
    /// Less than what can be converted.
    #[error("ERC20 requires a minimum value of 1000 coins to be converted, {0} TFT is less")]
    TooLittle(Amount),
    /// The index of no address.
    #[error(
        "address index {index} is not a valid index for this wallet, has to be in the inclusive \
         range of [0, {maximum}]"
    )]
    Index {
        /// The index that was asked for.
        index: i64,
        /// The highest one.
        maximum: usize,
    },
    /// An address of somebody else, to be registered.
    #[error("address {0} is not owned by the used wallet")]
    Forbidden(UnlockHash),
    /// An address of somebody else, to be looked up in this wallet.
    #[error("address {0} is not owned by the used wallet")]
    NotInWallet(UnlockHash),
}

impl BridgeError {
    /// Returns the name of the error as users know it (spec: tfchain client §12).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "ERC20RegistrationForbidden",
            Self::NotInWallet(_) => "AddressNotInWallet",
            _ => "ValueError",
        }
    }
}

/// Which address of a wallet is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAddress {
    /// The one with this place in the wallet, the primary one has 0.
    Index(i64),
    /// This one.
    Address(UnlockHash),
}

/// An unsigned registration of an address.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistrationDraft {
    /// The transaction, and what it spends.
    pub draft: Draft,
    /// What the chain takes for it, miner fee not included.
    pub price: Amount,
    /// Height of the chain when it was made.
    pub height: u64,
    /// The key that is registered.
    key: PublicKey,
}

/// Checks that a network has ERC20.
pub(super) fn check_network(network: Network, version: u8) -> Result<(), BridgeError> {
    match network.supports(version) {
        true => Ok(()),
        false => Err(BridgeError::Network(network)),
    }
}

/// Checks that an amount can be converted.
pub(super) fn check_amount(amount: &Amount) -> Result<(), BridgeError> {
    match *amount < fees::ERC20_CONVERT_MINIMUM {
        true => Err(BridgeError::TooLittle(amount.clone())),
        false => Ok(()),
    }
}

impl Wallet {
    /// Drafts the registration of an address of this wallet; without one, of a new key.
    ///
    /// # Errors
    /// [`BridgeError::Index`], [`BridgeError::Forbidden`]; those of look-ups and funding. That an
    /// address is registered already is told by the node.
    pub async fn draft_erc20_registration(
        &self,
        which: Option<&OwnAddress>,
        payer: &Payer,
    ) -> Result<RegistrationDraft, WalletError> {
        let own = which.map(|which| self.own_address(which, BridgeError::Forbidden));
        let own = own.transpose()?;
        let body = Erc20AddressRegistration {
            registration_fee: fees::ERC20_REGISTRATION,
            transaction_fee: self.minimum_miner_fee(),
            ..Erc20AddressRegistration::default()
        };
        check_network(self.network(), VERSION_ERC20_ADDRESS_REGISTRATION)?;
        let balance = self.balance().await?;
        let public_key = match own {
            Some(address) => *self.key_pair(&address)?.public_key(),
            None => self.unregistered_key().await?,
        };
        let body = Erc20AddressRegistration { public_key, ..body };
        let price = body.registration_fee.clone();
        let draft = self.fund_extension(&balance, payer, &price, |coin_inputs, refund| {
            Transaction::from(Erc20AddressRegistration {
                coin_inputs,
                refund,
                ..body.clone()
            })
        })?;
        Ok(RegistrationDraft {
            draft,
            price,
            height: balance.chain.height,
            key: public_key,
        })
    }

    /// Returns the key that the wallet adds next, which joins it when the registration is signed.
    async fn unregistered_key(&self) -> Result<PublicKey, WalletError> {
        loop {
            let key = *self.keys().next_pair().public_key();
            match self.explorer().erc20_info(key.unlock_hash()).await {
                // One of this seed that was registered elsewhere: it is the wallet's.
                Ok(_) => _ = self.address_new()?,
                Err(error) if error.is_no_content() => return Ok(key),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Describes the draft of a registration in words.
    pub fn preview_erc20(&self, draft: &RegistrationDraft) -> Preview {
        self.preview(&draft.draft, Some(draft.height))
    }

    /// Signs the draft of a registration; a new key joins the wallet now. Nothing is sent.
    ///
    /// # Errors
    /// [`WalletError::Encode`]; [`WalletError::NotOwned`] when another key was added meanwhile:
    /// then it must be drafted again.
    pub fn sign_erc20(&self, draft: &RegistrationDraft) -> Result<Signed, WalletError> {
        self.adopt_new_key(&draft.draft.transaction)?;
        let keys = self.keys();
        let address = draft.key.unlock_hash();
        if keys.place(&address).is_none() {
            return Err(WalletError::NotOwned(address));
        }
        let wanted = vec![(SignTarget::Erc20Registration, draft.key)];
        let transaction = draft.draft.transaction.clone();
        sign_with_bots(transaction, &draft.draft.parents, None, &wanted, &keys)
    }

    /// Asks for the registration of an address of this wallet, the primary one without.
    ///
    /// # Errors
    /// [`BridgeError::Index`], [`BridgeError::NotInWallet`]; [`ExplorerError::NotRegistered`], and
    /// every other one of a look-up.
    pub async fn erc20_info(&self, which: Option<&OwnAddress>) -> Result<Erc20Info, WalletError> {
        let address = match which {
            Some(which) => self.own_address(which, BridgeError::NotInWallet)?,
            None => self.address(),
        };
        Ok(self.explorer().erc20_info(address).await?)
    }

    /// Returns the registrations of all addresses of this wallet, in their order.
    ///
    /// # Errors
    /// Every [`ExplorerError`] of a look-up.
    pub async fn erc20_infos(&self) -> Result<Vec<Erc20Info>, WalletError> {
        let addresses = self.addresses().await;
        let infos = self.explorer().addresses_info(&addresses).await?;
        Ok(infos
            .into_iter()
            .flatten()
            .filter_map(|info| info.erc20)
            .collect())
    }

    fn own_address(
        &self,
        which: &OwnAddress,
        foreign: fn(UnlockHash) -> BridgeError,
    ) -> Result<UnlockHash, BridgeError> {
        match *which {
            OwnAddress::Address(address) if self.owns(&address) => Ok(address),
            OwnAddress::Address(address) => Err(foreign(address)),
            OwnAddress::Index(index) => {
                let addresses = self.known_addresses();
                let place = usize::try_from(index).ok();
                let found = place.and_then(|place| addresses.get(place)).copied();
                found.ok_or(BridgeError::Index {
                    index,
                    maximum: addresses.len().saturating_sub(1),
                })
            }
        }
    }
}

/// Asks for the registration of anybody's address by its ERC20 address.
///
/// # Errors
/// [`ExplorerError::NoContent`] when it is not registered; every other one of a look-up.
pub async fn erc20_info_of(
    explorer: &Explorer,
    address: Erc20Address,
) -> Result<Erc20Info, ExplorerError> {
    let (address, _) = explorer.erc20_addresses(address).await?;
    explorer.erc20_info(address).await
}

/// Facts about a registration, one a line, and its price without the miner fee; None for other
/// transactions.
pub(super) fn facts(transaction: &Transaction) -> Option<(Vec<String>, Amount)> {
    let Transaction::Erc20AddressRegistration(body) = transaction else {
        return None;
    };
    let price = body.registration_fee.clone();
    let facts = vec![
        format!("address: {}", body.tft_address()),
        format!("ERC20 address: {}", body.erc20_address()),
        format!("price: {}", price.with_unit()),
    ];
    Some((facts, price))
}
