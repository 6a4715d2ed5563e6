//! The numbered tests of the original client, each with a counterpart of our own that runs against
//! the devnet (spec: tfchain client). 20 to 23 (ERC20) and 25 to 27 (minting) stand in
//! `reference_minting.rs`.
use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session, WORDS};

/// A wallet `g` that finds the genesis coins behind its key 25.
fn genesis(s: &mut Session) {
    let words = kosmos::tfchain::network::DEVNET_GENESIS_PHRASE;
    s.says(&format!(
        "g = c.wallets.new('genesis', seed='{words}', key_count=26)"
    ));
}

/// A contract of 50 TFT from `w` to `p`, in a block: `r`, and its `id`.
fn swap(chain: &Chain, s: &mut Session) {
    s.says("p = c.wallets.pocket");
    s.says("r = w.atomicswap.initiate(p.address, 50)\nid = r.contract.outputid");
    chain.block();
}

#[test]
fn t00_wallet_new() {
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    s.says("w = c.wallets.new('my_wallet')");
    assert_eq!(s.says("len(w.seed.split(' '))"), "24");
    assert_eq!(s.says("len(w.address)"), "78");
    assert_eq!(s.says("w.addresses == [w.address]"), "True");
    assert_eq!(s.says("w.key_count"), "1");
    assert_eq!(
        s.says("w.balance").split_once('\n').unwrap().1,
        "0 TFT available and 0 TFT locked"
    );
    assert_eq!(s.says("w.transactions"), "[]");
    // A second one has words of its own, and further addresses are counted.
    s.says("v = c.wallets.new('another')");
    assert_eq!(s.says("v.seed == w.seed"), "False");
    s.says("a = w.address_new()");
    assert_eq!(s.says("w.addresses == [w.address, a]"), "True");
    assert_eq!(s.says("w.key_count"), "2");
}

#[test]
fn t01_wallet_recover() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("o = c.wallets.new('old', seed='{WORDS}')"));
    assert_eq!(s.says("o.address"), format!("'{ADDRESS}'"));
    s.says("a = o.address_new()\nb = o.address_new()");
    s.says("w.coins_send(o.address, 5)");
    chain.block();
    s.says("w.coins_send(b, 7)");
    chain.block();
    // The same words elsewhere: what was used is found, what was not is kept for later.
    s.says(&format!("n = c.wallets.new('restored', seed='{WORDS}')"));
    assert_eq!(s.says("n.addresses == [o.address, b]"), "True");
    assert_eq!(s.says("n.balance.available"), "12 TFT");
    assert_eq!(s.says("n.key_count"), "3");
    assert_eq!(s.says("n.address_new() == a"), "True");
    assert_eq!(s.says("n.address == o.address"), "True");
}

#[test]
fn t02_transaction_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!(
        "t = w.coins_send('{ADDRESS}', 3, data='two').transaction"
    ));
    assert_eq!(s.says("c.transaction_get(t.id).unconfirmed"), "True");
    assert_eq!(s.says("c.transaction_get(t.id).height"), "-1");
    chain.block();
    s.says("f = c.transaction_get(t.id)");
    assert_eq!(s.says("[f.id == t.id, f.unconfirmed]"), "[True, False]");
    assert_eq!(s.says("f.height == c.blockchain_info_get().height"), "True");
    assert_eq!(s.says("f.version"), "1");
    assert_eq!(s.says("f.data"), "b'two'");
    assert_eq!(s.says("f.miner_fees"), "[1 TFT]");
    assert_eq!(s.says("f.coin_outputs[0].value"), "3 TFT");
    assert_eq!(
        s.says("f.coin_outputs[0].unlockhash"),
        format!("'{ADDRESS}'")
    );
    assert_eq!(s.says("f.json() == t.json()"), "True");
    let unknown = "ab".repeat(32);
    let error = s.fails(&format!("c.transaction_get('{unknown}')"));
    assert_eq!(error.kind, Kind::NotFound);
}

