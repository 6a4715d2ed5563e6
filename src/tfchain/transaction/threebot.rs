//! Versions 144, 145 and 146: registering a 3bot, changing its record, giving names away. Rivbin.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut, write_paid};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::botname::BotName;
use crate::tfchain::botrecord::{BotId, decode_counts, encode_counts};
use crate::tfchain::constants::{
    SPECIFIER_BOT_NAME_TRANSFER, SPECIFIER_BOT_RECORD_UPDATE, SPECIFIER_BOT_REGISTRATION,
    VERSION_BOT_NAME_TRANSFER, VERSION_BOT_RECORD_UPDATE, VERSION_BOT_REGISTRATION,
};
use crate::tfchain::encoding::{
    Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Encoding,
};
use crate::tfchain::fees;
use crate::tfchain::json::{json_object, list_or_nothing, list_or_null, number, option, value};
use crate::tfchain::keys::{PublicKey, SIGNATURE_BYTES, Signature};
use crate::tfchain::networkaddress::NetworkAddress;
use crate::tfchain::signing::SignTarget;

const MONTHS_MASK: u8 = 31;
const FLAG_ADDRESSES: u8 = 32;
const FLAG_NAMES: u8 = 64;
const FLAG_REFUND: u8 = 128;
const COUNTS: &str = "the number of names or addresses";

/// Key and signature of a new 3bot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identification {
    /// The bot's key.
    pub public_key: PublicKey,
    /// Its signature.
    pub signature: Signature,
}

json_object!(Identification {
    "publickey" => public_key: value,
    "signature" => signature: value,
});

/// One side of a name transfer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BotSignature {
    /// The bot.
    pub id: BotId,
    /// Its signature.
    pub signature: Signature,
}

json_object!(BotSignature {
    "id" => id: number,
    "signature" => signature: value,
});

/// What is added to and removed from a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListChange<T> {
    /// What is added.
    pub add: Vec<T>,
    /// What is removed.
    pub remove: Vec<T>,
}

json_object!(@T ListChange<T> {
    "add" => add: list_or_nothing,
    "remove" => remove: list_or_nothing,
});

impl<T> Default for ListChange<T> {
    fn default() -> Self {
        Self {
            add: Vec::new(),
            remove: Vec::new(),
        }
    }
}

impl<T> ListChange<T> {
    /// Returns whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

impl<T: Encode> ListChange<T> {
    fn encode_compact(&self, encoder: &mut Encoder) {
        if self.is_empty() {
            return;
        }
        encode_counts(encoder, COUNTS, self.add.len(), self.remove.len());
        write_all(encoder, &self.add);
        write_all(encoder, &self.remove);
    }
}

impl<T: Decode> ListChange<T> {
    fn decode_compact(decoder: &mut Decoder<'_>, present: bool) -> Result<Self, DecodeError> {
        if !present {
            return Ok(Self::default());
        }
        let (add, remove) = decode_counts(decoder)?;
        let change = Self {
            add: decoder.values(add)?,
            remove: decoder.values(remove)?,
        };
        check_flag(present, !change.is_empty())?;
        Ok(change)
    }
}

fn write_all<T: Encode>(encoder: &mut Encoder, values: &[T]) {
    for value in values {
        encoder.value(value);
    }
}

fn check_flag(flag: bool, present: bool) -> Result<(), DecodeError> {
    if flag == present {
        return Ok(());
    }
    Err(DecodeError::invalid(
        "3bot transaction",
        "a flag says otherwise than the list that it stands for",
    ))
}

/// Writes months and flags in one byte.
fn encode_months(encoder: &mut Encoder, months: u8, addresses: bool, names: bool, refund: bool) {
    if months > MONTHS_MASK {
        return encoder.fail(EncodeError::OutOfRange {
            what: "the number of months",
            value: months.to_string(),
            maximum: u64::from(MONTHS_MASK),
        });
    }
    let mut byte = months;
    for (set, flag) in [
        (addresses, FLAG_ADDRESSES),
        (names, FLAG_NAMES),
        (refund, FLAG_REFUND),
    ] {
        if set {
            byte |= flag;
        }
    }
    encoder.byte(byte);
}

fn optional_refund(
    decoder: &mut Decoder<'_>,
    present: bool,
) -> Result<Option<Output>, DecodeError> {
    if present {
        decoder.value().map(Some)
    } else {
        Ok(None)
    }
}

/// Version 144: registers a 3bot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BotRegistration {
    /// Where the bot can be reached.
    pub addresses: Vec<NetworkAddress>,
    /// The bot's names.
    pub names: Vec<BotName>,
    /// Months that are paid, 1 to 24.
    pub months: u8,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    pub refund: Option<Output>,
    /// The bot's key and its signature.
    pub identification: Identification,
}

