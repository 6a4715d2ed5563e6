//! ERC20 (versions 208, 209, 210) on a node without Ethereum: registered withdrawal addresses and
//! the Ethereum transactions that created coins.

use std::collections::HashMap;

use crate::tfchain::hash::TransactionId;
use crate::tfchain::transaction::{Erc20AddressRegistration, Erc20CoinCreation, Erc20Convert};
use crate::tfchain::{
    Amount, Erc20Address, Erc20Hash, SignTarget, SignatureHasher, UnlockHash, fees,
};

const UNBALANCED: &str = "coin inputs do not equal coin outputs for transaction";

/// The registry.
#[derive(Clone, Debug, Default)]
pub struct Erc20 {
    /// Registered addresses with the height of their registration.
    registered: HashMap<UnlockHash, u64>,
    addresses: HashMap<Erc20Address, UnlockHash>,
    transactions: HashMap<Erc20Hash, TransactionId>,
}

impl Erc20 {
    /// Returns the height at which an address was registered.
    pub fn registered_at(&self, address: &UnlockHash) -> Option<u64> {
        self.registered.get(address).copied()
    }

    /// Returns the TFT address of a registered ERC20 address.
    pub fn tft_address(&self, address: &Erc20Address) -> Option<UnlockHash> {
        self.addresses.get(address).copied()
    }

    /// Returns the transaction that created the coins of an Ethereum transaction.
    pub fn tft_transaction(&self, hash: &Erc20Hash) -> Option<TransactionId> {
        self.transactions.get(hash).copied()
    }

    pub(super) fn register(&mut self, address: UnlockHash, height: u64) {
        self.registered.insert(address, height);
        self.addresses
            .insert(Erc20Address::from_unlock_hash(&address), address);
    }

    pub(super) fn map_transaction(&mut self, hash: Erc20Hash, id: TransactionId) {
        self.transactions.insert(hash, id);
    }

    /// Checks a registration beyond the rules of all transactions; `inputs` is the sum of its coin
    /// inputs.
    pub(super) fn check_registration(
        &self,
        registration: &Erc20AddressRegistration,
        hasher: &SignatureHasher,
        inputs: &Amount,
    ) -> Result<(), String> {
        let hash = hasher.single(SignTarget::Erc20Registration);
        if !registration
            .public_key
            .verify(&hash, &registration.signature)
        {
            return Err("unauthorized ERC20 AddressRegistration tx: invalid signature".into());
        }
        if self.registered.contains_key(&registration.tft_address()) {
            let text = "public key has already registered an ERC20 address";
            return Err(format!("invalid ERC20 AddressRegistration tx: {text}"));
        }
        if registration.registration_fee != fees::ERC20_REGISTRATION {
            return Err("invalid ERC20 Address Registration fee".into());
        }
        let refund = registration.refund.as_ref().map(|r| &r.value);
        let fees = [
            &registration.registration_fee,
            &registration.transaction_fee,
        ];
        balanced(inputs, fees.into_iter().chain(refund))
    }

    /// Checks a coin creation beyond the rules of all transactions. Without Ethereum nothing says
    /// whether the coins really left there.
    pub(super) fn check_creation(&self, creation: &Erc20CoinCreation) -> Result<(), String> {
        let prefix = "invalid ERC20 CoinCreation Tx:";
        if creation.address.hash().is_zero() {
            return Err(format!(
                "{prefix} nil crypto hash cannot be used as unlock hash"
            ));
        }
        if let Some(id) = self.transactions.get(&creation.transaction_id) {
            let erc20 = creation.transaction_id;
            return Err(format!(
                "{prefix} ERC20 Tx ID {erc20} already mapped to TFT Tx ID {id}"
            ));
        }
        if !self.registered.contains_key(&creation.address) {
            let address = creation.address;
            let text = "is not registered as an ERC20 withdrawal address";
            return Err(format!("{prefix} Address {address} {text}"));
        }
        Ok(())
    }
}

/// Checks a conversion beyond the rules of all transactions; `inputs` is the sum of its coin inputs.
pub(super) fn check_conversion(convert: &Erc20Convert, inputs: &Amount) -> Result<(), String> {
    if convert.value < fees::ERC20_CONVERT_MINIMUM {
        return Err("ERC20 requires a minimum value of 1000 coins to be converted".into());
    }
    let refund = convert.refund.as_ref().map(|r| &r.value);
    balanced(
        inputs,
        [&convert.value, &convert.transaction_fee]
            .into_iter()
            .chain(refund),
    )
}

fn balanced<'a>(inputs: &Amount, parts: impl Iterator<Item = &'a Amount>) -> Result<(), String> {
    let outputs: Amount = parts.sum();
    if *inputs == outputs {
        Ok(())
    } else {
        Err(UNBALANCED.into())
    }
}
