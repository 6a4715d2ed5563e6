//! The grid of a devnet as a person uses it: reserve, pay, read the mail, use what is there.
use std::path::Path;

use serde_json::{Value, json};

use super::{Chain, Session};

const BOT: &str = "your3bot.fancyname";

/// A session whose wallet has a 3bot, on the devnet's own grid.
fn setup() -> (Chain, Session) {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("t = c.faucet_request(w.address)");
    chain.block();
    s.says(&format!(
        "t = w.threebot.record_new(names=['{BOT}'], months=4)"
    ));
    chain.block();
    (chain, s)
}

/// Puts what was paid into a block and waits for the broker.
fn settle(chain: &Chain) {
    chain.block();
    chain.settled();
}

fn mail(s: &mut Session, name: &str) -> String {
    s.text(&format!("j.devnet.mails()[0].value('{name}')"))
}

#[test]
fn a_machine_is_reserved_mailed_and_used() {
    let (chain, mut s) = setup();
    s.says(
        "result = w.capacity.reserve_zos_vm(\n    email='user@email.com', # the email address\n    \
         threebot_id='your3bot.fancyname',\n    location='ac1f6b84a330', # name of the farm or node\n    size=2)",
    );
    assert_eq!(s.says("result.submitted"), "True");
    settle(&chain);
    let shown = s.says("j.devnet.mail_wait(result.transaction.id)");
    for part in [
        "mail to user@email.com: Your virtual 0-OS is ready on the Threefold grid",
        "from broker@grid.tf",
        "ZeroTier network id: 9bee8941b5717835",
        "0-robot url: http://127.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let address = mail(&mut s, "0-OS address");
    let host = address.strip_suffix(":6379").unwrap();
    s.says(&format!("vm = j.clients.zos.get('my_vm', host='{host}')"));
    assert!(
        s.says("vm.ping()").starts_with("'PONG Version: ")
            || s.says("vm.ping()").starts_with("PONG")
    );
    // Its capacity is taken.
    let taken =
        "j.clients.threefold_directory.main.node('ac1f6b84a330')['reserved_resources']['cru']";
    assert_eq!(s.says(taken), "2.0");
    // After its week it is removed.
    chain.later(8 * 86_400);
    chain.settled();
    assert!(s.fails("vm.ping()").message.len() > 3);
}

#[test]
fn a_namespace_keeps_data_behind_its_password() {
    let (chain, mut s) = setup();
    s.says(&format!(
        "w.capacity.reserve_zdb_namespace('user@mail.com', '{BOT}', 'vienna.farm', size=2, mode='user', password='open sesame')"
    ));
    settle(&chain);
    let (port, name) = (mail(&mut s, "0-DB port"), mail(&mut s, "Namespace name"));
    assert_eq!(mail(&mut s, "Password"), "open sesame");
    s.says(&format!(
        "cl = j.clients.zdb.client_get(nsname='{name}', addr='127.0.0.1', port={port}, secret='open sesame', mode='user')\n\
         cl.set('value', key='name')"
    ));
    assert!(s.says("cl.get('name')").contains("value"));
}

#[test]
fn an_archive_and_a_proxy_work() {
    let (chain, mut s) = setup();
    s.says("t = c.faucet_request(w.address)");
    chain.block();
    let error = s.says(&format!(
        "w.capacity.reserve_s3('user@mail.com', '{BOT}', 'freefarm.s3-storage')"
    ));
    assert!(error.contains("submitted=True"), "{error}");
    settle(&chain);
    let url = mail(&mut s, "S3 url");
    let host = url.strip_prefix("http://").unwrap();
    let (host, port) = host.rsplit_once(':').unwrap();
    let (login, password) = (mail(&mut s, "Login"), mail(&mut s, "Password"));
    assert_eq!((login.len(), password.len()), (8, 16));
    let folder = tempfile::tempdir().unwrap();
    let (up, down) = (folder.path().join("up.txt"), folder.path().join("down.txt"));
    std::fs::write(&up, "kept for a week").unwrap();
    s.says(&format!(
        "a = j.clients.s3.new('archive', address='{host}', port={port}, accesskey_='{login}', secretkey_='{password}')\n\
         a.upload('notes', 'first', '{}')\na.download('notes', 'first', '{}')",
        up.display(),
        down.display()
    ));
    assert_eq!(std::fs::read_to_string(&down).unwrap(), "kept for a week");
    s.says(&format!(
        "w.capacity.reserve_reverse_proxy('user@mail.com', '{BOT}', 'my.example.org', 'http://{host}:{port}')"
    ));
    settle(&chain);
    assert_eq!(mail(&mut s, "Domain"), "my.example.org");
}

#[test]
fn what_cannot_be_deployed_is_refunded_once() {
    let (chain, mut s) = setup();
    // Archives are made in one farm only.
    s.says(&format!(
        "w.capacity.reserve_s3('user@mail.com', '{BOT}', 'vienna.farm')"
    ));
    settle(&chain);
    settle(&chain);
    settle(&chain);
    assert_eq!(s.text("j.devnet.mails()[0].subject"), "Reservation failed");
    assert_eq!(
        mail(&mut s, "Error"),
        "can only deploy s3 in freefarm.s3-storage"
    );
    assert_eq!(s.says("len(j.devnet.mails())"), "1");
    let back = s.says(
        "c.transaction_get(j.devnet.mails()[0].value('Transaction id')).coin_outputs[0].value",
    );
    assert_eq!(back, "41.55 TFT");
    settle(&chain);
    assert_eq!(s.says("len(j.devnet.mails())"), "1");
}

#[test]
fn more_time_is_given_or_paid_back() {
    let (chain, mut s) = setup();
    s.says(&format!(
        "first = w.capacity.reserve_zdb_namespace('user@mail.com', '{BOT}', 'vienna.farm', size=2, duration=1)"
    ));
    settle(&chain);
    let until = mail(&mut s, "Expires on");
    s.says(
        "more = w.capacity.reservation_extend(first.transaction.id, 'user@mail.com', duration=2)",
    );
    settle(&chain);
    let id = "more.transaction.id";
    assert_eq!(
        s.text(&format!("j.devnet.mail_wait({id}).subject")),
        "Reservation extended"
    );
    assert_ne!(
        s.text(&format!("j.devnet.mail_wait({id}).value('Expires on')")),
        until
    );
}

#[test]
fn a_devnet_that_starts_again_has_everything_again() {
    let (chain, mut s) = setup();
    s.says(&format!(
        "w.capacity.reserve_zdb_namespace('user@mail.com', '{BOT}', 'vienna.farm', size=2, password='open sesame')\n\
         r = w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')"
    ));
    settle(&chain);
    let host = s.text("j.devnet.mail_wait(r.transaction.id).value('0-OS address')");
    let chain = chain.restarted(|_| {});
    chain.settled();
    // The machine answers at its address, and nobody was told twice.
    let (host, port) = host.split_once(':').unwrap();
    let mut s = Session::new(chain.settings());
    s.says(&format!(
        "vm = j.clients.zos.get('again', host='{host}', port={port})"
    ));
    assert!(s.says("vm.ping()").contains("PONG"));
    assert_eq!(s.says("len(j.devnet.mails())"), "2");
}

/// Changes what the broker knows of its only payment.
fn rewrite(devnet: &Path, change: impl FnOnce(&mut Value)) {
    let file = devnet.join("grid/broker.json");
    let mut book: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let jobs = book["jobs"].as_object_mut().unwrap();
    assert_eq!(jobs.len(), 1);
    change(jobs.values_mut().next().unwrap());
    std::fs::write(&file, book.to_string()).unwrap();
}

#[test]
fn a_broker_killed_while_it_deploys_finishes() {
    let (chain, mut s) = setup();
    s.says(&format!(
        "r = w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')"
    ));
    settle(&chain);
    let host = s.text("j.devnet.mail_wait(r.transaction.id).value('0-OS address')");
    // Killed after it had started the machine and written the mail, before it noted that.
    let chain = chain.restarted(|devnet| {
        rewrite(devnet, |job| job["stage"] = json!("deploying"));
    });
    chain.settled();
    let mut s = Session::new(chain.settings());
    let (host, port) = host.split_once(':').unwrap();
    s.says(&format!(
        "vm = j.clients.zos.get('again', host='{host}', port={port})"
    ));
    assert!(s.says("vm.ping()").contains("PONG"));
    assert_eq!(s.says("len(j.devnet.mails())"), "1");
}

#[test]
fn a_broker_killed_while_it_refunds_pays_once() {
    let (chain, mut s) = setup();
    s.says(&format!(
        "r = w.capacity.reserve_s3('user@mail.com', '{BOT}', 'vienna.farm')"
    ));
    settle(&chain);
    settle(&chain);
    settle(&chain);
    let refund = s.text("j.devnet.mail_wait(r.transaction.id).value('Transaction id')");
    let bytes = s.text(&format!("c.transaction_get('{refund}').binary()"));
    let before = s.says("w.balance.available");
    let seed = s.text("w.seed");
    // Killed after the chain had it, before that was noted.
    let chain = chain.restarted(|devnet| {
        rewrite(devnet, |job| {
            job["stage"] = json!("refunding");
            job["transaction"] = json!(bytes);
        });
    });
    settle(&chain);
    settle(&chain);
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('again', network_type='DEV')");
    s.says(&format!("w = c.wallets.new('again', seed='{seed}')"));
    assert_eq!(s.says("w.balance.available"), before);
    assert_eq!(s.says("len(j.devnet.mails())"), "1");
}

#[test]
fn a_payment_that_is_for_nothing_comes_back_without_a_mail() {
    let (chain, mut s) = setup();
    s.says("t = c.faucet_request(w.address)");
    chain.block();
    // The broker becomes a 3bot when somebody asks the directory.
    s.says("n = j.clients.threefold_directory.main.nodes()");
    let key = s.text("c.threebot.record_get('development.broker').public_key");
    let key: kosmos::tfchain::PublicKey = key.parse().unwrap();
    let address = key.unlock_hash();
    let before: f64 = s
        .says("w.balance.available")
        .trim_end_matches(" TFT")
        .parse()
        .unwrap();
    s.says(&format!(
        "t = w.coins_send('{address}', 50, data='no reservation')"
    ));
    for _ in 0..4 {
        settle(&chain);
    }
    let after: f64 = s
        .says("w.balance.available")
        .trim_end_matches(" TFT")
        .parse()
        .unwrap();
    // The fee of the payment, and what the refund keeps back.
    assert!((before - after - 1.1).abs() < 1e-6, "{before} {after}");
    assert_eq!(s.says("j.devnet.mails()"), "[]");
}

#[test]
fn a_domain_that_is_taken_stays_with_who_has_it() {
    let (chain, mut s) = setup();
    let reserve = format!(
        "w.capacity.reserve_reverse_proxy('user@mail.com', '{BOT}', 'my.example.org', 'http://127.0.0.1:1')"
    );
    s.says(&format!("first = {reserve}"));
    settle(&chain);
    s.says(&format!("second = {reserve}"));
    settle(&chain);
    settle(&chain);
    settle(&chain);
    let error = s.text("j.devnet.mail_wait(second.transaction.id).value('Error')");
    assert_eq!(
        error,
        "the domain 'my.example.org' is served for somebody else already"
    );
    // Its backend is down, but the gateway still knows the name.
    let page = chain.asked("my.example.org");
    assert!(page.contains("no backend of this domain"), "{page}");
}
