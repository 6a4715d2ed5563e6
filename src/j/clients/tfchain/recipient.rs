//! What a user may write for recipients, amounts, locks, data and ids.
use crate::object::dict::Dict;
use crate::object::{Args, Error, Result, Value};
use crate::tfchain::wallet::{Clock, Recipient, RecipientError, lock_from_int, parse_address};
use crate::tfchain::wallet::{Payment, parse_lock};
use crate::tfchain::{Amount, Condition, Hash, UnlockHash};

use super::address_book;
use super::amount::Currency;
use super::condition::ConditionValue;
use super::json;
use super::place::ClientCore;
use super::types::plain::Plain;

/// Reads a recipient: `None` (anybody), an address, a list of addresses, a list and a number, a
/// condition.
///
/// # Errors
/// What is wrong with it.
pub fn recipient(value: &Value) -> Result<Recipient> {
    match value {
        Value::None => Ok(Recipient::FreeForAll),
        Value::Str(text) => Ok(Recipient::parse(text)?),
        Value::Bytes(bytes) => Ok(Recipient::Address(parse_address(&hex::encode(bytes))?)),
        Value::List(list) => several(list),
        Value::Map(_) => condition(value),
        Value::Object(_) => match value.downcast::<ConditionValue>() {
            Some(found) => Ok(Recipient::Condition(found.condition().clone())),
            None if value.downcast::<Dict>().is_some() => condition(value),
            None => match value.downcast::<Plain<UnlockHash>>() {
                Some(address) => Ok(Recipient::Address(*address.inner())),
                None => Err(not_a_recipient(value)),
            },
        },
        _ => Err(not_a_recipient(value)),
    }
}

fn not_a_recipient(value: &Value) -> Error {
    Error::type_error(format!(
        "a recipient is an address, a list of addresses, a list and a number of signatures, a \
         condition or None, not {}",
        value.type_name()
    ))
}

fn several(list: &[Value]) -> Result<Recipient> {
    let is_pair = list
        .iter()
        .any(|item| matches!(item, Value::List(_) | Value::Int(_)));
    if !is_pair {
        return Ok(Recipient::multi_signature(addresses(list)?, None)?);
    }
    match list {
        [Value::List(owners), Value::Int(count)] | [Value::Int(count), Value::List(owners)] => {
            let count = u64::try_from(*count)
                .ok()
                .filter(|count| *count > 0)
                .ok_or_else(|| {
                    Error::value(format!(
                        "the number of signatures must be 1 or more, not {count}"
                    ))
                })?;
            Ok(Recipient::multi_signature(addresses(owners)?, Some(count))?)
        }
        [_, _] => Err(Error::type_error(
            "a multi-signature recipient is a list of addresses and a number of signatures: \
             ([address, address], 1)",
        )),
        other => Err(RecipientError::TupleLength(other.len()).into()),
    }
}

fn addresses(list: &[Value]) -> Result<Vec<UnlockHash>> {
    list.iter().map(address).collect()
}

/// Reads one address.
///
/// # Errors
/// What is wrong with it.
pub fn address(value: &Value) -> Result<UnlockHash> {
    match value {
        Value::Str(text) => Ok(parse_address(text)?),
        Value::Bytes(bytes) => Ok(parse_address(&hex::encode(bytes))?),
        other => match other.downcast::<Plain<UnlockHash>>() {
            Some(address) => Ok(*address.inner()),
            None => Err(Error::type_error(format!(
                "an address is a text of 78 hex digits, not {}",
                other.type_name()
            ))),
        },
    }
}

fn condition(value: &Value) -> Result<Recipient> {
    let condition: Condition = json::read(value, "a condition")?;
    Ok(Recipient::Condition(condition))
}

/// Reads an amount: a number of TFT, a text with or without the unit, an amount.
///
/// # Errors
/// What is wrong with it; truth values are no amounts.
pub fn amount(value: &Value) -> Result<Amount> {
    match value {
        Value::Int(tft) => Ok(Amount::parse_tft(&tft.to_string())?),
        Value::Float(tft) => float(*tft),
        Value::Str(text) => Ok(Amount::parse_tft(text)?),
        Value::Object(_) => match value.downcast::<Currency>() {
            Some(found) => Ok(found.amount().clone()),
            None => Err(not_an_amount(value)),
        },
        _ => Err(not_an_amount(value)),
    }
}

