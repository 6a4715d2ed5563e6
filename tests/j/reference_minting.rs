//! Counterparts of the original client's numbered tests of minting and ERC20; the number of each
//! is in the name of ours. They run against a devnet instead of recorded answers.
use kosmos::object::Kind;

use super::{Chain, Session};

const ETHEREUM: &str = "0x828de486adc50aa52dab52a2ec284bcac75be211";

/// A session whose wallet `w` has two addresses, 3300 TFT on the first and 300 on the second.
fn wallet(chain: &Chain) -> Session {
    let mut s = chain.funded();
    s.says("c.faucet_request(w.address, 3000)\nc.faucet_request(w.address_new(), 300)");
    chain.block();
    assert_eq!(s.says("w.balance.available"), "3600 TFT");
    assert_eq!(s.says("w.balance.locked"), "0 TFT");
    s.says(&format!("e = '{ETHEREUM}'"));
    s
}

/// The refund of a transaction that has one output, and what became of the sum.
fn has_one_refund(s: &mut Session, value: &str) {
    assert_eq!(s.says("len(txn.coin_outputs)"), "1");
    assert_eq!(s.says("txn.coin_outputs[0].value"), value);
    assert_eq!(
        s.says("txn.coin_outputs[0].condition.unlockhash == w.address"),
        "True"
    );
}

#[test]
fn t20_erc20_coins_send() {
    let chain = Chain::start();
    let mut s = wallet(&chain);
    // 200.5 TFT, which the original sends, is less than what nodes take.
    assert_eq!(
        s.fails("w.coins_send(recipient=e, amount='200.5 TFT')")
            .kind,
        Kind::Value
    );
    for refused in [
        "lock='+5d'",
        "data='some data'",
        "lock=100, data='some data'",
    ] {
        let error = s.fails(&format!(
            "w.coins_send(recipient=e, amount='1200.5 TFT', {refused})"
        ));
        assert_eq!(error.kind, Kind::Value, "{refused}");
    }
    for (send, rest) in [
        (
            "w.coins_send(recipient=e, amount='1200.5 TFT')",
            "1798.5 TFT",
        ),
        (
            "w.erc20.coins_send(address=e, amount='1200.5 TFT')",
            "597 TFT",
        ),
    ] {
        s.says(&format!("result = {send}"));
        assert_eq!(s.says("result.submitted"), "True");
        s.says("txn = c.transaction_get(result.transaction.id)");
        assert_eq!(s.says("txn.json() == result.transaction.json()"), "True");
        assert_eq!(s.says("txn.version"), "208");
        s.says("data = txn.json()['data']");
        assert_eq!(
            s.says("[data['address'] == e, data['value'], data['txfee']]"),
            "[True, '1200500000000', '1000000000']"
        );
        has_one_refund(&mut s, rest);
        chain.block();
    }
}

#[test]
fn t21_erc20_address_register() {
    let chain = Chain::start();
    let mut s = wallet(&chain);
    s.says("result = w.erc20.address_register(value=1)");
    assert_eq!(s.says("result.submitted"), "True");
    s.says("txn = c.transaction_get(result.transaction.id)\ndata = txn.json()['data']");
    assert_eq!(s.says("txn.json() == result.transaction.json()"), "True");
    assert_eq!(
        s.says("[txn.version, data['regfee'], data['txfee']]"),
        "[210, '10000000000', '1000000000']"
    );
    assert_eq!(s.says("data['tftaddress'] == w.addresses[1]"), "True");
    assert_eq!(
        s.says("data['pubkey'] == w.public_key_get(w.addresses[1])"),
        "True"
    );
    assert_eq!(s.text("data['erc20address']").len(), 42);
    chain.block();
    for index in [-1, 2] {
        assert_eq!(
            s.fails(&format!("w.erc20.address_register(value={index})"))
                .kind,
            Kind::Value
        );
    }
    assert_eq!(
        s.says("w.erc20.address_register(value=w.address).submitted"),
        "True"
    );
    chain.block();
    s.says("v = c.wallets.other");
    let error = s.fails("w.erc20.address_register(value=v.address)");
    assert_eq!(error.kind, Kind::Refused);
    assert!(
        error.message.ends_with("is not owned by the used wallet"),
        "{error}"
    );
    // Without a value a new key is made for it.
    s.says("result = w.erc20.address_register()");
    assert_eq!(s.says("result.submitted"), "True");
    assert_eq!(s.says("[w.key_count, len(w.addresses)]"), "[3, 3]");
    assert_eq!(
        s.says("result.transaction.json()['data']['tftaddress'] == w.addresses[2]"),
        "True"
    );
    assert_eq!(
        s.fails("w.erc20.address_register(value=False)").kind,
        Kind::Value
    );
    assert_eq!(
        s.fails("w.erc20.address_register(value='01blabla')").kind,
        Kind::Value
    );
}

