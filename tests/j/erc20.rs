//! ERC20: coins to Ethereum and back, and everything refused on the way.
use kosmos::object::Kind;

use super::{Chain, Session};

const ETHEREUM: &str = "0x828de486adc50aa52dab52a2ec284bcac75be211";

/// A session with 2300 TFT.
fn rich(chain: &Chain) -> Session {
    let mut s = chain.funded();
    s.says("txid = c.faucet_request(w.address, 2000)");
    chain.block();
    s.says(&format!("e = '{ETHEREUM}'"));
    s
}

#[test]
fn there_and_back() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says("r = w.erc20.address_register(0)");
    assert!(s.says("r.transaction").starts_with("transaction V210 "));
    assert_eq!(s.says("r.submitted"), "True");
    assert_eq!(
        s.says("r.transaction.public_key == w.public_key_get()"),
        "True"
    );
    assert_eq!(s.says("w.erc20.address_get().confirmations"), "0");
    chain.block();
    s.says("info = w.erc20.address_get()");
    let (tft, erc20) = (s.text("w.address"), s.text("info.address_erc20"));
    assert_eq!(erc20.len(), 42);
    assert_eq!(
        s.says("info"),
        format!("ERC20AddressInfo(address_tft={tft}, address_erc20={erc20}, confirmations=1)")
    );
    for same in [
        "w.erc20.address_get(0)",
        "w.erc20.address_get(w.address)",
        "c.erc20.address_get(w.address)",
        "c.erc20.address_get(info.address_erc20)",
        "c.unlockhash_get(w.address).erc20_info",
        "w.erc20.addresses_get()[0]",
    ] {
        assert_eq!(s.says(&format!("{same} == info")), "True", "{same}");
    }
    // 10 for the address, 1 for the block's creator.
    assert_eq!(s.says("w.balance.available"), "2289 TFT");

    s.says("r = w.coins_send(e, 1000)");
    assert!(
        s.says("r")
            .starts_with("TransactionSendResult(transaction=transaction V208 ")
    );
    assert_eq!(
        s.says("r.transaction.json()['data']['address'] == e"),
        "True"
    );
    chain.block();
    assert_eq!(s.says("w.balance.available"), "1288 TFT");
    assert_eq!(
        s.says("w.erc20.coins_send(e, '1000 TFT').submitted"),
        "True"
    );
    chain.block();
    assert_eq!(s.says("w.balance.available"), "287 TFT");

    let printed = s.says("b = j.devnet.erc20_mint(info.address_erc20, 100)\nb");
    let (id, txid) = (s.text("b.transaction"), s.text("b.txid"));
    assert_eq!(
        printed,
        format!("99 TFT for {tft} in transaction {id}\nof the Ethereum transaction {txid}")
    );
    assert_eq!(
        s.says("c.transaction_get(b.transaction).unconfirmed"),
        "True"
    );
    for _ in 0..2 {
        let error = s.fails("j.devnet.erc20_mint(w.address, 5, txid=b.txid)");
        assert_eq!(error.kind, Kind::Refused);
        assert_eq!(
            error.message,
            format!(
                "the devnet refused: invalid ERC20 CoinCreation Tx: ERC20 Tx ID {txid} already \
                 mapped to TFT Tx ID {id}"
            )
        );
        chain.block();
    }
    assert_eq!(s.says("w.balance.available"), "386 TFT");
    assert_eq!(s.says("c.transaction_get(b.transaction).version"), "209");
    assert_eq!(s.says("w.erc20.address_get().confirmations"), "5");
    // All of it can be spent, what came back too.
    s.says("p = c.wallets.pocket");
    assert_eq!(s.says("w.coins_send(p.address, 385).submitted"), "True");
    chain.block();
    assert_eq!(s.says("w.balance.available"), "0 TFT");
    assert_eq!(s.says("p.balance.available"), "385 TFT");
}