#[test]
fn t03_unlockhash_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    s.says("w.coins_send(([w.address, p.address], 2), 10)");
    chain.block();
    s.says("w.coins_send(p.address, 1)");
    s.says("u = c.unlockhash_get(w.address)");
    assert_eq!(s.says("u.unlockhash == w.address"), "True");
    // Newest first, what waits on top.
    assert_eq!(s.says("len(u.transactions)"), "3");
    assert_eq!(s.says("u.transactions[0].unconfirmed"), "True");
    assert_eq!(
        s.says("u.transactions[1].height > u.transactions[2].height"),
        "True"
    );
    assert_eq!(
        s.says("u.multisig_addresses == w.addresses_multisig"),
        "True"
    );
    assert_eq!(s.says("[u.erc20_info]"), "[None]");
    let printed = s.says("u");
    assert!(
        printed.starts_with("Found 3 transaction(s) and 1 multisig address(es) for 01"),
        "{printed}"
    );
    // Of the shared address, and of nobody's coins.
    s.says("m = c.unlockhash_get(u.multisig_addresses[0])");
    assert_eq!(s.says("len(m.transactions)"), "1");
    s.says("w.coins_send(None, 2)");
    chain.block();
    assert_eq!(
        s.says("c.unlockhash_get(None).balance().available"),
        "2 TFT"
    );
    assert_eq!(
        s.fails(&format!("c.unlockhash_get('{ADDRESS}')")).kind,
        Kind::NotFound
    );
}

#[test]
fn t04_block_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("i = c.blockchain_info_get()");
    s.says("b = c.block_get(i.height)");
    assert_eq!(s.says("b == c.block_get(i.blockid)"), "True");
    assert_eq!(
        s.says("[b.id == i.blockid, b.height == i.height]"),
        "[True, True]"
    );
    assert_eq!(s.says("b.timestamp == i.timestamp"), "True");
    assert_eq!(s.says("b.parentid == c.block_get(i.height - 1).id"), "True");
    // The block's own transaction, and the faucet's.
    assert_eq!(s.says("len(b.transactions)"), "2");
    assert_eq!(s.says("b.transactions[1].id == txid"), "True");
    assert_eq!(s.says("len(b.miner_payouts)"), "2");
    assert_eq!(s.says("b.miner_payouts[0]['value']"), "10 TFT");
    assert_eq!(s.says("b.miner_payouts[1]['value']"), "1 TFT");
    assert_eq!(s.says("str(b) == b.id"), "True");
    let printed = s.says("i");
    assert!(
        printed.starts_with("Block ") && printed.ends_with(", is the last known block."),
        "{printed}"
    );
}

#[test]
fn t05_wallet_balance() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    s.says("w.coins_send(p.address, 30)");
    assert_eq!(
        s.says("p.balance").split_once('\n').unwrap().1,
        "0 TFT available and 0 TFT locked\nUnconfirmed: 30 TFT available 0 TFT locked"
    );
    assert_eq!(
        s.says("w.balance").split_once('\n').unwrap().1,
        "0 TFT available and 0 TFT locked\nUnconfirmed: 269 TFT available 0 TFT locked\n\
         Unconfirmed Balance Deduction: -300 TFT"
    );
    chain.block();
    s.says("w.coins_send(p.address, 8, lock='+1h')");
    chain.block();
    s.says("w.coins_send([w.address, p.address], 40)");
    chain.block();
    let printed = s.says("p.balance");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("wallet balance on height "),
        "{printed}"
    );
    assert_eq!(lines[1], "30 TFT available and 8 TFT locked");
    assert_eq!(lines[2], "");
    assert!(
        lines[3].starts_with("MultiSignature (2-of-2) Wallet 03"),
        "{printed}"
    );
    assert!(lines[4].starts_with("Owners: 01"), "{printed}");
    assert_eq!(lines[5], "40 TFT available and 0 TFT locked");
    assert_eq!(lines.len(), 6);
    assert_eq!(s.says("p.balance.locked"), "8 TFT");
    // An hour later the lock is open.
    chain.later(3_700);
    assert_eq!(s.says("p.balance.available"), "38 TFT");
    assert_eq!(
        s.says("p.balance.chain_height == c.blockchain_info_get().height"),
        "True"
    );
}