#[test]
fn t22_erc20_client_address_get() {
    let chain = Chain::start();
    let mut s = wallet(&chain);
    s.says("result = w.erc20.address_register(1)\na = w.addresses[1]");
    for confirmations in 0..3 {
        s.says("info = c.erc20.address_get(unlockhash=a)");
        assert_eq!(s.says("info.address_tft == a"), "True");
        assert_eq!(
            s.says("info.address_erc20 == result.transaction.json()['data']['erc20address']"),
            "True"
        );
        assert_eq!(s.says("info.confirmations"), confirmations.to_string());
        chain.block();
    }
    // Known, but not registered; not known at all.
    for other in ["w.address", "c.wallets.other.address"] {
        assert_eq!(
            s.fails(&format!("c.erc20.address_get({other})")).kind,
            Kind::NotFound
        );
    }
}

#[test]
fn t23_erc20_wallet_addresses_get() {
    let chain = Chain::start();
    let mut s = wallet(&chain);
    assert_eq!(s.says("w.erc20.addresses_get()"), "[]");
    assert_eq!(s.fails("w.erc20.address_get()").kind, Kind::NotFound);
    s.says("w.erc20.address_register(w.addresses[1])\nw.erc20.address_register()");
    chain.block();
    s.says("infos = w.erc20.addresses_get()");
    assert_eq!(s.says("len(infos)"), "2");
    for (at, address) in [(0, 1), (1, 2)] {
        s.says(&format!("info = infos[{at}]\na = w.addresses[{address}]"));
        assert_eq!(
            s.says("[info.address_tft == a, info.confirmations]"),
            "[True, 1]"
        );
        for same in [
            format!("w.erc20.address_get({address})"),
            "w.erc20.address_get(a)".into(),
        ] {
            assert_eq!(s.says(&format!("{same} == info")), "True", "{same}");
        }
    }
    assert_eq!(s.fails("w.erc20.address_get(-1)").kind, Kind::Value);
    assert_eq!(s.fails("w.erc20.address_get(3)").kind, Kind::Value);
    assert_eq!(
        s.fails("w.erc20.address_get(c.wallets.other.address)").kind,
        Kind::NotFound
    );
}

/// A session in which `m` may mint; `m.addresses[25]` is the minter of genesis.
fn minter(chain: &Chain) -> Session {
    let mut s = wallet(chain);
    s.says(
        "a = j.devnet.minter()\nm = c.wallets.new('minter', seed=a.seed, key_count=a.key_count)",
    );
    s
}

#[test]
fn t25_minter_condition_get() {
    let chain = Chain::start();
    let mut s = minter(&chain);
    for height in ["", "0", "1", "500", "120000"] {
        let unlockhash = format!("c.minter.condition_get({height}).unlockhash == a.address");
        assert_eq!(s.says(&unlockhash), "True", "{height}");
    }
    s.says("m.minter.definition_set((1, [a.address, w.address]))");
    chain.block();
    s.says("h = c.blockchain_info_get().height\nnow = c.minter.condition_get()");
    assert!(s.text("now.unlockhash").starts_with("03"));
    assert_eq!(s.says("now.json()['type']"), "4");
    for height in ["0", "1", "h - 1"] {
        let unlockhash = format!("c.minter.condition_get({height}).unlockhash == a.address");
        assert_eq!(s.says(&unlockhash), "True", "{height}");
    }
    for height in ["h", "h + 1", "15000"] {
        assert_eq!(
            s.says(&format!("c.minter.condition_get({height}) == now")),
            "True",
            "{height}"
        );
    }
}