#[test]
fn a_preview_shows_both_addresses_and_the_price() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    assert_eq!(
        s.says("w.erc20.address_register(0, dry_run=True)"),
        "TransactionSendResult(transaction=transaction V210 None, submitted=False)"
    );
    let (address, notes) = (s.text("w.address"), s.notes());
    for part in [
        "kind: ERC20 address registration\n",
        &format!("address: {address}\nERC20 address: 0x"),
        "price: 10 TFT\nfee: 1 TFT\nchange: ",
        "total: 11 TFT (of ",
    ] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    s.says("w.erc20.coins_send(e, 1000, dry_run=True)");
    let notes = s.notes();
    let sent = format!("send: 1000 TFT to the ERC20 address {ETHEREUM}\nfee: 1 TFT\nchange: ");
    assert!(notes.contains(&sent), "{notes}");
    assert!(notes.contains("total: 1001 TFT (of 2000 TFT"), "{notes}");
    s.says("w.erc20.address_register(dry_run=True)");
    assert_eq!(s.says("w.key_count"), "1");
    assert_eq!(s.says("w.erc20.addresses_get()"), "[]");
}

#[test]
fn addresses_are_registered_once_and_by_their_owner() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says("w.address_new()\nv = c.wallets.other");
    s.says("r = w.erc20.address_register(w.addresses[1])");
    assert_eq!(s.says("w.erc20.address_register().submitted"), "True");
    assert_eq!(s.says("w.key_count"), "3");
    assert_eq!(
        s.says(
            "w.erc20.addresses_get().map(|i| i.address_tft) == [w.addresses[1], w.addresses[2]]"
        ),
        "True"
    );
    chain.block();
    let (stranger, own) = (s.text("v.address"), s.text("w.address"));
    let wrong = format!("{}0", &own[..77]);
    let wrong = if wrong == own {
        format!("{}1", &own[..77])
    } else {
        wrong
    };
    let foreign = format!("address {stranger} is not owned by the used wallet");
    let range = "has to be in the inclusive range of [0, 2]";
    for (call, kind, part) in [
        (
            "address_register(v.address)",
            Kind::Refused,
            foreign.clone(),
        ),
        ("address_get(v.address)", Kind::NotFound, foreign),
        (
            "address_register(3)",
            Kind::Value,
            format!("address index 3 is not a valid index for this wallet, {range}"),
        ),
        (
            "address_register(-1)",
            Kind::Value,
            format!("address index -1 is not a valid index for this wallet, {range}"),
        ),
        (
            "address_get(99)",
            Kind::Value,
            format!("address index 99 is not a valid index for this wallet, {range}"),
        ),
        (
            "address_register(1)",
            Kind::Refused,
            "public key has already registered an ERC20 address".into(),
        ),
        ("address_register(False)", Kind::Value, "not by bool".into()),
        (
            "address_get([w.address])",
            Kind::Value,
            "not by list".into(),
        ),
        (
            "address_register('01blabla')",
            Kind::Value,
            "UnlockHash is expexcted to be of length 78 when JSON-encoded, not of length 8".into(),
        ),
        (
            &format!("address_register('{wrong}')"),
            Kind::Value,
            format!(
                "unexpected checksum {}, expected {}",
                &wrong[66..],
                &own[66..]
            ),
        ),
        (
            "address_register(e)",
            Kind::Value,
            "not of length 42".into(),
        ),
        (
            "address_get()",
            Kind::NotFound,
            format!(
                "/explorer/hashes/{own}: {own} could be found but is not registered as an ERC20 \
                 withdraw address"
            ),
        ),
        (
            "address_register(0, source=v.address)",
            Kind::Value,
            "not enough funds".into(),
        ),
    ] {
        let error = s.fails(&format!("w.erc20.{call}"));
        assert_eq!(error.kind, kind, "{call}: {error}");
        assert!(error.message.contains(&part), "{call}: {error}");
    }
    // Anybody may ask for anybody's; what nobody knows is not found.
    let both =
        "i = w.erc20.address_get(1)\n[c.erc20.address_get(i.address_tft) == i, i.confirmations]";
    assert_eq!(s.says(both), "[True, 1]");
    for unknown in ["v.address", "e", "w.address"] {
        assert_eq!(
            s.fails(&format!("c.erc20.address_get({unknown})")).kind,
            Kind::NotFound
        );
    }
    assert_eq!(s.fails("c.erc20.address_get('nobody')").kind, Kind::Value);
    assert_eq!(s.fails("v.erc20.address_register()").kind, Kind::Value);
    assert_eq!(s.says("v.key_count"), "1");
    assert_eq!(s.says("w.pending()"), "[]");
}