#[test]
fn t06_unlockhash_balance() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    s.says("w.coins_send(([w.address, p.address], 1), 12)");
    chain.block();
    s.says("b = c.unlockhash_get(w.address).balance()");
    assert_eq!(s.says("[b.available, b.locked]"), "[287 TFT, 0 TFT]");
    s.says("m = c.unlockhash_get(w.addresses_multisig[0]).balance()");
    assert_eq!(s.says("m.available"), "12 TFT");
    assert_eq!(s.says("m.signature_count"), "1");
    assert_eq!(s.says("len(m.owners)"), "2");
    assert_eq!(s.says("b.balance_add(w.balance).available"), "287 TFT");
}

#[test]
fn t07_balance_drain() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    for _ in 0..3 {
        s.says("w.coins_send(p.address, 10)");
        chain.block();
    }
    s.says("w.coins_send(p.address, 10, lock='+1h')");
    chain.block();
    s.says("d = p.balance.drain(w.address, c.minimum_miner_fee, data='all')");
    assert_eq!(s.says("len(d)"), "1");
    assert_eq!(
        s.says("[len(d[0].coin_inputs), len(d[0].coin_outputs)]"),
        "[3, 1]"
    );
    assert_eq!(s.says("d[0].coin_outputs[0].value"), "29 TFT");
    assert_eq!(s.says("d[0].data"), "b'all'");
    assert_eq!(s.says("[d[0].id]"), "[None]");
    assert_eq!(s.says("p.transaction_sign(d[0]).submitted"), "True");
    chain.block();
    assert_eq!(
        s.says("[p.balance.available, p.balance.locked]"),
        "[0 TFT, 10 TFT]"
    );
    assert_eq!(
        s.says("p.balance.drain(w.address, c.minimum_miner_fee)"),
        "[]"
    );
    for (fee, text) in [
        ("None", "miner fee has to be a currency"),
        ("0", "a non-zero miner fee has to be defined"),
    ] {
        assert_eq!(
            s.fails(&format!("w.balance.drain(p.address, {fee})"))
                .message,
            text
        );
    }
}

#[test]
fn t08_coin_output_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("id = w.balance.outputs_available[0].id");
    s.says("output, creation, spend = c.coin_output_get(id)");
    assert_eq!(s.says("output.value"), "300 TFT");
    assert_eq!(s.says("output.unlockhash == w.address"), "True");
    assert_eq!(s.says("creation.id == txid"), "True");
    assert_eq!(s.says("[spend]"), "[None]");
    s.says(&format!("r = w.coins_send('{ADDRESS}', 1)"));
    chain.block();
    s.says("output, creation, spend = c.coin_output_get(id)");
    assert_eq!(
        s.says("[creation.id == txid, spend.id == r.transaction.id]"),
        "[True, True]"
    );
    let unknown = "cd".repeat(32);
    assert_eq!(
        s.fails(&format!("c.coin_output_get('{unknown}')")).kind,
        Kind::NotFound
    );
}

#[test]
fn t09_blockstake_output_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("first = c.block_get(0).transactions[0].blockstake_outputs[0]");
    s.says("output, creation, spend = c.blockstake_output_get(first.id)");
    assert_eq!(s.says("output.value"), "3000");
    assert_eq!(
        s.says("creation.id == c.block_get(0).transactions[0].id"),
        "True"
    );
    // The creator of the next block moved it to itself.
    assert_eq!(
        s.says("spend.id == c.block_get(1).transactions[0].id"),
        "True"
    );
    s.says("last = c.block_get(c.blockchain_info_get().height).transactions[0]");
    assert_eq!(
        s.says("[c.blockstake_output_get(last.blockstake_outputs[0].id)[2]]"),
        "[None]"
    );
}

