//! The transactions that are judged, good and bad, of every version. They are made anew for each
//! run; their keys, nonces and coins are fixed, so they are the same each time.
mod creation;
mod malformed;
mod plain;
mod threebots;
mod unlocking;

use kosmos::tfchain::{Amount, KeyPair, Output, Transaction};
use serde_json::Value;

use super::setup::{Coin, Setup, own, standard};

pub struct Case {
    pub name: String,
    pub body: String,
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn text(&mut self, name: &str, body: impl Into<String>) {
        let (name, body) = (name.to_owned(), body.into());
        self.0.push(Case { name, body });
    }
    fn json(&mut self, name: &str, body: &Value) {
        self.text(name, body.to_string());
    }
    fn add(&mut self, name: &str, transaction: &Transaction) {
        self.text(name, serde_json::to_string(transaction).unwrap());
    }
}

/// The coins of the chain; each is handed out once.
struct Purse {
    plain: std::vec::IntoIter<Coin>,
    setup: Setup,
    /// Its bad transactions all try to spend this one.
    spare: Coin,
}

impl Purse {
    fn coin(&mut self) -> Coin {
        self.plain.next().unwrap()
    }
    fn special(&self, name: &str, at: usize) -> Coin {
        self.setup.special(name)[at].clone()
    }
}

/// The transactions, in the order in which they are posted.
pub fn cases(chain: &Value) -> Vec<Case> {
    let setup = Setup::new();
    let mut plain = setup.plain.clone().into_iter();
    let spare = plain.next().unwrap();
    let mut purse = Purse {
        plain,
        setup,
        spare,
    };
    let mut cases = Cases::default();
    malformed::texts(&mut cases);
    malformed::damaged(&mut cases, &mut purse);
    plain::standard_ones(&mut cases, &mut purse, chain);
    unlocking::conditions(&mut cases, &mut purse);
    unlocking::fulfilling(&mut cases, &mut purse);
    plain::stakes(&mut cases, &mut purse, chain);
    creation::minting(&mut cases, &mut purse);
    threebots::bots(&mut cases, &mut purse);
    creation::erc20(&mut cases, &mut purse);
    cases.0
}

/// A payment of a coin to key 5, the fee is 1 TFT.
fn pay(coin: &Coin, keys: &[&KeyPair]) -> Transaction {
    let left = coin.value.minus(&Amount::ONE_TFT).unwrap();
    standard(
        std::slice::from_ref(coin),
        vec![Output::new(left, own(5))],
        1,
        keys,
    )
}

fn value(transaction: &Transaction) -> Value {
    serde_json::to_value(transaction).unwrap()
}

fn set(whole: &Value, place: &str, to: Value) -> Value {
    let mut whole = whole.clone();
    *whole.pointer_mut(place).unwrap() = to;
    whole
}
