//! Versions 176 and 177: who may use the chain at all. Later nodes only; read and shown.
//!
//! Their layouts are those of the node's id (rivbin); they were never seen running.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut};
use super::minting::Nonce;
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_AUTH_ADDRESS_UPDATE, SPECIFIER_AUTH_CONDITION_UPDATE, VERSION_AUTH_ADDRESS_UPDATE,
    VERSION_AUTH_CONDITION_UPDATE,
};
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::json::{bytes, json_object, list_or_nothing, list_or_null, value};
use crate::tfchain::unlockhash::UnlockHash;

/// Version 176: allows addresses to use the chain, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthAddressUpdate {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Addresses that are allowed from now on.
    pub auth_addresses: Vec<UnlockHash>,
    /// Addresses that are no longer allowed.
    pub deauth_addresses: Vec<UnlockHash>,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
    /// Fulfills the active auth condition.
    pub auth_fulfillment: Fulfillment,
    /// Fees of the block's creator.
    pub miner_fees: Vec<Amount>,
}

json_object!(AuthAddressUpdate {
    "nonce" => nonce: value,
    "authaddresses" => auth_addresses: list_or_nothing,
    "deauthaddresses" => deauth_addresses: list_or_nothing,
    "arbitrarydata" => arbitrary_data: bytes,
    "authfulfillment" => auth_fulfillment: value,
    "minerfees" => miner_fees: list_or_null,
});

impl Body for AuthAddressUpdate {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.nonce);
        encoder.list(&self.auth_addresses);
        encoder.list(&self.deauth_addresses);
        encoder.slice(&self.arbitrary_data);
        encoder.value(&self.auth_fulfillment);
        encoder.list(&self.miner_fees);
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.nonce);
        after.list(&self.auth_addresses);
        after.list(&self.deauth_addresses);
        after.slice(&self.arbitrary_data);
        after.list(&self.miner_fees);
    }

    fn parts(&self) -> Parts<'_> {
        Parts::appointed(
            &self.auth_fulfillment,
            &self.miner_fees,
            &self.arbitrary_data,
        )
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::appointed(&mut self.auth_fulfillment)
    }
}

impl DecodeBody for AuthAddressUpdate {
    const LAYOUT: Layout = Layout::of(VERSION_AUTH_ADDRESS_UPDATE, Encoding::Rivbin)
        .with_specifier(SPECIFIER_AUTH_ADDRESS_UPDATE);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            nonce: decoder.value()?,
            auth_addresses: decoder.list()?,
            deauth_addresses: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
            auth_fulfillment: decoder.value()?,
            miner_fees: decoder.list()?,
        })
    }
}

/// Version 177: defines who may allow addresses from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthConditionUpdate {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
    /// The new auth condition.
    pub auth_condition: Condition,
    /// Fulfills the active auth condition.
    pub auth_fulfillment: Fulfillment,
    /// Fees of the block's creator.
    pub miner_fees: Vec<Amount>,
}

json_object!(AuthConditionUpdate {
    "nonce" => nonce: value,
    "arbitrarydata" => arbitrary_data: bytes,
    "authcondition" => auth_condition: value,
    "authfulfillment" => auth_fulfillment: value,
    "minerfees" => miner_fees: list_or_null,
});

impl Body for AuthConditionUpdate {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.nonce);
        encoder.slice(&self.arbitrary_data);
        encoder.value(&self.auth_condition);
        encoder.value(&self.auth_fulfillment);
        encoder.list(&self.miner_fees);
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.nonce);
        after.value(&self.auth_condition);
        after.slice(&self.arbitrary_data);
        after.list(&self.miner_fees);
    }

    fn parts(&self) -> Parts<'_> {
        Parts::appointed(
            &self.auth_fulfillment,
            &self.miner_fees,
            &self.arbitrary_data,
        )
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::appointed(&mut self.auth_fulfillment)
    }
}

impl DecodeBody for AuthConditionUpdate {
    const LAYOUT: Layout = Layout::of(VERSION_AUTH_CONDITION_UPDATE, Encoding::Rivbin)
        .with_specifier(SPECIFIER_AUTH_CONDITION_UPDATE);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            nonce: decoder.value()?,
            arbitrary_data: decoder.slice()?.to_vec(),
            auth_condition: decoder.value()?,
            auth_fulfillment: decoder.value()?,
            miner_fees: decoder.list()?,
        })
    }
}