#[test]
fn t10_atomicswap_initiate() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    assert_eq!(s.says("[r.submitted, len(r.secret)]"), "[True, 64]");
    s.says("k = r.contract");
    assert_eq!(s.says("[k.amount, k.unspent]"), "[50 TFT, True]");
    assert_eq!(
        s.says("[k.sender == w.address, k.receiver == p.address]"),
        "[True, True]"
    );
    // 48 hours of the chain's time.
    s.says("made = c.block_get(c.blockchain_info_get().height - 1).timestamp");
    assert_eq!(s.says("k.refund_timestamp - made"), "172800");
    assert_eq!(s.says("r.transaction.coin_outputs[0].id == id"), "True");
    assert_eq!(s.says("r.transaction.coin_outputs[0].value"), "50 TFT");
    assert_eq!(s.says("w.balance.available"), "249 TFT");
}

#[test]
fn t11_atomicswap_participate() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    s.says("w.coins_send(p.address, 100)");
    chain.block();
    s.says("k, t, sent = p.atomicswap.participate(w.address, 20, r.contract.secret_hash)");
    assert_eq!(s.says("sent"), "True");
    assert_eq!(s.says("k.secret_hash == r.contract.secret_hash"), "True");
    s.says("made = c.blockchain_info_get().timestamp");
    assert_eq!(s.says("k.refund_timestamp - made"), "86400");
    s.says("q = p.atomicswap.participate(w.address, 5, r.contract.secret_hash)");
    assert_eq!(s.says("[q.secret]"), "[None]");
    chain.block();
    assert_eq!(
        s.says("w.atomicswap.verify(k.outputid, 20, r.contract.secret_hash, '+20h', receiver=True).unspent"),
        "True"
    );
}

#[test]
fn t12_atomicswap_verify_sender() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    let checks = "50, r.contract.secret_hash, '+47h'";
    let printed = s.says(&format!("w.atomicswap.verify(id, {checks}, sender=True)"));
    assert!(printed.starts_with("Atomic Swap Contract "), "{printed}");
    assert_eq!(
        s.fails(&format!("w.atomicswap.verify(id, {checks}, receiver=True)"))
            .message,
        "wallet not registered as receiver of this contract"
    );
}

#[test]
fn t13_atomicswap_verify_receiver() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    let checks = "50, r.contract.secret_hash, '+47h'";
    s.says(&format!(
        "k = p.atomicswap.verify(id, {checks}, receiver=True)"
    ));
    assert_eq!(s.says("k.outputid == id"), "True");
    assert_eq!(
        s.fails(&format!("p.atomicswap.verify(id, {checks}, sender=True)"))
            .message,
        "wallet not registered as sender of this contract"
    );
}

#[test]
fn t14_atomicswap_redeem() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    s.says("t = p.atomicswap.redeem(id, r.secret, data='mine')");
    assert_eq!(s.says("t.coin_outputs[0].value"), "49 TFT");
    assert_eq!(s.says("t.coin_inputs[0]['parentid'] == id"), "True");
    chain.block();
    assert_eq!(s.says("p.balance.available"), "49 TFT");
    let error = s.fails("p.atomicswap.verify(id)");
    let id = s.says("t.id").replace('\'', "");
    assert_eq!(
        error.message,
        format!("atomic swap contract has already been spent in transaction {id}")
    );
}

#[test]
fn t15_atomicswap_refund() {
    let chain = Chain::start();
    let mut s = chain.funded();
    swap(&chain, &mut s);
    let early = s.fails("w.atomicswap.refund(id)").message;
    assert!(
        early.starts_with("unauthorized to refund: contract can only be refunded since "),
        "{early}"
    );
    chain.later(48 * 3_600 + 60);
    let stranger = s.fails("p.atomicswap.refund(id)").message;
    assert!(
        stranger.starts_with("unauthorized to refund: wallet does not contain sender address 01"),
        "{stranger}"
    );
    s.says("t = w.atomicswap.refund(id)");
    chain.block();
    // The contract and the refund each cost a fee.
    assert_eq!(s.says("w.balance.available"), "298 TFT");
}