#[test]
fn owners_of_a_shared_wallet_pay_together() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says("v = c.wallets.other");
    s.says("w.coins_send([w.address, v.address], 50)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    s.says("r = w.erc20.address_register(source=m)");
    assert_eq!(s.says("r.submitted"), "False");
    let (stranger, note) = (s.text("v.address"), s.notes());
    assert!(
        note.starts_with(&format!(
            "not sent: the signature of {stranger} is missing. "
        )),
        "{note}"
    );
    // The key is in the wallet from now on; nothing is registered yet.
    assert_eq!(s.says("[w.key_count, w.erc20.addresses_get()]"), "[2, []]");
    assert_eq!(
        s.says("v.transaction_sign(r.transaction.json_text()).submitted"),
        "True"
    );
    chain.block();
    assert_eq!(s.says("w.erc20.address_get(1).confirmations"), "1");
    assert_eq!(s.says("w.balance.wallets[m].available"), "39 TFT");
}

#[test]
fn what_would_be_lost_on_ethereum_is_not_sent() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    let mixed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    s.says("had = w.balance.available");
    for (call, kind, part) in [
        (
            "coins_send(e, 999.999999999)",
            Kind::Value,
            "999.999999999 TFT is less",
        ),
        (
            "erc20.coins_send(e, 200.5)",
            Kind::Value,
            "ERC20 requires a minimum value of 1000 coins",
        ),
        (
            "coins_send(e, 0)",
            Kind::Value,
            "no amount is defined to be sent",
        ),
        (
            "erc20.coins_send(e, -1)",
            Kind::Value,
            "an amount cannot be below zero",
        ),
        ("coins_send(e, 3000)", Kind::Value, "not enough funds"),
        (
            "coins_send(e, 1000, lock='+5d')",
            Kind::Value,
            "a lock cannot be applied when sending coins to an ERC20 Address",
        ),
        (
            "coins_send(e, 1000, data='some data')",
            Kind::Value,
            "data cannot be added to the transaction when sending coins to an ERC20 Address",
        ),
        (
            "coins_send(e, 1000, lock=100, data='some data')",
            Kind::Value,
            "a lock cannot be applied",
        ),
        (
            &format!("coins_send('{}', 1000)", mixed.replace("Aed", "aed")),
            Kind::Value,
            "the capital letters of an ERC20 address are its checksum",
        ),
        (
            &format!(
                "erc20.coins_send('{}', 1000)",
                mixed.replace("0x5a", "0x5b")
            ),
            Kind::Value,
            "it was mistyped",
        ),
        (
            "coins_send('0x828de486', 1000)",
            Kind::Value,
            "'0x828de486' is not an address: an ERC20 address has 40 hex digits after an optional \
             `0x`, this one has 8",
        ),
        (
            "coins_send('0xg28de486adc50aa52dab52a2ec284bcac75be211', 1000)",
            Kind::Value,
            "hex digits only",
        ),
        (
            &format!("coins_send('0x{}', 1000)", "0".repeat(40)),
            Kind::Value,
            "it belongs to nobody, what is sent there is lost",
        ),
        (
            "erc20.coins_send(w.address, 1000)",
            Kind::Value,
            "this one has 78",
        ),
        (
            "erc20.coins_send(7, 1000)",
            Kind::Type,
            "an ERC20 address is a text",
        ),
        (
            "erc20.coins_send(None, 1000)",
            Kind::Type,
            "an ERC20 address is a text",
        ),
        (
            "coins_send([e, w.address], 1000)",
            Kind::Value,
            "not of length 42",
        ),
        (
            "coin_transaction_builder_new().output_add(e, 1000)",
            Kind::Value,
            "an ERC20 address cannot be used here, only an address of this chain",
        ),
    ] {
        let error = s.fails(&format!("w.{call}"));
        assert_eq!(error.kind, kind, "{call}: {error}");
        assert!(error.message.contains(part), "{call}: {error}");
    }
    assert_eq!(s.says("w.balance.available == had"), "True");
    // Letters of one kind have no checksum, those of both have the right one.
    for form in [
        format!("erc20.coins_send('{mixed}', 1000, dry_run=True)"),
        format!("coins_send('{mixed}', 1000, dry_run=True)"),
        format!("coins_send('{}', 1000, dry_run=True)", mixed.to_lowercase()),
        format!(
            "erc20.coins_send('{}', 1000, dry_run=True)",
            mixed[2..].to_uppercase()
        ),
        format!(
            "coins_send('0X{}', 1000, dry_run=True)",
            mixed[2..].to_uppercase()
        ),
    ] {
        s.says(&format!("w.{form}"));
        let notes = s.notes();
        assert!(notes.contains(&mixed.to_lowercase()), "{form}: {notes}");
    }
}

