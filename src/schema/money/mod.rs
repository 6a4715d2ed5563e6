//! Numbers with a currency: reading, text, stored bytes, conversion and arithmetic (spec section 3).
//!
//! Values are kept as they were given (whole, thousands, millions, percent, fraction), so that
//! nothing is lost between text, bytes and value.
mod arithmetic;
mod grammar;
mod numeric;
mod rates;
mod table;

pub use self::arithmetic::NumericOp;
pub use self::numeric::{Number, Numeric};
pub use self::rates::{CurrencyId, Rates};

/// Why a text, bytes or an operation gives no numeric.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NumericError {
    /// Text that is not a number with multiplier and currency.
    #[error("'{text}' is not money; expected a number with k, m or % and a currency, like 10k EUR")]
    Text {
        /// The text, shortened.
        text: String,
    },
    /// A currency code that is not in the table.
    #[error("unknown currency '{code}'{}", .near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    UnknownCurrency {
        /// The code.
        code: String,
        /// Codes one letter away, separated by commas.
        near: Option<String>,
    },
    /// A currency that has no rate yet.
    #[error("there is no rate for {code}; set one first")]
    NoRate {
        /// The code, upper case.
        code: String,
    },
    /// A result beyond the range of 64-bit floats, or not a number.
    #[error("the number is too large or not a number")]
    OutOfRange,
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// Bytes that are no stored numeric.
    #[error("{length} bytes starting with type {kind} are no numeric; expected 6 or 10 bytes")]
    Bytes {
        /// Number of bytes.
        length: usize,
        /// First byte, 0 if there is none.
        kind: u8,
    },
}