#[test]
fn t16_threebot_record_get() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("r = w.threebot.record_new(names=['sixteen.robot'], addresses=['10.1.6.1'])");
    chain.block();
    s.says("b = c.threebot.record_get(1)");
    assert_eq!(
        s.says("[b.identifier, b.names, b.addresses]"),
        "[1, ['sixteen.robot'], ['10.1.6.1']]"
    );
    assert_eq!(
        s.says("b == c.threebot.record_get('sixteen.robot')"),
        "True"
    );
    assert_eq!(s.says("b == c.threebot.record_get(b.public_key)"), "True");
    assert_eq!(
        s.fails("c.threebot.record_get('nobody.robot')").message,
        "3Bot nobody.robot could not be found"
    );
}

#[test]
fn t17_threebot_record_new() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(
        "r = w.threebot.record_new(months=2, names=['seventeen'], addresses=['example.org'], \
         key_index=0)",
    );
    assert_eq!(
        s.says("[r.submitted, r.transaction.version]"),
        "[True, 144]"
    );
    chain.block();
    s.says("made = c.blockchain_info_get().timestamp");
    s.says("b = c.threebot.record_get('seventeen')");
    assert_eq!(s.says("b.public_key == w.public_key_get()"), "True");
    // Months of 30 days from the full minute on.
    assert_eq!(
        s.says("b.expiration == made - made % 60 + 2 * 2592000"),
        "True"
    );
    // 90 for the bot, 20 for two months, 1 for the block's creator.
    assert_eq!(s.says("w.balance.available"), "189 TFT");
}

#[test]
fn t18_threebot_record_update() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("r = w.threebot.record_new(names=['eighteen'], addresses=['10.1.8.1'])");
    chain.block();
    s.says(
        "u = w.threebot.record_update(1, months=1, names_to_add=['eighteen.other'], \
         names_to_remove=['eighteen'], addresses_to_add=['10.1.8.2'], \
         addresses_to_remove=['10.1.8.1'])",
    );
    assert_eq!(
        s.says("[u.submitted, u.transaction.version]"),
        "[True, 145]"
    );
    chain.block();
    s.says("b = c.threebot.record_get(1)");
    assert_eq!(
        s.says("[b.names, b.addresses]"),
        "[['eighteen.other'], ['10.1.8.2']]"
    );
    // 101 before; 10 for the month, 20 for addresses, 50 for a name, 1 for the creator.
    assert_eq!(s.says("w.balance.available"), "118 TFT");
}

#[test]
fn t19_threebot_name_transfer() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("txid = c.faucet_request(w.address)");
    chain.block();
    s.says("r = w.threebot.record_new(names=['nineteen', 'nineteen.other'])");
    chain.block();
    s.says("r = w.threebot.record_new(addresses=['10.1.9.1'])");
    chain.block();
    s.says("t = w.threebot.name_transfer(1, 2, ['nineteen.other'])");
    assert_eq!(
        s.says("[t.submitted, t.transaction.version]"),
        "[True, 146]"
    );
    chain.block();
    assert_eq!(s.says("c.threebot.record_get(1).names"), "['nineteen']");
    assert_eq!(
        s.says("c.threebot.record_get(2).names"),
        "['nineteen.other']"
    );
    // A wallet that owns one of the two signs, and another must finish.
    s.says("p = c.wallets.pocket\nx = w.coins_send(p.address, 150)");
    chain.block();
    s.says("r = p.threebot.record_new(addresses=['10.1.9.2'])");
    chain.block();
    s.says("t = w.threebot.name_transfer(1, 3, ['nineteen'])");
    assert_eq!(s.says("t.submitted"), "False");
    assert_eq!(
        s.says("p.transaction_sign(t.transaction.json()).submitted"),
        "True"
    );
    chain.block();
    assert_eq!(s.says("c.threebot.record_get('nineteen').identifier"), "3");
}

