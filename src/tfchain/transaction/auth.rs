//! Versions 176 and 177: who may use the chain at all. Later nodes only; read and shown.
//!
//! Their layouts are those of the node's id (rivbin); they were never seen running.

use super::body::{Body, DecodeBody};
use super::minting::Nonce;
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_AUTH_ADDRESS_UPDATE, SPECIFIER_AUTH_CONDITION_UPDATE, VERSION_AUTH_ADDRESS_UPDATE,
    VERSION_AUTH_CONDITION_UPDATE,
};
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::json::{base64_bytes, empty_as_null, null_as_default};
use crate::tfchain::unlockhash::UnlockHash;

/// Version 176: allows addresses to use the chain, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AuthAddressUpdate {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Addresses that are allowed from now on.
    #[serde(
        rename = "authaddresses",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub auth_addresses: Vec<UnlockHash>,
    /// Addresses that are no longer allowed.
    #[serde(
        rename = "deauthaddresses",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub deauth_addresses: Vec<UnlockHash>,
    /// Any bytes, 83 at most.
    #[serde(
        rename = "arbitrarydata",
        skip_serializing_if = "Vec::is_empty",
        with = "base64_bytes"
    )]
    pub arbitrary_data: Vec<u8>,
    /// Fulfills the active auth condition.
    #[serde(rename = "authfulfillment")]
    pub auth_fulfillment: Fulfillment,
    /// Fees of the block's creator.
    #[serde(
        rename = "minerfees",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub miner_fees: Vec<Amount>,
}

impl Body for AuthAddressUpdate {
    fn version(&self) -> u8 {
        VERSION_AUTH_ADDRESS_UPDATE
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rivbin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_AUTH_ADDRESS_UPDATE)
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

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }

    fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        Some(&self.auth_fulfillment)
    }

    fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        Some(&mut self.auth_fulfillment)
    }
}

impl DecodeBody for AuthAddressUpdate {
    const ENCODING: Encoding = Encoding::Rivbin;

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
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AuthConditionUpdate {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Any bytes, 83 at most.
    #[serde(
        rename = "arbitrarydata",
        skip_serializing_if = "Vec::is_empty",
        with = "base64_bytes"
    )]
    pub arbitrary_data: Vec<u8>,
    /// The new auth condition.
    #[serde(rename = "authcondition")]
    pub auth_condition: Condition,
    /// Fulfills the active auth condition.
    #[serde(rename = "authfulfillment")]
    pub auth_fulfillment: Fulfillment,
    /// Fees of the block's creator.
    #[serde(
        rename = "minerfees",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub miner_fees: Vec<Amount>,
}

impl Body for AuthConditionUpdate {
    fn version(&self) -> u8 {
        VERSION_AUTH_CONDITION_UPDATE
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rivbin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_AUTH_CONDITION_UPDATE)
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

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }

    fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        Some(&self.auth_fulfillment)
    }

    fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        Some(&mut self.auth_fulfillment)
    }
}

impl DecodeBody for AuthConditionUpdate {
    const ENCODING: Encoding = Encoding::Rivbin;

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
