//! Many transactions of the first owner of the chain's coins. The benches make the same.
use kosmos::devnet::node::Node;
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::{Amount, Condition, Input, Output, SignTarget, Transaction};

/// Makes `count` signed transactions, each spending the change of the one before.
pub fn chained(node: &Node, count: usize) -> Vec<Transaction> {
    let genesis = node.genesis();
    let condition = Condition::UnlockHash(genesis.address);
    let mut parent = node.read().chain.block(0).unwrap().transactions[0]
        .ids
        .coin_outputs[0];
    let mut left = Amount::from_tft(100_000_000);
    (0..count)
        .map(|_| {
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
            transaction
        })
        .collect()
}