#[test]
fn t24_wallet_coins_send() {
    let chain = Chain::start();
    let mut s = chain.funded();
    genesis(&mut s);
    s.says("a = g.addresses[25]");
    assert_eq!(
        s.says("a"),
        format!("'{}'", kosmos::tfchain::network::DEVNET_GENESIS_ADDRESS)
    );
    s.says(&format!(
        "r = g.coins_send('{ADDRESS}', '1000.5 TFT', source=a, refund=a, lock=5000, data='dust')"
    ));
    assert_eq!(
        s.says("[r.submitted, r.transaction.data]"),
        "[True, b'dust']"
    );
    assert_eq!(
        s.says("r.transaction.coin_outputs[1].unlockhash == a"),
        "True"
    );
    chain.block();
    assert_eq!(
        s.says(&format!("c.unlockhash_get('{ADDRESS}').balance().locked")),
        "1000.5 TFT"
    );
    // From a shared wallet: one owner begins, another finishes.
    s.says("p = c.wallets.pocket");
    s.says("x = w.coins_send(([w.address, p.address], 2), 20)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    s.says("r = w.coins_send(p.address, 5, source=m)");
    assert_eq!(s.says("[r.submitted, r.transaction.id]"), "[False, None]");
    s.says("q = p.transaction_sign(r.transaction.json())");
    assert_eq!(s.says("[q.signed, q.submitted]"), "[True, True]");
    chain.block();
    // The rest went back to the shared wallet.
    assert_eq!(s.says("w.balance.wallets[m].available"), "14 TFT");
    for (arguments, text) in [
        ("p.address, 0", "no amount is defined to be sent"),
        (
            "p.address, 1000",
            "not enough funds available in the individual wallet to fund the requested amount",
        ),
        (
            "([p.address], 1, 2), 1",
            "recipient is expected to be a tupple of 2 values in the form (sigcount,hashes) or \
             (hashes,sigcount), cannot be of length 3",
        ),
    ] {
        let error = s.fails(&format!("w.coins_send({arguments})"));
        assert_eq!(error.message, text, "{arguments}");
    }
}

#[test]
fn t28_wallet_coin_transaction_builder() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket\nb = w.coin_transaction_builder_new()");
    s.says("x = b.output_add(p.address, 10)");
    s.says(
        "x = b.output_add([w.address, p.address], '2.5 TFT').output_add(p.address, 7, lock=9000)",
    );
    s.says("r = b.send(data='three')");
    assert_eq!(s.says("r.submitted"), "True");
    assert_eq!(
        s.says(
            "o = r.transaction.coin_outputs
[o[0].value, o[1].value, o[2].value, o[3].value]"
        ),
        "[10 TFT, 2.5 TFT, 7 TFT, 279.5 TFT]"
    );
    chain.block();
    s.says("n = p.balance");
    assert_eq!(
        s.says("[n.available, n.locked, n.wallets[p.addresses_multisig[0]].available]"),
        "[10 TFT, 7 TFT, 2.5 TFT]"
    );
    assert_eq!(
        s.fails("b.output_add(p.address, 1)").message,
        "coin transaction builder is already consumed"
    );
}

#[test]
fn example100_wallet_statement() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    s.says("x = w.coins_send(p.address, 10)");
    chain.block();
    s.says("x = w.coins_send(w.address_new(), 25)");
    chain.block();
    s.says("x = p.coins_send(w.address, 4)");
    s.says("rows = w.statement().rows");
    // What came, what went with its fee, a fee alone, and what still waits.
    for (row, numbers) in [
        "['300', '0', '300']",
        "['0', '11', '289']",
        "['0', '1', '288']",
        "['4', '0', '292']",
    ]
    .iter()
    .enumerate()
    {
        s.says(&format!("row = rows[{row}]"));
        assert_eq!(s.says("[row['in'], row['out'], row['balance']]"), *numbers);
    }
    assert_eq!(s.says("rows[1]['addresses'] == [p.address]"), "True");
    assert_eq!(s.says("rows[3]['addresses'] == [p.address]"), "True");
    assert_eq!(s.says("[rows[3]['height']]"), "[None]");
    assert_eq!(s.says("len(rows[1]['id'])"), "64");
}