json_object!(BotRegistration {
    "addresses" => addresses: list_or_nothing,
    "names" => names: list_or_nothing,
    "nrofmonths" => months: number,
    "txfee" => transaction_fee: value,
    "coininputs" => coin_inputs: list_or_null,
    "refundcoinoutput" => refund: option,
    "identification" => identification: value,
});

impl BotRegistration {
    /// Returns the bot fee, miner fee not included.
    pub fn bot_fee(&self) -> Amount {
        fees::bot_registration(self.months, self.names.len())
    }
}

impl Body for BotRegistration {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encode_months(
            encoder,
            self.months,
            !self.addresses.is_empty(),
            !self.names.is_empty(),
            self.refund.is_some(),
        );
        encode_counts(encoder, COUNTS, self.addresses.len(), self.names.len());
        write_all(encoder, &self.addresses);
        write_all(encoder, &self.names);
        encoder.value(&self.transaction_fee);
        encoder.list(&self.coin_inputs);
        write_all(encoder, self.refund.as_slice());
        encoder.value(&self.identification.public_key);
        let signature = self.identification.signature.as_bytes();
        if signature.len() == SIGNATURE_BYTES {
            encoder.raw(signature);
        } else {
            encoder.fail(EncodeError::SignatureSize(signature.len()));
        }
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        after.list(&self.addresses);
        after.list(&self.names);
        after.u8(self.months);
        write_paid(
            after,
            &self.coin_inputs,
            &self.transaction_fee,
            &self.refund,
        );
        after.value(&self.identification.public_key);
    }

    fn parts(&self) -> Parts<'_> {
        Parts::paid(&self.coin_inputs, &self.transaction_fee, &self.refund)
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }

    fn set_extension_key(&mut self, key: PublicKey) {
        self.identification.public_key = key;
    }

    fn extension_signature(&self, target: SignTarget) -> Option<&Signature> {
        (target == SignTarget::Bot).then_some(&self.identification.signature)
    }

    fn extension_signature_mut(&mut self, target: SignTarget) -> Option<&mut Signature> {
        (target == SignTarget::Bot).then_some(&mut self.identification.signature)
    }
}

impl DecodeBody for BotRegistration {
    const LAYOUT: Layout = Layout::of(VERSION_BOT_REGISTRATION, Encoding::Rivbin)
        .with_specifier(SPECIFIER_BOT_REGISTRATION);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let flags = decoder.byte()?;
        let (addresses, names) = decode_counts(decoder)?;
        check_flag(flags & FLAG_ADDRESSES != 0, addresses > 0)?;
        check_flag(flags & FLAG_NAMES != 0, names > 0)?;
        Ok(Self {
            months: flags & MONTHS_MASK,
            addresses: decoder.values(addresses)?,
            names: decoder.values(names)?,
            transaction_fee: decoder.value()?,
            coin_inputs: decoder.list()?,
            refund: optional_refund(decoder, flags & FLAG_REFUND != 0)?,
            identification: Identification {
                public_key: decoder.value()?,
                signature: Signature::from_bytes(decoder.raw(SIGNATURE_BYTES)?),
            },
        })
    }
}

/// Version 145: changes the record of a 3bot, or pays more months.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BotRecordUpdate {
    /// The bot.
    pub id: BotId,
    /// Addresses that come and go.
    pub addresses: ListChange<NetworkAddress>,
    /// Names that come and go.
    pub names: ListChange<BotName>,
    /// Months that are paid, 0 to 24.
    pub months: u8,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    pub refund: Option<Output>,
    /// The bot's signature.
    pub signature: Signature,
}

json_object!(BotRecordUpdate {
    "id" => id: number,
    "addresses" => addresses: value,
    "names" => names: value,
    "nrofmonths" => months: number,
    "txfee" => transaction_fee: value,
    "coininputs" => coin_inputs: list_or_null,
    "refundcoinoutput" => refund: option,
    "signature" => signature: value,
});

impl BotRecordUpdate {
    /// Returns the bot fee, miner fee not included.
    pub fn bot_fee(&self) -> Amount {
        fees::bot_update(
            self.months,
            !self.addresses.is_empty(),
            self.names.add.len(),
        )
    }
}

