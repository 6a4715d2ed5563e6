//! The faucet: the real one's JSON call and form page, paid from the genesis identity.
//!
//! It gives what is asked for, 300 TFT unless told otherwise, with no limit but the coins there
//! are, one transfer at a time. Its coins are worth nothing outside this devnet.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::explorer_api::{WRONG_LENGTH, reference_text};
use super::http::{self, TEXT};
use super::node::{Node, Refused, State};
use super::pages;
use super::pages::html::escape;
use super::pages::layout::{self, STYLE};
use super::query::Query;
use crate::tfchain::constants::MAX_CLIENT_INPUTS;
use crate::tfchain::hash::{OutputId, TransactionId};
use crate::tfchain::transaction::StandardTransaction;
use crate::tfchain::unlockhash::ADDRESS_LENGTH;
use crate::tfchain::{
    Amount, Condition, Input, Network, Output, SignTarget, Transaction, UnlockHash,
};

/// What a request gets when it names no amount, in whole TFT.
pub const DEFAULT_TFT: u64 = 300;

const API: &str = "/api/v1/coins";
const FORM: &str = "/request/tokens";
/// Longest part of a form value that is shown again.
const SHOWN: usize = 200;

/// The faucet of a node.
#[derive(Debug)]
pub struct Faucet {
    node: Arc<Node>,
    /// The output that the last transfer gave back; found again when it is gone.
    purse: Mutex<Option<OutputId>>,
}

impl Faucet {
    /// Makes the faucet of a node.
    pub fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            purse: Mutex::new(None),
        }
    }

    /// Sends `tft` whole TFT to an address; returns when the transfer is on disk.
    ///
    /// # Errors
    /// Why the node refuses it, for example the nil address or too little left.
    pub async fn give(&self, address: UnlockHash, tft: u64) -> Result<TransactionId, Refused> {
        let (id, pending) = {
            let mut purse = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
            let last = *purse;
            let submitted = self
                .node
                .submit_with(|state| self.transfer(state, last, address, tft))?;
            // Change, when there is any, is the second output.
            *purse = self.change_of(&submitted.0);
            submitted
        };
        pending.wait().await?;
        Ok(id)
    }

    fn change_of(&self, id: &TransactionId) -> Option<OutputId> {
        self.node
            .read()
            .pool
            .get(id)?
            .ids
            .coin_outputs
            .get(1)
            .copied()
    }

    fn transfer(
        &self,
        state: &State,
        last: Option<OutputId>,
        address: UnlockHash,
        tft: u64,
    ) -> Result<Transaction, String> {
        let genesis = self.node.genesis();
        let value = Amount::from_tft(tft);
        let fee = Network::Devnet.minimum_miner_fee();
        let needed = value.clone() + fee.clone();
        let view = state.pool.view(&state.chain);
        let purse = last.and_then(|id| Some((id, view.coin(&id)?.value.clone())));
        let inputs = match purse {
            Some((id, held)) if held >= needed => vec![(id, held)],
            _ => collect(state, &genesis.address, &needed)?,
        };
        let total: Amount = inputs.iter().map(|(_, value)| value).sum();
        let change = total.saturating_sub(&needed);
        let mut outputs = vec![Output::new(value, Condition::UnlockHash(address))];
        if !change.is_zero() {
            outputs.push(Output::new(change, Condition::UnlockHash(genesis.address)));
        }
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: inputs.iter().map(|(id, _)| Input::unsigned(*id)).collect(),
            coin_outputs: outputs,
            miner_fees: vec![fee],
            ..StandardTransaction::default()
        });
        let hasher = transaction.signature_hasher().map_err(|e| e.to_string())?;
        let condition = Condition::UnlockHash(genesis.address);
        for index in 0..inputs.len() {
            let target = SignTarget::CoinInput(index);
            transaction
                .sign(&hasher, target, &condition, &genesis.key, None)
                .map_err(|e| e.to_string())?;
        }
        Ok(transaction)
    }

    /// Answers an HTTP request.
    pub async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        match (head.uri.path(), head.method.clone()) {
            (API, method) => with_cors(self.api(method, body).await),
            ("/", _) => page(&form(None)),
            (FORM, Method::POST) => self.form(body).await,
            (FORM, _) => page(&form(None)),
            (path, method) => {
                if let Some(page) = pages::answer(&self.node, &method, &head.uri) {
                    return page;
                }
                let text = format!("{path} is not a valid path\n");
                let mut response = http::answer(StatusCode::NOT_FOUND, TEXT, text);
                let nosniff = HeaderValue::from_static("nosniff");
                response
                    .headers_mut()
                    .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
                response
            }
        }
    }

    async fn api(&self, method: Method, body: Body) -> Response {
        match method {
            Method::OPTIONS => empty(StatusCode::OK),
            Method::POST => {
                let Ok(bytes) = http::read_body(body).await else {
                    return empty(StatusCode::BAD_REQUEST);
                };
                let Some((address, tft)) = read_request(&bytes) else {
                    return empty(StatusCode::BAD_REQUEST);
                };
                match self.give(address, tft).await {
                    Ok(id) => {
                        http::answer(StatusCode::OK, TEXT, format!("{{\"txid\":\"{id}\"}}\n"))
                    }
                    Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
                }
            }
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    async fn form(&self, body: Body) -> Response {
        let Ok(bytes) = http::read_body(body).await else {
            return page(&form(Some("the form could not be read")));
        };
        let query = Query::parse(&String::from_utf8_lossy(&bytes));
        let text = query.get("uh");
        let given = match parse_address(text) {
            Ok(address) => self
                .give(address, DEFAULT_TFT)
                .await
                .map_err(|e| e.to_string()),
            Err(e) => {
                let shown: String = text.chars().take(SHOWN).collect();
                Err(format!("invalid unlockhash \"{shown}\": {e}"))
            }
        };
        match given {
            Ok(id) => page(&success(text, &id)),
            Err(message) => page(&form(Some(&message))),
        }
    }
}

/// Picks outputs of an address worth at least `needed`: the largest first, so few are used.
fn collect(
    state: &State,
    address: &UnlockHash,
    needed: &Amount,
) -> Result<Vec<(OutputId, Amount)>, String> {
    let view = state.pool.view(&state.chain);
    let confirmed = state.chain.ledger().coins();
    let mut found: Vec<(OutputId, Amount)> = confirmed
        .chain(state.pool.delta().coins_added())
        .filter(|(id, output)| {
            output.condition == Condition::UnlockHash(*address) && view.coin(id).is_some()
        })
        .map(|(id, output)| (*id, output.value.clone()))
        .collect();
    found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut sum = Amount::ZERO;
    let mut chosen = Vec::new();
    // A few below the limit of inputs keep the transaction under the pool's limit of bytes.
    for (id, value) in found.into_iter().take(MAX_CLIENT_INPUTS.saturating_sub(9)) {
        sum += &value;
        chosen.push((id, value));
        if sum >= *needed {
            return Ok(chosen);
        }
    }
    Err(format!(
        "the faucet has {} left, {} needed",
        sum.with_unit(),
        needed.with_unit()
    ))
}

/// Reads the JSON call: address and whole TFT. None for what the real faucet answers with 400.
fn read_request(bytes: &[u8]) -> Option<(UnlockHash, u64)> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let address = match &value {
        Value::Null => UnlockHash::NIL,
        Value::Object(object) => match object.get("address") {
            None | Some(Value::Null) => UnlockHash::NIL,
            Some(Value::String(text)) => parse_address(text).ok()?,
            Some(_) => return None,
        },
        _ => return None,
    };
    let tft = match value.get("amount") {
        None | Some(Value::Null) => 0,
        Some(amount) => amount.as_u64()?,
    };
    Some((address, if tft == 0 { DEFAULT_TFT } else { tft }))
}

