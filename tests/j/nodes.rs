//! Nodes that are dead, slow or lying, and answers that get lost, as the shell sees them.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kosmos::j::world::Settings;
use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

/// What stands between the shell and the devnet does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Hands it on.
    Pass,
    /// Hands GETs on; a POST is read and dropped.
    DropPost,
    /// Hands everything on; the answer to a POST is dropped.
    LoseAnswer,
    /// Answers HTML.
    Html,
    /// Never answers.
    Hang,
    /// Hands everything on; after a POST another program holds the store in this folder.
    HoldStore(&'static std::path::Path),
}

struct Between {
    address: String,
    mode: Arc<Mutex<Mode>>,
}

impl Between {
    fn start(chain: &Chain) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let target = chain.address().replace("http://", "");
        let mode = Arc::new(Mutex::new(Mode::Pass));
        let shared = mode.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, mode) = (target.clone(), *shared.lock().unwrap());
                std::thread::spawn(move || serve(stream, &target, mode));
            }
        });
        Between { address, mode }
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

/// One request a connection.
fn serve(mut stream: TcpStream, target: &str, mode: Mode) -> Option<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_string();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            break;
        }
    }
    let text = String::from_utf8_lossy(&request).to_string();
    let post = text.starts_with("POST");
    match mode {
        Mode::Hang => std::thread::sleep(Duration::from_secs(30)),
        Mode::Html => {
            let page = "<html><title>Log in</title></html>";
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            stream.write_all(format!("{head}{page}").as_bytes()).ok()?;
        }
        Mode::DropPost if post => {}
        _ => {
            let mut node = TcpStream::connect(target).ok()?;
            let closing = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            node.write_all(closing.as_bytes()).ok()?;
            let mut answer = Vec::new();
            node.read_to_end(&mut answer).ok()?;
            if let (true, Mode::HoldStore(folder)) = (post, mode) {
                let lock = std::fs::File::open(folder.join("lock.pid")).ok()?;
                lock.lock().ok()?;
                // As long as the test runs.
                std::mem::forget(lock);
            }
            if mode != Mode::LoseAnswer || !post {
                stream.write_all(&answer).ok()?;
            }
        }
    }
    Some(())
}

fn between(chain: &Chain, s: &mut Session) -> Between {
    let between = Between::start(chain);
    s.says(&format!("c.explorer_nodes = ['{}']", between.address));
    between
}

#[test]
fn a_lost_answer_is_found_out() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let node = between(&chain, &mut s);
    node.set(Mode::LoseAnswer);
    assert_eq!(
        s.says(&format!("w.coins_send('{ADDRESS}', 10).submitted")),
        "True"
    );
    assert_eq!(s.says("w.pending()"), "[]");
}

#[test]
fn what_is_unclear_is_kept_and_never_paid_twice() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let node = between(&chain, &mut s);
    node.set(Mode::DropPost);
    let error = s.fails(&format!("w.coins_send('{ADDRESS}', 10)"));
    assert_eq!(error.kind, Kind::Network);
    assert!(
        error
            .message
            .contains("not known whether the chain took transaction"),
        "{error}"
    );
    assert!(
        error.hints[0].contains("w.pending()") || error.hints[0].contains(".pending()"),
        "{:?}",
        error.hints
    );
    let listed = s.says("w.pending()");
    assert!(
        listed.starts_with("[PendingTransaction(transaction V1 "),
        "{listed}"
    );
    assert!(s.says("w.pending()[0].preview").contains(ADDRESS));
    // Nothing new is sent while that one is unclear.
    let error = s.fails(&format!("w.coins_send('{ADDRESS}', 10)"));
    assert_eq!(error.kind, Kind::Refused);
    // A new shell on the same store, and a wallet that was never saved.
    let store = s.world.store().unwrap();
    let seed = s.says("w.seed");
    let mut s = Session::with_store(chain.settings(), store);
    s.says("c = j.clients.tfchain.new('again', network_type='DEV')");
    s.says(&format!("w = c.wallets.new('w', seed={seed})"));
    let results = s.says("w.pending(send=True)");
    assert!(results.contains("submitted=True"), "{results}");
    assert_eq!(s.says("w.pending()"), "[]");
    chain.block();
    assert_eq!(
        s.says(&format!(
            "c.unlockhash_get('{ADDRESS}').balance().available"
        )),
        "10 TFT"
    );
    assert_eq!(s.says("w.balance.available"), "289 TFT");
}

