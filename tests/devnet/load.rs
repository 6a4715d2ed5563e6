//! Many transactions in one block, and an address that has them all.

use kosmos::devnet::Clock;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Query, explorer_api};
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::{Amount, Condition, Input, Output, SignTarget, Transaction};

/// Makes `count` transactions, each spending the change of the one before.
fn chained(node: &Node, count: usize) -> Vec<Transaction> {
    let genesis = node.genesis();
    let condition = Condition::UnlockHash(genesis.address);
    let first = node.read().chain.block(0).unwrap().transactions[0]
        .ids
        .coin_outputs[0];
    let mut parent = first;
    let mut left = Amount::from_tft(100_000_000);
    let mut made = Vec::new();
    for _ in 0..count {
        left = left.minus(&Amount::from_tft(2)).unwrap();
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: vec![Input::unsigned(parent)],
            coin_outputs: vec![
                Output::new(Amount::ONE_TFT, condition.clone()),
                Output::new(left.clone(), condition.clone()),
            ],
            miner_fees: vec![Amount::ONE_TFT],
            ..StandardTransaction::default()
        });
        let hasher = transaction.signature_hasher().unwrap();
        let target = SignTarget::CoinInput(0);
        transaction
            .sign(&hasher, target, &condition, &genesis.key, None)
            .unwrap();
        parent = transaction.coin_output_id(1).unwrap();
        made.push(transaction);
    }
    made
}

#[test]
fn two_thousand_transactions_and_their_address() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::from_source(|| 1_800_000_000);
    let open = || {
        Node::open(
            &dir.path().join("chain.log"),
            &dir.path().join("log"),
            clock.clone(),
        )
    };
    let node = open().unwrap();
    let transactions = chained(&node, 2_000);
    for transaction in transactions {
        node.submit(transaction).unwrap();
    }
    node.make_block().unwrap();

    let path = format!("/explorer/hashes/{}", node.genesis().address);
    let route = explorer_api::find(&path).unwrap();
    let ask = || explorer_api::answer(&node.read(), &route, &Query::parse(""), "").parts();
    let (status, _, body) = ask();
    assert_eq!(status, 200);
    assert!(body.len() > 2_000 * 1_500, "{}", body.len());
    // Asked again, the kept text is the same.
    assert_eq!(ask().2, body);
    drop(node);
    assert_eq!(open().unwrap().read().chain.height(), 1);
}
