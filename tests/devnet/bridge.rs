//! The stand-in for the bridge from Ethereum: every rule holds for it, also over its control
//! request.
use kosmos::devnet::node::Refused;
use kosmos::devnet::{Control, Error, Target, Withdrawal};
use kosmos::tfchain::{Amount, Erc20Address, Erc20Hash, UnlockHash};

use super::client::{AGENT, request};
use super::faucet::start;
use super::recording::vector;

fn sent(to: Target, amount: &str, transaction: Option<u8>) -> Withdrawal {
    Withdrawal {
        to,
        amount: Amount::parse_tft(amount).unwrap(),
        transaction: transaction.map(|byte| Erc20Hash::from_bytes([byte; 32])),
    }
}

/// Blocks of the recording up to the one that registers an address; the address.
fn registered() -> (tempfile::TempDir, std::path::PathBuf, UnlockHash) {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = vector("explorer/30_chain.json");
    let blocks = chain["blocks"].as_array_mut().unwrap();
    blocks.retain(|block| block["height"].as_u64().unwrap() <= 31);
    let transactions = blocks.last().unwrap()["rawblock"]["transactions"]
        .as_array()
        .unwrap();
    let registration = transactions.iter().find(|t| t["version"] == 210).unwrap();
    let address = registration["data"]["tftaddress"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let file = dir.path().join("chain.json");
    std::fs::write(&file, chain.to_string()).unwrap();
    (dir, file, address)
}

#[tokio::test]
async fn coins_come_back_once() {
    let (dir, file, address) = registered();
    let config = kosmos::devnet::Config {
        port: 0,
        block_time: None,
        import: Some(file),
        clock: kosmos::devnet::Clock::from_source(|| 1_900_000_000),
        ..kosmos::devnet::Config::new(dir.path().join("devnet"))
    };
    let devnet = kosmos::devnet::Devnet::start(config).await.unwrap();
    let control = Control::open(devnet.dir()).unwrap();
    let before = devnet.node().read().balance(&address);
    let erc20 = Erc20Address::from_unlock_hash(&address);
    let made = control
        .bridge(&sent(Target::Erc20(erc20), "100", Some(7)))
        .await
        .unwrap();
    assert_eq!(made.address, address);
    assert_eq!(made.value, Amount::from_tft(99));
    assert_eq!(made.erc20_transaction, Erc20Hash::from_bytes([7; 32]));
    // Whether it waits or is in a block: an Ethereum transaction counts once.
    for _ in 0..2 {
        let again = control
            .bridge(&sent(Target::Tft(address), "50", Some(7)))
            .await;
        let Err(Error::Refused { reason }) = again else {
            panic!("{again:?}");
        };
        let rule = format!(
            "invalid ERC20 CoinCreation Tx: ERC20 Tx ID 0x{} already mapped to TFT Tx ID {}",
            "07".repeat(32),
            made.transaction
        );
        assert_eq!(reason, rule);
        devnet.block_make().await.unwrap();
    }
    let invented = control
        .bridge(&sent(Target::Tft(address), "1.000000001", None))
        .await
        .unwrap();
    assert_eq!(invented.value, Amount::from_units(1));
    devnet.block_make().await.unwrap();
    let after = devnet.node().read().balance(&address);
    assert_eq!(
        after,
        before + &Amount::from_tft(99) + &Amount::from_units(1)
    );
    devnet.stop().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let genesis = devnet.node().genesis().address;
    let erc20 = Erc20Address::from_unlock_hash(&genesis);
    for (withdrawal, part) in [
        (
            sent(Target::Tft(genesis), "100", None),
            "is not registered as an ERC20 withdrawal address",
        ),
        (
            sent(Target::Erc20(erc20), "100", None),
            "is not registered as an ERC20 withdrawal address",
        ),
        (
            sent(Target::Tft(UnlockHash::NIL), "100", None),
            "unsupported unlock type '0'",
        ),
        (
            sent(Target::Tft(genesis), "1", None),
            "1 TFT is not more than the fee of 1 TFT",
        ),
        (
            sent(Target::Tft(genesis), "0", None),
            "0 TFT is not more than the fee of 1 TFT",
        ),
    ] {
        let refused = devnet.node().bridge(&withdrawal);
        let Err(Refused::Rule(text)) = refused else {
            panic!("{withdrawal:?} was taken");
        };
        assert!(text.contains(part), "{text}");
    }
    assert!(devnet.node().read().pool.entries().is_empty());
    // Nobody drives it without the token of its folder.
    let path = format!("/kosmos/devnet/bridge?address={genesis}&amount=100000000000");
    let answer = request(devnet.addr(), "POST", &path, &[AGENT], b"").await;
    assert_eq!(answer.status, 404);
    devnet.stop().await;
}