impl Body for BotRecordUpdate {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.u32(self.id);
        encode_months(
            encoder,
            self.months,
            !self.addresses.is_empty(),
            !self.names.is_empty(),
            self.refund.is_some(),
        );
        self.addresses.encode_compact(encoder);
        self.names.encode_compact(encoder);
        encoder.value(&self.transaction_fee);
        encoder.list(&self.coin_inputs);
        write_all(encoder, self.refund.as_slice());
        encoder.value(&self.signature);
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.u32(self.id);
        after.list(&self.addresses.add);
        after.list(&self.addresses.remove);
        after.list(&self.names.add);
        after.list(&self.names.remove);
        after.u8(self.months);
        write_paid(
            after,
            &self.coin_inputs,
            &self.transaction_fee,
            &self.refund,
        );
    }

    fn parts(&self) -> Parts<'_> {
        Parts::paid(&self.coin_inputs, &self.transaction_fee, &self.refund)
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }

    fn extension_signature(&self, target: SignTarget) -> Option<&Signature> {
        (target == SignTarget::Bot).then_some(&self.signature)
    }

    fn extension_signature_mut(&mut self, target: SignTarget) -> Option<&mut Signature> {
        (target == SignTarget::Bot).then_some(&mut self.signature)
    }
}

impl DecodeBody for BotRecordUpdate {
    const LAYOUT: Layout = Layout::of(VERSION_BOT_RECORD_UPDATE, Encoding::Rivbin)
        .with_specifier(SPECIFIER_BOT_RECORD_UPDATE);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let id = decoder.u32()?;
        let flags = decoder.byte()?;
        Ok(Self {
            id,
            months: flags & MONTHS_MASK,
            addresses: ListChange::decode_compact(decoder, flags & FLAG_ADDRESSES != 0)?,
            names: ListChange::decode_compact(decoder, flags & FLAG_NAMES != 0)?,
            transaction_fee: decoder.value()?,
            coin_inputs: decoder.list()?,
            refund: optional_refund(decoder, flags & FLAG_REFUND != 0)?,
            signature: decoder.value()?,
        })
    }
}

/// Version 146: gives names of one 3bot to another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BotNameTransfer {
    /// Who gives.
    pub sender: BotSignature,
    /// Who gets.
    pub receiver: BotSignature,
    /// The names.
    pub names: Vec<BotName>,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    pub refund: Option<Output>,
}

json_object!(BotNameTransfer {
    "sender" => sender: value,
    "receiver" => receiver: value,
    "names" => names: list_or_null,
    "txfee" => transaction_fee: value,
    "coininputs" => coin_inputs: list_or_null,
    "refundcoinoutput" => refund: option,
});

impl BotNameTransfer {
    /// Returns the bot fee, miner fee not included.
    pub fn bot_fee(&self) -> Amount {
        fees::bot_name_transfer(self.names.len())
    }
}

impl Body for BotNameTransfer {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.u32(self.sender.id);
        encoder.value(&self.sender.signature);
        encoder.u32(self.receiver.id);
        encoder.value(&self.receiver.signature);
        encode_counts(
            encoder,
            "the number of names",
            self.names.len(),
            usize::from(self.refund.is_some()),
        );
        write_all(encoder, &self.names);
        encoder.value(&self.transaction_fee);
        encoder.list(&self.coin_inputs);
        write_all(encoder, self.refund.as_slice());
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.u32(self.sender.id);
        before.u32(self.receiver.id);
        after.list(&self.names);
        write_paid(
            after,
            &self.coin_inputs,
            &self.transaction_fee,
            &self.refund,
        );
    }

    fn parts(&self) -> Parts<'_> {
        Parts::paid(&self.coin_inputs, &self.transaction_fee, &self.refund)
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }

    fn extension_signature(&self, target: SignTarget) -> Option<&Signature> {
        match target {
            SignTarget::NameSender => Some(&self.sender.signature),
            SignTarget::NameReceiver => Some(&self.receiver.signature),
            _ => None,
        }
    }

    fn extension_signature_mut(&mut self, target: SignTarget) -> Option<&mut Signature> {
        match target {
            SignTarget::NameSender => Some(&mut self.sender.signature),
            SignTarget::NameReceiver => Some(&mut self.receiver.signature),
            _ => None,
        }
    }
}

impl DecodeBody for BotNameTransfer {
    const LAYOUT: Layout = Layout::of(VERSION_BOT_NAME_TRANSFER, Encoding::Rivbin)
        .with_specifier(SPECIFIER_BOT_NAME_TRANSFER);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let sender = BotSignature {
            id: decoder.u32()?,
            signature: decoder.value()?,
        };
        let receiver = BotSignature {
            id: decoder.u32()?,
            signature: decoder.value()?,
        };
        let (names, flags) = decode_counts(decoder)?;
        if flags > 1 {
            return Err(DecodeError::invalid("name transfer", "unknown flags"));
        }
        Ok(Self {
            sender,
            receiver,
            names: decoder.values(names)?,
            transaction_fee: decoder.value()?,
            coin_inputs: decoder.list()?,
            refund: optional_refund(decoder, flags == 1)?,
        })
    }
}
