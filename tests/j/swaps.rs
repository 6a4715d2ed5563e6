//! Atomic swaps between two wallets.
use super::Chain;

#[test]
fn two_wallets_swap() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    let error = s.fails("w.atomicswap.initiate(p.address, 1)");
    assert_eq!(
        error.message,
        "atomic swap contract requires an amount higher than the minimum miner fee (1): 1 is an \
         invalid value"
    );
    s.says("contract, secret, txn, submitted = w.atomicswap.initiate(p.address, 50)");
    s.says("id = contract.outputid");
    let id = s.says("id").replace('\'', "");
    assert_eq!(s.says("submitted"), "True");
    assert_eq!(
        s.fails("p.atomicswap.verify(id)").message,
        format!("atomic swap contract {id} could not be found")
    );
    chain.block();
    let printed = s.says("p.atomicswap.verify(id, 50, contract.secret_hash, '+1h', receiver=True)");
    assert!(printed.starts_with(&format!("Atomic Swap Contract {id}:\n")));
    assert!(printed.contains("\nValue: 50 TFT\nSender: 01"), "{printed}");
    for (call, text) in [
        (
            "verify(id, 51)",
            "amount is expected to be 51 TFT, not 50 TFT",
        ),
        (
            "verify(id, sender=True)",
            "wallet not registered as sender of this contract",
        ),
        (
            "verify(id, min_refund_time=0)",
            "contract cannot be refunded yet while it was expected to be possible already",
        ),
        (
            "redeem(id, contract.secret_hash)",
            "defined secret does not match the atomic swap's contract secret hash",
        ),
    ] {
        assert_eq!(s.fails(&format!("p.atomicswap.{call}")).message, text);
    }
    let early = s.fails("w.atomicswap.refund(id)").message;
    assert!(
        early.starts_with("unauthorized to refund: contract can only be refunded since 2"),
        "{early}"
    );
    let stranger = s.fails("w.atomicswap.redeem(id, secret)").message;
    assert!(stranger.starts_with("unauthorized to redeem: wallet does not contain receiver"));
    s.says("t = p.atomicswap.redeem(id, secret)");
    chain.block();
    assert_eq!(s.says("p.balance.available"), "49 TFT");
    let twice = s.fails("p.atomicswap.redeem(id, secret)").message;
    assert!(
        twice.starts_with("atomic swap contract has already been spent in transaction "),
        "{twice}"
    );
}