/// So many digits of a number that is typed survive in a float, whatever they are.
const FLOAT_DIGITS: usize = f64::DIGITS as usize;

/// A float whose digits are surely those that were typed: 123456789.123456789 is not, the script
/// language has cut it before it comes here.
fn float(tft: f64) -> Result<Amount> {
    // The shortest text that means this number, never with an exponent.
    let text = tft.to_string();
    let amount = Amount::parse_tft(&text)?;
    let digits = text.replace('.', "");
    if digits.trim_matches('0').len() > FLOAT_DIGITS {
        return Err(Error::value(format!(
            "`{text}` has more digits than a number keeps exactly, so it may not be what was meant"
        ))
        .hint("write the amount as text, in quotes"));
    }
    Ok(amount)
}

fn not_an_amount(value: &Value) -> Error {
    Error::type_error(format!(
        "an amount is a number of TFT or a text such as '1.5 TFT', not {}",
        value.type_name()
    ))
}

/// Reads a lock: None, a block height, Unix seconds, a duration (`'+7d'`) or a date.
///
/// # Errors
/// What is wrong with it.
pub fn lock(value: &Value, clock: &Clock) -> Result<Option<u64>> {
    match value {
        Value::None => Ok(None),
        Value::Int(number) => Ok(Some(lock_from_int(*number)?)),
        Value::Str(text) => Ok(Some(parse_lock(text, clock.now(), clock.zone())?)),
        other => Err(Error::type_error(format!(
            "a lock is a block height, a Unix time, a duration such as '+7d' or a date such as \
             '18/04/2030', not {}",
            other.type_name()
        ))),
    }
}

/// Reads arbitrary data: None, a text or bytes.
///
/// # Errors
/// Values of other types.
pub fn data(value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::None => Ok(Vec::new()),
        Value::Str(text) => Ok(text.clone().into_bytes()),
        Value::Bytes(bytes) => Ok(bytes.clone()),
        other => Err(Error::type_error(format!(
            "data is a text or bytes, not {}",
            other.type_name()
        ))),
    }
}

/// Reads the addresses that pay: None, one or several.
///
/// # Errors
/// What is wrong with them.
pub fn sources(value: &Value) -> Result<Vec<UnlockHash>> {
    match value {
        Value::None => Ok(Vec::new()),
        Value::List(list) => addresses(list),
        one => Ok(vec![address(one)?]),
    }
}

/// Reads a recipient that may be a label of the address book.
///
/// # Errors
/// What is wrong with it.
pub fn labelled(value: &Value, core: &ClientCore) -> Result<Recipient> {
    recipient(&address_book::resolve(core, value)?)
}

/// Reads the parameters `recipient`, `amount` and `lock` of a call; recipients may be labels of
/// the address book.
///
/// # Errors
/// What is wrong with them.
pub fn payment(args: &Args, core: &ClientCore) -> Result<Payment> {
    Ok(Payment {
        recipient: labelled(args.get("recipient"), core)?,
        amount: amount(args.get("amount"))?,
        lock: lock(args.get("lock"), &core.clock())?,
    })
}

/// Reads an id: 64 hex digits or 32 bytes.
///
/// # Errors
/// What is wrong with it.
pub fn id(value: &Value) -> Result<Hash> {
    let wrong = |e: &dyn std::fmt::Display| Error::value(format!("this is not an id: {e}"));
    match value {
        Value::Str(text) => text.trim().parse().map_err(|e| wrong(&e)),
        Value::Bytes(bytes) => <[u8; 32]>::try_from(bytes.as_slice())
            .map(Hash::from_bytes)
            .map_err(|_| wrong(&"32 bytes are expected")),
        other => Err(Error::type_error(format!(
            "an id is a text of 64 hex digits, not {}",
            other.type_name()
        ))),
    }
}