#[test]
fn t26_minter_condition_set() {
    let chain = Chain::start();
    let mut s = minter(&chain);
    s.says("result = m.minter.definition_set(minter=(1, [a.address, w.address]))");
    assert_eq!(s.says("result.submitted"), "True");
    s.says("txn = c.transaction_get(result.transaction.id)");
    assert_eq!(s.says("txn.json() == result.transaction.json()"), "True");
    // A single signature, as the minter was one address.
    assert_eq!(s.says("txn.json()['data']['mintfulfillment']['type']"), "1");
    chain.block();
    // Either of the two may now; data can go with it.
    s.says("result = w.minter.definition_set(minter=w.address, data='redefine minter conditions')");
    assert_eq!(s.says("result.submitted"), "True");
    assert_eq!(
        s.says("result.transaction.json()['data']['mintfulfillment']['type']"),
        "3"
    );
    assert_eq!(
        s.says("result.transaction.data"),
        "b'redefine minter conditions'"
    );
    chain.block();
    assert_eq!(
        s.says("c.minter.condition_get().unlockhash == w.address"),
        "True"
    );
    assert_eq!(
        s.fails("w.minter.definition_set(minter=None)").kind,
        Kind::Value
    );
    assert_eq!(
        s.fails("w.minter.definition_set(minter='0123bla')").kind,
        Kind::Value
    );
    assert_eq!(
        s.fails("w.minter.definition_set(minter=1)").kind,
        Kind::Type
    );
    // Who has not the right gets the transaction back.
    s.says("result = m.minter.definition_set(minter=a.address)");
    assert_eq!(s.says("result.submitted"), "False");
    assert_eq!(s.says("result.transaction.id == None"), "True");
    chain.block();
    assert_eq!(
        s.says("c.minter.condition_get().unlockhash == w.address"),
        "True"
    );
}

#[test]
fn t27_minter_coins_new() {
    let chain = Chain::start();
    let mut s = minter(&chain);
    s.says("p = c.wallets.pocket");
    assert_eq!(
        s.says("w.minter.coins_new(recipient=p.address, amount=100).submitted"),
        "False"
    );
    for (arguments, kind) in [
        ("recipient=p.address, amount='108.24'", 1),
        (
            "recipient=p.address, amount=200, lock='07/12/2040 14:35', data='optional data'",
            1,
        ),
        (
            "recipient=[p.address, w.address], amount='50 TFT', lock=1999999999, data=b'binary'",
            1,
        ),
        (
            "recipient=(1, [p.address, w.address]), amount='300.0', lock=35000",
            1,
        ),
    ] {
        is_minted(&mut s, "m", arguments, kind);
    }
    // With several minters of whom one is enough it is sent at once, too.
    s.says("m.minter.definition_set(minter=(1, [a.address, w.address]))");
    chain.block();
    for wallet in ["m", "w"] {
        is_minted(&mut s, wallet, "recipient=p.address, amount='108.24'", 3);
    }
    chain.block();
    assert_eq!(s.says("p.balance.available"), "324.72 TFT");
    assert_eq!(s.says("p.balance.locked"), "200 TFT");
}

fn is_minted(s: &mut Session, wallet: &str, arguments: &str, fulfillment: u8) {
    s.says(&format!("result = {wallet}.minter.coins_new({arguments})"));
    assert_eq!(s.says("result.submitted"), "True", "{arguments}");
    s.says("txn = c.transaction_get(result.transaction.id)");
    assert_eq!(s.says("txn.version"), "129");
    assert_eq!(
        s.says("txn.json() == result.transaction.json()"),
        "True",
        "{arguments}"
    );
    let kind = s.says("txn.json()['data']['mintfulfillment']['type']");
    assert_eq!(kind, fulfillment.to_string(), "{arguments}");
}
