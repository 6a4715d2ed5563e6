//! Coins of the devnet's faucet, by the interface of the real one (spec: capacity §9).
use serde::Deserialize;

use super::place::{ClientCore, random};
use crate::object::{Error, Kind, Result};
use crate::tfchain::explorer::{Fetch, FetchError, HttpFetch, HttpLimits, ServerText};
use crate::tfchain::{Hash, UnlockHash};

const ENDPOINT: &str = "/api/v1/coins";

#[derive(Deserialize)]
struct Given {
    txid: Hash,
}

/// Asks the faucet to send `amount` whole TFT (None: what it usually gives) and returns the id of
/// its transaction.
///
/// # Errors
/// On a network without such a faucet, when it does not answer, or does not want to.
pub fn request(core: &ClientCore, address: UnlockHash, amount: Option<i64>) -> Result<Hash> {
    let place = core.place()?;
    let Some(faucet) = place.faucet.clone() else {
        return Err(no_faucet(core));
    };
    let mut body = serde_json::json!({ "address": address.to_string() });
    if let Some(amount) = amount {
        let amount = u64::try_from(amount).ok().filter(|amount| *amount > 0);
        let amount = amount.ok_or_else(|| {
            Error::value("the faucet gives whole TFT: the amount must be 1 or more")
        })?;
        body["amount"] = amount.into();
    }
    let fetch = HttpFetch::new(&[&faucet], random(), HttpLimits::default())?;
    let answer = core
        .base
        .world
        .block_on(fetch.post(ENDPOINT, &body.to_string()))?;
    let answer = match answer {
        Ok(answer) => answer,
        Err(FetchError::NotAvailable(tried)) => {
            let reason = tried.first().map_or("", |node| node.reason.as_str());
            return Err(Error::new(
                Kind::Network,
                format!("the faucet at {faucet} does not answer: {reason}"),
            )
            .hint(
                "start a devnet: `kosmos devnet start` in another terminal, or j.devnet.start()",
            ));
        }
        Err(FetchError::Broken { reason } | FetchError::Unclear { reason }) => {
            return Err(Error::new(
                Kind::Network,
                format!("the answer of the faucet at {faucet} got lost: {reason}"),
            )
            .hint("look at the balance before asking again: it may have sent"));
        }
    };
    match answer.status {
        200 => serde_json::from_slice::<Given>(&answer.body)
            .map(|given| given.txid)
            .map_err(|_| {
                let said = ServerText::from_body(&answer.body);
                Error::new(
                    Kind::Network,
                    format!("what answers at {faucet} is no faucet; it said: {said}"),
                )
            }),
        status => {
            let said = ServerText::from_body(&answer.body);
            let words = match said.is_empty() {
                true => String::new(),
                false => format!(", it said: {said}"),
            };
            Err(Error::new(
                Kind::Refused,
                format!("the faucet did not send anything (code: {status}{words})"),
            )
            .hint("it may not have that much: ask for less"))
        }
    }
}

fn no_faucet(core: &ClientCore) -> Error {
    let network = core.network_type();
    let error = Error::new(
        Kind::Refused,
        format!("faucet_request() asks the faucet of a devnet; this client is of {network}"),
    );
    match network.as_str() {
        "TEST" => error.hint(
            "the faucet of TEST is a page for people: https://faucet.testnet.threefoldtoken.com",
        ),
        _ => error.hint("real TFT have no faucet: practise with network_type='DEV'"),
    }
}
