//! Reads a submitted transaction, with the reference's texts for what is wrong with its JSON.

use serde_json::{Map, Value};

use super::json_scan::first_value;
use super::texts::reference_text;
use super::{CALL, DECODING, shape};
use crate::devnet::chain::NETWORK;
use crate::tfchain::constants::{
    VERSION_BOT_NAME_TRANSFER, VERSION_BOT_RECORD_UPDATE, VERSION_BOT_REGISTRATION, VERSION_LEGACY,
};
use crate::tfchain::keys::SIGNATURE_BYTES;
use crate::tfchain::{Signature, Transaction};

const TYPE: &str = "types.jsonTransaction";

/// Reads the body of a submitted transaction.
///
/// # Errors
/// The whole message of the answer, prefix included.
pub fn decode_transaction(body: &[u8]) -> Result<Transaction, String> {
    decode(body).map_err(|failure| match failure {
        Failure::Decode(detail) => format!("{DECODING}{detail}"),
        Failure::Call(detail) => format!("{CALL}{detail}"),
    })
}

enum Failure {
    Decode(String),
    Call(&'static str),
}

fn decode(body: &[u8]) -> Result<Transaction, Failure> {
    let bytes = first_value(body).map_err(Failure::Decode)?;
    let mut value: Value =
        serde_json::from_slice(bytes).map_err(|e| Failure::Decode(plain(&e.to_string())))?;
    let (version, data) = head(&value).map_err(Failure::Decode)?;
    let Some(version) = version else {
        return Err(unknown());
    };
    // The reference knows version 0 on this network too, it only refuses it later.
    if version != VERSION_LEGACY && !NETWORK.supports(version) {
        return Err(unknown());
    }
    let Some(data) = data else {
        return Err(Failure::Decode("unexpected end of JSON input".into()));
    };
    if version == VERSION_LEGACY && lacks_unlocker(data) {
        return Err(Failure::Call("unlock type is invalid in a v0 transaction"));
    }
    let wrong = |text: &str| Failure::Decode(detail(version, text));
    shape::check(data, version).map_err(|text| wrong(&text))?;
    let read = match shape::without_nulls(&mut value) {
        true => serde_json::from_value(value),
        false => serde_json::from_slice(bytes),
    };
    let mut transaction = read.map_err(|e| wrong(&plain(&e.to_string())))?;
    if let Transaction::BotRegistration(bot) = &mut transaction {
        // The reference has room for one length only; what is missing is zero.
        let mut signature = bot.identification.signature.as_bytes().to_vec();
        signature.resize(SIGNATURE_BYTES, 0);
        bot.identification.signature = Signature::from_bytes(signature);
    }
    Ok(transaction)
}

fn unknown() -> Failure {
    Failure::Decode("unknown transaction type".into())
}

/// Returns version (None when no known version can have that number) and data of a transaction's
/// outer object.
fn head(value: &Value) -> Result<(Option<u8>, Option<&Value>), String> {
    let object = match value {
        Value::Object(object) => object,
        Value::Null => return Ok((Some(VERSION_LEGACY), None)),
        other => {
            let kind = kind(other);
            return Err(format!(
                "json: cannot unmarshal {kind} into Go value of type {TYPE}"
            ));
        }
    };
    let version = match part(object, "version") {
        None | Some(Value::Null) => Some(VERSION_LEGACY),
        Some(Value::Number(number)) => match number.as_u64().map(u8::try_from) {
            Some(Ok(version)) => Some(version),
            _ => return Err(wrong_version(&format!("number {number}"))),
        },
        Some(other) => return Err(wrong_version(kind(other))),
    };
    Ok((version, part(object, "data")))
}

/// Finds a key in any case, as the reference does.
fn part<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    let found = object
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value)
}

fn wrong_version(what: &str) -> String {
    format!(
        "json: cannot unmarshal {what} into Go struct field jsonTransaction.version of type \
         types.TransactionVersion"
    )
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Says whether a version 0 transaction has an input of the form of version 1.
fn lacks_unlocker(data: &Value) -> bool {
    let inputs = ["coininputs", "blockstakeinputs"]
        .into_iter()
        .filter_map(|key| part(data.as_object()?, key));
    let mut inputs = inputs.filter_map(Value::as_array).flatten();
    inputs.any(|input| {
        input
            .as_object()
            .is_some_and(|input| part(input, "unlocker").is_none())
    })
}

/// Cuts off where in the text serde found the error.
fn plain(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(end) => message.get(..end).unwrap_or(message).to_owned(),
        None => message.to_owned(),
    }
}

/// Words a decoding error as the reference does, as far as its texts are known.
fn detail(version: u8, message: &str) -> String {
    let detail = reference_text(message);
    let of = match version {
        VERSION_BOT_REGISTRATION => "BotRegistrationTx",
        VERSION_BOT_RECORD_UPDATE => "BotUpdateRecordTx",
        VERSION_BOT_NAME_TRANSFER => "BotNameTransferTx",
        _ => return detail,
    };
    format!("failed to json-decode tx as a {of}: {detail}")
}
