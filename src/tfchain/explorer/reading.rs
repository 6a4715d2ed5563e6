//! Reading answers: their status, their JSON, and putting checked parts together.
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::error::ExplorerError;
use super::facts::{AddressInfo, Erc20Info, ExplorerTransaction, OutputInfo, newest_first};
use super::fetch::Answer;
use super::model;
use super::text::ServerText;
use super::verify;
use crate::tfchain::{Condition, Erc20Address, Hash, Output, UnlockHash};

/// Returns true when a transaction has the output as a coin input.
fn spends(transaction: &ExplorerTransaction, id: Hash) -> bool {
    transaction
        .transaction
        .coin_inputs()
        .iter()
        .any(|input| input.parent_id == id)
}

/// Finds the creator and the spender of an output among verified transactions.
pub(super) fn output_info<'a, C, S>(
    id: Hash,
    transactions: &'a [Arc<ExplorerTransaction>],
    created: impl Fn(&'a ExplorerTransaction) -> C,
    spent: impl Fn(&'a ExplorerTransaction) -> S,
) -> Option<OutputInfo>
where
    C: Iterator<Item = (Hash, &'a Output)>,
    S: Iterator<Item = (Hash, &'a Output)>,
{
    let (creation, output) = transactions.iter().find_map(|transaction| {
        let (_, output) = created(transaction).find(|(created, _)| *created == id)?;
        Some((transaction, output))
    })?;
    let spend = transactions
        .iter()
        .find(|transaction| spent(transaction).any(|(spent, _)| spent == id));
    Some(OutputInfo {
        id,
        output: output.clone(),
        creation: Some(creation.clone()),
        spend: spend.cloned(),
    })
}

/// Checks an ERC20 address against the one that follows from an address.
pub(super) fn erc20_address(
    endpoint: &str,
    address: UnlockHash,
    said: &str,
) -> Result<Erc20Address, ExplorerError> {
    let computed = Erc20Address::from_unlock_hash(&address);
    match said.parse::<Erc20Address>() {
        Ok(said) if said == computed => Ok(computed),
        _ => Err(invalid(
            endpoint,
            &format!(
                "the ERC20 address of {address} is {computed}, not {}",
                ServerText::new(said)
            ),
        )),
    }
}

/// Sorts answers by status (spec: tfchain client §2).
pub(super) fn good_answer(endpoint: &str, answer: Answer) -> Result<Vec<u8>, ExplorerError> {
    let endpoint = || endpoint.to_owned();
    match answer.status {
        200 => Ok(answer.body),
        204 => Err(ExplorerError::NoContent {
            endpoint: endpoint(),
        }),
        code => {
            let text = ServerText::from_body(&answer.body);
            let unknown = ["unrecognized hash", "not found"];
            if code == 400 && unknown.iter().any(|words| text.as_str().contains(words)) {
                return Err(ExplorerError::UnknownHash {
                    endpoint: endpoint(),
                });
            }
            Err(ExplorerError::Server {
                endpoint: endpoint(),
                code,
                text,
            })
        }
    }
}

/// Parses the answer of a hash look-up that must be of the kind `wanted`.
pub(super) fn parse_kind<T: DeserializeOwned>(
    endpoint: &str,
    body: &[u8],
    wanted: &str,
    kind: impl FnOnce(&T) -> &str,
) -> Result<T, ExplorerError> {
    match parse::<T>(endpoint, body) {
        Ok(answer) => {
            check_kind(endpoint, wanted, kind(&answer))?;
            Ok(answer)
        }
        Err(error) => {
            // An answer of another kind often lacks what this one needs: the kind says it better.
            if let Ok(found) = parse::<model::WireKind>(endpoint, body) {
                check_kind(endpoint, wanted, &found.hashtype)?;
            }
            Err(error)
        }
    }
}

/// Checks the kind of a hash look-up.
pub(super) fn check_kind(endpoint: &str, wanted: &str, found: &str) -> Result<(), ExplorerError> {
    if found == wanted {
        return Ok(());
    }
    let found = ServerText::new(found);
    Err(invalid(
        endpoint,
        &format!("expected hash type '{wanted}' not '{found}'"),
    ))
}

/// Makes what is known of an address from its look-up.
pub(super) fn address_info(
    endpoint: &str,
    address: UnlockHash,
    answer: model::WireAddressAnswer,
) -> Result<AddressInfo, ExplorerError> {
    let transactions = answer
        .transactions
        .agreed()
        .map_err(|reason| invalid(endpoint, &reason))?;
    let erc20 = answer
        .erc20info
        .map(|info| {
            Ok(Erc20Info {
                confirmations: info.confirmations,
                address_tft: info.tftaddress,
                address_erc20: erc20_address(endpoint, info.tftaddress, &info.erc20address)?,
            })
        })
        .transpose()?;
    Ok(AddressInfo {
        address,
        transactions: newest_first(transactions),
        multisig_addresses: answer.multisigaddresses,
        erc20,
    })
}

/// Parses JSON, and tells apart what is none.
pub(super) fn parse<T: DeserializeOwned>(endpoint: &str, body: &[u8]) -> Result<T, ExplorerError> {
    // Looked at as a whole, the letters are checked faster than text by text.
    let parsed = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    parsed.map_err(|error| {
        let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
        match start {
            None => invalid(endpoint, "the answer is empty"),
            Some(b'<') => invalid(endpoint, "the answer is an HTML page, not JSON"),
            Some(_) if error.is_eof() => invalid(endpoint, "the answer is cut off"),
            Some(_) => invalid(endpoint, &format!("the answer is not as expected: {error}")),
        }
    })
}

/// Makes an error of a reason that may quote the node.
pub(super) fn invalid(endpoint: &str, reason: &str) -> ExplorerError {
    ExplorerError::invalid(endpoint, ServerText::new(reason).to_string())
}

/// The error of an answer in which an output was looked for in vain.
pub(super) fn not_in_answer(endpoint: &str) -> ExplorerError {
    invalid(endpoint, "no transaction of the answer has this output")
}

/// Makes what is known of a coin output from its look-up.
pub(super) fn coin_output(
    endpoint: &str,
    id: Hash,
    answer: model::WireOutputAnswer,
) -> Result<OutputInfo, ExplorerError> {
    let transactions = answer
        .transactions
        .agreed()
        .map_err(|reason| invalid(endpoint, &reason))?;
    let mut info = output_info(
        id,
        &transactions,
        ExplorerTransaction::created_outputs,
        ExplorerTransaction::spent_outputs,
    );
    if info.is_none() {
        // A payout of a block: no transaction created it.
        for block in answer.blocks {
            let block = verify::block(block).map_err(|reason| invalid(endpoint, &reason))?;
            if let Some(payout) = block.miner_payouts.iter().find(|payout| payout.id == id) {
                let spend = |transaction: &&Arc<ExplorerTransaction>| spends(transaction, id);
                info = Some(OutputInfo {
                    id,
                    output: Output {
                        value: payout.value.clone(),
                        condition: Condition::for_address(payout.unlock_hash),
                    },
                    creation: None,
                    spend: transactions.iter().find(spend).cloned(),
                });
            }
        }
    }
    info.ok_or_else(|| not_in_answer(endpoint))
}
