//! Capacity as a person reserves it, on the chain of a devnet, with a directory and a notary that
//! behave as they are told.
use kosmos::object::Kind;
use std::sync::Arc;

use kosmos::store::Store;

use super::{Chain, Session, records};
use crate::grid::fake::{FakeGrid, Mood};

const BOT: &str = "your3bot.fancyname";

/// A session whose wallet has a 3bot, and the grid that it uses.
pub fn setup() -> (Chain, FakeGrid, Session) {
    let chain = Chain::start();
    let grid = FakeGrid::start();
    let mut s = chain.funded();
    s.says("b = c.wallets.new('broker')\nt = c.faucet_request(b.address)\nt = c.faucet_request(w.address)");
    chain.block();
    s.says(&format!(
        "t = w.threebot.record_new(names=['{BOT}'], months=4)\n\
         t = b.threebot.record_new(names=['development.broker'])"
    ));
    chain.block();
    let number = |s: &mut Session, name: &str| -> u64 {
        let id = s.says(&format!("c.threebot.record_get('{name}').identifier"));
        id.parse().unwrap()
    };
    let id = number(&mut s, BOT);
    grid.bot(BOT, id);
    grid.bot(&id.to_string(), id);
    configure(&mut s, &grid);
    (chain, grid, s)
}

fn configure(s: &mut Session, grid: &FakeGrid) {
    s.says(&format!(
        "d = j.clients.threefold_directory.new('main', base_uri='{}')\n\
         n = j.clients.gedis.new('tfnotary', host='127.0.0.1', port={})",
        grid.directory, grid.notary
    ));
}

const PROXY: &str = "w.capacity.reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', 'my.example.org', 'http://10.244.1.2:8080')";

#[test]
fn the_paste_of_the_tutorial_reserves_and_pays() {
    let (chain, grid, mut s) = setup();
    let record = records()
        .into_iter()
        .find(|record| record["section"] == "4 reserve")
        .unwrap();
    let paste = record["input"].as_str().unwrap();
    assert_eq!(s.says(paste), "");
    assert_eq!(s.says("result.submitted"), "True");
    assert_eq!(grid.registered(), 1);
    let hash = grid.stored()[0].hash.clone();
    // The payment: the price to the broker, and the hash as its data.
    assert_eq!(
        s.says("result.transaction.coin_outputs[0].value"),
        "83.3 TFT"
    );
    let broker = s.text("c.threebot.record_get('development.broker').public_key");
    let broker: kosmos::tfchain::PublicKey = broker.parse().unwrap();
    let condition = s.says("result.transaction.coin_outputs[0].condition");
    let address = broker.unlock_hash().to_string();
    assert!(condition.contains(&address), "{condition}");
    assert!(s.says("result.transaction.json_text()").contains(&address));
    assert!(s.says("w.capacity.list()").contains("waits for its block"));
    chain.block();
    let list = s.says("w.capacity.list()");
    assert!(list.contains("2 CPU, 4 GiB memory, 40 GiB disk"), "{list}");
    assert!(list.contains("  paid  "), "{list}");
    assert_eq!(s.text("w.capacity.list()[0].hash"), hash);
    assert_eq!(s.says("w.capacity.pending()"), "[]");
    let id = s.says("result.transaction.id");
    assert_eq!(
        s.says("w.capacity.reservations_transactions_list()"),
        format!("[{id}]")
    );
    // Another shell with the same words finds it by its payment, and opens it.
    let seed = s.text("w.seed");
    let mut other = Session::with_store(
        chain.settings(),
        Arc::new(Store::ephemeral(Default::default()).unwrap()),
    );
    configure(&mut other, &grid);
    other.says("c = j.clients.tfchain.new('other', network_type='DEV')");
    other.says(&format!("w = c.wallets.new('same', seed='{seed}')"));
    let found = other.says("w.capacity.list()");
    assert!(found.contains("2 CPU, 4 GiB memory"), "{found}");
    assert!(found.contains("ac1f6b84a330"), "{found}");
    assert_eq!(other.text("w.capacity.list()[0].hash"), hash);
}