#[test]
fn forgetting_is_asked_about() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let node = between(&chain, &mut s);
    node.set(Mode::DropPost);
    s.fails(&format!("w.coins_send('{ADDRESS}', 10)"));
    assert_eq!(s.fails("w.pending()[0].forget()").kind, Kind::NotConfirmed);
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    s.says("w.pending()[0].forget()");
    assert_eq!(s.says("w.pending()"), "[]");
    node.set(Mode::Pass);
    assert_eq!(
        s.says(&format!("w.coins_send('{ADDRESS}', 10).submitted")),
        "True"
    );
}

#[test]
fn pages_instead_of_answers_are_told() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let node = between(&chain, &mut s);
    node.set(Mode::Html);
    let error = s.fails("w.balance");
    assert_eq!(error.kind, Kind::Network);
    assert!(error.message.contains("HTML page, not JSON"), "{error}");
}

#[test]
fn a_silent_node_is_given_up_in_ten_seconds() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let node = between(&chain, &mut s);
    node.set(Mode::Hang);
    let began = Instant::now();
    let error = s.fails("c.blockchain_info_get()");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(error.kind, Kind::Network);
    assert!(error.message.contains(&node.address), "{error}");
}

#[test]
fn when_nothing_listens_the_error_says_what_to_start() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = Settings {
        devnet_port: free.port(),
        ..Settings::default()
    };
    let mut s = Session::new(settings);
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    let began = Instant::now();
    s.says("w = c.wallets.new('w')");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(
        s.says("c.explorer_addresses"),
        format!("['http://localhost:{}']", free.port())
    );
    for input in ["w.balance", "c.block_get(1)", "c.faucet_request(w.address)"] {
        let error = s.fails(input);
        assert_eq!(error.kind, Kind::Network, "{input}");
        let hints = error.hints.join("\n");
        assert!(hints.contains("kosmos devnet start"), "{input}: {hints}");
        assert!(hints.contains("j.devnet.start()"), "{input}: {hints}");
    }
    // Addresses are known without anybody.
    assert_eq!(s.says("len(w.addresses)"), "1");
    assert_eq!(s.person.notes.lock().unwrap().len(), 1);
    // Names that resolve nowhere, as those of a public network without a connection.
    s.says("t = j.clients.tfchain.new('t', explorer_nodes=['http://127.0.0.1:9', 'https://localhost:9'])");
    let error = s.fails("t.blockchain_info_get()");
    assert!(error.message.contains("http://127.0.0.1:9 ("), "{error}");
    assert!(error.message.contains("https://localhost:9 ("), "{error}");
    assert!(
        error.hints.join("\n").contains("explorer_nodes"),
        "{:?}",
        error.hints
    );
}

/// A node of the same chain under another address.
fn again(chain: &Chain) -> Between {
    Between::start(chain)
}

