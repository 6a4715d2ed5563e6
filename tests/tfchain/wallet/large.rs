//! An answer of an explorer as an address with a long history gets it.
use std::collections::HashMap;

use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::wallet::{KeyRing, sign_transaction};
use kosmos::tfchain::{Amount, Condition, Hash, Input, Output};
use serde_json::json;

/// An answer of some 5 MB: an address with many transactions, each of one input and two outputs.
pub fn large_answer(own: &KeyRing) -> Vec<u8> {
    let (mine, other) = (Condition::UnlockHash(own.primary()), Condition::Nil);
    let mut list = Vec::new();
    for index in 0..3_500_u64 {
        let parent = Output::new(Amount::from_tft(100), mine.clone());
        let id = Hash::of(&index.to_le_bytes());
        let transaction = StandardTransaction {
            coin_inputs: vec![Input::unsigned(id)],
            coin_outputs: vec![
                Output::new(Amount::from_tft(40), mine.clone()),
                Output::new(Amount::from_tft(59), other.clone()),
            ],
            miner_fees: vec![Amount::ONE_TFT],
            ..StandardTransaction::default()
        };
        let parents = HashMap::from([(id, parent.clone())]);
        let signed = sign_transaction(transaction.into(), &parents, None, own).unwrap();
        let ids = signed.transaction.ids().unwrap();
        list.push(json!({
            "id": ids.transaction,
            "height": index,
            "parent": Hash::ZERO,
            "rawtransaction": signed.transaction,
            "timestamp": 1_600_000_000 + index,
            "order": 1,
            "minerpayouts": [{
                "rawminerpayout": {"value": "10000000000", "unlockhash": own.primary()},
                "minerpayoutid": Hash::ZERO,
            }],
            "coininputoutputs": [{
                "value": parent.value,
                "condition": parent.condition,
                "unlockhash": parent.condition.unlock_hash(),
            }],
            "coinoutputids": ids.coin_outputs,
            "coinoutputunlockhashes": [own.primary(), ""],
            "blockstakeinputoutputs": null,
            "blockstakeoutputids": null,
            "blockstakeunlockhashes": null,
            "unconfirmed": false,
        }));
    }
    let answer = json!({
        "hashtype": "unlockhash",
        "transactions": list,
        "multisigaddresses": null,
        "unconfirmed": false,
    });
    answer.to_string().into_bytes()
}
