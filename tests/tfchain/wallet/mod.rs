//! The wallet against recorded answers, stub servers and random balances.
mod large;
mod many;
mod properties;
mod replay;
mod sends;
mod signing;
mod submission;
mod threebots;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kosmos::tfchain::explorer::Explorer;
use kosmos::tfchain::wallet::{Clock, Wallet};
use kosmos::tfchain::{Seed, UnlockHash};
use serde_json::Value;

/// A clock that stands still at the time of the recorded chain.
pub fn clock() -> Clock {
    Clock::frozen(
        Timestamp::from_second(1_795_372_900).unwrap(),
        TimeZone::UTC,
    )
}

/// A wallet of a mnemonic with one key and the default scan.
pub fn wallet(explorer: Explorer, mnemonic: &str) -> Wallet {
    Wallet::new(
        explorer,
        Seed::from_phrase(mnemonic).unwrap(),
        1,
        -1,
        clock(),
    )
    .unwrap()
}

/// The mnemonic of a person of the recordings.
pub fn mnemonic(name: &str) -> String {
    let actors = super::explorer::vectors("00_actors");
    let list = actors["actors"].as_array().unwrap();
    let actor = list.iter().find(|actor| actor["name"] == name).unwrap();
    actor["mnemonic"].as_str().unwrap().to_owned()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub fn address(value: &Value) -> UnlockHash {
    text(value).parse().unwrap()
}
