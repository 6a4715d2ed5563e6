//! `j.clients.currencylayer`: the built-in table, live rates from a service on loopback, TFT.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kosmos::object::Kind;
use serde_json::json;

use super::super::Session;
use crate::tfchain::explorer::stub::{Reply, Server};

/// A service whose first answers are these, and what it was asked.
struct Service {
    runtime: tokio::runtime::Runtime,
    server: Server,
}

fn service(replies: Vec<Reply>) -> Service {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let server = runtime.block_on(Server::start(move |_| {
        let at = count.fetch_add(1, Ordering::SeqCst);
        replies.get(at).cloned().unwrap_or(Reply::Close)
    }));
    Service { runtime, server }
}

impl Service {
    fn asked(&self) -> usize {
        let _ = &self.runtime;
        self.server.requests().len()
    }

    fn session(&self) -> Session {
        let mut s = Session::frozen();
        s.says(&format!(
            "m = j.clients.currencylayer.new('main', api_key_='k3y', address='{}/live')",
            self.server.address
        ));
        s
    }
}

fn live(eur: f64) -> Reply {
    let quotes = json!({ "USDEUR": eur, "USDGBP": 0.5, "USDZZZ": 7 });
    Reply::json(
        200,
        &json!({ "success": true, "source": "USD", "quotes": quotes }),
    )
}

fn notes(s: &Session) -> String {
    s.person.notes.lock().unwrap().join("\n")
}

#[test]
fn the_built_in_table_is_used_until_live_rates_are_asked_for() {
    let service = service(vec![live(0.9), live(0.7)]);
    let mut s = service.session();
    s.says("ten = j.data.types.numeric.clean('10 USD')");
    assert_eq!(s.says("ten.eur"), "8.45101");
    assert_eq!(s.says("j.clients.currencylayer.cur2usd['eur']"), "0.845101");
    assert_eq!(s.says("j.clients.currencylayer.cur2id['usd']"), "151");
    assert_eq!(s.says("j.clients.currencylayer.id2cur['48']"), "'eur'");
    assert_eq!(s.says("len(j.clients.currencylayer.cur2usd)"), "170");
    assert_eq!(service.asked(), 0);
    assert_eq!(s.says("j.clients.currencylayer.load()"), "True");
    assert_eq!(s.says("ten.eur"), "9.0");
    assert_eq!(s.says("ten.value_currency('btc')"), "0.0013");
    assert_eq!(s.says("j.clients.currencylayer.cur2id['eur']"), "48");
    // Once a day.
    assert_eq!(s.says("m.load()"), "True");
    assert_eq!(service.asked(), 1);
    assert_eq!(s.says("m.load(reset=True)"), "True");
    assert_eq!(service.asked(), 2);
    assert_eq!(s.says("ten.eur"), "7.0");
    assert_eq!(notes(&s), "");
    assert!(s.says("m").contains("api_key_                      : ***"));
}

#[test]
fn without_live_rates_the_built_in_table_stays_with_a_note() {
    let refusal = json!({ "success": false, "error": { "code": 101, "info": "bad key k3y" } });
    for reply in [
        Reply::json(200, &refusal),
        Reply::Http(200, b"garbage".to_vec()),
        Reply::Http(503, b"later".to_vec()),
        Reply::Close,
    ] {
        let service = service(vec![reply.clone(), reply]);
        let mut s = service.session();
        assert_eq!(s.says("j.clients.currencylayer.load()"), "False");
        assert_eq!(
            s.says("j.data.types.numeric.clean('10 USD').eur"),
            "8.45101"
        );
        let notes = notes(&s);
        assert!(notes.contains("currencylayer"), "{notes}");
        assert!(
            notes.contains("the built-in table of rates is used"),
            "{notes}"
        );
        assert!(!notes.contains("k3y"), "{notes}");
    }
    let mut s = Session::frozen();
    assert_eq!(s.says("j.clients.currencylayer.load()"), "False");
    assert!(notes(&s).contains("needs an API key"), "{}", notes(&s));
}

#[test]
fn kept_rates_are_better_than_the_built_in_ones() {
    let service = service(vec![live(0.9), Reply::Http(500, Vec::new())]);
    let mut s = service.session();
    s.says("m.load()");
    assert_eq!(s.says("m.load(reset=True)"), "True");
    assert!(notes(&s).contains("live rates of 0 hours ago are used"));
    assert_eq!(s.says("j.data.types.numeric.clean('10 USD').eur"), "9.0");
    // A stored one keeps them for another session.
    s.says("m.save()");
    assert!(s.world.unsaved().is_empty());
}

#[test]
fn tft_has_the_rate_the_user_gives_it() {
    let service = service(vec![live(0.9)]);
    let mut s = service.session();
    let error = s.fails("j.data.types.numeric.clean('10 TFT')");
    assert!(error.message.contains("no rate for TFT"), "{error}");
    assert_eq!(
        error.hints,
        ["set it: j.clients.currencylayer.tft_set(0.05)"]
    );
    s.says("j.clients.currencylayer.tft_set(0.05)");
    assert_eq!(s.says("j.data.types.numeric.clean('10 TFT').usd"), "0.5");
    assert_eq!(s.says("m.tft_usd"), "0.05");
    s.says("m.tft_usd = 0.1");
    assert_eq!(s.says("j.data.types.numeric.clean('10 TFT').usd"), "1.0");
    s.says("j.clients.currencylayer.load()");
    assert_eq!(s.says("j.data.types.numeric.clean('10 TFT').usd"), "1.0");
    for bad in ["-1", "'x'", "0.0 / 0.0", "1e-320", "True"] {
        assert!(
            matches!(
                s.fails(&format!("m.tft_usd = {bad}")).kind,
                Kind::Value | Kind::Type
            ),
            "{bad}"
        );
    }
    for bad in ["m.address = 'http://example.com'", "m.address = 'x'"] {
        assert_eq!(s.fails(bad).kind, Kind::Value);
    }
    assert_eq!(s.says("m.tft_usd"), "0.1");
}