#[test]
fn the_bridge_keeps_the_rules() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says("r = w.erc20.address_register(0)");
    // Waiting for its block, it is not registered yet.
    s.says("i = w.erc20.address_get()");
    let (tft, erc20) = (s.text("i.address_tft"), s.text("i.address_erc20"));
    let not_yet = format!("Address {erc20} is not registered as an ERC20 withdrawal address");
    assert!(
        s.fails("j.devnet.erc20_mint(i.address_erc20, 5)")
            .message
            .ends_with(&not_yet)
    );
    chain.block();
    s.says("v = c.wallets.other");
    let stranger = s.text("v.address");
    for (call, kind, part) in [
        (
            "v.address, 5",
            Kind::Refused,
            format!("Address {stranger} is not registered as an ERC20 withdrawal address"),
        ),
        (
            "e, 5",
            Kind::Refused,
            format!("Address {ETHEREUM} is not registered"),
        ),
        (
            "w.address, 1",
            Kind::Refused,
            "1 TFT is not more than the fee of 1 TFT".into(),
        ),
        (
            "w.address, 0",
            Kind::Refused,
            "0 TFT is not more than the fee of 1 TFT".into(),
        ),
        (
            "w.address, -5",
            Kind::Value,
            "an amount cannot be below zero".into(),
        ),
        (
            "None, 5",
            Kind::Refused,
            "unsupported unlock type '0'".into(),
        ),
        ("'nobody', 5", Kind::Value, "not of length 6".into()),
        (
            "w.address, 5, txid='0x12'",
            Kind::Value,
            "64 hex digits".into(),
        ),
        ("w.address, 'much'", Kind::Value, "much".into()),
    ] {
        let error = s.fails(&format!("j.devnet.erc20_mint({call})"));
        assert_eq!(error.kind, kind, "{call}: {error}");
        assert!(error.message.contains(&part), "{call}: {error}");
    }
    assert_eq!(s.says("j.devnet.status().pool"), "0");
    let txid = format!("0x{}", "ab".repeat(32));
    s.says(&format!(
        "b = j.devnet.erc20_mint(w.address, 1.5, txid='{txid}')"
    ));
    assert_eq!(s.text("b.txid"), txid);
    assert_eq!(s.text("b.address"), tft);
    assert_eq!(s.says("b.value"), "0.5 TFT");
}

#[test]
fn the_standard_network_has_no_erc20() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says(&format!(
        "r = j.clients.tfchain.new('real', network_type='STD', explorer_nodes=['{}'])\n\
         v = r.wallets.new('v', seed=w.seed)",
        chain.address()
    ));
    for call in [
        "v.erc20.address_register()",
        "v.coins_send(e, 1000)",
        "v.erc20.coins_send(e, 1000)",
    ] {
        let error = s.fails(call);
        assert_eq!(error.kind, Kind::Refused);
        assert_eq!(
            error.message,
            "there is no ERC20 on STD, only on TEST and DEV"
        );
    }
}

#[test]
fn a_statement_names_what_goes_to_no_address() {
    let chain = Chain::start();
    let mut s = rich(&chain);
    s.says("w.erc20.address_register(0)");
    chain.block();
    s.says("i = w.erc20.address_get()");
    s.says("w.coins_send(e, 1000)");
    chain.block();
    s.says("j.devnet.erc20_mint(i.address_erc20, 100)");
    s.says("w.threebot.record_new(months=1, names=['chatbot.example'])");
    chain.block();
    s.says("w.threebot.record_update(1, months=1)");
    chain.block();
    let own = s.text("i.address_erc20");
    let with: Vec<String> = (2..7)
        .map(|row| s.text(&format!("w.statement().rows[{row}]['with'][0]")))
        .collect();
    assert_eq!(with[0], format!("registration of ERC20 address {own}"));
    assert_eq!(with[1], format!("ERC20 address {ETHEREUM}"));
    let mut third = with[2..4].to_vec();
    third.sort();
    assert_eq!(third, ["from ERC20", "new 3bot chatbot.example"]);
    assert_eq!(with[4], "record of 3bot 1");
    let table = s.says("w.statement()");
    for text in with {
        assert!(table.contains(&text), "{text} is not in {table}");
    }
    assert!(!table.contains("this wallet"), "{table}");
    let csv = s.says("w.statement(format='csv')");
    assert!(csv.contains("new 3bot chatbot.example,"), "{csv}");
}