#[test]
fn a_dry_run_shows_the_price_and_does_nothing() {
    let (_chain, grid, mut s) = setup();
    s.notes();
    let call = PROXY.replace(")", ", dry_run=True)");
    let result = s.says(&call);
    assert!(result.contains("submitted=False"), "{result}");
    let notes = s.notes();
    for part in [
        "reserve: reverse proxy: my.example.org, for one week",
        "price: 10 TFT, paid to development.broker",
        "mail to: user@mail.com",
    ] {
        assert!(notes.contains(part), "{notes}");
    }
    assert_eq!(grid.registered(), 0);
    assert_eq!(s.says("w.capacity.list()"), "nothing is reserved");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_registered() {
    let (_chain, grid, mut s) = setup();
    for (call, expected) in [
        (
            "reserve_zos_vm('nobody', 'your3bot.fancyname', 'ac1f6b84a330')",
            "Invalid email :nobody",
        ),
        (
            "reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', size=3)",
            "reservation size can only be 1 or 2",
        ),
        (
            "reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'nowhere')",
            "location 'nowhere' is not valid",
        ),
        (
            "reserve_zdb_namespace('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', disk_type='nvme')",
            "could not find enum:'nvme' in 'UNKNOWN'",
        ),
        (
            "reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', '', [])",
            "field 'domain' cannot be empty",
        ),
        (
            "reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', 'http://my.example.org/', 'http://10.244.1.2:8080')",
            "'http://my.example.org/' is no domain: expected a name such as www.example.org",
        ),
        (
            "reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', 'my.example.org', ['http://10.244.1.2:8080', '10.244.1.3'])",
            "wrong format for endpoint 10.244.1.3",
        ),
        (
            "reserve_s3('', 'your3bot.fancyname', 'ac1f6b84a330')",
            "field 'email' cannot be empty",
        ),
        (
            "reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', duration=24)",
            "Capacity expiration time exceeds threebot's expiration",
        ),
        (
            "reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', duration=0)",
            "reservation duration has to be 1 month or more",
        ),
        (
            "reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', duration=100000000000)",
            "100000000000 months are more than a reservation can have",
        ),
    ] {
        assert_eq!(s.fails(&format!("w.capacity.{call}")).message, expected);
    }
    let error = s.fails("w.capacity.reserve_s3('user@mail.com', 'nobody.there', 'ac1f6b84a330')");
    assert_eq!(error.kind, Kind::NotFound);
    // A wallet that has coins, but not the key of the 3bot.
    s.says("p = c.wallets.new('pocket')");
    let error = s.fails(&PROXY.replacen("w.", "p.", 1));
    assert_eq!(
        error.message,
        "could not found the private used to create the threebot your3bot.fancyname. Please generate more addresses"
    );
    grid.remove_location("ac1f6b84a330");
    let error =
        s.fails("w.capacity.reserve_zos_vm('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330')");
    assert_eq!(error.message, "location 'ac1f6b84a330' is not valid");
    s.says("d.broker = 'nobody.there'");
    let error = s.fails(PROXY);
    assert!(
        error
            .message
            .starts_with("the broker 'nobody.there' is no 3bot"),
        "{error}"
    );
    s.says("d.base_uri = 'http://127.0.0.1:1'");
    let error =
        s.fails("w.capacity.reserve_s3('user@mail.com', 'your3bot.fancyname', 'kristof-farm')");
    assert_eq!(error.message, "location 'kristof-farm' is not valid");
    assert!(
        error.hints.iter().any(|hint| hint.contains("out of reach")),
        "{:?}",
        error.hints
    );
    assert_eq!(grid.registered(), 0);
}

#[test]
fn without_enough_money_nothing_is_registered() {
    let (_chain, grid, mut s) = setup();
    let call = "w.capacity.reserve_zdb_namespace('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', size=1000000, password='open sesame')";
    let error = s.fails(call);
    assert_eq!(error.kind, Kind::Value, "{error}");
    assert!(
        error.message.to_lowercase().contains("insufficient") || error.message.contains("funds"),
        "{error}"
    );
    assert!(
        error.hints.contains(&"the price is 83300 TFT".to_owned()),
        "{:?}",
        error.hints
    );
    assert_eq!(grid.registered(), 0);
    assert_eq!(s.says("w.capacity.pending()"), "[]");
}

#[test]
fn a_notary_that_is_down_refuses_or_lies_is_not_paid() {
    let (_chain, grid, mut s) = setup();
    let before = s.says("len(w.transactions)");
    for (mood, kind) in [
        (
            Mood::Refuses("Signature was forged or corrupt"),
            Kind::Refused,
        ),
        (Mood::OtherHash, Kind::Refused),
    ] {
        grid.behave(mood);
        let error = s.fails(PROXY);
        assert_eq!(error.kind, kind, "{error}");
        assert!(
            error
                .hints
                .iter()
                .any(|hint| hint.contains("nothing was paid"))
        );
        assert_eq!(s.says("w.capacity.pending()"), "[]");
    }
    s.says("n.port = 1");
    let error = s.fails(PROXY);
    assert_eq!(error.kind, Kind::Network, "{error}");
    assert_eq!(s.says("w.capacity.pending()"), "[]");
    assert_eq!(s.says("len(w.transactions)"), before);
}

#[test]
fn what_was_registered_and_not_paid_is_paid_later_and_once() {
    let (chain, grid, mut s) = setup();
    grid.behave(Mood::Drops);
    let error = s.fails(PROXY);
    assert_eq!(error.kind, Kind::Network, "{error}");
    assert_eq!(grid.registered(), 1);
    assert!(
        error
            .hints
            .iter()
            .any(|hint| hint.contains("w.capacity.pay") || hint.contains(".capacity.pay(")),
        "{:?}",
        error.hints
    );
    grid.behave(Mood::Well);
    s.says("open = w.capacity.pending()");
    assert_eq!(s.says("len(open)"), "1");
    assert_eq!(s.says("open[0].state"), "'not paid'");
    assert_eq!(s.says("w.capacity.pay(open[0]).submitted"), "True");
    assert_eq!(grid.registered(), 1);
    chain.block();
    assert_eq!(s.says("w.capacity.pending()"), "[]");
    let error = s.fails("w.capacity.pay(open[0].hash)");
    assert_eq!(error.kind, Kind::Refused, "{error}");
    assert_eq!(s.says("w.capacity.list()[0].state"), "'paid'");
    assert_eq!(s.fails("w.capacity.list()[0].forget()").kind, Kind::Refused);
    let error = s.fails(&format!("w.capacity.pay('{}')", "0".repeat(64)));
    assert_eq!(error.kind, Kind::NotFound);
}

#[test]
fn two_reservations_at_once_are_two() {
    let (chain, grid, mut s) = setup();
    s.says(&format!("one = {PROXY}\ntwo = {PROXY}"));
    assert_eq!(s.says("one.submitted and two.submitted"), "True");
    chain.block();
    let stored = grid.stored();
    assert_eq!(stored.len(), 2);
    assert_ne!(stored[0].hash, stored[1].hash);
    assert_eq!(
        s.says("w.capacity.list().list().map(|r| r.state)"),
        "['paid', 'paid']"
    );
}

#[test]
fn two_shells_at_once_pay_each_once() {
    let (chain, grid, mut s) = setup();
    let seed = s.text("w.seed");
    let together = std::sync::Barrier::new(2);
    let shell = || {
        let mut own = Session::new(chain.settings());
        configure(&mut own, &grid);
        own.says("c = j.clients.tfchain.new('same', network_type='DEV')");
        own.says(&format!("w = c.wallets.new('same', seed='{seed}')"));
        own.says("a = w.addresses");
        together.wait();
        // When both took the same coins, the chain refuses one payment.
        let done = own.ask(PROXY).map(drop);
        assert!(
            done.as_ref()
                .map_or_else(|e| e.kind == Kind::Refused, |()| true),
            "{done:?}"
        );
        own
    };
    let mut shells = std::thread::scope(|scope| {
        let other = scope.spawn(shell);
        vec![shell(), other.join().unwrap()]
    });
    assert_eq!(grid.registered(), 2);
    chain.block();
    for own in &mut shells {
        own.says("open = w.capacity.pending()");
        if own.says("len(open)") != "0" {
            own.says("w.capacity.pay(open[0])");
            chain.block();
        }
    }
    for own in &mut shells {
        assert_eq!(
            own.says("w.capacity.list().list().map(|r| r.state)"),
            "['paid', 'paid']"
        );
    }
    assert_eq!(grid.registered(), 2);
}

#[test]
fn months_are_paid_for_and_extended() {
    let (chain, grid, mut s) = setup();
    s.says("r = w.capacity.reserve_zdb_namespace('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', size=10, duration=1)");
    chain.block();
    assert_eq!(s.says("w.capacity.list()[0].price"), "0.833 TFT");
    let first: i64 = s.says("w.capacity.list()[0].expires").parse().unwrap();
    s.says("x = w.capacity.reservation_extend(r.transaction.id, 'user@mail.com', duration=2)");
    assert_eq!(s.says("x.transaction.coin_outputs[0].value"), "1.666 TFT");
    chain.block();
    assert_eq!(grid.registered(), 2);
    assert_eq!(s.says("w.capacity.list()[0].kind"), "'extension'");
    let then: i64 = s.says("w.capacity.list()[1].expires").parse().unwrap();
    assert_eq!(then - first, 2 * 30 * 86_400);
    // Neither an extension nor any other payment can be extended.
    for id in ["x.transaction.id", "w.transactions[-1].id"] {
        let error = s.fails(&format!(
            "w.capacity.reservation_extend({id}, 'user@mail.com')"
        ));
        assert_eq!(error.message, "Invalid reservation transaction");
    }
}

#[test]
fn the_directory_is_a_table_and_data() {
    let grid = FakeGrid::start();
    let mut s = Session::new(Default::default());
    configure(&mut s, &grid);
    let table = s.says("j.clients.threefold_directory.nodes(cru=2, mru=4, country='Austria')");
    assert!(table.starts_with("node          farmer"), "{table}");
    assert!(
        table.contains("ac1f6b84a330  green_edge_cloud.austria.vienna  Austria  Vienna"),
        "{table}"
    );
    assert!(
        table.ends_with("1 node; memory in GiB, disks in GB"),
        "{table}"
    );
    let all = "j.clients.threefold_directory.nodes()";
    assert_eq!(s.says(&format!("len({all})")), "3");
    assert_eq!(
        s.says(&format!("{all}.sort('hru').ids[0]")),
        "'ac1f6b84a330'"
    );
    assert_eq!(
        s.says(&format!("{all}[0]['free_resources']['mru']")),
        "60.75"
    );
    let large = format!("{all}.list().filter(|n| n['total_resources']['cru'] > 4)[0]['node_id']");
    assert_eq!(s.says(&large), "'ac1f6b84a330'");
    assert_eq!(s.fails(&format!("{all}.sort('size')")).kind, Kind::Value);
    assert_eq!(
        s.says("j.clients.threefold_directory.resource_units()['cru']"),
        "22.0"
    );
    assert_eq!(
        s.says("d.farmer('freefarm.s3-storage')['name']"),
        "'freefarm'"
    );
    assert_eq!(s.says("len(d.farmers())"), "2");
    let error = s.fails("d.node('unknown')");
    assert_eq!(
        error.message,
        "the capacity directory has no node 'unknown'"
    );
    assert_eq!(s.fails("d.nodes(cru=-1)").kind, Kind::Value);
    assert_eq!(s.fails("d.base_uri = 'no address'").kind, Kind::Value);
}

#[test]
fn actors_are_called_by_name() {
    let (_chain, grid, mut s) = setup();
    assert_eq!(s.says("n.ping()"), "'PONG'");
    assert_eq!(s.says("n.actors.list()"), "['notary_actor']");
    s.says(PROXY);
    let hash = grid.stored()[0].hash.clone();
    s.says(&format!("got = n.actors.notary_actor.get('{hash}')"));
    assert_eq!(s.says("got['threebot_id']"), "'your3bot.fancyname'");
    assert_eq!(
        s.says(&format!(
            "n.actors.notary_actor.run('get', hash='{hash}')['hash'] == got['hash']"
        )),
        "True"
    );
    let error = s.fails("n.actors.notary_actor.get('ab')");
    assert_eq!(error.kind, Kind::Refused, "{error}");
    assert!(
        error.message.ends_with("'reservation not found'"),
        "{error}"
    );
    let error = s.fails("n.actors.notary_actor.run('get', hasch='ab')");
    assert_eq!(error.kind, Kind::Type, "{error}");
    let error = s.fails("n.actors.other.dance()");
    assert_eq!(error.kind, Kind::Refused, "{error}");
    assert_eq!(s.fails("n.auth(1)").kind, Kind::Refused);
}
