//! Multi-signature signing by one owner after the other, and signing what others made.
use std::collections::HashMap;
use std::sync::Arc;

use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::wallet::{KeyRing, Recipient, SendRequest, sign_transaction};
use kosmos::tfchain::{
    Amount, Condition, Fulfillment, Hash, Input, Output, Seed, SignTarget, Transaction, UnlockHash,
};

use super::super::explorer::stub::Replay;
use super::super::explorer::vectors;
use super::{mnemonic, wallet};

fn ring(byte: u8) -> KeyRing {
    KeyRing::new(Seed::from_entropy(&[byte; 32]).unwrap(), 1).unwrap()
}

fn spend(conditions: &[Condition]) -> (Transaction, HashMap<Hash, Output>) {
    let mut parents = HashMap::new();
    let mut inputs = Vec::new();
    for (index, condition) in conditions.iter().enumerate() {
        let id = Hash::of(&index.to_le_bytes());
        parents.insert(id, Output::new(Amount::from_tft(10), condition.clone()));
        inputs.push(Input::unsigned(id));
    }
    let transaction = StandardTransaction {
        coin_inputs: inputs,
        coin_outputs: vec![Output::new(Amount::from_tft(1), Condition::Nil)],
        miner_fees: vec![Amount::ONE_TFT],
        ..StandardTransaction::default()
    };
    (transaction.into(), parents)
}

#[test]
fn owners_sign_one_after_the_other() {
    let (one, two, three) = (ring(1), ring(2), ring(3));
    let owners = vec![one.primary(), two.primary(), three.primary()];
    let condition = Condition::multi_signature(owners.clone(), 2).locked_until(100);
    let (transaction, parents) = spend(&[condition]);

    let stranger = sign_transaction(transaction.clone(), &parents, None, &ring(9)).unwrap();
    assert!(!stranger.signed && !stranger.is_complete());
    assert_eq!(
        (
            stranger.missing[0].owners.clone(),
            stranger.missing[0].count
        ),
        (owners, 2)
    );

    let first = sign_transaction(transaction, &parents, None, &two).unwrap();
    assert!(first.signed && !first.is_complete());
    let missing = &first.missing[0];
    assert_eq!(missing.target, SignTarget::CoinInput(0));
    assert_eq!(
        (missing.owners.clone(), missing.count),
        (vec![one.primary(), three.primary()], 1)
    );

    let again = sign_transaction(first.transaction.clone(), &parents, None, &two).unwrap();
    assert!(!again.signed);
    assert_eq!(again.transaction, first.transaction);

    // Through JSON, as owners exchange it.
    let text = serde_json::to_string(&first.transaction).unwrap();
    let read: Transaction = serde_json::from_str(&text).unwrap();
    let second = sign_transaction(read, &parents, None, &three).unwrap();
    assert!(second.signed && second.is_complete());

    // A third signature is more than needed, and given nevertheless.
    let third = sign_transaction(second.transaction, &parents, None, &one).unwrap();
    assert!(third.signed && third.is_complete());
    let Fulfillment::MultiSignature(pairs) = &third.transaction.coin_inputs()[0].fulfillment else {
        panic!("another fulfillment");
    };
    assert_eq!(pairs.len(), 3);
}

#[test]
fn every_kind_of_input_is_signed_or_named() {
    let (mine, other) = (ring(1), ring(2));
    let (transaction, parents) = spend(&[
        Condition::UnlockHash(mine.primary()),
        Condition::Nil,
        Condition::UnlockHash(other.primary()).locked_until(2_000_000_000),
        Condition::UnlockHash(mine.primary()).locked_until(10),
    ]);
    let signed = sign_transaction(transaction, &parents, None, &mine).unwrap();
    assert!(signed.signed);
    assert_eq!(signed.missing.len(), 1);
    assert_eq!(signed.missing[0].target, SignTarget::CoinInput(2));
    assert_eq!(signed.missing[0].owners, vec![other.primary()]);
    let Fulfillment::SingleSignature(pair) = &signed.transaction.coin_inputs()[1].fulfillment
    else {
        panic!("a nil condition takes a single signature");
    };
    assert_eq!(pair.public_key.unlock_hash(), mine.primary());

    let done = sign_transaction(signed.transaction.clone(), &parents, None, &other).unwrap();
    assert!(done.signed && done.is_complete());
    let again = sign_transaction(done.transaction.clone(), &parents, None, &mine).unwrap();
    assert!(!again.signed && again.is_complete());
    assert_eq!(again.transaction, done.transaction);
}

#[test]
fn unknown_parents_are_skipped_and_a_changed_transaction_is_signed_anew() {
    let mine = ring(1);
    let (transaction, parents) = spend(&[Condition::UnlockHash(mine.primary())]);
    let nothing = sign_transaction(transaction.clone(), &HashMap::new(), None, &mine).unwrap();
    assert!(!nothing.signed && !nothing.is_complete());
    assert!(nothing.missing[0].owners.is_empty());
    assert_eq!(nothing.transaction, transaction);

    let signed = sign_transaction(transaction, &parents, None, &mine).unwrap();
    let alone = sign_transaction(signed.transaction.clone(), &HashMap::new(), None, &mine).unwrap();
    assert!(
        alone.is_complete(),
        "a signature that verifies is complete without its parent"
    );
    let Transaction::Standard(mut body) = signed.transaction else {
        panic!("another version");
    };
    body.coin_outputs[0].value = Amount::from_tft(2);
    let anew = sign_transaction(body.into(), &parents, None, &mine).unwrap();
    assert!(anew.signed && anew.is_complete());
}

#[tokio::test]
async fn a_shared_wallet_spends_through_two_owners() {
    let vectors = vectors("20_client_confirmed");
    let explorer = Arc::new(Replay::from_exchanges(&vectors["exchanges"])).explorer();
    let shared: UnlockHash =
        "03365e70ea2d3d1955d1d3c988e70a8a5c106d01f4115c0ce5c896206604a72c5c33ff1553944f"
            .parse()
            .unwrap();
    let (alice, bob) = (
        wallet(explorer.clone(), &mnemonic("alice")),
        wallet(explorer, &mnemonic("bob")),
    );
    let request = SendRequest {
        sources: vec![shared],
        ..SendRequest::to(Recipient::Address(bob.address()), Amount::from_tft(5))
    };
    let draft = alice.draft(&request).await.unwrap();
    let first = alice.sign(&draft).unwrap();
    assert!(first.signed && !first.is_complete());
    let text = serde_json::to_string(&first.transaction).unwrap();
    let second = bob
        .sign_any(serde_json::from_str(&text).unwrap())
        .await
        .unwrap();
    assert!(second.signed && second.is_complete());
    // Alice asks the explorer again: nothing is left to do.
    let third = alice.sign_any(second.transaction.clone()).await.unwrap();
    assert!(!third.signed && third.is_complete());
    assert_eq!(third.transaction, second.transaction);
}

#[test]
fn a_hundred_inputs_are_signed_quickly() {
    let mine = ring(1);
    let (transaction, parents) = spend(&vec![Condition::UnlockHash(mine.primary()); 100]);
    let signed = sign_transaction(transaction, &parents, None, &mine).unwrap();
    assert!(signed.is_complete());
    assert_eq!(signed.transaction.coin_inputs().len(), 100);
}
