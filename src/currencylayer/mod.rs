//! Live rates of currencies from the service currencylayer.
//!
//! One call, [`Client::live`], asks once and answers [`Quotes`]: units of every currency for one
//! usd. When to ask, and for how long an answer is good, is the caller's to decide. The key of the
//! service goes into the query of the address, as the service wants it; therefore only `https` (or
//! a server on this machine) is asked, and no error ever holds the address with its query.
mod answer;
mod client;
mod error;

pub use answer::Quotes;
pub use client::{Client, Limits};
pub use error::RateError;
