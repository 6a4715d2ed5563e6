//! Many transactions in one block, and an address that has them all.

use kosmos::devnet::Clock;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Query, explorer_api};

use super::chained::chained;

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