#[test]
fn nodes_that_lag_or_lie_are_named_and_avoided() {
    let (chain, behind) = Chain::start().twins();
    let other = Chain::start();
    // Blocks without content of the same second would be the same.
    other.later(60);
    for _ in 0..19 {
        other.block();
    }
    for _ in 0..20 {
        chain.block();
    }
    let (second, third, page) = (again(&chain), again(&chain), again(&chain));
    page.set(Mode::Html);
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    let nodes = [
        chain.address(),
        behind.address(),
        other.address(),
        second.address.clone(),
        third.address.clone(),
        page.address.clone(),
        dead,
    ];
    s.says(&format!("c.explorer_nodes = {nodes:?}"));
    let table = s.says("k = c.explorers_check()\nk");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), nodes.len() + 1, "{table}");
    let verdicts = ["ok", "lags", "lies", "ok", "ok", "bad_answer", "no_answer"];
    for (at, verdict) in verdicts.iter().enumerate() {
        assert!(lines[at + 1].starts_with(&nodes[at]), "{table}");
        assert_eq!(
            s.says(&format!("k.nodes[{at}]['verdict']")),
            format!("'{verdict}'"),
            "{table}"
        );
    }
    assert!(
        table.contains("lags 20 blocks behind, is avoided"),
        "{table}"
    );
    assert_eq!(s.says("k.ok"), "False");
    // Nodes are asked in random order: avoiding shows in many questions.
    let height = s.says("k.nodes[0]['height']");
    for _ in 0..30 {
        assert_eq!(s.says("c.blockchain_info_get().height"), height);
    }
    s.says(&format!("c.explorer_nodes = ['{}']", nodes[0]));
    assert_eq!(s.says("c.explorers_check().ok"), "True");
}

#[test]
fn where_two_disagree_nobody_is_called_a_liar() {
    let (chain, other) = (Chain::start(), Chain::start());
    other.later(60);
    for _ in 0..10 {
        chain.block();
        other.block();
    }
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    s.says(&format!(
        "c.explorer_nodes = ['{}', '{}']",
        chain.address(),
        other.address()
    ));
    let table = s.says("c.explorers_check()");
    assert_eq!(table.matches("disagrees: ").count(), 2, "{table}");
}

#[test]
fn an_answer_that_cannot_be_makes_the_next_node_be_asked() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let page = again(&chain);
    page.set(Mode::Html);
    s.says(&format!(
        "c.explorer_nodes = ['{}', '{}']",
        page.address,
        chain.address()
    ));
    for _ in 0..10 {
        assert_eq!(s.says("w.balance.available"), "300 TFT");
    }
    // Where nobody tells the truth, who was asked is named.
    let second = again(&chain);
    second.set(Mode::Html);
    s.says(&format!(
        "c.explorer_nodes = ['{}', '{}']",
        page.address, second.address
    ));
    let error = s.fails("w.balance");
    assert!(
        error.message.contains("(answered by http://127.0.0.1:"),
        "{error}"
    );
}

#[test]
fn functions_go_over_lists_of_objects() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("w.coins_send(w.address, 1)");
    chain.block();
    assert_eq!(s.says("w.transactions.map(|t| t.version)"), "[1, 1]");
    assert_eq!(s.says("len(w.transactions.filter(|t| t.height > 2))"), "1");
}

/// Who is told of an error after sending sends again, and pays twice.
#[test]
fn what_was_sent_is_told_even_when_the_store_is_busy_afterwards() {
    let chain = Chain::start();
    let folder: &'static std::path::Path =
        Box::leak(tempfile::tempdir().unwrap().keep().into_boxed_path());
    let place = folder.join("store");
    let options = || kosmos::store::Options {
        kdf: kosmos::store::KdfCost::LOWEST,
        lock_wait: Duration::from_millis(50),
        ..Default::default()
    };
    let lock = kosmos::store::NewLock::Passphrase("pass");
    let (store, _) = kosmos::store::Store::create(&place, lock, options()).unwrap();
    let mut s = Session::with_store(chain.settings(), Arc::new(store));
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    s.says("w = c.wallets.new('my_wallet')");
    s.says("txid = c.faucet_request(w.address)");
    chain.block();
    let node = between(&chain, &mut s);
    node.set(Mode::HoldStore(Box::leak(place.into_boxed_path())));
    let sent = s.says(&format!("w.coins_send('{ADDRESS}', 10).submitted"));
    assert_eq!(sent, "True");
    let notes = s.notes();
    assert!(
        notes.contains("could not be removed now, which does no harm"),
        "{notes}"
    );
    chain.block();
    assert_eq!(
        s.says(&format!(
            "c.unlockhash_get('{ADDRESS}').balance().available"
        )),
        "10 TFT"
    );
    std::fs::remove_dir_all(folder).unwrap();
}
