//! The broker's mails as a person sees them, while the mail server is down.
use serde_json::json;

use super::{Chain, Session};

const BOT: &str = "your3bot.fancyname";

/// A devnet whose mail server is down.
fn setup() -> (Chain, Session) {
    let smtp = json!({
        "host": "127.0.0.1", "port": 1, "tls": "none", "from": "broker@grid.tf",
    });
    let chain = Chain::start().restarted(|devnet| {
        std::fs::write(devnet.join("grid/smtp.json"), smtp.to_string()).unwrap();
    });
    let mut s = chain.funded();
    s.says("t = c.faucet_request(w.address)");
    chain.block();
    s.says(&format!(
        "t = w.threebot.record_new(names=['{BOT}'], months=4)"
    ));
    chain.block();
    (chain, s)
}

#[test]
fn a_mail_server_that_is_down_holds_nothing_up() {
    let (chain, mut s) = setup();
    assert!(
        s.text("j.devnet.status().mail_server")
            .ends_with("(not encrypted)")
    );
    s.says(&format!(
        "n = w.capacity.reserve_zdb_namespace('user@mail.com', '{BOT}', 'vienna.farm', size=2, password='open sesame', mode='user')"
    ));
    chain.block();
    chain.settled();
    // It is deployed, and the owner reads the mail although it could not be sent.
    s.says("m = j.devnet.mail_wait(n.transaction.id)");
    assert_eq!(s.text("m.value('Password')"), "open sesame");
    assert_eq!(s.text("m.state"), "waiting");
    let shown = s.says("j.devnet.mails()");
    assert!(
        shown.contains("ready on the Threefold grid, waiting"),
        "{shown}"
    );
    let (host, port) = (
        s.text("m.value('0-DB host')"),
        s.text("m.value('0-DB port')"),
    );
    let name = s.text("m.value('Namespace name')");
    s.says(&format!(
        "cl = j.clients.zdb.client_get(nsname='{name}', addr='{host}', port={port}, secret='open sesame', mode='user')\n\
         cl.set('value', key='name')"
    ));
    assert!(s.says("cl.get('name')").contains("value"));
    // The page shows secrets to who has its address only.
    let page = s.text("j.devnet.mails_page()");
    let (open, token) = page.split_once("?token=").unwrap();
    assert!(open.ends_with("/mails") && token.len() == 64, "{page}");
}

#[test]
fn a_mail_server_is_told_when_the_devnet_starts() {
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "secret\n").unwrap();
    let mut s = Session::new(Default::default());
    let start = |more: &str| {
        let dir = dir.path().join("devnet");
        format!("j.devnet.start(port=0, dir='{}', {more})", dir.display())
    };
    for (more, why) in [
        ("smtp_user='me'", "give smtp_host"),
        (
            "smtp_host='mail.example.org', smtp_user='me'",
            "needs a password",
        ),
        (
            "smtp_host='mail.example.org', smtp_tls='ssl'",
            "expected starttls, tls, none",
        ),
        (
            "smtp_host='mail.example.org', smtp_port=70000",
            "expected 1 to 65535",
        ),
        (
            "smtp_host='mail.example.org', smtp_user='me', smtp_password_file='/nowhere'",
            "cannot read /nowhere",
        ),
    ] {
        let error = s.fails(&start(more));
        assert!(error.message.contains(why), "{error}");
    }
    let good = format!(
        "smtp_host='mail.example.org', smtp_user='me', smtp_password_file='{}'",
        password.display()
    );
    let shown = s.says(&start(&good));
    assert!(
        shown.contains("mail server: mail.example.org:587 (STARTTLS)"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
    s.notes();
    s.says(&start("smtp_host=''"));
    assert!(s.notes().contains("runs already"));
    s.says("j.devnet.stop()");
    let shown = s.says(&start("smtp_host=''"));
    assert!(!shown.contains("mail server"), "{shown}");
    s.says("j.devnet.stop()");
}

#[test]
fn farms_and_nodes_are_registered_from_the_tree() {
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    s.says("d = j.clients.threefold_directory.main");
    let farm = "d.farmer_register('north.farm', 'North', latitude=59.9, longitude=10.7, city='Oslo', country='Norway')";
    assert_eq!(s.says(&format!("{farm}['location']['city']")), "'Oslo'");
    let node = "d.node_register('north.farm', '0cc47a000001', cru=8, mru=32, hru=0, sru=500)";
    assert_eq!(s.says(&format!("{node}['farmer_id']")), "'north.farm'");
    s.says("d.reserved_update('0cc47a000001', cru=2, mru=4, hru=0, sru=40)");
    s.says("d.actual_update('north.farm', '0cc47a000001', cru=3, mru=1, hru=0, sru=0)");
    let table = s.says("d.nodes(country='Norway', sort='updated')");
    assert!(table.contains("0cc47a000001  north.farm"), "{table}");
    assert_eq!(
        s.says("d.nodes(country='Norway')[0]['free_resources']['cru']"),
        "5.0"
    );
    assert_eq!(
        s.says("d.farmer_update('north.farm', name='Far north')['name']"),
        "'Far north'"
    );
    // Another farmer's token does not do.
    s.says("t = j.devnet.farmer_token('vienna.farm')");
    let error = s.fails(
        "d.actual_update('north.farm', '0cc47a000001', cru=1, mru=1, hru=0, sru=0, token=t)",
    );
    assert!(error.message.contains("Unauthorized farmer"), "{error}");
    let error = s.fails("d.reserved_update('0cc47a000002', cru=1, mru=1, hru=0, sru=0)");
    assert!(error.message.contains("no node '0cc47a000002'"), "{error}");
    let error = s.fails("d.reserved_update('0cc47a000001', cru=-1, mru=1, hru=0, sru=0)");
    assert!(error.message.contains("cru"), "{error}");
    let error = s.fails(&node.replace("0cc47a000001", "node"));
    assert!(error.message.contains("hardware address"), "{error}");
    // Elsewhere a token is needed.
    s.says("p = j.clients.threefold_directory.new('public', base_uri='http://127.0.0.1:1')");
    let error = s.fails("p.farmer_register('north.farm', 'North')");
    assert!(error.message.contains("asks for a token"), "{error}");
}

#[test]
fn the_notary_says_what_it_can() {
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    let port = chain.handle().grid().addresses().notary.port();
    s.says(&format!(
        "n = j.clients.gedis.new('tfnotary', host='127.0.0.1', port={port})"
    ));
    let methods =
        s.says("j.clients.gedis.tfnotary.actors.methods()['notary_actor']['get']['args']");
    assert_eq!(methods, "['hash']");
    let takes =
        s.says("j.clients.gedis.tfnotary.actors.methods()['notary_actor']['register']['takes']");
    assert!(takes.contains("content_signature = (bytes)"), "{takes}");
}
