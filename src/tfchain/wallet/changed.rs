//! What somebody changed in a transaction that was signed before.
//!
//! A signature covers everything but the signatures, so one that no longer verifies tells that
//! the transaction was changed after it was given. What was changed is told by comparing with the
//! transaction as it was handed out.
use std::fmt;

use serde_json::Value;

use crate::tfchain::explorer::ServerText;
use crate::tfchain::{
    Amount, EncodeError, Fulfillment, Hash, Input, PublicKey, SignTarget, Signature,
    SignatureHasher, Transaction, UnlockHash, verify_all,
};

/// A signature that is not of the transaction it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSignature {
    /// What was signed.
    pub target: SignTarget,
    /// Whose signature it is.
    pub owner: UnlockHash,
}

impl fmt::Display for BrokenSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.target, self.owner)
    }
}

/// One field of a transaction that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands in the chain's JSON: `coinoutputs[0].value`.
    pub field: String,
    /// What it was; None when it was not there.
    pub before: Option<String>,
    /// What it is; None when it is not there any more.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{field} was {before} and is {after}"),
            (None, Some(after)) => write!(f, "{field} was added: {after}"),
            (Some(before), None) => write!(f, "{field} was taken away: {before}"),
            (None, None) => write!(f, "{field}"),
        }
    }
}

/// Returns the signatures in `transaction` that do not verify. Signatures of 3bots by number
/// (versions 145 and 146) are left out: their keys are not in the transaction.
///
/// # Errors
/// When the transaction has no binary form.
pub fn broken_signatures(transaction: &Transaction) -> Result<Vec<BrokenSignature>, EncodeError> {
    let hasher = transaction.signature_hasher()?;
    let mut given = Vec::new();
    if let Some(fulfillment) = transaction.mint_fulfillment() {
        collect(
            &hasher,
            SignTarget::MintFulfillment,
            fulfillment,
            &mut given,
        );
    }
    for (index, input) in transaction.coin_inputs().iter().enumerate() {
        let target = SignTarget::CoinInput(index);
        collect(&hasher, target, &input.fulfillment, &mut given);
    }
    for (index, input) in transaction.blockstake_inputs().iter().enumerate() {
        let target = SignTarget::BlockStakeInput(index);
        collect(&hasher, target, &input.fulfillment, &mut given);
    }
    let extension = match transaction {
        Transaction::BotRegistration(body) => Some((
            SignTarget::Bot,
            body.identification.public_key,
            body.identification.signature.clone(),
        )),
        Transaction::Erc20AddressRegistration(body) => Some((
            SignTarget::Erc20Registration,
            body.public_key,
            body.signature.clone(),
        )),
        _ => None,
    };
    if let Some((target, key, signature)) = extension {
        given.push((target, (key, hasher.single(target), signature)));
    }
    given.retain(|(_, (_, _, signature))| !signature.is_empty());
    let (targets, signed): (Vec<SignTarget>, Vec<Signed>) = given.into_iter().unzip();
    // Nearly always all are good, which is found out together in half the time.
    if verify_all(&signed) {
        return Ok(Vec::new());
    }
    let each = targets.into_iter().zip(&signed);
    let broken = each.filter(|(_, (key, hash, signature))| !key.verify(hash, signature));
    Ok(broken
        .map(|(target, (key, _, _))| BrokenSignature {
            target,
            owner: key.unlock_hash(),
        })
        .collect())
}

/// Whose signature, of what.
type Signed = (PublicKey, Hash, Signature);

fn collect(
    hasher: &SignatureHasher,
    target: SignTarget,
    fulfillment: &Fulfillment,
    given: &mut Vec<(SignTarget, Signed)>,
) {
    let mut one = |key: PublicKey, hash: Hash, signature: &Signature| {
        given.push((target, (key, hash, signature.clone())));
    };
    match fulfillment {
        Fulfillment::Nil => {}
        Fulfillment::SingleSignature(pair) => {
            one(pair.public_key, hasher.single(target), &pair.signature);
        }
        Fulfillment::MultiSignature(pairs) => {
            for pair in pairs {
                let hash = hasher.with_key(target, &pair.public_key);
                one(pair.public_key, hash, &pair.signature);
            }
        }
        Fulfillment::AtomicSwap(swap) => {
            let hash = hasher.swap(target, &swap.public_key, &swap.secret);
            one(swap.public_key, hash, &swap.signature);
        }
    }
}

/// Returns true when the two are likely to be states of one piece of work: they spend an output
/// in common, or have the same number (versions 128 and 129, which spend none).
pub fn is_same_work(one: &Transaction, other: &Transaction) -> bool {
    let spends = |a: &[Input], b: &[Input]| {
        a.iter()
            .any(|a| b.iter().any(|b| a.parent_id == b.parent_id))
    };
    match (one, other) {
        (Transaction::MinterDefinition(a), Transaction::MinterDefinition(b)) => a.nonce == b.nonce,
        (Transaction::CoinCreation(a), Transaction::CoinCreation(b)) => a.nonce == b.nonce,
        _ => {
            spends(one.coin_inputs(), other.coin_inputs())
                || spends(one.blockstake_inputs(), other.blockstake_inputs())
        }
    }
}

/// Returns what differs between two states of a transaction, signatures aside.
pub fn changes(before: &Transaction, after: &Transaction) -> Vec<Change> {
    let json = |transaction| serde_json::to_value(transaction).unwrap_or_default();
    let mut found = Vec::new();
    compare(
        String::new(),
        Some(&json(before)),
        Some(&json(after)),
        &mut found,
    );
    found
}

/// Fields that hold signatures, and what comes with them.
const SIGNATURES: [&str; 3] = ["fulfillment", "mintfulfillment", "signature"];

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let new = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(new) {
                if SIGNATURES.contains(&key.as_str()) {
                    continue;
                }
                let inner = match (path.is_empty(), key.as_str()) {
                    // What stands in `data` is the transaction; naming it each time says nothing.
                    (true, "data") => String::new(),
                    (true, key) => key.to_owned(),
                    (false, key) => format!("{path}.{key}"),
                };
                compare(inner, a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for at in 0..a.len().max(b.len()) {
                compare(format!("{path}[{at}]"), a.get(at), b.get(at), found);
            }
        }
        (before, after) => {
            let words = |value: Option<&Value>| value.map(|value| in_words(&path, value));
            found.push(Change {
                before: words(before),
                after: words(after),
                field: path,
            });
        }
    }
}

/// Amounts in TFT; everything else as it stands in JSON.
fn in_words(path: &str, value: &Value) -> String {
    let is_amount = ["value", "txfee", "bridgefee"]
        .iter()
        .any(|name| path.ends_with(name))
        || path.contains("minerfees[");
    let amount = value
        .as_str()
        .filter(|_| is_amount)
        .and_then(|units| serde_json::from_value::<Amount>(Value::from(units)).ok());
    match (amount, value) {
        (Some(amount), _) => amount.with_unit().to_string(),
        // It was somebody else who wrote it.
        (None, Value::String(text)) => ServerText::new(text).to_string(),
        (None, other) => other.to_string(),
    }
}