/// Reads an address; the empty text is the nil one, which the transfer then refuses.
fn parse_address(text: &str) -> Result<UnlockHash, String> {
    match text.len() {
        0 => Ok(UnlockHash::NIL),
        ADDRESS_LENGTH => text
            .parse::<UnlockHash>()
            .map_err(|e| reference_text(&e.to_string())),
        _ => Err(WRONG_LENGTH.into()),
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn with_cors(mut response: Response) -> Response {
    for name in [
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("*"));
    }
    response
}

fn page(body: &str) -> Response {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>TFT Faucet</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><nav><a href=\"/explorer\">Devnet explorer</a><a href=\"/\"><b>Faucet</b></a></nav>\
         </header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    layout::answer(StatusCode::OK, text)
}

fn form(error: Option<&str>) -> String {
    let mut html = String::from("<h1>tfchain devnet faucet</h1>\n");
    if let Some(message) = error {
        let _ = writeln!(html, "<div class=\"error\">{}</div>", escape(message));
    }
    let _ = write!(
        html,
        "<form action=\"{FORM}\" method=\"POST\">\n<label for=\"uh\">Address</label>\n\
         <input id=\"uh\" type=\"text\" name=\"uh\" placeholder=\"{ADDRESS_LENGTH} hexadecimal \
         characters\" required autofocus>\n\
         <button type=\"submit\">Request {DEFAULT_TFT} TFT</button>\n</form>\n"
    );
    html
}

fn success(address: &str, id: &TransactionId) -> String {
    let address = escape(address);
    format!(
        "<h1>{DEFAULT_TFT} TFT succesfully transferred on tfchain's devnet to {address}</h1>\n\
         <p>Transaction: <a href=\"/transaction/{id}\"><code>{id}</code></a></p>\n\
         <p><a href=\"/\">Request more</a></p>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_refused_before_a_transfer() {
        for bad in [
            "",
            "not json",
            "[]",
            "{\"amount\":-1}",
            "{\"amount\":1.5}",
            "{\"address\":\"x\"}",
        ] {
            assert!(read_request(bad.as_bytes()).is_none(), "{bad}");
        }
        assert_eq!(read_request(b"{}"), Some((UnlockHash::NIL, 300)));
        assert_eq!(
            read_request(b"{\"amount\":7} x"),
            Some((UnlockHash::NIL, 7))
        );
    }
}
