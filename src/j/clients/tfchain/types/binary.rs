//! Bytes of the chain's types: hex digits in a script, in either encoding.
use crate::object::{Args, Default, Error, Param, Result, Ty, Value};
use crate::tfchain::encoding::{Decode, Encode, Encoding};

/// Which of the two encodings.
pub const ENCODING: Param = Param::optional(
    "encoding",
    Ty::Choice(&["siabin", "rivbin"]),
    Default::Str("siabin"),
    "siabin (versions 0, 1, 128, 129) or rivbin (3bots, ERC20)",
);

/// Bytes that are read.
pub const BYTES: Param = Param::required("binary", Ty::Any("hex or bytes"), "hex digits, or bytes");

fn encoding(args: &Args) -> Encoding {
    match args.text("encoding") {
        "rivbin" => Encoding::Rivbin,
        _ => Encoding::Siabin,
    }
}

/// Writes a value in the encoding of the call, as hex digits.
///
/// # Errors
/// When the value has no form in that encoding.
pub fn write(value: &impl Encode, args: &Args) -> Result<Value> {
    Ok(hex::encode(value.to_bytes(encoding(args))?).into())
}

/// Reads a value from the bytes of the call, in the encoding of the call.
///
/// # Errors
/// What is wrong with the bytes.
pub fn read<T: Decode>(args: &Args) -> Result<T> {
    Ok(T::from_bytes(encoding(args), &bytes(args.get("binary"))?)?)
}

/// Reads bytes: hex digits, or bytes as they are.
///
/// # Errors
/// Texts that are no pairs of hex digits; values of other types.
pub fn bytes(value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.clone()),
        Value::Str(text) => hex::decode(text.trim()).map_err(|error| {
            Error::value(format!("this is not a text of hex digits: {error}"))
                .hint("bytes are written as pairs of 0-9 and a-f, without 0x in front")
        }),
        other => Err(Error::type_error(format!(
            "bytes are a text of hex digits, not {}",
            other.type_name()
        ))),
    }
}
